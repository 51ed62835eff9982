"""Frames with their masks, in every layout that is read."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fluorosynth.errors import BadDataError, DataWarning
from fluorosynth.io.frames import count_frames
from fluorosynth.io.guard import quoted
from fluorosynth.io.mask_file import MaskFile
from fluorosynth.io.names import BY_SUFFIX, MASKS, natural_key, stem
from fluorosynth.io.pairing import MaskFolder, is_by_product, is_mask
from fluorosynth.io.published import is_label_file
from fluorosynth.io.sources import find_sources
from fluorosynth.io.walk import files_below

_CHANNEL = "_0000"  # nnU-Net: NAME_0000.png has the labels NAME.png
_Place = tuple[MaskFolder, str, Path]  # masks, the file's name there, the folder it is named in


@dataclass(frozen=True)
class Labelled:
    """A frame and its mask.

    Parameters
    ----------
    source
        File of the frame.
    frame
        Number of the frame in the file, from 0.
    frames
        Number of frames in the file.
    mask
        Mask of the frame.
    folder
        Folder that the frame is named in: that of ``images`` and ``masks``, else the file's.
    name
        Name of the file relative to ``folder`` or its ``images``, without suffix.
    """

    source: Path
    frame: int
    frames: int
    mask: MaskFile
    folder: Path
    name: str

    @property
    def beside(self) -> bool:
        """Whether the mask lies beside its picture, ``NAME_mask.png``."""
        return self.mask.path.parent == self.source.parent and self.mask.row < 0


def labelled_frames(
    root: Path, masks: Path | None = None, skip_bad: bool = False
) -> list[Labelled]:
    """Find all labelled frames of a folder.

    Layouts: ``images/NAME.png`` or ``NAME.png`` beside a folder ``masks`` with ``NAME.png``;
    ``NAME.png`` beside ``NAME_mask.png``; nnU-Net's ``imagesTr`` and ``labelsTr``; ``run.dcm``
    (or a video, a TIFF stack) with ``masks/run/00012.png`` or ``masks/run#12.png`` for its frame
    12; ``NAME.hdf5`` beside ``NAME_label.hdf5``.

    Parameters
    ----------
    root
        Folder, searched to any depth.
    masks
        Folder of masks elsewhere, named like the frames below ``root``.
    skip_bad
        Whether what cannot be read or has no mask is left out, with a ``DataWarning``.

    Returns
    -------
    list of Labelled
        In natural order of folder and name, then by frame.

    Raises
    ------
    BadDataError
        When a picture has no mask, a mask no picture, or a mask could be of two.
    """
    found: list[Labelled] = []
    used: dict[MaskFile, Path] = {}
    open_folder = cache(MaskFolder)
    drawn = [f for f in files_below(root) if is_mask(f, root) and not is_by_product(f, root)]
    _check_formats(drawn if masks is None else files_below(masks))
    for source in _sources(root, masks):
        try:
            places = list(_places(source, root, masks, open_folder))
            own = list(_of_source(source, count_frames(source), places))
        except BadDataError as error:
            if not skip_bad:
                raise
            _warn(f"left out: {error}")
            continue
        if not own:
            _warn(f"left out: {quoted(source)} has no masks")
        for one in own:
            if (other := used.setdefault(one.mask, source)) != source:
                raise BadDataError(
                    f"{quoted(source)} and {quoted(other)} have one name: keep one of them"
                )
        found += own
    if masks is None:
        _check_all_used(drawn, {mask.path for mask in used}, skip_bad)
    return sorted(found, key=lambda one: (natural_key(one.folder), natural_key(one.name)))


def _sources(root: Path, masks: Path | None) -> list[Path]:
    try:
        return find_sources(root, masks=masks)
    except BadDataError:  # nothing there
        return []


def _of_source(source: Path, frames: int, places: list[_Place]) -> Iterator[Labelled]:
    """Yield the labelled frames of a file; none where a sequence has no masks."""
    found = False
    for frame in range(frames):
        for masks, name, folder in places:
            if (mask := masks.of_one_frame(name, frame)) is not None:
                found = True
                yield Labelled(source, frame, frames, mask, folder, stem(name))
                break
    if found:
        return
    for masks, name, folder in places:
        mask = masks.of_whole(name)
        if mask is not None and mask.path != source:
            if frames > 1:
                raise BadDataError(
                    f"{mask} is one mask for the {frames} frames of {quoted(source)}: name masks "
                    f"by frame, such as masks/{stem(source.name)}/00000.png"
                )
            yield Labelled(source, 0, frames, mask, folder, stem(name))
            return
    if frames == 1:
        raise BadDataError(f"{quoted(source)} has no mask: add one, or move the file away")


def _places(
    source: Path, root: Path, masks: Path | None, open_folder: Callable[..., MaskFolder]
) -> Iterator[_Place]:
    if masks is not None:
        yield open_folder(masks), source.relative_to(root).as_posix(), root
        return
    for place in (p for p in source.parents if p == root or root in p.parents):
        first, *rest = source.relative_to(place).parts
        if (place / "masks").is_dir():
            name = "/".join(rest if first == "images" and rest else [first, *rest])
            yield open_folder(place / "masks"), name, place
        labels = place / first.replace("images", "labels")
        if first in ("imagesTr", "imagesTs") and rest and labels.is_dir():
            name = stem("/".join(rest)).removesuffix(_CHANNEL)
            yield open_folder(labels), name, place
    yield open_folder(source.parent, beside=True), source.name, source.parent


def _check_formats(drawn: list[Path]) -> None:
    for path in drawn:
        suffix = path.suffix.lower()
        if suffix in BY_SUFFIX and suffix not in MASKS and not is_label_file(path):
            raise BadDataError(f"{quoted(path)} is no mask: save masks as PNG or TIFF")


def _check_all_used(drawn: list[Path], used: set[Path], skip_bad: bool) -> None:
    for path in drawn:
        if path.suffix.lower() in BY_SUFFIX and path not in used:
            if not skip_bad:
                raise BadDataError(f"{quoted(path)} has no image: add one, or move the file away")
            _warn(f"left out: {quoted(path)} has no image")


def _warn(message: str) -> None:
    warnings.warn(message, DataWarning, stacklevel=3)
