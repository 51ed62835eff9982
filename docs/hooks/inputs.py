"""The files that the lines of sources name: frames, masks, centrelines. Made from fixed seeds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from fluorosynth.backgrounds.bundled import Bundled
from fluorosynth.devices.spline import Spline
from fluorosynth.geometry.raster import rasterise
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.ranges import Constant

SIDE = 256


def write_inputs(folder: Path) -> None:
    """Write ``patches/*.png``, ``masks/*.png`` and ``traced.json`` into a folder."""
    (folder / "patches").mkdir()
    (folder / "masks").mkdir()
    frames = Bundled().open(SIDE, seed=0).images[::8]
    rng = np.random.default_rng(4)
    drawn = Spline(counts=(0.0, 1.0), catheter_width=Constant(5.0)).open(SIDE, seed=0)
    traced = []
    for number, frame in enumerate(frames):
        (folder / f"patches/{number}.png").write_bytes(png_bytes(frame))
        devices = drawn.draw(rng)
        mask = rasterise(devices, (SIDE, SIDE))
        (folder / f"masks/{number}.png").write_bytes(png_bytes(mask))
        traced += [
            {
                "frame": number,
                "points": device.centreline.tolist(),
                "width": device.width.tolist(),
                "label": device.label,
            }
            for device in devices
        ]
    (folder / "traced.json").write_text(json.dumps(traced))
