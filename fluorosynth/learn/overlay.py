"""Predictions as people look at them: outlines on pictures, and films of sequences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.dataset.preview import LABEL_COLOUR, TIP_COLOUR, outlined
from fluorosynth.io.gif import write_gif
from fluorosynth.sample import Image, Mask

LEGEND = {"predicted": LABEL_COLOUR}
SMALL = 512  # px: smaller pictures are shown twice as large, so that the outline hides nothing


def overlay(image: Image, mask: Mask, tips: Sequence[Sequence[float]] = ()) -> NDArray[np.uint8]:
    """Return a picture with a mask outlined and tips circled.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8.
    mask
        Mask, ``(H, W)`` uint8.
    tips
        Tips, ``(x, y)`` in px each.

    Returns
    -------
    NDArray[np.uint8]
        ``(H, W, 3)`` RGB, twice the size for pictures under 512 px.
    """
    scale = 1 if max(image.shape) >= SMALL else 2
    picture = outlined(image, mask, scale)
    for x, y in tips:
        at = (round(scale * (x + 0.5) - 0.5), round(scale * (y + 0.5) - 0.5))
        cv2.circle(picture, at, 6, TIP_COLOUR, 1, cv2.LINE_AA)
    return picture


class Film:
    """An MP4 file of pictures, or a GIF where OpenCV cannot encode; whole or not there.

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
        else:
            self._stills.append(picture)

    def close(self, keep: bool = True) -> None:
        """Finish the file, or drop it.

        Parameters
        ----------
        keep
            Whether the file is kept.
        """
        if self._writer is not None:
            self._writer.release()
        if keep and self._stills:
            write_gif(self._stills, self.stem.with_name(f"{self.stem.name}.gif"), self.fps)
        elif keep and self._writer is not None:
            self._part.replace(self.stem.with_name(f"{self.stem.name}.mp4"))
        self._part.unlink(missing_ok=True)

    def _open(self, width: int, height: int) -> cv2.VideoWriter:
        code = cv2.VideoWriter.fourcc(*self.codec)
        return cv2.VideoWriter(str(self._part), cv2.CAP_FFMPEG, code, self.fps, (width, height))
