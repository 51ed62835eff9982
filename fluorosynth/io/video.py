"""Video: AVI and MP4 through OpenCV."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import MAX_FRAMES, check_shape, quoted

_QUIET = "-8"  # AV_LOG_QUIET: what is wrong is said in our own words


def count(path: Path) -> int:
    """Return how many frames can be decoded, whatever the header says; at least 1.

    A recorder that was cut off leaves a header of 0 frames, so all are gone through, once.

    Parameters
    ----------
    path
        File of a video.
    """
    state = path.stat()
    return _counted(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=256)
def _counted(path: Path, size: int, modified: int) -> int:  # noqa: ARG001 - of the file as it is
    with _opened(path) as video:
        frames = 0
        while frames <= MAX_FRAMES and video.grab():
            frames += 1
        return max(1, frames)


def read(path: Path, wanted: Sequence[int]) -> Iterator[tuple[NDArray[np.uint8], None]]:
    """Yield frames as ``(H, W)`` uint8 grey; ends early where the video does.

    Parameters
    ----------
    path
        File of a video.
    wanted
        Numbers of the frames, increasing, from 0.

    Raises
    ------
    BadDataError
        When not one frame can be decoded.
    """
    with _opened(path) as video:
        position = -1
        for index in wanted:
            while position < index and video.grab():
                position += 1
            if position < 0:
                raise _undecodable(path, video)
            if position < index:
                return
            done, frame = video.retrieve()
            if not done:
                raise BadDataError(f"{quoted(path)} cannot be read: frame {index} is broken")
            yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8), None


def rate(path: Path) -> float:
    """Return the frames a second that the container states; 0 for none.

    Parameters
    ----------
    path
        File of a video.
    """
    with _opened(path) as video:
        return float(video.get(cv2.CAP_PROP_FPS))


def _undecodable(path: Path, video: cv2.VideoCapture) -> BadDataError:
    code = int(video.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    known = code not in (0, 0xFFFFFFFF)
    codec = code.to_bytes(4, "little").decode("latin-1").strip("\0") if known else "unknown"
    return BadDataError(
        f"{quoted(path)} is a video of zero frames, or in a codec that OpenCV cannot decode here "
        f"({codec!r}): convert it, e.g. to H.264"
    )


@contextmanager
def _opened(path: Path) -> Iterator[cv2.VideoCapture]:
    _check_container(path)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _QUIET)  # read when the first video is opened
    video = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    try:
        width, height = (int(video.get(key)) for key in (3, 4))
        if not video.isOpened() or width == 0:
            raise _undecodable(path, video)
        check_shape(path, height, width)
        yield video
    finally:
        video.release()


def _check_container(path: Path) -> None:
    # FFmpeg goes by content: a playlist named .mp4 would make it open other files.
    with path.open("rb") as file:
        head = file.read(12)
    if not (head[:4] == b"RIFF" and head[8:] == b"AVI ") and head[4:8] != b"ftyp":
        raise BadDataError(f"{quoted(path)} is neither an AVI nor an MP4 file")
