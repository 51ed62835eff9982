"""The publication's real data, made: six sequences and a phantom set that differ as theirs do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from fluorosynth.backgrounds.procedural import Procedural
from fluorosynth.devices.spline import Spline
from fluorosynth.io.atomic import replacing
from fluorosynth.io.published import RUNS
from fluorosynth.motion.laws import Motion
from fluorosynth.ranges import Constant, LogUniform, Uniform
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Image, Mask, Sample
from fluorosynth.stages.attenuate import Attenuate
from fluorosynth.stages.base import Stage
from fluorosynth.stages.blur import Blur
from fluorosynth.stages.bones import Bones
from fluorosynth.stages.clutter import Clutter
from fluorosynth.stages.display import Display
from fluorosynth.stages.expose import Expose
from fluorosynth.stages.field import Field
from fluorosynth.stages.noise import Noise
from fluorosynth.stages.render import Render

NOTHING: dict[str, Any] = dict.fromkeys(
    ("sternal_wires", "clips", "screw", "stent", "lead", "probe", "dots"), 0.0
)
REACH = 0.55  # of the first instrument, from its tip on: what a hand-drawn region holds
MARGIN = 0.06  # sides of the picture around that


@dataclass(frozen=True)
class Look:
    """How a sequence looks.

    Parameters
    ----------
    instruments
        Number of catheters.
    strength
        Factor on their attenuation.
    region
        Whether labels are restricted to a region about the first one's tip, as a tracker's are;
        what lies outside it is labelled background, instrument or not.
    objects
        Probabilities of foreign objects, see ``Clutter``.
    bones
        Probability of ribs and a spine.
    gamma
        Exponent of the display.
    white
        Grey level of the brightest.
    bars
        Depth of black bars along two sides as a fraction of the side; 0: none.
    photons
        Mean number of photons in a bright pixel.
    soft
        Whether the background is plain, as a phantom's.
    """

    instruments: int = 1
    strength: float = 0.5
    region: bool = True
    objects: tuple[str, ...] = ()
    bones: float = 0.0
    gamma: float = 1.0
    white: float = 220.0
    bars: float = 0.0
    photons: float = 2500.0
    soft: bool = False


LOOKS = {
    "T1": Look(3, region=False, objects=("screw",)),
    "T2": Look(2, strength=0.7),
    "T3": Look(1, strength=0.6, bones=1.0),
    "T4": Look(1, strength=0.6, objects=("probe",), gamma=2.2, white=140.0),
    "T5": Look(1, strength=0.17),
    "T6": Look(1, strength=0.14, bars=0.14),
    "phantom": Look(1, strength=0.8, region=False, photons=8000.0, soft=True),
}
VIDEOS = {"phantom": 4}


def write_surrogate(
    out: Path, size: int, seed: int = 0, progress: Callable[[int], object] | None = None
) -> None:
    """Write the files of the WEISS layout, with the published numbers of frames.

    Parameters
    ----------
    out
        Folder of the files.
    size
        Side of the frames, px.
    seed
        Equal seeds give equal frames.
    progress
        Called with 1 after each frame.
    """
    for file in dict.fromkeys(run.images for run in RUNS.values()):
        names = [name for name, run in RUNS.items() if run.images == file]
        run = RUNS[names[0]]
        count = max(RUNS[name].last for name in names)
        with (
            replacing(out / file) as images,
            replacing(out / run.labels) as labels,
            h5py.File(images, "w", locking=False) as one,  # `replacing` has locked them
            h5py.File(labels, "w", locking=False) as two,
        ):
            pictures = _dataset(one, run.key, (count, size, size, 3))
            truths = _dataset(two, run.label_key, (count, size, size, 2))
            frames = (frame for name in names for frame in sequence(name, size, seed))
            for row, (image, mask) in enumerate(frames):
                pictures[row] = np.repeat(image[:, :, None], 3, axis=2)
                truths[row] = np.stack([mask, 1 - mask], axis=2)
                if progress:
                    progress(1)


def _dataset(file: Any, key: str, shape: tuple[int, ...]) -> Any:
    """Make an empty array, a chunk a frame."""
    return file.create_dataset(
        key, shape, np.uint8, chunks=(1, *shape[1:]), compression="gzip", compression_opts=1
    )


def sequence(name: str, size: int, seed: int, few: int = 0) -> Iterator[tuple[Image, Mask]]:
    """Yield the frames of a sequence with their masks {0, 1}, as many as are published.

    Parameters
    ----------
    name
        Name of the sequence.
    size
        Side of the pictures, px.
    seed
        Seed of all draws.
    few
        Number of frames instead; 0: all.
    """
    run, look = RUNS[name], LOOKS[name]
    total, videos = few or run.last - run.first, VIDEOS.get(name, 1)
    for video in range(videos):
        count = total * (video + 1) // videos - total * video // videos
        frames = _recipe(look, size, count).sequence(seed, 100 * list(LOOKS).index(name) + video)
        region = _region(frames[0]) if look.region else np.ones_like(frames[0].image)
        for frame in frames:
            yield frame.image, np.asarray(frame.mask == 1, np.uint8) * region


def _recipe(look: Look, size: int, frames: int) -> Recipe:
    kind = {"chest": 0.0, "abdomen": 0.0, "soft": 1.0} if look.soft else {}
    background = Procedural(count=0, borders=0.0, noise=0.0, **kind)
    odds = (0.0,) * (look.instruments - 1) + (1.0,)
    objects = {**NOTHING, **dict.fromkeys(look.objects, 1.0)}
    field = Field(
        circle=0.0,
        shutters=0.0,
        bars=float(look.bars > 0),
        depth=Constant(look.bars),
        level=Constant(0.0),
    )
    stages: tuple[Stage, ...] = (
        Render(border="reflect", label_width="fwhm", blur=0.8),
        Expose(Constant(2.0)),
        Bones(ribs=look.bones, spine=look.bones, folds=0.0, strength=Constant(0.15)),
        Clutter(**objects, strength=Constant(1.0)),
        Attenuate(
            catheters=("pebax_baso4_40",),
            catheter_odds=(),
            lumen=Constant(0.5),
            strength=LogUniform(0.9 * look.strength, 1.1 * look.strength),
            markers=0.0,
            electrodes=0.0,
            core=0.0,
            filled=0.0,
        ),
        Blur(Constant(0.8)),
        Noise(photons=Constant(look.photons)),
        Display(
            log=0.0,
            gamma=Constant(look.gamma),
            low=Constant(0.5),
            high=Constant(99.5),
            black=Constant(30.0),
            white=Constant(look.white),
            inverted=0.0,
        ),
        field,
    )
    devices = Spline(counts=odds, wires=0.0, catheter_width=Uniform(3.0, 5.0))
    motion = Motion(moving=1.0, reach=Uniform(5.0, 25.0))
    return Recipe((background,), (devices,), stages, size=size, frames=frames, motion=motion)


def _region(frame: Sample) -> Mask:
    """Return 1 in the box about the last part of the first instrument."""
    height, width = frame.image.shape
    points = frame.devices[0].centreline
    last = points[int((1 - REACH) * len(points)) :]
    margin = MARGIN * max(height, width)
    left, top = np.floor(last.min(axis=0) - margin).astype(int).clip(0)
    right, bottom = np.ceil(last.max(axis=0) + margin).astype(int).clip(0)
    region = np.zeros((height, width), np.uint8)
    region[top : bottom + 1, left : right + 1] = 1
    return region
