import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from fluorosynth_cli.patches import command

from fluorosynth.errors import BadDataError


@pytest.fixture
def frames(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(2):
        frame = rng.integers(100, 120, (160, 160), dtype=np.uint8)
        (tmp_path / f"{number}.png").write_bytes(cv2.imencode(".png", frame)[1].tobytes())
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(command, [str(one) for one in arguments])


def test_patches_and_summary(frames):
    out = frames / "out"
    result = run(frames, "--out", out, "--count", 4, "--size", 64)
    assert result.exit_code == 0
    assert result.stdout == f"4 patches in {out}; look at {out / 'contact_sheet.png'}\n"
    assert sorted(path.name for path in out.glob("0*.png")) == [f"000{i}.png" for i in range(4)]


def test_manifest_cuts_the_same_bytes(frames):
    run(frames / "*.png", "--out", frames / "a", "--count", 4, "--size", 64, "--quiet")
    again = ["--manifest", frames / "a" / "patches.csv", "--size", 64]
    result = run(frames, "--out", frames / "b", *again, "--quiet")
    assert result.exit_code == 0
    assert result.output == ""
    for path in (frames / "a").glob("[!.]*"):
        assert path.read_bytes() == (frames / "b" / path.name).read_bytes()


def test_fewer_than_asked_are_kept_and_reported(frames):
    result = run(frames, "--out", frames / "out", "--count", 500, "--size", 64, "--smallest", 100)
    assert isinstance(result.exception, BadDataError)
    kept = len(list((frames / "out").glob("0*.png")))
    assert kept > 0
    assert f"found {kept} of 500 patches; they are kept in" in str(result.exception)
    assert "--smallest below 100 px" in str(result.exception)


def test_none_found_leaves_nothing(frames):
    result = run(frames, "--out", frames / "out", "--size", 1024)
    assert "found 0 of 32" in str(result.exception)
    assert not (frames / "out").exists()


def test_help_shows_examples():
    result = run("--help")
    assert "fluorosynth patches run.dcm --out patches" in result.output
    assert "ESTIMATE" in result.output
