"""Real frames from a file, a folder or a glob, whole: the largest central square of each."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.pool import NOTHING, BackgroundPool, Ignore, Known
from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import Frame, count_frames, read_frames, read_view
from fluorosynth.io.guard import quoted, untrusted
from fluorosynth.io.mask_file import MaskFile, check_size
from fluorosynth.io.mask_values import Meaning
from fluorosynth.io.names import natural_key
from fluorosynth.io.pairing import MaskFolder
from fluorosynth.io.paths import read_paths
from fluorosynth.io.sources import find_sources, root_of
from fluorosynth.io.square import central_square, resized
from fluorosynth.sample import Image, Points

_MEMORY = 2**26  # bytes of pictures held, whatever max_frames allows
_MANIFEST = "patches.csv"


@dataclass(frozen=True)
class Folder(BackgroundSource):
    """Pictures and videos of PNG, JPEG, TIFF, ``.npy``, AVI, MP4 and DICOM.

    Of each frame the largest central square is area-averaged to the size asked for, inside the
    exposed field where the file states one; outside that field it is black, as on a viewer.
    When there are more frames than are held, they are taken evenly spread over all.

    Where a folder holds the manifest ``patches.csv``, only the files of its column ``file`` are
    used, so that a bad patch is struck out by deleting its line. Its columns ``mm_per_px`` and
    ``kvp`` say at which scale (mm per pixel of the file, at the patient) and voltage a picture was
    taken; DICOM says so itself. Where neither does, both are drawn; see ``view.ViewLaw``. The
    column ``span`` says that a picture is line integrals: the attenuation from black to white.

    Parameters
    ----------
    path
        File, folder (any depth) or glob.
    max_frames
        Number of frames held in memory, at most; also at most 64 MB.
    skip_bad
        Whether files that cannot be read are left out; they are listed in
        ``BackgroundPool.skipped``. Otherwise the first one is refused by name.
    ignore
        Folder of PNG masks that say where the truth of a picture is unknown (not 0), named as
        ``io.pairing.MaskFolder`` finds them: for ``run/a.dcm`` the mask ``run/a.png``, for its
        frame 7 alone ``run/a#7.png`` or ``run/a/00007.png``. Pictures without a mask are known
        throughout. Empty: no masks.
    instruments
        File of CSV, ``io.paths``, of roughly where instruments lie in the pictures, by their ids,
        in pixels of the picture: where the stage `engage` may lead another one. They are not
        ignored by that.
    invert
        Whether dense material is bright in the pictures, so that their grey values are turned
        round.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/run.npy", np.zeros((3, 64, 80), np.uint8))
    ...     Folder(folder).open(32, seed=0).ids
    ('run.npy#0', 'run.npy#1', 'run.npy#2')
    """

    path: Path
    max_frames: Annotated[int, Ge(1)] = 512
    skip_bad: bool = False
    ignore: Path | None = None
    instruments: Path | None = None
    invert: bool = False

    def open(self, size: int, seed: int) -> BackgroundPool:  # noqa: ARG002 - nothing is drawn once
        """Read the frames into a pool of ``(size, size)`` pictures.

        Raises
        ------
        BadDataError
            Naming the file that is missing, broken, or not of its mask's size.
        """
        root, sources = self._sources()
        ignore = MaskFolder(Path(self.ignore)) if self.ignore else None
        skipped: list[str] = []
        counts: dict[Path, int] = {}
        for source in sources:
            with self._tolerant(skipped):
                counts[source] = count_frames(source)
        room = min(self.max_frames, max(1, _MEMORY // size**2))
        chosen = _spread(np.array(list(counts.values()), np.int64), room)
        images = np.empty((sum(map(len, chosen)), size, size), np.uint8)
        ids: list[str] = []
        masks: list[Ignore | None] = []
        known = read_paths(Path(self.instruments)) if self.instruments else {}
        paths: list[tuple[Points, ...]] = []
        views: list[Known] = []
        stated = _stated(Path(self.path) / _MANIFEST) if Path(self.path).is_dir() else {}
        for (source, count), wanted in zip(counts.items(), chosen, strict=True):
            name = source.relative_to(root)
            with self._tolerant(skipped):
                pictures = list(self._pictures(source, name, count, wanted, size, ignore))
                scale, kvp, span = stated.get(name.as_posix()) or (*read_view(source), None)
                for identity, image, mask, (left, top, factor) in pictures:
                    images[len(ids)] = image
                    ids.append(identity)
                    masks.append(mask)
                    corner = np.array([left - 0.5, top - 0.5], np.float32)
                    lines = known.get(identity, ())
                    paths.append(tuple((line - corner) * factor - 0.5 for line in lines))
                    views.append((None if scale is None else scale / float(factor), kvp, span))
        if not ids:
            raise BadDataError(f"{quoted(self.path)} holds no usable picture; {skipped[0]}")
        if self.ignore and not any(mask is not None for mask in masks):
            raise BadDataError(
                f"no mask in {quoted(self.ignore)} has the name of a picture of {quoted(self.path)}"
            )
        if self.instruments and not any(paths):
            raise BadDataError(
                f"no file in {quoted(self.instruments)} is a picture of {quoted(self.path)}"
            )
        return BackgroundPool(
            images[: len(ids)],
            tuple(ids),
            tuple(masks) if self.ignore else (),
            tuple(skipped),
            tuple(paths) if known else (),
            tuple(views),
        )

    def _sources(self) -> tuple[Path, list[Path]]:
        """Return the files, and the folder that their ids are relative to."""
        path = Path(self.path)
        masks = Path(self.ignore) if self.ignore else None
        if masks is not None and not masks.is_dir():
            raise BadDataError(f"{quoted(masks)}, the folder of masks, does not exist")
        sources = find_sources(path, masks=masks)
        if path.is_dir() and (path / _MANIFEST).exists():
            sources = _unstruck(path, sources)
        return root_of(path), sources

    def _pictures(
        self,
        source: Path,
        name: Path,
        count: int,
        wanted: list[int],
        size: int,
        ignore: MaskFolder | None,
    ) -> Iterator[tuple[str, Image, Ignore | None, tuple[int, int, np.float32]]]:
        """Yield id, picture, mask, and the square it was cut from: left, top, scale."""
        for frame in read_frames(source, wanted, self.invert) if wanted else ():
            identity = name.as_posix() + (f"#{frame.index}" if count > 1 else "")
            square = rows, columns = central_square(frame)
            image = frame.image
            if frame.field is not None:
                image = np.where(frame.field, image, np.uint8(0))
            known = ignore.of(name.as_posix(), frame.index) if ignore else None
            mask = _unknown(known, frame) if known and known.path != source else None
            yield (
                identity,
                resized(image[square], size, size),
                None if mask is None else resized(mask[square], size, size) > 0,
                (columns.start, rows.start, np.float32(size / (rows.stop - rows.start))),
            )

    @contextmanager
    def _tolerant(self, skipped: list[str]) -> Iterator[None]:
        try:
            yield
        except BadDataError as error:
            if not self.skip_bad:
                raise
            skipped.append(str(error))


def _unknown(mask: MaskFile, frame: Frame) -> Image:
    """Return 255 where the truth is unknown, ``(H, W)`` like the frame."""
    labels = mask.labels()
    check_size(mask, labels.values.shape, frame.image.shape, frame.source)
    if labels.values.all():
        raise BadDataError(f"{mask} marks every pixel; nothing of the picture is known")
    return Meaning().mask(labels, mask) * np.uint8(255)


def _spread(counts: NDArray[np.int64], room: int) -> list[list[int]]:
    """Return the frame numbers to take of each file: all, or ``room`` evenly spread ones."""
    total = int(counts.sum())
    room = min(room, total)
    picks = (2 * np.arange(room) + 1) * total // (2 * max(room, 1))
    ends = np.cumsum(counts)
    parts = np.split(picks, np.searchsorted(picks, ends)[:-1])
    return [(part - start).tolist() for part, start in zip(parts, ends - counts, strict=False)]


def _rows(manifest: Path) -> list[dict[str, str]]:
    """Return the lines of a manifest that name a file."""
    with untrusted(manifest), manifest.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if "file" not in (rows.fieldnames or ()):
            raise BadDataError(f"{quoted(manifest)} has no column named file")
        return [row for row in rows if row["file"]]


def _stated(manifest: Path) -> dict[str, Known]:
    """Return what a manifest says of its pictures' scales and voltages."""
    rows = _rows(manifest) if manifest.exists() else []
    found: dict[str, Known] = {}
    for row in rows:
        mm_per_px, kvp, span = (_number(manifest, row, c) for c in ("mm_per_px", "kvp", "span"))
        found[row["file"]] = mm_per_px, kvp, span
    return {name: known for name, known in found.items() if known != NOTHING}


def _number(manifest: Path, row: dict[str, str], column: str) -> float | None:
    """Return a number above 0 of a manifest's line; None where there is none."""
    text = row.get(column)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise BadDataError(
            f"{quoted(manifest)}: {column} of {quoted(row['file'])} should be a number above 0, "
            f"not {text!r:.40}"
        )
    return value


def _unstruck(folder: Path, sources: list[Path]) -> list[Path]:
    """Return the sources that the manifest still lists."""
    manifest = folder / _MANIFEST
    listed = {folder / row["file"] for row in _rows(manifest)}
    if absent := sorted(listed.difference(sources)):
        raise BadDataError(f"{quoted(manifest)} lists {quoted(absent[0].name)}, which is not there")
    if not listed:
        raise BadDataError(f"{quoted(manifest)} lists no file")
    return sorted(listed, key=natural_key)
