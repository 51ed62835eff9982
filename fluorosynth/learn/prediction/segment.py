"""From frames at their own resolution to maps and masks at the same."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import UsageError
from fluorosynth.io.square import resized
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.checkpoint_file import SIZE_OF_OLD
from fluorosynth.learn.prediction.enlarge import map_at
from fluorosynth.learn.prediction.fragments import drop_fragments
from fluorosynth.learn.prediction.inference import Inference, check_scales
from fluorosynth.learn.prediction.presence import Presence, evidence
from fluorosynth.sample import INSTRUMENT, Mask

Map = NDArray[np.float32]
EVIDENCE_SIZE = 256  # px, longer side of the frame in whose pixels evidence is counted


@dataclass(frozen=True, kw_only=True)
class SegmentConfig:
    """How frames become masks.

    Parameters
    ----------
    threshold
        Threshold on the map, in [0, 1): predicted is what lies above it.
    size
        Longer side in pixels at which the network sees a frame; 0: as it is. Frames are averaged
        over areas down to it, and maps interpolated back in log odds.
    tta
        Whether to average with the mirrored frame; see ``Inference.predict_maps``.
    scales
        Factors of size to average over.
    turned
        Whether to average over all eight flips and rotations by 90 degrees.
    min_length
        Length of a skeleton, in pixels of the network's size, below which its part is dropped. 0:
        none.
    min_presence
        Probability of an instrument below which a frame is left empty, in [0, 1]; 0: none. For
        models that know that probability.
    """

    threshold: float = 0.5
    size: int = SIZE_OF_OLD
    tta: bool = False
    scales: tuple[float, ...] = (1.0,)
    turned: bool = False
    min_length: float = 0.0
    min_presence: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.threshold < 1:
            raise UsageError(f"`threshold` must be at least 0 and below 1, not {self.threshold}")
        if self.size and not 16 <= self.size <= 8192:
            raise UsageError(f"`size` must be 0 or 16 to 8192 pixels, not {self.size}")
        check_scales(self.scales)
        if not 0 <= self.min_length < float("inf"):
            raise UsageError(f"`min_length` must be at least 0 pixels, not {self.min_length}")
        if not 0 <= self.min_presence <= 1:
            raise UsageError(f"`min_presence` must be in [0, 1], not {self.min_presence}")

    def scale(self, shape: tuple[int, int]) -> float:
        """Return the factor from a frame to the size at which the network sees it.

        Parameters
        ----------
        shape
            Height and width of the frame, px.
        """
        return self.size / max(shape) if self.size else 1.0

    @classmethod
    def of(
        cls,
        model: Model,
        threshold: float | None = None,
        size: int | None = None,
        min_length: float | None = None,
        min_presence: float | None = None,
        **others: object,
    ) -> SegmentConfig:
        """Return the settings with the model's own where none is given.

        Parameters
        ----------
        model
            Model with settings of its own.
        threshold
            Threshold on the map; None: the model's.
        size
            Longer side in pixels; None: that of the training.
        min_length
            Length of a skeleton below which its part is dropped; None: the model's.
        min_presence
            Probability below which a frame is left empty; None: the model's.
        **others
            Further fields.
        """
        if size is None:
            size = model.size
        own = model.masks
        return cls(
            threshold=model.threshold if threshold is None else threshold,
            size=size,
            min_length=own.min_length if min_length is None else min_length,
            min_presence=own.min_presence if min_presence is None else min_presence,
            **others,  # type: ignore[arg-type]
        )


class Segmented(NamedTuple):
    """What was found in one frame.

    Parameters
    ----------
    map
        Catheter map, ``(H, W)`` float32 in [0, 1].
    mask
        Instruments, ``(H, W)`` uint8 {0, 1}.
    presence
        Probability that the frame shows an instrument at all; NaN for a model that was never
        calibrated.
    """

    map: Map
    mask: Mask
    presence: float


def segment(
    clips: NDArray[np.uint8], inference: Inference, config: SegmentConfig
) -> Iterator[Segmented]:
    """Yield the map, the mask and the probability of an instrument of each clip.

    Parameters
    ----------
    clips
        Clips, ``(n, K, H, W)`` uint8, the newest of K frames last.
    inference
        Network of K channels, ready to predict.
    config
        Settings of the masks.

    Yields
    ------
    Segmented
        Map and mask at the frame's resolution, and the probability.

    Examples
    --------
    >>> from fluorosynth.learn.data import Normalisation
    >>> from fluorosynth.learn.networks import build
    >>> inference = Inference(Model(build("light"), Normalisation(128.0, 50.0)), "cpu")
    >>> frame = np.zeros((1, 1, 300, 200), np.uint8)
    >>> ((found, mask, presence),) = segment(frame, inference, SegmentConfig(size=64))
    >>> found.shape == mask.shape == (300, 200)
    True
    """
    height, width = clips.shape[2:]
    scale = config.scale((height, width))
    small = max(round(height * scale), 1), max(round(width * scale), 1)
    seen = np.stack([[resized(frame, *small) for frame in clip] for clip in clips])
    own = inference.model.masks
    above = inference.model.threshold if own.presence_above is None else own.presence_above
    for found in inference.predict_maps(seen, config.tta, config.scales, config.turned):
        whole, chance = map_at(found, height, width), math.nan
        if own.presence is not None:
            longest = evidence(found, above) * EVIDENCE_SIZE / max(small)
            chance = Presence(*own.presence)(longest)
        if chance < config.min_presence:
            yield Segmented(whole, np.zeros((height, width), np.uint8), chance)
        else:
            mask = mask_above(whole, config.threshold, config.min_length / scale)
            yield Segmented(whole, mask, chance)


def mask_above(found: Map, threshold: float, min_length: float = 0.0) -> Mask:
    """Return the ``(H, W)`` uint8 {0, 1} mask of what lies above a threshold.

    Parameters
    ----------
    found
        Map of one frame, ``(H, W)`` float in [0, 1].
    threshold
        Threshold on the map, in [0, 1).
    min_length
        Length of a skeleton below which its part is dropped, px; 0: none.

    Examples
    --------
    >>> found = np.zeros((20, 40), np.float32)
    >>> found[5, 2:32] = found[15, 2:8] = 0.8
    >>> mask_above(found, 0.5).sum(), mask_above(found, 0.5, min_length=10).sum()
    (np.uint64(36), np.uint64(30))
    """
    mask = np.where(found > threshold, np.uint8(INSTRUMENT), np.uint8(0))
    return drop_fragments(mask, min_length) if min_length else mask
