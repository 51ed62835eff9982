"""The picture of one component: a stage before and after, a source's draws. From fixed seeds."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from inputs import SIDE, write_inputs
from lines import StageExample, components, example, stage_example, start
from numpy.typing import NDArray

from fluorosynth.backgrounds.bundled import Bundled
from fluorosynth.dataset.preview import outlined
from fluorosynth.geometry.warp import resample
from fluorosynth.io.contact_sheet import contact_sheet, png_bytes
from fluorosynth.sample import Device, Sample

Picture = NDArray[np.uint8]

CURVE = (255, 190, 0)
PAPER = 232  # grey behind curves that have no picture


def picture(family: str, kind: str) -> bytes:
    """Return the PNG of a component's page."""
    if family == "stages":
        return png_bytes(stage_picture(stage_example(kind)))
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(Path(folder))
        source: Any = example(kind, components(family)[kind])
        if (
            kind == "ct"
        ):  # a CT is too large to come with the pages; this pack is what it made of one
            source = Bundled("chest_drr")
        elif hasattr(source, "path"):
            source = replace(source, path=folder / source.path)
        opened, rng = source.open(SIDE, seed=0), np.random.default_rng(3)
        draws = [opened.draw(rng) for _ in range(4)]
    if family == "backgrounds":
        return png_bytes(contact_sheet([drawn.image for drawn in draws], 4))
    paper = np.full((SIDE, SIDE), PAPER, np.uint8)
    return png_bytes(contact_sheet([with_curves(paper, drawn) for drawn in draws], 4))


def stage_picture(shown: StageExample) -> Picture:
    """Return a sample before and after a stage, side by side."""
    sample, rng = start(shown), np.random.default_rng(0)
    for stage in shown.before:
        sample = stage(sample, rng)
    after = shown.stage(sample, rng)
    return contact_sheet([look(sample, shown), look(after, shown)], 2)


def look(sample: Sample, shown: StageExample) -> Picture:
    """Return a sample as people can see it: curves over it until it is rendered."""
    if sample.mask is None:
        return with_curves(
            sample.image if sample.matrix is None else resample(sample.image, sample.matrix),
            sample.devices,
        )
    if shown.stage.kind in ("render", "visible"):
        return outlined(sample.image, sample.mask, 1)
    linear = shown.stage.kind == "expose"
    return np.repeat(grey(sample.image, linear)[:, :, None], 3, 2)


def grey(image: NDArray[Any], linear: bool = False) -> Picture:
    """Return a picture in grey levels; of intensities their logarithm, unless ``linear``."""
    if image.dtype == np.uint8:
        return np.asarray(image)
    shown = image if linear else 1 + np.log(np.maximum(image, 1e-6)) / 3
    return np.asarray(np.clip(255 * shown, 0, 255), np.uint8)


def with_curves(image: Picture, devices: Sequence[Device]) -> Picture:
    """Return a picture in colour with curves drawn over it, as wide as they are."""
    picture = np.repeat(image[:, :, None], 3, 2)
    for device in devices:
        width = max(1, round(float(device.width.mean())))
        line = np.rint(device.centreline * 8).astype(np.int32)
        cv2.polylines(picture, [line], False, CURVE, width, cv2.LINE_AA, 3)
    return picture
