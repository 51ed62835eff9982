"""Backgrounds from a CT: radiographs rendered at the angles of a C-arm, once, into a pool."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.pool import BackgroundPool
from fluorosynth.core.cores import free_cores
from fluorosynth.core.rng import POOL, Streams
from fluorosynth.core.spec import dump
from fluorosynth.drr.attenuation import CT_KEV, Attenuation
from fluorosynth.drr.carm import CArm
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.cache import OFF, PictureCache, cache_folder, code_key
from fluorosynth.io.guard import quoted
from fluorosynth.io.volume import content_digest, read_volume
from fluorosynth.ranges import Chance, Range, Uniform
from fluorosynth.sample import Image
from fluorosynth.xray.line_integrals import SPAN, levels
from fluorosynth.xray.materials import water_and_bone

VERSION = 2  # raise with every change of a pixel
STREAM = POOL - 2  # an index that neither samples nor other once-per-dataset draws use
MAX_POOL = 2**30  # bytes of pictures
KEV_OF_KVP = CT_KEV / 120  # effective energy of a filtered beam, of the voltage of its tube


@dataclass(frozen=True)
class Ct(BackgroundSource):
    """Radiographs of a CT at C-arm angles, kept on disk for the next run.

    Picture k of a seed is a pure function of (the CT's content, settings, size, seed, k).

    Parameters
    ----------
    path
        File of NIfTI (``.nii``, ``.nii.gz``), or a folder with one series of DICOM slices.
    count
        Number of pictures rendered.
    primary
        Angle to the patient's left (LAO, positive) or right (RAO, negative), degrees.
    secondary
        Angle towards the head (cranial, positive) or the feet (caudal, negative), degrees.
    source_detector
        Distance from source to detector, mm.
    source_isocentre
        Distance from source to isocentre, mm.
    field
        Side of the frame, in mm at the isocentre.
    centre
        Mean place of the isocentre, as fractions of the body's extent to the right, the front and
        the head of the patient.
    wander
        Standard deviation of the isocentre along each axis, mm.
    energy
        Effective energy of the beam, 30 to 100 keV.
    blood
        Whether blood that holds contrast agent in the CT attenuates as blood again.
    sharpen
        Amount of unsharp masking, 0 for none: a CT is softer than fluoroscopy. Its sigma is the
        largest spacing of the CT's voxels.
    borders
        Probability that the edge of the exposed field shows, where no stage exposes.
    noise
        Factor on the quantum noise, 0 for none, where no stage exposes.
    cache
        Folder of rendered pools; see ``fluorosynth.io.cache.cache_folder``.

    Examples
    --------
    >>> source = Ct(Path("chest.nii.gz"), count=32, primary=Uniform(-30.0, -20.0))
    >>> source.kind, source.secondary
    ('ct', Uniform(low=-30.0, high=30.0))
    """

    path: Path
    count: Annotated[int, Ge(1)] = 64
    primary: Range = Uniform(-45.0, 55.0)
    secondary: Range = Uniform(-30.0, 30.0)
    source_detector: Range = Uniform(1000.0, 1250.0)
    source_isocentre: Range = Uniform(750.0, 810.0)
    field: Range = Uniform(130.0, 250.0)
    centre: tuple[Chance, Chance, Chance] = (0.5, 0.5, 0.5)
    wander: Annotated[float, Ge(0)] = 20.0
    energy: float = 50.0
    blood: bool = True
    sharpen: Annotated[float, Ge(0)] = 1.0
    borders: Chance = 0.8
    noise: Annotated[float, Ge(0)] = 1.0
    cache: Path | None = None

    def __post_init__(self) -> None:
        water_and_bone(self.energy)

    def open(self, size: int, seed: int) -> BackgroundPool:
        """Return the pool of ``(size, size)`` pictures of ``seed``: from the cache, or rendered.

        Raises
        ------
        BadDataError
            When the CT is missing, broken, without spacing, too large or no CT, or when the cache
            cannot be written.
        MissingExtraError
            When what reads the CT is not installed.
        UsageError
            For a size under 32, or a pool of more than 1 GB.
        """
        return self._pool(size, seed, None)

    def open_lines(self, size: int, seed: int) -> BackgroundPool:
        """Return the pool of the same views' line integrals, likewise."""
        return self._pool(size, seed, SPAN)

    def _pool(self, size: int, seed: int, span: float | None) -> BackgroundPool:
        if size < 32 or self.count * size**2 > MAX_POOL:
            raise UsageError(
                f"ct: {self.count} pictures of {size} px: the least size is 32, and a pool holds "
                f"at most {MAX_POOL} pixels"
            )
        digest = content_digest(Path(self.path))
        images = self._kept(digest, size, seed, span is not None)
        ids = tuple(f"ct:{digest[:8]}:{k}" for k in range(self.count))
        views = tuple((*known, span) for known in self.views(size, seed))
        return BackgroundPool(images, ids, views=views)

    def _kept(self, digest: str, size: int, seed: int, lines: bool) -> NDArray[np.uint8]:
        """Return all pictures: those of the cache, and the others rendered and kept there."""
        folder = cache_folder(self.cache)
        key = self._key(digest, seed, lines)
        cache = PictureCache(folder, "ct", key, size) if folder else None
        found = [cache.get(k) if cache else None for k in range(self.count)]
        missing = [k for k, image in enumerate(found) if image is None]
        for k, image in self._rendered(missing, size, seed, lines, cache):
            found[k] = image
        return np.stack([image for image in found if image is not None])

    def _key(self, digest: str, seed: int, lines: bool) -> str:
        without = ("path", "cache", "count")
        settings = {k: v for k, v in dump(self).items() if k not in without}
        return json.dumps([VERSION, code_key(), digest, settings, seed, lines], sort_keys=True)

    def _rendered(
        self, numbers: list[int], size: int, seed: int, lines: bool, cache: PictureCache | None
    ) -> Iterator[tuple[int, Image]]:
        """Render pictures on all free cores: the sums along rays leave Python's lock to others."""
        if not numbers:
            return
        picture = self._renderer(size, seed, lines)
        with _written(cache), ThreadPoolExecutor(min(free_cores(), len(numbers))) as pool:
            if cache:
                cache.prepare()
            for k, image in zip(numbers, pool.map(picture, numbers), strict=True):
                if cache:
                    cache.put(k, image)
                yield k, image

    def pictures(self, size: int, seed: int, lines: bool = False) -> Iterator[Image]:
        """Render pictures one by one, ``(size, size)`` uint8, without the cache.

        Parameters
        ----------
        size
            Side of the pictures, px.
        seed
            Seed of their angles, places and noise.
        lines
            Whether they are line integrals, as ``xray.line_integrals`` writes them; otherwise they
            are what a display shows.
        """
        yield from map(self._renderer(size, seed, lines), range(self.count))

    def _renderer(self, size: int, seed: int, lines: bool) -> Callable[[int], Image]:
        from fluorosynth.drr.attenuation import body
        from fluorosynth.drr.project import line_integrals
        from fluorosynth.drr.to_grey import to_grey
        from fluorosynth.xray.blur import blur

        volume = read_volume(self.path)
        patient = body(volume, self.energy, self.blood)

        def picture(k: int) -> Image:
            rng = Streams(seed).at(STREAM, k)  # streams of its own: threads draw at a time
            view = self.view(patient, rng)
            sigma = float(volume.spacing.max()) * size / view.field
            rays = line_integrals(patient, view, size).astype(np.float32)
            rays = blur(rays, sigma, -self.sharpen)
            if lines:
                return levels(rays)
            return to_grey(rays.astype(np.float64), rng, self.borders, self.noise)

        return picture

    def views(self, size: int, seed: int) -> Iterator[tuple[float, float]]:
        """Yield the millimetres per pixel and the kilovolts of each picture, one by one.

        Parameters
        ----------
        size
            Side of the pictures, px.
        seed
            Seed of their angles, places and noise.
        """
        streams = Streams(seed)
        for k in range(self.count):
            view = self._view(np.zeros(3), streams.at(STREAM, k))
            yield view.field / size, self.energy / KEV_OF_KVP

    def view(self, patient: Attenuation, rng: np.random.Generator) -> CArm:
        """Draw where the C-arm stands.

        Parameters
        ----------
        patient
            Attenuation of the body.
        rng
            Source of all draws.

        Raises
        ------
        UsageError
            When the ranges allow what cannot be.
        """
        place = patient.low + np.array(self.centre) * (patient.high - patient.low)
        return self._view(place, rng)

    def _view(self, place: NDArray[np.float64], rng: np.random.Generator) -> CArm:
        right, front, head = place + self.wander * rng.standard_normal(3)
        return CArm(
            primary=self.primary.draw(rng),
            secondary=self.secondary.draw(rng),
            isocentre=(float(right), float(front), float(head)),
            source_detector=self.source_detector.draw(rng),
            source_isocentre=self.source_isocentre.draw(rng),
            field=self.field.draw(rng),
        )


@contextmanager
def _written(cache: PictureCache | None) -> Iterator[None]:
    """Say what to do about a cache that cannot be written: these pictures are worth keeping."""
    try:
        yield
    except OSError as error:
        if cache is None:
            raise
        raise BadDataError(
            f"the cache {quoted(cache.folder)} cannot be written: {error.strerror or error}; name "
            f"another by the key 'cache' or FLUOROSYNTH_CACHE, which may be {OFF!r}"
        ) from None
