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
from lines import SHAFT, SPLINE, StageExample, example, stage_example
from numpy.typing import NDArray

from fluorosynth import apply
from fluorosynth.backgrounds import Bundled
from fluorosynth.dataset.preview import outlined
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
        source: Any = example(family, kind)
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
    """Return a frame before and after a stage, side by side: what the lines of its page give."""
    background = shown.frames.open(SIDE, seed=0).draw(np.random.default_rng(shown.seed))
    devices = SPLINE.open(SIDE, seed=0).draw(np.random.default_rng(SHAFT))
    before = Sample(background.image, devices if shown.with_devices else ())
    if shown.stage.kind == "engage":
        start = before.with_(paths=background.paths)
        after = shown.stage(start, np.random.default_rng(0))
    else:
        after = apply(shown.stages, before.image, before.devices)
        before = apply(shown.before, before.image, before.devices)
    return contact_sheet([look(before, shown), look(after, shown)], 2)


def look(sample: Sample, shown: StageExample) -> Picture:
    """Return a sample as people can see it: pixels, and curves or masks where these matter."""
    if shown.moves or (shown.stage.kind in ("render", "engage") and sample.mask is None):
        return with_curves(sample.image, sample.devices)
    if shown.stage.kind in ("render", "visible") and sample.mask is not None:
        return outlined(sample.image, sample.mask, 1)
    scale = 1 if sample.image.dtype == np.uint8 else 255
    return np.repeat((sample.image * scale).astype(np.uint8)[:, :, None], 3, 2)


def with_curves(image: Picture, devices: Sequence[Device]) -> Picture:
    """Return a picture in colour with curves drawn over it, as wide as they are."""
    picture = np.repeat(image[:, :, None], 3, 2)
    for device in devices:
        width = max(1, round(float(device.width.mean())))
        line = np.rint(device.centreline * 8).astype(np.int32)
        cv2.polylines(picture, [line], False, CURVE, width, cv2.LINE_AA, 3)
    return picture
