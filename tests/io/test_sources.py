from pathlib import Path

import cv2
import numpy as np
import pytest

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import count_frames, read_frames
from fluorosynth.io.sources import find_sources

GREY = np.arange(32 * 48, dtype=np.uint8).reshape(32, 48)
PNG = cv2.imencode(".png", GREY)[1].tobytes()


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PNG)
    return path


def test_folder_is_searched_deep_and_sorted(tmp_path):
    wanted = [put(tmp_path / name) for name in ("a/2.PNG", "a/b/1.png", "c.png")]
    put(tmp_path / ".hidden.png")
    put(tmp_path / ".git/x.png")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "short").write_bytes(b"")
    assert find_sources(tmp_path) == wanted
    assert find_sources(str(tmp_path)) == wanted


def test_single_file(tmp_path):
    path = put(tmp_path / "a.png")
    assert find_sources(path) == [path]


def test_glob(tmp_path):
    wanted = [put(tmp_path / name) for name in ("a/1.png", "b/2.png")]
    put(tmp_path / "other.png")
    assert find_sources(tmp_path / "*" / "*.png") == wanted
    assert find_sources(tmp_path / "[ab]") == wanted


def test_an_existing_path_is_literal(tmp_path):
    literal = put(tmp_path / "run[1].png")
    put(tmp_path / "run1.png")
    assert find_sources(literal) == [literal]
    inside = put(tmp_path / "set*" / "x.png")
    put(tmp_path / "settle" / "y.png")
    assert find_sources(tmp_path / "set*") == [inside]


@pytest.mark.parametrize("name", ["with space", "Gefäß-Übersicht", "new\nline", "100%", "a'b\"c"])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy", ".avi"])
def test_any_name_works(tmp_path, name, suffix):
    path = tmp_path / name / (name + suffix)
    path.parent.mkdir()
    if suffix == ".npy":
        np.save(path, GREY)
    elif suffix == ".avi":
        made = str(tmp_path / "made.avi")
        writer = cv2.VideoWriter(made, cv2.VideoWriter_fourcc(*"MJPG"), 10, (48, 32))
        writer.write(np.dstack([GREY] * 3))
        writer.release()
        Path(made).replace(path)
    else:
        path.write_bytes(cv2.imencode(suffix, GREY)[1].tobytes())
    assert find_sources(path.parent) == [path]
    assert [frame.image.shape for frame in read_frames(path)] == [(32, 48)]


def refused(call, *words):
    with pytest.raises(BadDataError) as caught:
        call()
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_missing(tmp_path):
    refused(lambda: find_sources(tmp_path / "gone"), "gone", "does not exist")
    refused(lambda: find_sources(tmp_path / "*.png"), "*.png", "does not exist")
    refused(lambda: find_sources(""), "does not exist")
    refused(lambda: find_sources("x" * 5000), "cannot be opened")
    refused(lambda: find_sources("nul\0byte"), "does not exist")
    refused(lambda: list(read_frames(tmp_path / "gone.png")), "gone.png", "does not exist")
    refused(lambda: count_frames(tmp_path), "is not a file")


def test_empty_folder(tmp_path):
    (tmp_path / "bare\nfolder").mkdir()
    refused(lambda: find_sources(tmp_path / "bare\nfolder"), "bare\\nfolder", "holds no files")


def test_nothing_readable(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    refused(lambda: find_sources(tmp_path), "nothing that can be read", ".dcm")
    refused(lambda: find_sources(tmp_path / "a.txt"), "a.txt", ".png")
    refused(lambda: count_frames(tmp_path / "a.txt"), "a.txt", ".png")
