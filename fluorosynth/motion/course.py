"""The course of one sequence: what was drawn for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from fluorosynth.sample import Device

WRITTEN = {  # fields whose names in the provenance are older
    "heart_amplitude": "heart",
    "heart_rate": "beats",
    "breath_amplitude": "breath",
    "breath_rate": "breaths",
}
Key = tuple[float, float]


@dataclass(frozen=True)
class Pull:
    """How an instrument is moved through its path.

    Parameters
    ----------
    share
        Share of the heart's and the breath's motion that the instrument takes.
    base
        Arc length at which its preformed end begins, px.
    speed
        Speed of a triangular wave along the path, px/s; the wave ends at rest.
    reach
        Height of that wave, px.
    phase
        Place in that wave at which the sequence begins, 0 to 2.
    torque
        Turn of the end about the shaft, radians a second.
    """

    share: float
    base: float
    speed: float = 0.0
    reach: float = 1.0
    phase: float = 1.0
    torque: float = 0.0

    def by(self, time: float) -> float:
        """Return how far the instrument is pushed, px: at most 0, its place at rest.

        Parameters
        ----------
        time
            Time since frame 0, s.
        """
        return -self.reach * abs(1 - (self.phase + time * self.speed / self.reach) % 2)


@dataclass(frozen=True)
class Course:
    """What was drawn for one sequence. Directions are complex numbers, x + 1j y.

    Parameters
    ----------
    rate
        Frames a second.
    centre
        Place of the heart, px.
    radius
        Standard deviation of the Gaussian in which its motion fades out, px.
    heart_amplitude
        Way of the heart's centre, with its direction, px.
    heart_rate
        Beats a second.
    breath_amplitude
        Way of a breath, with its direction, px.
    breath_rate
        Breaths a second.
    phases
        Places in the cycles of heart and breath at which the sequence begins, 0 to 1.
    background
        Share of both motions that the picture behind takes.
    pan
        Way of the table, with its direction, px.
    pan_start
        Time at which the table sets off, s.
    pan_seconds
        Time that it takes, s.
    bolus
        Time for which contrast medium stays, s.
    bolus_start
        Time at which it comes, s; it may be before frame 0.
    lag
        Weight K of the newest frame in the detector's recursive filter, in (0, 1].
    pulls
        Ways of moving instruments, by where these enter: those that enter as one move as one.
    """

    rate: float
    centre: complex
    radius: float
    heart_amplitude: complex
    heart_rate: float
    breath_amplitude: complex
    breath_rate: float
    phases: tuple[float, float]
    background: float
    pan: complex
    pan_start: float
    pan_seconds: float
    bolus: float
    bolus_start: float
    lag: float
    pulls: Mapping[Key, Pull]

    def drawn(self) -> dict[str, Any]:
        """Return all that was drawn, for the provenance; directions as [x, y]."""
        names = [f.name for f in fields(self) if f.name != "pulls"]
        found = {WRITTEN.get(name, name): _plain(getattr(self, name)) for name in names}
        return found | {"pulls": [asdict(pull) for pull in self.pulls.values()]}


def entry(device: Device) -> Key:
    """Return where a device begins: a wire inside a catheter begins with it.

    Parameters
    ----------
    device
        Instrument at rest.
    """
    x, y = device.centreline[0].tolist()
    return x, y


def _plain(value: Any) -> Any:
    return [value.real, value.imag] if isinstance(value, complex) else value
