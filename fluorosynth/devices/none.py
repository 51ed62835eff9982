"""No instrument: pictures of everything else that a recipe shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluorosynth.devices.base import DeviceSource
from fluorosynth.sample import Device


@dataclass(frozen=True)
class NoInstrument(DeviceSource):
    """Pictures without an instrument, among those of other sources.

    Its share is its part of the recipe's ``device_odds``, whatever the other sources are: drawn,
    traced or read from masks. Backgrounds, vessels, bones and clutter are those of any picture;
    the mask is 0 wherever the background's truth is known.

    Examples
    --------
    >>> NoInstrument().open(256, seed=0).draw(np.random.default_rng(0))
    ()
    """

    def open(self, size: int, seed: int) -> OpenNone:  # noqa: ARG002 - there is nothing to open
        """Return the source at work."""
        return OpenNone()


class OpenNone:
    """``NoInstrument`` at work; takes no random number."""

    fingerprint = "none"

    def draw(self, rng: np.random.Generator) -> tuple[Device, ...]:  # noqa: ARG002
        """Return no instrument.

        Parameters
        ----------
        rng
            Source of draws; none is made.
        """
        return ()
