"""Labelled folders: images and masks as files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import read_frames
from fluorosynth.io.labels import read_labels
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.sample import IGNORE, Image, Mask

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_FRAME_NUMBER = re.compile(r"(?:^|[-_ .])(?:frame)?[-_ .]?\d+$", re.IGNORECASE)
_Key = tuple[Path, str]


class LabelledFolder(LabelledDataset):
    """Every image below a folder with its mask.

    Either ``images/NAME.png`` beside ``masks/NAME.png``, where each subfolder is a sequence, or
    ``NAME.png`` beside ``NAME_mask.png``, where names that differ in a last frame number alone
    are one: ``run_a_007`` and ``run_a-frame08`` both belong to ``run_a``.
    Masks are PNG and hold 0, 1 and 255 (ignore); where no mask of the folder holds a 1, 255 is
    the instrument, as drawing programs save it.

    Parameters
    ----------
    folder
        Searched to any depth; hidden files are passed over.

    Raises
    ------
    BadDataError
        When there is no pair, an image has no mask or a mask no image, or a mask holds other
        values.
    """

    def __init__(self, folder: str | Path) -> None:
        root = Path(folder)
        if not root.is_dir():
            raise BadDataError(f"{root} is not a folder")
        images, masks = _find(root)
        for key in sorted(images.keys() ^ masks.keys()):
            path, lacks = (images[key], "mask") if key in images else (masks[key], "image")
            raise BadDataError(f"{path} has no {lacks}: add one, or move the file away")
        if not images:
            raise BadDataError(f"{root} holds no labelled image: NAME.png with NAME_mask.png")
        self._keys = sorted(images)
        self._files = [(images[key], masks[key]) for key in self._keys]
        self._root = root
        self._instrument = _instrument_value([mask for _, mask in self._files])
        self.fingerprint = self._fingerprint()

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        image_path, mask_path = self._files[index]
        image, mask = next(iter(read_frames(image_path))).image, read_labels(mask_path)
        if image.shape != mask.shape:
            raise BadDataError(f"{mask_path} is {mask.shape}, its image {image.shape}")
        if self._instrument == IGNORE:
            return image, (mask == IGNORE).astype(np.uint8)
        return image, mask.astype(np.uint8)

    def sequence(self, index: int) -> str:
        """Return the run's name: subfolder, relative to the folder, and stem without number."""
        folder, stem = self._keys[index]
        parts = [part for part in (folder.relative_to(self._root).as_posix(),) if part != "."]
        if self._files[index][1].parent.name != "masks":
            parts.append(_FRAME_NUMBER.sub("", stem))
        return "/".join(part for part in parts if part) or self._root.name

    def name(self, index: int) -> str:
        """Return the image's name without suffix."""
        return self._keys[index][1]

    def _fingerprint(self) -> str:
        state = xxh3_128()
        for key, files in zip(self._keys, self._files, strict=True):
            sizes = [file.stat().st_size for file in files]
            state.update(repr((key[0].relative_to(self._root).as_posix(), key[1], sizes)).encode())
        return state.hexdigest()


def _find(root: Path) -> tuple[dict[_Key, Path], dict[_Key, Path]]:
    images: dict[_Key, Path] = {}
    masks: dict[_Key, Path] = {}
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if hidden or path.suffix.lower() not in SUFFIXES:
            continue
        in_masks, stem = path.parent.name == "masks", path.stem
        found = masks if in_masks or stem.endswith("_mask") else images
        folder = path.parent.parent if path.parent.name in ("images", "masks") else path.parent
        key = folder, stem.removesuffix("_mask")
        if key in found:
            raise BadDataError(f"{path} and {found[key].name} have one name: keep one of them")
        found[key] = path
    return images, masks


def _instrument_value(masks: list[Path]) -> int:
    """Return which value means instrument; BadDataError for a mask that is no mask."""
    held: set[int] = set()
    for path in masks:
        values = {int(value) for value in np.unique(read_labels(path))}
        if not values <= {0, 1, IGNORE}:
            worst = max(values - {0, 1, IGNORE})
            raise BadDataError(f"{path} holds {worst}: a mask holds 0, 1 and 255 (ignore) only")
        held |= values
    return 1 if 1 in held else IGNORE
