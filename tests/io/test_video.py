import cv2
import numpy as np
import pytest

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import count_frames, read_frames

CODECS = {".avi": "MJPG", ".mp4": "mp4v"}


def film(path, levels, size=(64, 48)):
    """Write one flat grey frame per level."""
    codec = cv2.VideoWriter_fourcc(*CODECS[path.suffix])
    writer = cv2.VideoWriter(str(path), codec, 15, size)
    assert writer.isOpened()
    for level in levels:
        writer.write(np.full((size[1], size[0], 3), level, np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize("suffix", CODECS)
def test_frames_in_order(tmp_path, suffix):
    levels = [40, 80, 120, 160, 200]
    path = film(tmp_path / f"run{suffix}", levels)
    assert count_frames(path) == 5
    frames = list(read_frames(path))
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.image.shape for frame in frames] == [(48, 64)] * 5
    assert [float(np.median(f.image)) for f in frames] == pytest.approx(levels, abs=4)


@pytest.mark.parametrize("suffix", CODECS)
def test_chosen_frames(tmp_path, suffix):
    path = film(tmp_path / f"run{suffix}", range(0, 250, 10))
    frames = list(read_frames(path, [3, 4, 20]))
    assert [frame.index for frame in frames] == [3, 4, 20]
    assert [float(np.median(f.image)) for f in frames] == pytest.approx([30, 40, 200], abs=4)


def test_a_video_that_ends_early_gives_what_it_has(tmp_path):
    path = film(tmp_path / "run.avi", [100] * 3)
    assert [frame.index for frame in read_frames(path, [0, 2, 7])] == [0, 2]


@pytest.mark.parametrize("suffix", CODECS)
def test_zero_frames(tmp_path, suffix, capfd):
    path = film(tmp_path / f"none{suffix}", [])
    with pytest.raises(BadDataError, match=f"none{suffix}.*zero frames|none{suffix}"):
        list(read_frames(path))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", CODECS)
def test_truncated_to_its_head(tmp_path, suffix, capfd):
    path = film(tmp_path / f"cut{suffix}", [100] * 5)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(BadDataError, match="cut"):
        list(read_frames(path))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("claimed", [0, 3, 19, 1000])
def test_the_stream_counts_and_not_its_header(tmp_path, claimed):
    path = film(tmp_path / "run.avi", range(0, 200, 10))
    content = bytearray(path.read_bytes())
    for at in (content.find(b"avih") + 24, content.find(b"strh") + 40):
        content[at : at + 4] = claimed.to_bytes(4, "little")
    path.write_bytes(content)
    assert count_frames(path) == 20
    frames = list(read_frames(path))
    assert [frame.index for frame in frames] == list(range(20))
    assert [float(np.median(f.image)) for f in frames] == pytest.approx(range(0, 200, 10), abs=4)


def test_a_codec_that_cannot_be_decoded_is_named(tmp_path, capfd):
    path = film(tmp_path / "run.avi", [100] * 5)
    path.write_bytes(path.read_bytes().replace(b"MJPG", b"ZQZQ"))
    with pytest.raises(BadDataError, match=r"run\.avi.*codec that OpenCV cannot decode"):
        list(read_frames(path))
    assert capfd.readouterr().err == ""


def test_a_playlist_is_not_followed(tmp_path):
    film(tmp_path / "real.mp4", [100] * 5)
    trap = tmp_path / "trap.mp4"
    trap.write_text("#EXTM3U\n#EXTINF:1,\nreal.mp4\n#EXT-X-ENDLIST\n")
    with pytest.raises(BadDataError, match="neither an AVI nor an MP4"):
        list(read_frames(trap))


def test_too_small(tmp_path):
    with pytest.raises(BadDataError, match="8 x 8"):
        list(read_frames(film(tmp_path / "x.avi", [100], (8, 8))))
