"""Folders appear whole, and a command that is run again after its end finds its work done."""

import os
import signal
import subprocess
import time
from contextlib import suppress

import cv2
import numpy as np
import pytest
from small import command, fluorosynth, started

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.whole_folder import made_before, whole_folder


def test_what_fails_leaves_nothing(tmp_path):
    out = tmp_path / "out"
    with suppress(RuntimeError), whole_folder(out, {"a": 1}) as folder:
        (folder / "half").touch()
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    assert not made_before(out, {"a": 1})


def test_what_a_killed_process_left_is_cleared(tmp_path):
    (tmp_path / ".out.part").mkdir()
    (tmp_path / ".out.part/half").touch()
    with whole_folder(tmp_path / "out", {"a": 1}) as folder:
        (folder / "whole").touch()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [".made-from", "whole"]


def test_one_process_at_a_time_fills_it(tmp_path):
    out = tmp_path / "out"
    with whole_folder(out, {"a": 1}) as folder:
        (folder / "half").touch()
        with pytest.raises(UsageError, match="another process is writing"), whole_folder(out, {}):
            pass
        assert (folder / "half").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_lock_of_one_killed_at_its_end_is_cleared(tmp_path):
    with whole_folder(tmp_path / "out", {"a": 1}):
        pass
    (tmp_path / ".out.lock").touch()
    assert made_before(tmp_path / "out", {"a": 1})
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_other_work_is_refused(tmp_path):
    with whole_folder(tmp_path / "out", {"a": 1, "b": [2]}):
        pass
    assert made_before(tmp_path / "out", {"b": (2,), "a": 1})
    with pytest.raises(UsageError, match="out exists already"):
        made_before(tmp_path / "out", {"a": 2})
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is a file"):
        made_before(tmp_path / "file", {})
    (tmp_path / "empty").mkdir()
    assert not made_before(tmp_path / "empty", {})


def test_no_name_or_path_is_kept(tmp_path):
    with whole_folder(tmp_path / "out", {"src": "/home/somebody/patient.dcm"}):
        pass
    assert "patient" not in (tmp_path / "out/.made-from").read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(BadDataError, match="cannot be written"), whole_folder(tmp_path / "out", {}):
        pass


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    assert command("generate", "--n", 6, "--size", 64, "--out", folder / "set").returncode == 0
    frames = np.random.default_rng(0).integers(80, 120, (3, 160, 160), np.uint8)
    (folder / "frames").mkdir()
    for number, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"frames/{number}.png"), cv2.GaussianBlur(frame, (0, 0), 2))
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("export", "set", "--to", "folder"),
        ("export", "set", "--to", "nnunet"),
        ("export", "set", "--to", "coco"),
        ("patches", "frames", "--count", "3", "--size", "64", "--smallest", "64"),
    ],
    ids=lambda words: "-".join(words[:4:3]),
)
def test_killed_at_any_moment_the_same_command_goes_on(made, tmp_path, words):
    name, source, *options = words
    out = tmp_path / "Dataset101_Out"
    line = [name, str(made / source), *options, "--out", str(out)]
    for pause in (0.0, 0.3, 1.5, 30.0):  # the last after its end
        process = started(*line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(pause)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        time.sleep(0.01)
    code, said, errors = fluorosynth(*line)
    assert code == 0, errors
    assert "already" in said
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    other = [*line[:-1], str(out), "--quiet"]
    other[other.index(str(made / source))] = str(made / ("set" if name == "patches" else "frames"))
    assert fluorosynth(*other)[0] in (2, 3)  # of something else: refused, nothing is lost
    assert any(out.iterdir())
