"""What moves in a sequence of frames: drawn once for it, then functions of time alone."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluorosynth.core.check import Checked
from fluorosynth.errors import UsageError
from fluorosynth.geometry.arc_path import ArcPath
from fluorosynth.motion.course import Course, Key, Pull, entry
from fluorosynth.ranges import Chance, Range, Uniform
from fluorosynth.sample import Sample

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Motion(Checked):
    """How anatomy, instruments, contrast and detector change over a sequence of frames.

    What each does is written in ``docs/sequences.md``.

    Parameters
    ----------
    rate
        Frames a second, > 0.
    heart_rate
        Beats a minute.
    heart
        Way of the heart's centre, mm.
    breath_rate
        Breaths a minute.
    breath
        Way of the body's contents along its axis, peak to peak, mm: 4.9 +- 1.9 mm, as a uniform law
        of that mean and deviation.
    background
        Share of either motion that the picture behind takes.
    instruments
        Share of either motion that an instrument takes.
    moving
        Probability that an instrument is moved along its path.
    speed
        Speed at which it is advanced and retracted, mm/s, > 0.
    reach
        Way over which it is, mm, > 0.
    tip
        Length of the preformed end, mm: it keeps its shape.
    torque
        Turn of a moved instrument's end about its shaft, degrees a second.
    pan
        Probability that the table moves.
    pan_speed
        Speed of the table, mm/s, > 0.
    pan_length
        Way of the table, mm.
    bolus
        Time that contrast medium takes to come and go, s, > 0.
    lag
        Weight K of the newest frame in the detector's y_t = K x_t + (1 - K) y_{t-1}, in (0, 1]; 1
        is none.
    """

    rate: Range = Uniform(7.5, 15.0)
    heart_rate: Range = Uniform(50.0, 110.0)
    heart: Range = Uniform(2.0, 8.0)
    breath_rate: Range = Uniform(12.0, 20.0)
    breath: Range = Uniform(1.6, 8.2)
    background: Range = Uniform(0.1, 0.6)
    instruments: Range = Uniform(0.4, 1.0)
    moving: Chance = 0.4
    speed: Range = Uniform(5.0, 30.0)
    reach: Range = Uniform(5.0, 40.0)
    tip: Range = Uniform(5.0, 30.0)
    torque: Range = Uniform(-40.0, 40.0)
    pan: Chance = 0.1
    pan_speed: Range = Uniform(10.0, 40.0)
    pan_length: Range = Uniform(5.0, 40.0)
    bolus: Range = Uniform(2.0, 4.0)
    lag: Range = Uniform(0.25, 1.0)

    def draw(self, sample: Sample, rng: np.random.Generator) -> Course:
        """Return the course of one sequence.

        Parameters
        ----------
        sample
            Sample at rest, before ``render``; its view makes pixels of mm.
        rng
            Source of all draws; all frames share what is drawn here.

        Raises
        ------
        UsageError
            When a law gives what cannot be: a rate of 0, a lag of 0.
        """
        side = max(sample.image.shape)
        px = sample.seen.px_per_mm
        x, y, way, tilt = rng.random(4).tolist()
        pans, toward = rng.random() < self.pan, rng.random()
        length, speed = self.pan_length.draw(rng), self._positive("pan_speed", rng)
        bolus = self._positive("bolus", rng)
        return Course(
            rate=self._positive("rate", rng),
            centre=side * complex(0.3 + 0.4 * x, 0.3 + 0.4 * y),
            radius=0.25 * side,
            heart_amplitude=px * self.heart.draw(rng) * _towards(way),
            heart_rate=self.heart_rate.draw(rng) / 60,
            breath_amplitude=px * self.breath.draw(rng) * _towards(0.25 + 0.1 * (tilt - 0.5)),
            breath_rate=self.breath_rate.draw(rng) / 60,
            phases=(rng.random(), rng.random()),
            background=self.background.draw(rng),
            pan=px * length * _towards(toward) if pans else 0j,
            pan_start=1.5 * rng.random(),
            pan_seconds=length / speed,
            bolus=bolus,
            bolus_start=bolus * (0.15 - 0.95 * rng.random()),
            lag=self._share(rng),
            pulls=self._pulls(sample, px, rng),
        )

    def _pulls(self, sample: Sample, px: float, rng: np.random.Generator) -> dict[Key, Pull]:
        """Draw how instruments are moved; a wire that enters with its catheter moves with it."""
        pulls: dict[Key, Pull] = {}
        for device in sample.devices:
            if entry(device) not in pulls:
                length = ArcPath.of(device.centreline).length
                reach = min(px * self._positive("reach", rng), 0.5 * length)
                pull = Pull(
                    share=self.instruments.draw(rng),
                    base=length - px * self.tip.draw(rng),
                    speed=px * self._positive("speed", rng),
                    reach=max(reach, 1.0),
                    phase=2 * rng.random(),
                    torque=math.radians(self.torque.draw(rng)),
                )
                moves = rng.random() < self.moving
                pulls[entry(device)] = pull if moves else Pull(pull.share, pull.base)
        return pulls

    def _positive(self, name: str, rng: np.random.Generator) -> float:
        value: float = getattr(self, name).draw(rng)
        if not value > 0:
            raise UsageError(f"motion drew a {name} of {value}; it must be above 0")
        return value

    def _share(self, rng: np.random.Generator) -> float:
        lag = self._positive("lag", rng)
        if lag > 1:
            raise UsageError(f"motion drew a lag of {lag}; it must be at most 1, which is none")
        return lag


def _towards(turn: float) -> complex:
    """Return the unit vector at so many turns from x towards y."""
    return cmath.exp(2j * math.pi * turn)
