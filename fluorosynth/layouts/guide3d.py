"""Guide3D: guidewires in a phantom from two sides, Jianu et al., ACCV 2024."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted
from fluorosynth.io.text import read_json
from fluorosynth.layouts.base import Item, Layout, Values
from fluorosynth.layouts.drawing import LINE_WIDTH, draw_line
from fluorosynth.layouts.listed import inside, of_form

FILES = "b_spline.json", "raw.json"
SAMPLES = 400  # points along a spline
SHARES = 0.8, 0.9  # of a video: for training, and where the test begins
MAX_DEGREE, MAX_KNOTS = 5, 4096


class Guide3D(Layout):
    """``b_spline.json`` (splines ``tck``) or ``raw.json`` (points), and pictures that they name.

    Labels are drawn 3 px wide at 1024 px, as wide as the set's own code draws them. The parts are
    those of its code too: of each video the first 80 %, the next 10 % and the rest. The file
    ``cvat.xml`` is read by the layout ``cvat``.
    """

    kind = "guide3d"
    about = "bi-planar phantom runs of 1024 px, guidewires as curves"
    protocol = "test"
    instrument = ("guidewire",)
    closed = True

    @classmethod
    def matches(cls, root: Path) -> bool:
        """Tell by its files."""
        return any((root / name).is_file() for name in FILES)

    def find_items(self) -> list[Item]:
        """Return the frames of both cameras, run by run."""
        self.classes = {1: "guidewire"}
        path = next((self.root / name for name in FILES if (self.root / name).is_file()), None)
        if path is None:
            raise BadDataError(f"{quoted(self.root)} holds none of {', '.join(FILES)}")
        self._path = path
        items: list[Item] = []
        with of_form(path):
            for video in read_json(path):
                for camera in ("cameraA", "cameraB"):
                    items += self._run(video["frames"], camera)
        return items

    def _run(self, frames: list[dict[str, Any]], camera: str) -> list[Item]:
        first, last = (int(share * len(frames)) for share in SHARES)
        items = []
        for number, frame in enumerate(frames):
            about = frame[camera]
            image = inside(self.root, about["image"], self._path)
            part = "train" if number < first else "val" if number < last else "test"
            items.append(Item(image, image.parent.name, image.stem, part, about))
        return items

    def truth_of(self, item: Item) -> Path:  # noqa: ARG002
        """Return the file of all curves."""
        return self._path

    def values(self, item: Item, shape: tuple[int, int]) -> Values:
        """Draw the guidewire."""
        values = np.zeros(shape, np.uint8)
        about = item.key
        with of_form(self._path):
            points = _sampled(about["tck"]) if "tck" in about else about["points"]
        draw_line(values, points, 1, LINE_WIDTH * max(shape) / 1024)
        return values


def _sampled(tck: Mapping[str, Any]) -> Values:
    """Return points ``(n, 2)`` along a spline given by knots, coefficients and degree."""
    from scipy.interpolate import BSpline

    knots, degree = np.asarray(tck["t"], float), int(tck["k"])
    coefficients = np.asarray(tck["c"], float).T
    if not (1 <= degree <= MAX_DEGREE and len(knots) <= MAX_KNOTS):
        raise ValueError(f"no spline of degree {degree} with {len(knots)} knots")
    if coefficients.ndim != 2 or coefficients.shape[1] != 2:
        raise ValueError("coefficients that are not those of x and of y")
    spline = BSpline(knots, coefficients, degree)
    first, last = knots[degree], knots[-degree - 1]
    return np.asarray(spline(np.linspace(first, last, SAMPLES)), np.float32)
