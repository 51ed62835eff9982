"""All pictures of a test through a segmenter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray
from xxhash import xxh3_128_digest

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.core.check import Checked
from fluorosynth.errors import BadDataError
from fluorosynth.sample import Image, Mask
from fluorosynth.stress.axes import Axis
from fluorosynth.stress.condition import Condition
from fluorosynth.stress.scene import Scenes
from fluorosynth.stress.scores import Scores, score
from fluorosynth.stress.segmenters import Segmenter, checked

HELD = Condition()
Progress = Callable[[int, int], None]  # pictures done by this step, and in all


@dataclass(frozen=True)
class StressConfig(Checked):
    """Which pictures are made.

    Parameters
    ----------
    axes
        Axes that are varied.
    held
        Condition that all else is held at.
    pictures
        Scenes at each level, >= 2.
    size
        Side of the pictures, 64 to 2048 px.
    seed
        Seed of the scenes, 0 <= seed < 2**64.
    backgrounds
        Instrument-free pictures; None: procedural anatomy.
    """

    axes: tuple[Axis, ...]
    held: Condition = HELD
    pictures: Annotated[int, Interval(ge=2, le=10_000)] = 12
    size: Annotated[int, Interval(ge=64, le=2048)] = 256
    seed: Annotated[int, Interval(ge=0, lt=2**64)] = 0
    backgrounds: BackgroundSource | None = None

    def scenes(self) -> Scenes:
        """Open the pictures' source."""
        return Scenes(self.seed, self.size, self.backgrounds)

    def to_plain(self) -> dict[str, Any]:
        """Return what the pictures depend on, JSON-compatible."""
        return {
            "axes": {axis.name: list(axis.levels) for axis in self.axes},
            "held": asdict(self.held),
            "pictures": self.pictures,
            "size": self.size,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Stress:
    """What was found.

    Parameters
    ----------
    config
        Settings of the pictures.
    about
        Facts on what was tested.
    scores
        Scores by axis: of each level, of each scene.
    backgrounds
        Fingerprint of their source.
    masks
        Masks that were found, by picture.
    """

    config: StressConfig
    about: dict[str, Any]
    scores: dict[str, list[list[Scores]]]
    backgrounds: str
    masks: _Masks = field(repr=False, compare=False)

    def values(self, axis: Axis, measure: str) -> NDArray[np.float64]:
        """Return a measure, ``(levels, scenes)`` float64.

        Parameters
        ----------
        axis
            Axis that is varied.
        measure
            Name of the measure.
        """
        rows = self.scores[axis.name]
        return np.array([[getattr(cell, measure) for cell in row] for row in rows])

    def found(self, picture: Image) -> Mask:
        """Return the mask that was found in one of the pictures.

        Parameters
        ----------
        picture
            Picture that was segmented, ``(H, W)`` uint8.
        """
        return self.masks.get(picture)


def run_stress(
    segmenter: Segmenter, config: StressConfig, progress: Progress | None = None
) -> Stress:
    """Make the pictures, have them segmented, and measure.

    A picture that several levels share (the one without instruments, most of all) is segmented
    once.

    Parameters
    ----------
    segmenter
        Segmenter that is tested.
    config
        Settings of the pictures.
    progress
        Function of the number of pictures segmented since the last call, and of all.

    Raises
    ------
    BadDataError
        For a mask that does not fit its picture, or too few or too many masks.

    Examples
    --------
    >>> from fluorosynth.stress.axes import pick_axes
    >>> from fluorosynth.stress.segmenters import Ridge
    >>> config = StressConfig(tuple(pick_axes(["depth"])), pictures=2, size=64)
    >>> stress = run_stress(Ridge(), config)
    >>> stress.values(config.axes[0], "dice").shape
    (8, 2)
    """
    scenes, masks = config.scenes(), _Masks()
    total = left = _count(config)
    for picture, mask in _segmented(segmenter, _unseen(scenes, config, masks)):
        masks.put(picture, checked(mask, picture, str(segmenter.about["kind"])))
        left -= 1
        if progress:
            progress(1, total)
    if progress:
        progress(left, total)  # those that happen to be equal, where no instrument is in view
    scores: dict[str, list[list[Scores]]] = {}
    for axis in config.axes:
        scores[axis.name] = [
            [_scored(scenes, scene, condition, masks) for scene in range(config.pictures)]
            for condition in axis.conditions(config.held)
        ]
    return Stress(config, dict(segmenter.about), scores, scenes.fingerprint, masks)


def _count(config: StressConfig) -> int:
    """Return how many pictures differ: those without instruments do not depend on these."""
    held = {name: getattr(config.held, name) for name in ("depth", "width", "radius", "count")}
    all_ = {c for axis in config.axes for c in axis.conditions(config.held)}
    return config.pictures * (len(all_) + len({replace(c, **held) for c in all_}))


class _Masks:
    """Masks by picture, packed to bits: a test of thousands of pictures fits in memory."""

    def __init__(self) -> None:
        self._packed: dict[bytes, NDArray[np.uint8] | None] = {}

    def claim(self, picture: Image) -> bool:
        """Return whether a picture is new, and note it down."""
        key = self._key(picture)
        if key in self._packed:
            return False
        self._packed[key] = None
        return True

    def put(self, picture: Image, mask: Mask) -> None:
        self._packed[self._key(picture)] = np.packbits(mask)

    def get(self, picture: Image) -> Mask:
        packed = self._packed[self._key(picture)]
        assert packed is not None  # noqa: S101 - all claimed pictures are segmented by now
        return np.unpackbits(packed, count=picture.size).reshape(picture.shape)

    def _key(self, picture: Image) -> bytes:
        return xxh3_128_digest(repr(picture.shape).encode() + picture.tobytes())


def _unseen(scenes: Scenes, config: StressConfig, masks: _Masks) -> Iterator[Image]:
    for axis in config.axes:
        for condition in axis.conditions(config.held):
            for scene in range(config.pictures):
                pair = scenes.pair(scene, condition)
                for picture in (pair.image, pair.bare):
                    if masks.claim(picture):
                        yield picture


def _segmented(
    segmenter: Segmenter, pictures: Iterator[Image]
) -> Iterator[tuple[Image, NDArray[Any]]]:
    """Pair what comes out with what went in; a segmenter may look at several at a time."""
    waiting: list[Image] = []

    def noted() -> Iterator[Image]:
        for picture in pictures:
            waiting.append(picture)
            yield picture

    for mask in segmenter.masks(noted()):
        if not waiting:
            raise BadDataError("a segmenter gave more masks than it got pictures")
        yield waiting.pop(0), mask
    if waiting:
        raise BadDataError(f"a segmenter gave no mask for {len(waiting)} pictures")


def _scored(scenes: Scenes, scene: int, condition: Condition, masks: _Masks) -> Scores:
    pair = scenes.pair(scene, condition)
    found, bare = masks.get(pair.image), masks.get(pair.bare)
    return score(found, bare, pair.truth, condition.scale, scenes.size)


def mean_by_level(values: Sequence[Sequence[float]] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each level's mean over scenes, NaN where it applies to none.

    Parameters
    ----------
    values
        Values of each level, of each scene.
    """
    table = np.asarray(values, float)
    known = ~np.isnan(table)
    sums, counts = np.where(known, table, 0).sum(axis=1), known.sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
