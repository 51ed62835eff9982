import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from fluorosynth_cli.patches import command

from fluorosynth.errors import BadDataError, DataWarning, UsageError


@pytest.fixture
def frames(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(2):
        frame = rng.integers(100, 120, (160, 160), dtype=np.uint8)
        (tmp_path / f"{number}.png").write_bytes(cv2.imencode(".png", frame)[1].tobytes())
    return tmp_path


def run(*arguments, model="none"):
    words = [*arguments, "--model", model]
    return CliRunner().invoke(command, [str(one) for one in words])


def test_patches_and_summary(frames):
    out = frames / "out"
    result = run(frames, "--out", out, "--count", 4, "--size", 64)
    assert result.exit_code == 0
    assert result.stdout == f"4 patches in {out}; look at contact_sheet.png and windows.png in it\n"
    assert "2/2 [" in result.stderr  # frames, not files
    assert sorted(path.name for path in out.glob("0*.png")) == [f"000{i}.png" for i in range(4)]


def test_manifest_cuts_the_same_bytes(frames):
    run(frames / "*.png", "--out", frames / "a", "--count", 4, "--size", 64, "--quiet")
    again = ["--manifest", frames / "a" / "patches.csv", "--size", 64]
    result = run(frames, "--out", frames / "b", *again, "--quiet")
    assert result.exit_code == 0
    assert result.output == ""
    for path in (frames / "a").glob("[!.]*"):
        assert path.read_bytes() == (frames / "b" / path.name).read_bytes()


FEW = ["--count", 500, "--size", 64, "--smallest", 100]


def test_fewer_than_asked_are_kept_and_warned_of(frames):
    with pytest.warns(DataWarning, match="found .* of 500 patches; they are kept in") as said:
        result = run(frames, "--out", frames / "out", *FEW)
    assert result.exit_code == 0
    kept = len(list((frames / "out").glob("0*.png")))
    assert kept > 0
    assert f"found {kept} of 500" in str(said[0].message)
    assert "--smallest below 100 px" in str(said[0].message)
    assert sorted(path.name for path in (frames / "out").glob("*s*.png")) == [
        "contact_sheet.png",
        "windows.png",
    ]


def test_fewer_than_asked_are_an_error_if_one_says_so(frames):
    out = frames.with_name("strict patches")
    for _ in range(2):  # the second time they are there already
        result = run(frames, "--out", out, *FEW, "--strict")
        assert isinstance(result.exception, BadDataError)
        assert "500" in str(result.exception)
        assert (out / "0000.png").is_file()


def test_none_found_leaves_nothing(frames):
    result = run(frames, "--out", frames / "out", "--size", 1024)
    assert isinstance(result.exception, BadDataError)
    assert "found 0 of 32" in str(result.exception)
    assert not (frames / "out").exists()


def test_the_model_in_the_box_is_asked_where_pytorch_is(frames, monkeypatch):
    options = ["--count", 2, "--size", 64]
    result = run(frames, "--out", frames.with_name("by network"), *options, model="default")
    assert result.exit_code == 0
    assert result.stderr.startswith("loading PyTorch ...\n")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run(frames, "--out", frames.with_name("by filter"), *options, model="default")
    assert result.exit_code == 0
    assert result.stderr.startswith("PyTorch is not installed, so a filter looks for instruments")
    # What one of them found is not handed out as what the other finds
    result = run(frames, "--out", frames.with_name("by network"), *options, model="default")
    assert isinstance(result.exception, UsageError)
    result = run(frames, "--out", frames.with_name("by filter"), *options, model="default")
    assert "already" in result.stdout


def test_help_shows_examples():
    result = run("--help")
    assert "fluorosynth patches run.dcm --out patches" in result.output
    assert "ESTIMATE" in result.output
