"""Samples made while training: endless data without files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from xxhash import xxh3_128

from fluorosynth.errors import UsageError
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.sample import Image, Mask

if TYPE_CHECKING:
    from fluorosynth.recipe import Recipe

_HELD_OUT = 2**60  # validation samples are far beyond those of any epoch


class RecipeDataset(LabelledDataset):
    """Samples of a recipe, drawn when asked for; every epoch has new ones.

    Item i of epoch e is sample ``first + e * n + i``. In a loop of one's own, call ``set_epoch``
    before each epoch, as with PyTorch's ``DistributedSampler``; ``RecipeStream`` needs no epochs.

    Parameters
    ----------
    recipe
        Recipe whose ``sample(seed, index)`` is called, in whichever process.
    seed
        Seed of the samples, in [0, 2**64).
    n
        Number of samples in an epoch.
    first
        Index of the sample that is item 0 of epoch 0.

    Examples
    --------
    >>> from fluorosynth.recipe import Recipe
    >>> pairs = RecipeDataset(Recipe.preset("paper"), seed=0, n=100)
    >>> image, mask = pairs[7]
    >>> image.shape == mask.shape
    True
    >>> pairs.set_epoch(1)
    >>> bool((pairs[7][0] == image).all())
    False
    """

    endless = True

    def __init__(self, recipe: Recipe, seed: int, n: int, first: int = 0) -> None:
        self._recipe, self.seed, self.n, self.first = recipe, seed, n, first
        shared = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
        self._epoch = shared  # with the workers that run
        text = recipe.describe()
        self.recipe = recipe_hash(text)
        self.fingerprint = xxh3_128(f"{text}|{seed}|{n}|{first}".encode()).hexdigest()

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        begun = self.first + int(self._epoch) * self.n
        sample = self._recipe.sample(self.seed, begun + index)
        assert sample.mask is not None  # noqa: S101 - for the type checker
        return sample.image, sample.mask

    def set_epoch(self, epoch: int) -> None:
        """Let the items be the samples of an epoch, in the workers of a ``DataLoader`` too.

        Parameters
        ----------
        epoch
            Number of the epoch, from 0.

        Raises
        ------
        UsageError
            For a negative number.
        """
        if epoch < 0:
            raise UsageError(f"`epoch` must be at least 0, not {epoch}")
        self._epoch.fill_(epoch)

    def held_out(self, count: int) -> LabelledDataset:
        """Return samples that no epoch will meet.

        Parameters
        ----------
        count
            Number of samples.
        """
        held_out = RecipeDataset(self._recipe, self.seed, count, _HELD_OUT)
        held_out.endless = False
        return held_out


def open_recipe(name: str, seed: int, n: int, size: int = 0) -> RecipeDataset:
    """Return the samples of a recipe.

    Parameters
    ----------
    name
        Name of a preset, or a TOML file.
    seed
        Seed of the samples.
    n
        Number of samples in an epoch.
    size
        Side of the pictures in pixels; 0: the recipe's.

    Raises
    ------
    UsageError
        When there is no such recipe.
    """
    from fluorosynth.recipe import Recipe

    recipe = Recipe.read(name) if name.endswith(".toml") else Recipe.preset(name)
    return RecipeDataset(replace(recipe, size=size) if size else recipe, seed, n)


def recipe_hash(text: str) -> str:
    """Return the XXH3-128 of a recipe's TOML, 32 hexadecimal digits.

    Parameters
    ----------
    text
        Recipe as TOML.
    """
    return xxh3_128(text.encode()).hexdigest()
