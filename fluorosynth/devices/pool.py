"""A fixed set of device pictures: what every source that reads curves opens to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from xxhash import xxh3_128

from fluorosynth.core.rng import POOL, Streams
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.sample import Device, read_only

DeviceSet = tuple[Device, ...]
T = TypeVar("T")

SHARE_STEP = 1  # the step of the POOL stream that a share is drawn from


class DevicePool:
    """Sets of devices in memory; one set is what one picture shows.

    Parameters
    ----------
    sets
        Sets of devices, at least one, in pixels of the opened size. Any sequence of curves will do,
        so this is also how a program offers its own (``DevicePool([(Device(points, width),)])``).

    Examples
    --------
    >>> line = Device(np.float32([[0, 0], [9, 0]]), np.float32([3, 3]))
    >>> pool = DevicePool([(line,)])
    >>> pool.draw(np.random.default_rng(0))[0].centreline.tolist()
    [[0.0, 0.0], [9.0, 0.0]]
    """

    def __init__(self, sets: Sequence[DeviceSet]) -> None:
        if not sets:
            raise BadDataError("a pool of devices needs at least one set, and got none")
        self.sets = tuple(tuple(_shared(device) for device in devices) for devices in sets)
        self.fingerprint = fingerprint(self.sets)

    def __len__(self) -> int:
        return len(self.sets)

    def draw(self, rng: np.random.Generator) -> DeviceSet:
        """Return one set, each equally likely.

        Parameters
        ----------
        rng
            Source of a single number.
        """
        return self.sets[int(rng.random() * len(self.sets))]


def _shared(device: Device) -> Device:
    """Return the device over read-only views."""
    points, width = read_only(device.centreline), read_only(device.width)
    return replace(device, centreline=points, width=width)


def fingerprint(sets: Sequence[DeviceSet]) -> str:
    """Return the hexadecimal XXH3-128 of all curves, widths, labels and ids, in order.

    Parameters
    ----------
    sets
        Sets of devices.
    """
    digest = xxh3_128()
    for devices in sets:
        digest.update(f"set {len(devices)}\n".encode())
        for device in devices:
            digest.update(repr((device.label, device.id, device.centreline.shape)).encode())
            digest.update(np.ascontiguousarray(device.centreline, np.float32).tobytes())
            digest.update(np.ascontiguousarray(device.width, np.float32).tobytes())
    return digest.hexdigest()


def take_share(items: Sequence[T], share: float, seed: int) -> tuple[T, ...]:
    """Return a share of items (at least one), drawn once per seed, in their order.

    Parameters
    ----------
    items
        Items to choose from.
    share
        Share to take, in (0, 1].
    seed
        Seed of the choice.

    Raises
    ------
    UsageError
        For another share.
    """
    if not 0 < share <= 1:
        raise UsageError(f"share must be in (0, 1], not {share}")
    count = max(1, round(share * len(items)))
    order = Streams(seed).at(POOL, SHARE_STEP).random(len(items)).argsort(kind="stable")
    return tuple(items[i] for i in sorted(order[:count]))


def fit(devices: DeviceSet, frame: tuple[int, int], size: int) -> DeviceSet:
    """Move devices from a frame to a square picture.

    The longer side is scaled to ``size`` and the shorter one centred. Points refer to pixel
    centres, so ``x' = (x + 0.5) * s - 0.5 + offset``; widths scale by ``s``.

    Parameters
    ----------
    devices
        Instruments in pixels of the frame.
    frame
        Height and width of the frame, px.
    size
        Side of the picture, px.

    Examples
    --------
    >>> line = Device(np.float32([[-0.5, 1.5], [7.5, 1.5]]), np.float32([2, 2]))
    >>> fit((line,), (4, 8), 16)[0].centreline.tolist()
    [[-0.5, 7.5], [15.5, 7.5]]
    """
    height, width = frame
    scale = size / max(height, width)
    offset = np.array([size - scale * width, size - scale * height]) / 2 - 0.5
    return tuple(
        replace(
            device,
            centreline=((device.centreline + 0.5) * scale + offset).astype(np.float32),
            width=(device.width * scale).astype(np.float32),
        )
        for device in devices
    )
