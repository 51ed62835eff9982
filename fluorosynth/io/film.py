"""Films of pictures, for people to look at."""

from __future__ import annotations

import errno
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.gif import write_gif

FPS = 15.0  # pictures a second, where nothing states a rate


class Film:
    """An MP4 file of pictures, or a GIF where OpenCV cannot encode; whole or not there.

    As a context it is kept where nothing was raised.

    Parameters
    ----------
    stem
        Name of the file without a suffix, which depends on what can be written.
    fps
        Pictures a second.
    codec
        Name of the MP4 file's codec, four letters.
    """

    def __init__(self, stem: Path, fps: float, codec: str = "mp4v") -> None:
        self.stem, self.fps, self.codec = stem, fps, codec
        self._part = stem.with_name(f".{stem.name}.part.mp4")
        self._writer: cv2.VideoWriter | None = None
        self._stills: list[NDArray[np.uint8]] = []
        self._added = 0

    def __enter__(self) -> Film:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(keep=kind is None)

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Append a picture; all are of one size.

        Parameters
        ----------
        picture
            Picture, ``(H, W, 3)`` uint8 RGB.
        """
        height, width = (side // 2 * 2 for side in picture.shape[:2])  # codecs take even sides
        picture = picture[:height, :width]
        if self._writer is None:
            self._writer = self._open(width, height)
        if self._writer.isOpened():
            self._writer.write(np.ascontiguousarray(picture[:, :, ::-1]))
            self._added += 1
        else:
            self._stills.append(picture)

    def close(self, keep: bool = True) -> None:
        """Finish the file, or drop it.

        Parameters
        ----------
        keep
            Whether the file is kept.

        Raises
        ------
        OSError
            When pictures are missing in it: OpenCV does not say that a disk is full.
        """
        if self._writer is not None:
            self._writer.release()
        if keep and self._stills:
            write_gif(self._stills, self.stem.with_name(f"{self.stem.name}.gif"), self.fps)
        elif keep and self._writer is not None:
            whole = self.stem.with_name(f"{self.stem.name}.mp4")
            if _length(self._part) != self._added:
                self._part.unlink(missing_ok=True)
                raise OSError(errno.EIO, "cannot be written whole, is the disk full?", str(whole))
            self._part.replace(whole)
        self._part.unlink(missing_ok=True)

    def _open(self, width: int, height: int) -> cv2.VideoWriter:
        code = cv2.VideoWriter.fourcc(*self.codec)
        return cv2.VideoWriter(str(self._part), cv2.CAP_FFMPEG, code, self.fps, (width, height))


def _length(path: Path) -> int:
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        return int(video.get(cv2.CAP_PROP_FRAME_COUNT)) if video.isOpened() else 0
    finally:
        video.release()
