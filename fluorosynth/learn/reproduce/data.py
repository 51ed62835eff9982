"""The three data sets as experiments take them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fluorosynth.backgrounds.folder import Folder
from fluorosynth.dataset.generation import generate
from fluorosynth.devices.masks import Masks
from fluorosynth.errors import DataWarning
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.learn.data import LabelledDataset, Resized, ShardDataset, Subset, WeissDataset
from fluorosynth.learn.reproduce import published
from fluorosynth.patches.extract import extract_patches
from fluorosynth.patches.search import Search
from fluorosynth.recipe import Recipe

Indices = NDArray[np.int64]

IMAGES, LABELS = "T*.hdf5", "*_label*.hdf5"  # of the in-vivo files; of all
PATCHES = "patches"  # folder


def recipe_of(folder: Path, patches: Path, size: int) -> Recipe:
    """Return the recipe of Dataset-1: the preset ``paper`` over real patches and masks.

    Parameters
    ----------
    folder
        Folder of the WEISS files.
    patches
        Folder of the patches.
    size
        Side of the pictures, px.
    """
    return Recipe(
        (Folder(patches),),
        (Masks(folder / LABELS, share=published.MASK_SHARE, skip_bad=True),),
        Recipe.preset("paper").stages,
        size=size,
    )


@contextmanager
def stubs_expected() -> Iterator[None]:
    """Hush warnings of masks with no more than a stub of a catheter: some are left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        yield


def make_synthetic(folder: Path, out: Path, size: int, count: int, seed: int) -> Path:
    """Write Dataset-1: patches and masks of the real data by the preset ``paper``.

    Parameters
    ----------
    folder
        Folder of the WEISS files.
    out
        Folder of patches and shards.
    size
        Side of the pictures, px.
    count
        Number of pictures.
    seed
        Seed of patches, masks and pictures.
    """
    patches = out / PATCHES
    patches.mkdir(exist_ok=True)
    search = Search(count=published.PATCHES, size=size, masks=str(folder))
    for number, patch in enumerate(extract_patches(str(folder / IMAGES), search, seed)):
        (patches / f"{number:02d}.png").write_bytes(png_bytes(patch.image))
    with stubs_expected():
        generate(recipe_of(folder, patches, size), out / "set", n=count, seed=seed, workers=1)
    return out / "set"


def split_of(folder: Path, name: str, seed: int) -> tuple[Subset, Subset]:
    """Return the fine-tuning and the test part of a split.

    Parameters
    ----------
    folder
        Folder of the WEISS files.
    name
        Name of the split: those of ``WeissDataset.split``; ``"S1-quarter"``, 25 % of each
        sequence; ``"S2-493"``, 493 frames of S2's, tested as S2 is.
    seed
        Seed of the frames that S1 draws.
    """
    pairs = WeissDataset(folder)
    if name == "S1-quarter":
        names = np.array([pairs.sequence(index) for index in range(len(pairs))])
        places = [np.flatnonzero(names == sequence) for sequence in published.SEQUENCES]
        rng = np.random.default_rng(seed)
        drawn = [rng.choice(own, round(len(own) / 4), replace=False) for own in places]
        chosen = np.isin(np.arange(len(pairs)), np.concatenate(drawn))
        return Subset(pairs, np.flatnonzero(chosen)), Subset(pairs, np.flatnonzero(~chosen))
    tuned, tested = pairs.split(name.removesuffix("-493"), seed)
    return (Subset(tuned, _evenly(np.arange(len(tuned)), 493)) if "-493" in name else tuned), tested


def real(folder: Path, name: str, size: int, share: float, seed: int) -> LabelledDataset:
    """Return real frames for training.

    Parameters
    ----------
    folder
        Folder of the WEISS files.
    name
        Name of the frames: ``"phantom"``, or a split, see ``split_of``, of which the fine-tuning
        (training) part is taken.
    size
        Side of the pictures, px.
    share
        Share of them, evenly spread, in (0, 1].
    seed
        Seed of the split S1.
    """
    pairs: LabelledDataset
    if name == "phantom":
        pairs = WeissDataset(folder, ["phantom"])
    else:
        pairs = split_of(folder, name, seed)[0]
    count = max(round(share * len(pairs)), 4)
    return Resized(_spread(pairs, count), size)


def tested(folder: Path, split: str, size: int, limit: int, seed: int) -> LabelledDataset:
    """Return a split's test frames.

    Parameters
    ----------
    folder
        Folder of the WEISS files.
    split
        Name of the split.
    size
        Side of the pictures, px.
    limit
        Number of frames of each sequence, at most, evenly spread; 0: all.
    seed
        Seed of the split S1.
    """
    pairs: LabelledDataset = split_of(folder, split, seed)[1]
    if limit:
        names = np.array([pairs.sequence(index) for index in range(len(pairs))])
        chosen = [_evenly(np.flatnonzero(names == name), limit) for name in dict.fromkeys(names)]
        pairs = Subset(pairs, np.concatenate(chosen))
    return Resized(pairs, size)


def synthetic(folder: Path) -> LabelledDataset:
    """Return Dataset-1.

    Parameters
    ----------
    folder
        Folder of the shards.
    """
    return ShardDataset(folder / "set")


def _spread(pairs: LabelledDataset, count: int) -> LabelledDataset:
    if count >= len(pairs):
        return pairs
    return Subset(pairs, _evenly(np.arange(len(pairs)), count))


def _evenly(indices: Indices, count: int) -> Indices:
    if count >= len(indices):
        return indices
    return np.asarray(indices[np.linspace(0, len(indices) - 1, count).round().astype(int)])
