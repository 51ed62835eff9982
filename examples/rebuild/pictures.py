"""Draw the documentation's pictures of the recipes.

    python examples/rebuild/pictures.py OUT

OUT      a folder for JPEG files: a sheet of each physical preset, sequences of frames, each stage
         before and after, real frames beside drawn ones, backgrounds and courses outside the heart
"""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth import Recipe, Sample
from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.bundled import Bundled
from fluorosynth.backgrounds.limbs import Limbs
from fluorosynth.backgrounds.procedural import Procedural
from fluorosynth.core.rng import Streams
from fluorosynth.dataset.preview import outlined, preview_sheet, spread_out
from fluorosynth.devices.route import ROUTES, Route
from fluorosynth.geometry.warp import resample
from fluorosynth.io.contact_sheet import contact_sheet
from fluorosynth.ranges import Constant
from fluorosynth.stages.compose import Compose

Picture = NDArray[np.uint8]

CURVE = (255, 190, 0)  # of an instrument that is not drawn yet
ALWAYS = {  # so that each stage shows what it does
    "bedside": {"table": 1.0, "cables": 1.0, "letters": 1.0},
    "bones": {"folds": 1.0, "spine": 1.0},
    "clutter": {"clips": 1.0, "sternal_wires": 1.0, "lead": 1.0},
    "attenuate": {"markers": 1.0},
    "compress": {"frames": True},
    "field": {"circle": 1.0},
    "vessels": {"reflux": 1.0},
}
NUMBER = 11  # of the sample whose stages are shown


def sheet(name: str) -> Picture:
    """Return samples 0 to 15 of a preset, plain and with their labels outlined."""
    sampler = Recipe.preset(name).open(seed=0)
    return preview_sheet([sampler.sample(index) for index in range(16)])


def sequences() -> Picture:
    """Return six frames of each of four sequences."""
    sampler = replace(Recipe.preset("physics"), frames=16).open(seed=0)
    shown = spread_out(16, 6)
    films = [sampler.sequence(index) for index in range(4)]
    return contact_sheet([outlined(f[t].image, f[t].mask, 1) for f in films for t in shown], 6)


def real() -> Picture:
    """Return eight real frames, then eight drawn ones over none of them."""
    pool = Bundled(pack="contrast").open(256, 0)
    drawn = replace(Recipe.preset("physics"), backgrounds=(Bundled(),), background_odds=())
    sampler = drawn.open(seed=1)
    tiles = [*pool.images[::6][:8], *(sampler.sample(index).image for index in range(8))]
    return contact_sheet(tiles, 8)


def stages() -> Picture:
    """Return one sample before and after each stage, with the stage's chance set to 1."""
    recipe = Recipe.preset("physics")
    recipe = replace(recipe, backgrounds=(Bundled(pack="contrast"),), background_odds=())
    background = recipe.backgrounds[0].open(256, 0).draw(np.random.default_rng(NUMBER))
    devices = recipe.devices[0].open(256, 0).draw(np.random.default_rng(NUMBER))
    meta = {"background": background.id, "devices": [device.id for device in devices]}
    sample = Sample(
        background.image, devices[:1], meta, ignore=background.ignore, paths=background.paths
    )
    tiles, names = [], []
    streams = Streams(2)
    for step, stage in enumerate(recipe.stages):
        if stage.kind == "compose" and stage.chance < 0.2:  # upside down shows nothing new
            continue
        known = {field.name for field in fields(stage)}
        changes = {"chance": 1.0, **ALWAYS.get(stage.kind, {})}
        stage = replace(stage, **{key: v for key, v in changes.items() if key in known})
        after = stage(sample, streams.at(NUMBER, step))
        label = stage.stages[0].kind if isinstance(stage, Compose) else stage.kind
        tiles += [look(sample, stage.kind), look(after, stage.kind)]
        names += [label, ""]
        sample = after
    return contact_sheet(tiles, 6, names)


def look(sample: Sample, kind: str) -> Picture:
    """Return a sample as it can be seen at this point of a recipe."""
    if sample.mask is None:
        moved = sample.image if sample.matrix is None else resample(sample.image, sample.matrix)
        picture = np.repeat(moved[:, :, None], 3, 2)
        lines = [np.rint(device.centreline * 8).astype(np.int32) for device in sample.devices]
        return cv2.polylines(picture, lines, False, CURVE, 2, cv2.LINE_AA, 3)
    if kind == "render":
        return np.repeat(np.where(sample.mask == 1, 200, sample.mask // 3)[:, :, None], 3, 2)
    if kind == "visible":
        return outlined(sample.image, sample.mask, 1)
    grey = sample.image
    if grey.dtype == np.float32:
        grey = np.log(np.maximum(grey, 1e-4))
        low, high = np.percentile(grey, [0.5, 99.5])
        grey = np.clip((grey - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, 2)


def some_of(source: BackgroundSource) -> Picture:
    """Return eight pictures of a source."""
    opened, rng = source.open(256, seed=0), np.random.default_rng(4)
    return contact_sheet([opened.draw(rng).image for _ in range(8)], 8)


def routes() -> Picture:
    """Return each course outside the heart, and catheters with electrodes."""
    plainly = ("engage.chance=0", "display.inverted=0", "field.circle=0", "field.shutters=0")
    physics = Recipe.preset("physics").with_values(*plainly, "attenuate.strength.low=0.4")
    plain = replace(physics, backgrounds=(Procedural(count=8),), background_odds=())
    tiles, names = [], []
    for index, name in enumerate(ROUTES):
        source = Route(routes=(name,), counts=(1.0,), catheter_width=Constant(4.0), wires=0.0)
        drawn = replace(plain, devices=(source,), device_odds=())
        tiles.append(drawn.sample(2, index).image)
        names.append(name)
    for index in (1, 4):
        drawn = replace(plain, devices=physics.devices[3:4], device_odds=())
        tiles.append(drawn.sample(1, index).image)
        names.append("electrodes")
    return contact_sheet(tiles, 6, names)


def main(out: Path) -> None:
    """Write all pictures."""
    out.mkdir(parents=True, exist_ok=True)
    pictures = {
        "physics_sheet": sheet("physics"),
        "strong_sheet": sheet("strong"),
        "sequences_sheet": sequences(),
        "real_frames": real(),
        "physics_stages": stages(),
        "ct_drr": some_of(Bundled(pack="ct_drr")),
        "limbs": some_of(Limbs()),
        "routes": routes(),
    }
    for name, picture in pictures.items():
        small = cv2.resize(picture, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(out / f"{name}.jpg"), small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(Path(sys.argv[1]))
    else:
        print(__doc__)
