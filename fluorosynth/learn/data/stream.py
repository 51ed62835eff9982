"""Samples without end, for a training loop of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from torch.utils.data import IterableDataset, get_worker_info

from fluorosynth.errors import UsageError
from fluorosynth.sample import Image, Mask

if TYPE_CHECKING:
    from fluorosynth.recipe import Recipe


class RecipeStream(IterableDataset[tuple[Image, Mask]]):
    """The samples of a recipe, one after another, for any ``DataLoader``: none comes twice.

    Workers share them out: of W workers, worker w makes the samples w, w + W, w + 2 W, and so on,
    each a function of the recipe, the seed and its index alone.

    Parameters
    ----------
    recipe
        Recipe of the samples.
    seed
        Seed of the samples, in [0, 2**64).
    first
        Index of the first sample: a run that has taken k of them goes on from there with k.
    rank
        Number of this process among ``world``, for training on several machines.
    world
        Number of processes, each with a stream of its own rank.

    Raises
    ------
    UsageError
        When there is no such rank or sample.

    Examples
    --------
    >>> from torch.utils.data import DataLoader
    >>> from fluorosynth.recipe import Recipe
    >>> stream = RecipeStream(Recipe.preset("paper"), seed=0)
    >>> for images, masks in DataLoader(stream, batch_size=3):
    ...     print(tuple(images.shape), images.dtype)
    ...     break
    (3, 256, 256) torch.uint8
    """

    def __init__(
        self, recipe: Recipe, seed: int, first: int = 0, rank: int = 0, world: int = 1
    ) -> None:
        if not 0 <= rank < world:
            raise UsageError(f"`rank` must be at least 0 and below `world` {world}, not {rank}")
        if first < 0:
            raise UsageError(f"`first` must be at least 0, not {first}")
        self.recipe, self.seed, self.first = recipe, seed, first
        self.rank, self.world = rank, world

    def __iter__(self) -> Iterator[tuple[Image, Mask]]:
        """Iterate over the samples of this worker, without end."""
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        for index in count(self.first + self.rank * workers + worker, self.world * workers):
            sample = self.recipe.sample(self.seed, index)
            assert sample.mask is not None  # noqa: S101 - for the type checker
            yield sample.image, sample.mask
