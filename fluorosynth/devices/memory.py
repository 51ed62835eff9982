"""Curves that a program holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from fluorosynth.core.arrays import check_curve
from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.pool import DevicePool, DeviceSet, fingerprint, fit
from fluorosynth.errors import BadDataError
from fluorosynth.sample import Device

Side = Annotated[int, Ge(1)]


@dataclass(frozen=True, eq=False)
class Memory(DeviceSource):
    """Arrays instead of files, for recipes in Python alone: a TOML file cannot hold them.

    The arrays are not copied: do not write to them.

    Parameters
    ----------
    curves
        Curves of each picture: a device, or a sequence of those that are shown together.
    frame
        Height and width in pixels of the pictures that the curves were found in; they are then
        scaled and centred to the size asked for. None: they are in pixels of that size.

    Raises
    ------
    BadDataError
        When there is no curve, or one holds what is no number or a width that is not above 0.

    Examples
    --------
    >>> import numpy as np
    >>> line = Device(np.float32([[0, 256], [511, 256]]), np.float32([4, 4]))
    >>> Memory([line], frame=(512, 512)).open(256, seed=0).sets[0][0].width.tolist()
    [2.0, 2.0]
    """

    writable: ClassVar[bool] = False

    curves: Sequence[Device | Sequence[Device]]
    frame: tuple[Side, Side] | None = None

    def __post_init__(self) -> None:
        if not self.curves:
            raise BadDataError("Memory: `curves` should hold at least one device, not none")
        for index, devices in enumerate(self._sets()):
            for device in devices:
                check_curve(f"Memory: `curves`[{index}]", device.centreline, device.width)

    def open(self, size: int, seed: int) -> DevicePool:  # noqa: ARG002 - nothing is drawn once
        """Return the pool of curves, in pixels of ``(size, size)`` pictures."""
        if self.frame is None:
            return DevicePool(self._sets())
        return DevicePool([fit(devices, self.frame, size) for devices in self._sets()])

    @property
    def fingerprint(self) -> str:
        """XXH3-128 over all that is held."""
        return fingerprint(self._sets()) + ("" if self.frame is None else f" {self.frame}")

    def _sets(self) -> list[DeviceSet]:
        return [(one,) if isinstance(one, Device) else tuple(one) for one in self.curves]
