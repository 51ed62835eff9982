"""Video: AVI and MP4 through OpenCV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import check_shape, quoted


def count(path: Path) -> int:
    """Return the header's number of frames, an estimate in some containers; at least 1."""
    with _opened(path) as video:
        return max(1, int(video.get(cv2.CAP_PROP_FRAME_COUNT)))


def read(path: Path, wanted: Sequence[int]) -> Iterator[tuple[NDArray[np.uint8], None]]:
    """Yield frames as ``(H, W)`` uint8 grey; ends early where the video does.

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
                raise BadDataError(f"{quoted(path)} is a video of zero frames")
            if position < index:
                return
            done, frame = video.retrieve()
            if not done:
                raise BadDataError(f"{quoted(path)} cannot be read: frame {index} is broken")
            yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8), None


@contextmanager
def _opened(path: Path) -> Iterator[cv2.VideoCapture]:
    _check_container(path)
    video = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    try:
        width, height = (int(video.get(key)) for key in (3, 4))
        if not video.isOpened() or width == 0:
            raise BadDataError(f"{quoted(path)} is a video of zero frames, or in an unknown codec")
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
