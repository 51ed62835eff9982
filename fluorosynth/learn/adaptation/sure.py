"""What a network is sure of in a run, as sources of a recipe."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.backgrounds.memory import Memory as Pictures
from fluorosynth.devices.memory import Memory as Curves
from fluorosynth.devices.trace import trace
from fluorosynth.errors import BadDataError
from fluorosynth.geometry.arc_length import arc_length
from fluorosynth.io.frames import read_frames
from fluorosynth.io.names import stem
from fluorosynth.io.pairing import MaskFolder
from fluorosynth.io.sources import root_of
from fluorosynth.io.spread import spread_frames
from fluorosynth.learn.prediction.table import read_rows
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Device, Image, Mask
from fluorosynth.stages.engage import Engage

PRESENT = 0.5  # probability of an instrument from which a frame is used
CONFIDENT = 0.8  # mean of the map along a curve from which the curve is used
LONG = 0.1  # of the longer side: shorter curves are not used
DOUBT = 0.1  # of the map: above it the truth is unknown; what lies beside keeps masks narrow

Map = NDArray[np.float32]


class Predicted(NamedTuple):
    """A frame with what was predicted in it.

    Parameters
    ----------
    name
        File and number of the frame.
    image
        Frame, ``(H, W)`` uint8.
    found
        Map, ``(H, W)`` float32 in [0, 1].
    mask
        Mask, ``(H, W)`` uint8 {0, 1}.
    presence
        Probability of an instrument; None where the model does not know it.
    """

    name: str
    image: Image
    found: Map
    mask: Mask
    presence: float | None

    @property
    def sure(self) -> bool:
        """Whether it shows an instrument, as far as the model can tell."""
        present = self.presence is None or self.presence > PRESENT
        return present and bool(self.mask.any())


@dataclass(frozen=True, eq=False)
class Sure:
    """What is used of a run.

    Parameters
    ----------
    pictures
        Whole frames; where an instrument may be, their truth is unknown.
    curves
        Curves, one source for each size of frames.
    frames
        Number of frames looked at.
    kept
        Number of frames with at least one curve.
    found
        Number of curves that are used.
    """

    pictures: Pictures
    curves: tuple[Curves, ...]
    frames: int
    kept: int
    found: int


def predicted_frames(
    src: str | Path, predicted: Path, count: int, invert: bool = False
) -> Iterator[Predicted]:
    """Yield frames spread over a source with what ``predict`` has written of them, maps included.

    Parameters
    ----------
    src
        File, folder or glob.
    predicted
        Folder that ``predict`` has written.
    count
        Number of frames, at most.
    invert
        Whether dense material is bright in the source.
    """
    root = root_of(src)
    masks, maps = (MaskFolder(predicted / what) for what in ("masks", "probabilities"))
    for source, wanted in spread_frames(src, count):
        name = source.relative_to(root).as_posix()
        known = _presences(predicted, name)
        for frame in read_frames(source, wanted, invert):
            files = [folder.of(name, frame.index) for folder in (masks, maps)]
            mask, found = (_pixels(file.path) for file in files if file is not None)
            image = frame.image if frame.field is None else np.where(frame.field, frame.image, 0)
            yield Predicted(
                f"{name}#{frame.index}",
                image.astype(np.uint8),
                found.astype(np.float32) / np.float32(65535),
                (mask > 0).astype(np.uint8),
                known.get(frame.index),
            )


def sure_curves(frame: Predicted) -> tuple[Device, ...]:
    """Return the curves of a frame that the map is high along, and that are long enough.

    Parameters
    ----------
    frame
        Frame with what was predicted in it.
    """
    try:
        devices = trace(frame.mask)
    except BadDataError:  # speckle
        return ()
    height, width = frame.mask.shape
    kept = []
    for number, device in enumerate(devices):
        x, y = np.rint(device.centreline).astype(int).T
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        confident = inside.any() and frame.found[y[inside], x[inside]].mean() >= CONFIDENT
        if confident and arc_length(device.centreline)[-1] >= LONG * max(height, width):
            kept.append(replace(device, id=f"{frame.name}#{number}"))
    return tuple(kept)


def keep_sure(
    src: str | Path,
    predicted: Path,
    count: int,
    looked: Callable[[], object] = lambda: None,
    invert: bool = False,
) -> Sure:
    """Return what is sure in a run as sources of a recipe.

    Used are frames that show an instrument with a probability above .5 and have at least one
    confident curve. A frame that may show what was not found would teach to overlook it.

    Parameters
    ----------
    src
        File, folder or glob.
    predicted
        Folder that ``predict`` has written, with maps.
    count
        Number of frames, at most.
    looked
        Called after each frame.
    invert
        Whether dense material is bright in the source.

    Raises
    ------
    BadDataError
        When nothing is sure.
    """
    kept, frames = list[Predicted](), 0
    curves: dict[tuple[int, int], list[tuple[Device, ...]]] = defaultdict(list)
    for frame in predicted_frames(src, predicted, count, invert):
        frames += 1
        if frame.sure and (found := sure_curves(frame)):
            height, width = frame.image.shape
            kept.append(frame)
            curves[height, width].append(found)
        looked()
    if not kept:
        raise BadDataError(
            f"{src}: in none of {frames} frames the model is sure of an instrument, so there is "
            "nothing to adapt to: label a few frames and fine-tune on them"
        )
    pictures = Pictures(
        [frame.image for frame in kept],
        [frame.name for frame in kept],
        [frame.found > DOUBT for frame in kept],
    )
    sources = tuple(Curves(sets, frame=size) for size, sets in curves.items())
    total = sum(len(one) for sets in curves.values() for one in sets)
    return Sure(pictures, sources, frames, len(kept), total)


def recipes(sure: Sure, size: int) -> tuple[Recipe, Recipe]:
    """Return the recipe of the run, and the plain one.

    The run's has the stages of ``physics`` but ``engage``, which would bend its curves along the
    paths of others.

    Parameters
    ----------
    sure
        Parts of the run that are used.
    size
        Side of the samples, px.
    """
    plain = replace(Recipe.preset("physics"), size=size)
    own = plain.with_sources(backgrounds=[sure.pictures], devices=list(sure.curves))
    stages = tuple(stage for stage in own.stages if not isinstance(stage, Engage))
    return replace(own, stages=stages), plain


def _presences(predicted: Path, name: str) -> dict[int, float]:
    for base in (name, stem(name)):
        path = predicted / "frames" / f"{base}.json"
        if path.is_file():
            rows = read_rows(predicted, base)
            return {row.frame: float(row.presence) for row in rows if row.presence is not None}
    return {}


def _pixels(path: Path) -> NDArray[np.uint16]:
    coded = np.frombuffer(path.read_bytes(), np.uint8)
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_UNCHANGED)).astype(np.uint16)
