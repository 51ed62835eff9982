"""Where instruments lie outside the heart: the courses that vessels and ducts give them."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import numpy as np

from fluorosynth.devices.drawn import Drawn, OpenDrawn, Shaft
from fluorosynth.devices.tips import chained
from fluorosynth.ranges import LogUniform, Range, check_odds, draw_within, pick

TOP, RIGHT, BOTTOM, LEFT = range(4)
INSIDE = 0.55  # share of a shaft that lies in the picture, at least, if it can be had
TRIES = 8
TIGHTEST = 1.5  # widths: the least radius of a bend
STRAIGHT = 0.08  # radians: deviation of the direction in which a shaft enters

# Of each course the border that it enters by, and its arcs: length in sides of the picture, turn in
# degrees, clockwise as seen. Half of all courses are mirrored, left for right.
ROUTES: dict[str, tuple[int, tuple[tuple[float, float], ...]]] = {
    # up the descending aorta, over the arch, down the ascending one
    "arch": (BOTTOM, ((0.5, 8), (0.42, 170), (0.25, -12))),
    # from one leg over the bifurcation of the aorta into the other
    "crossover": (BOTTOM, ((0.45, -10), (0.22, 150), (0.5, 15))),
    # carotid siphon: an S of tight bends, then on into a branch
    "siphon": (BOTTOM, ((0.35, -15), (0.1, 95), (0.12, -150), (0.12, 140), (0.07, -60), (0.3, 25))),
    # a loop, as of drains and of wires in the tree of the liver
    "loop": (RIGHT, ((0.35, 20), (0.6, 330), (0.25, -40))),
    # along a bile duct, in by the flank
    "biliary": (LEFT, ((0.3, -25), (0.25, 70), (0.3, -10))),
    # a line through the vein under the collarbone, down to the right atrium
    "venous": (LEFT, ((0.22, -12), (0.14, 75), (0.42, 6))),
    # catheters of an electrophysiological study
    "right_ventricle": (BOTTOM, ((0.4, 6), (0.28, 75))),
    "his": (BOTTOM, ((0.42, -8), (0.16, 45), (0.06, 20))),
    "coronary_sinus": (TOP, ((0.3, -8), (0.22, -110), (0.2, 35))),
    "ablation": (BOTTOM, ((0.38, 10), (0.2, -120))),
}


@dataclass(frozen=True)
class Route(Drawn):
    """Catheters and guidewires on a named course.

    A course is a chain of arcs, each drawn longer or shorter and more or less bent, that enters by
    the border where it does in a patient. Two or more of one picture are drawn apart, so that they
    cross. ``Drawn`` has the other parameters; its bending radii are those of a shaft in a wide
    vessel and do not hold here.

    Parameters
    ----------
    routes
        Names of courses: arch, crossover, siphon, loop, biliary, venous, right_ventricle, his,
        coronary_sinus, ablation.
    route_odds
        Odds of these, in the same order; empty: equal.
    scale
        Factor on the lengths of all arcs.
    electrodes
        Whether catheters are labelled ``electrode_catheter``: ``attenuate`` draws electrodes along
        each of these.

    Examples
    --------
    >>> (device, *_) = Route(routes=("arch",)).open(256, seed=0).draw(np.random.default_rng(1))
    >>> device.id.split("/")[0], device.centreline.shape[1]
    ('route', 2)
    """

    routes: tuple[str, ...] = ("arch", "crossover", "siphon", "loop", "biliary", "venous")
    route_odds: tuple[float, ...] = ()
    scale: Range = LogUniform(0.7, 1.4)
    electrodes: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_odds("routes", self.routes, self.route_odds, "route_odds")
        for name in self.routes:
            if name not in ROUTES:
                raise ValueError(f"no course is called {name!r}; known: {', '.join(ROUTES)}")

    @property
    def labels(self) -> tuple[str, str]:
        """Labels of a catheter and of a guidewire."""
        return ("electrode_catheter" if self.electrodes else "catheter"), "guidewire"

    def open(self, size: int, seed: int) -> OpenRoute:  # noqa: ARG002 - nothing is drawn once
        """Return the source for pictures of one size."""
        return OpenRoute(self, size)


class OpenRoute(OpenDrawn[Route]):
    """``Route`` for pictures of one size."""

    def course(self, width: float, radius: float, rng: np.random.Generator) -> Shaft:  # noqa: ARG002
        """Draw a course, most of which lies in the picture."""
        source = self.source
        border, arcs = ROUTES[source.routes[pick(len(source.routes), source.route_odds, rng)]]
        factor = draw_within(0.05, 20, source.scale, "route: scale", rng) * self.size
        mirrored = rng.random() < 0.5
        for _ in range(TRIES):
            jitter = rng.random((len(arcs), 2))
            along = 0.12 + 0.76 * rng.random()
            tilt = STRAIGHT * float(rng.standard_normal())
            drawn = []
            for (length, degrees), (longer, tighter) in zip(arcs, jitter.tolist(), strict=True):
                turn = math.radians(degrees) * (0.75 + 0.5 * tighter)
                pixels = max(length * factor * (0.75 + 0.55 * longer), TIGHTEST * width * abs(turn))
                drawn.append((pixels, -turn if mirrored else turn))
            at = (LEFT if border == RIGHT else RIGHT) if mirrored and border % 2 else border
            start = self.outside(at, along, width)
            ahead = cmath.rect(1.0, math.pi / 2 * (at + 1) + tilt)
            curve = start + ahead * np.concatenate([[0j], chained(drawn)])
            if np.count_nonzero(self.depths(curve) > 0) / len(curve) >= INSIDE:
                break
        return np.asarray(curve)
