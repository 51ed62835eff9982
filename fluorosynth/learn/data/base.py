"""What labelled data is: image and mask by index."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError
from fluorosynth.learn.data.shuffle import LISTED
from fluorosynth.sample import INSTRUMENT, Image, Mask


class LabelledDataset(Dataset[tuple[Image, Mask]]):
    """A map-style dataset of ``(image, mask)``.

    Item i is ``(H, W)`` uint8 (``(K, H, W)`` for K frames) and ``(H, W)`` uint8 {0, 1, 255}. It
    works in any ``DataLoader``: items depend on the index alone, files are opened on first use
    in each process, and it can be pickled.

    ``fingerprint`` is equal for equal data, ``recipe`` the hash of the recipe that made it,
    or empty, ``source`` where it was read from.
    """

    fingerprint: str = ""
    recipe: str = ""
    source: str = ""
    sequence_length: int = 1  # of those that the items are frames of, in order: never to be split
    endless: bool = False  # any index >= 0 is an item; len() is how many make an epoch

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __getitem__(self, index: int) -> tuple[Image, Mask]: ...

    def __iter__(self) -> Iterator[tuple[Image, Mask]]:
        """Iterate over the items of an epoch in order."""
        return (self[index] for index in range(len(self)))

    def sequence(self, index: int) -> str:  # noqa: ARG002 - for those that know better
        """Return the name of the sequence that an item is a frame of.

        Parameters
        ----------
        index
            Number of the item.
        """
        return "all"

    def name(self, index: int) -> str:
        """Return a name of the item, unique in its sequence.

        Parameters
        ----------
        index
            Number of the item.
        """
        return f"{index:06d}"

    def verify(self, quiet: bool = True) -> None:
        """Raise BadDataError if a file is not as it was written, where that can be known.

        Parameters
        ----------
        quiet
            No progress bar.
        """

    def held_out(self, count: int) -> LabelledDataset:
        """Return items that no epoch will meet; of endless data only.

        Parameters
        ----------
        count
            Number of items.
        """
        raise NotImplementedError

    def _check(self, index: int) -> None:
        if not (index >= 0 and (self.endless or index < len(self))):
            raise IndexError(f"item {index} of {len(self)}")


class Subset(LabelledDataset):
    """Some items of another dataset.

    Parameters
    ----------
    pairs
        Dataset to choose from.
    indices
        Numbers of the items, in the order wanted; a long range is never written out.
    """

    def __init__(
        self, pairs: LabelledDataset, indices: Sequence[int] | NDArray[np.integer]
    ) -> None:
        self.pairs, self.recipe = pairs, pairs.recipe
        self.indices: range | NDArray[np.int64]
        if isinstance(indices, range) and len(indices) > LISTED:
            self.indices, facts = indices, repr(indices).encode()
        else:
            self.indices = np.asarray(indices, np.int64)
            facts = self.indices.tobytes()
        self.fingerprint = xxh3_128(pairs.fingerprint.encode() + facts).hexdigest()

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        return self.pairs[int(self.indices[index])]

    def sequence(self, index: int) -> str:
        """Return the name of the sequence."""
        return self.pairs.sequence(int(self.indices[index]))

    def name(self, index: int) -> str:
        """Return the item's name."""
        return self.pairs.name(int(self.indices[index]))


def require_foreground(pairs: Iterable[tuple[Image, Mask]]) -> None:
    """Refuse data from which nothing could be learnt.

    Parameters
    ----------
    pairs
        Images and masks.

    Raises
    ------
    BadDataError
        When no mask holds an instrument.
    """
    if not any((mask == INSTRUMENT).any() for _, mask in pairs):
        raise BadDataError("no mask has a foreground pixel (value 1): there is nothing to learn")


def split_validation(
    pairs: LabelledDataset, share: float, seed: int
) -> tuple[LabelledDataset, LabelledDataset]:
    """Return a training and a validation part.

    Parameters
    ----------
    pairs
        Dataset to split; of endless data the validation part lies beside all epochs.
    share
        Share of items for validation, in (0, 1); at least one goes either way.
    seed
        Seed of the choice, which is uniform; of generated sequences whole ones are chosen. Of more
        than 2**24 items the last ones are.

    Raises
    ------
    BadDataError
        When there are fewer than two items.
    """
    sequences = len(pairs) // pairs.sequence_length
    what = "images" if pairs.sequence_length == 1 else "sequences"
    if sequences < 2:
        raise BadDataError(f"training needs at least 2 labelled {what}, got {sequences}")
    count = min(max(round(share * sequences), 1), sequences - 1)
    if pairs.endless:
        return pairs, pairs.held_out(count)
    if len(pairs) > LISTED:  # generated, each sample by itself: no order is better than another
        cut = (sequences - count) * pairs.sequence_length
        return Subset(pairs, range(cut)), Subset(pairs, range(cut, len(pairs)))
    order = np.random.default_rng(seed).permutation(sequences)
    items = np.arange(len(pairs)).reshape(sequences, pairs.sequence_length)
    training, validation = (np.sort(o) for o in (order[count:], order[:count]))
    return Subset(pairs, items[training].ravel()), Subset(pairs, items[validation].ravel())
