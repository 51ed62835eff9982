"""Seeded orders of items; of very many without a list of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LISTED = 2**24  # items up to which an order is a list, of 128 MB at most
_ROUNDS = 6


@dataclass(frozen=True)
class Shuffled:
    """An order of the numbers 0 .. length - 1 that is worked out where it is looked at.

    A Feistel network is a permutation of ``4 ** bits`` numbers, whatever its round function is;
    those beyond ``length`` are sent through it again until they fall below (Black and Rogaway,
    Ciphers with Arbitrary Finite Domains, CT-RSA 2002).

    Parameters
    ----------
    length
        Number of items, < 2**62.
    seed
        Seeds of the order.

    Examples
    --------
    >>> sorted(Shuffled(10, (1, 2))[0:10].tolist()) == list(range(10))
    True
    """

    length: int
    seed: tuple[int, ...]

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, span: slice) -> NDArray[np.int64]:
        values = np.arange(*span.indices(self.length), dtype=np.uint64)
        keys = np.random.SeedSequence(self.seed).generate_state(_ROUNDS, np.uint64)
        bits = np.uint64(max((self.length - 1).bit_length() + 1, 2) // 2)
        beyond = np.ones(len(values), bool)
        while beyond.any():
            values[beyond] = _permuted(values[beyond], keys, bits)
            beyond = values >= self.length
        return values.astype(np.int64)


def _permuted(
    values: NDArray[np.uint64], keys: NDArray[Any], bits: np.uint64
) -> NDArray[np.uint64]:
    low = (np.uint64(1) << bits) - np.uint64(1)
    left, right = values >> bits, values & low
    for key in keys:
        left, right = right, left ^ (_mixed(right ^ key) & low)
    return (left << bits) | right


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return each number well mixed (the finaliser of SplitMix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def shuffled(length: int, seed: tuple[int, ...]) -> NDArray[np.int64] | Shuffled:
    """Return a seeded order of so many items, to be cut into slices.

    Parameters
    ----------
    length
        Number of items.
    seed
        Seeds of the order.
    """
    if length > LISTED:
        return Shuffled(length, seed)
    return np.random.default_rng(seed).permutation(length)
