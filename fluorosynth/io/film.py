"""Films of pictures, for people to look at."""

from __future__ import annotations

import errno
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.atomic import only_writer
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
        self._whole = stem.with_name(f"{stem.name}.mp4")
        self._part = stem.with_name(f".{stem.name}.part.mp4")
        self._alone = ExitStack()
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
        with self._alone:
            if self._writer is None:
                return
            self._writer.release()
            if keep and not self._stills and _length(self._part) == self._added:
                self._part.replace(self._whole)
                return
            self._part.unlink(missing_ok=True)
            if keep and self._stills:
                write_gif(self._stills, self.stem.with_name(f"{self.stem.name}.gif"), self.fps)
            elif keep:
                said = "cannot be written whole, is the disk full?"
                raise OSError(errno.EIO, said, str(self._whole))

    def _open(self, width: int, height: int) -> cv2.VideoWriter:
        self._alone.enter_context(only_writer(self._part, self._whole))
        code = cv2.VideoWriter.fourcc(*self.codec)
        return cv2.VideoWriter(str(self._part), cv2.CAP_FFMPEG, code, self.fps, (width, height))


def _length(path: Path) -> int:
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        return int(video.get(cv2.CAP_PROP_FRAME_COUNT)) if video.isOpened() else 0
    finally:
        video.release()
