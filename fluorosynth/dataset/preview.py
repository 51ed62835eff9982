"""Samples as people look at them: labels outlined, many on a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import UsageError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.contact_sheet import contact_sheet, png_bytes
from fluorosynth.io.gif import write_gif
from fluorosynth.sample import IGNORE, INSTRUMENT, Image, Mask, Sample

LABEL_COLOUR, IGNORE_COLOUR, TIP_COLOUR = (255, 200, 0), (60, 120, 255), (255, 60, 60)
LEGEND = {"label": LABEL_COLOUR, "ignored: no truth": IGNORE_COLOUR}


def outlined(image: Image, mask: Mask, scale: int = 2) -> NDArray[np.uint8]:
    """Return the picture with a line around each labelled region, just outside it.

    Parameters
    ----------
    image
        Picture, ``(H, W)`` uint8.
    mask
        Labels, ``(H, W)`` uint8 {0, 1, 255}.
    scale
        Enlargement, so that the line hides nothing of a thin instrument.

    Returns
    -------
    ``(scale * H, scale * W, 3)`` uint8 RGB.
    """
    size = (image.shape[1] * scale, image.shape[0] * scale)
    large = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    picture = np.repeat(large[:, :, None], 3, axis=2)
    kernel = np.ones((3, 3), np.uint8)
    for value, colour in ((IGNORE, IGNORE_COLOUR), (INSTRUMENT, LABEL_COLOUR)):
        region = (mask == value).astype(np.uint8)
        region = np.asarray(cv2.resize(region, size, interpolation=cv2.INTER_NEAREST))
        picture[(cv2.dilate(region, kernel) - region) > 0] = colour
    return picture


def preview_sheet(samples: Sequence[Sample], columns: int = 4) -> NDArray[np.uint8]:
    """Return a sheet of pairs: each picture, and beside it the same with its labels outlined.

    Parameters
    ----------
    samples
        Samples with their masks.
    columns
        Number of pairs in a row.
    """
    return contact_sheet(_Pairs(samples), columns, legend=LEGEND)


class _Pairs(Sequence[NDArray[np.uint8]]):
    """Pairs drawn when asked for: all of them beside their sheet are the most that a run holds."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: Any) -> Any:
        sample = self._samples[index]
        if sample.mask is None:
            raise ValueError("a preview needs rendered samples")
        plain = np.repeat(sample.image[:, :, None], 3, axis=2)
        return np.concatenate([plain, outlined(sample.image, sample.mask, 1)], axis=1)


def spread_out(count: int, few: int) -> list[int]:
    """Return some of the first whole numbers, evenly spread from the first to the last.

    Parameters
    ----------
    count
        Number of those to choose from: 0 to ``count - 1``.
    few
        Number of those returned, at most.

    Examples
    --------
    >>> spread_out(8, 4), spread_out(1, 4)
    ([0, 2, 5, 7], [0])
    """
    return [round(at) for at in np.linspace(0, count - 1, min(count, few)).tolist()]


def write_preview(samples: Sequence[Sample], path: Path, columns: int = 4) -> None:
    """Write ``preview_sheet`` as a PNG that appears under its name only when complete.

    Parameters
    ----------
    samples
        Samples with their masks.
    path
        File to write, ``.png``.
    columns
        Number of pairs in a row.

    Raises
    ------
    UsageError
        When the name ends in something else.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"a PNG file is written, not {path.name!r}: end its name in .png")
    with replacing(path, sync=False) as part:
        part.write_bytes(png_bytes(preview_sheet(samples, columns)))


def write_film(sequences: Sequence[Sequence[Sample]], path: Path, columns: int = 2) -> None:
    """Write sequences side by side as a GIF at the pace of the first; it appears when complete.

    Parameters
    ----------
    sequences
        Frames of equal number; each is shown plain and with its labels outlined.
    path
        File to write.
    columns
        Sequences in a row.
    """
    sheets = (preview_sheet(frames, columns) for frames in zip(*sequences, strict=True))
    write_gif(sheets, path, sequences[0][0].meta["motion"]["rate"])
