"""What the values of a mask mean: as people state them, and applied to a label image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.labels import Labels
from fluorosynth.io.soft_masks import hardened
from fluorosynth.sample import BACKGROUND, IGNORE, INSTRUMENT, Mask

MAX_SHARE = 0.5  # of a picture that instruments cover


@dataclass(frozen=True)
class MaskValues:
    """What masks hold, where they do not tell by themselves.

    Parameters
    ----------
    instrument
        Values of instruments; any other is background. Empty: by the masks.
    ignore
        Value of pixels without truth; -1: by the masks.
    threshold
        Grey value above which a pixel is instrument; -1: none.

    Raises
    ------
    UsageError
        For values outside 0 to 65535, or instrument values beside a threshold.
    """

    instrument: tuple[int, ...] = ()
    ignore: int = -1
    threshold: int = -1

    def __post_init__(self) -> None:
        given = {"ignore": self.ignore, "threshold": self.threshold}
        given |= {"instrument": min(self.instrument, default=-1)}
        for name, value in [*given.items(), ("instrument", max(self.instrument, default=-1))]:
            if not -1 <= value <= 65535:
                raise UsageError(f"`{name}` must be from 0 to 65535, not {value}")
        if self.instrument and self.threshold >= 0:
            raise UsageError("give `instrument` values or a `threshold`, not both")
        if self.ignore >= 0 and self.ignore in self.instrument:
            raise UsageError(f"{self.ignore} cannot be both `instrument` and `ignore`")


@dataclass(frozen=True)
class Meaning:
    """What the values of a set of masks mean.

    Parameters
    ----------
    given
        Values as the user states them.
    instrument
        Values of instruments, where ``several`` values are not all.
    ignore
        Value of pixels without truth; -1: none.
    """

    given: MaskValues = field(default_factory=MaskValues)
    instrument: frozenset[int] = frozenset()
    ignore: int = -1

    def numbered(self, labels: Labels, name: object) -> NDArray[Any]:
        """Return ``(H, W)`` numbers of instruments, 0 where there is none or no truth.

        Parameters
        ----------
        labels
            Label image, ``(H, W)`` integers.
        name
            Name of the picture, for the message.

        Raises
        ------
        BadDataError
            When the picture is no mask.
        """
        values, drawn = hardened(labels)
        if self.given.threshold >= 0:
            found = (labels.values > self.given.threshold).astype(np.uint8)
        elif self.given.instrument:
            known = np.isin(labels.values, self.given.instrument)
            found = np.where(known, np.maximum(labels.values, 1), 0)  # 0 may be an instrument
        elif drawn:
            return _checked((values > 0).astype(np.uint8), name)
        else:
            kept = np.isin(values, list(self.instrument)) if self.instrument else values > 0
            found = np.where(kept, values, 0)
        if self.ignore >= 0:
            found = np.where(labels.values == self.ignore, 0, found)
        return _checked(found, name)

    def mask(self, labels: Labels, name: object) -> Mask:
        """Return ``(H, W)`` uint8 {0, 1, 255}; raise as ``numbered`` does.

        Parameters
        ----------
        labels
            Label image, ``(H, W)`` integers.
        name
            Name of the picture, for the message.
        """
        mask = np.where(self.numbered(labels, name) > 0, np.uint8(INSTRUMENT), np.uint8(BACKGROUND))
        if self.ignore >= 0 and not (hardened(labels)[1] and self.given.ignore < 0):
            mask[(labels.values == self.ignore) & (mask == BACKGROUND)] = IGNORE
        return mask


def _checked(found: NDArray[Any], name: object) -> NDArray[Any]:
    share = float(np.mean(found != 0))
    if share > MAX_SHARE:
        raise BadDataError(
            f"{name} is no mask of instruments: {share:.0%} of it is not background; invert it, "
            "or name the value of instruments by `instrument`"
        )
    return found
