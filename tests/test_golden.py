"""Golden hashes: the same recipe, seed and index give the same bytes, for ever.

A change of any byte of any preset is a change of format for the people who cite a seed: raise the
version and say so in the changelog, then put the new hash here. The hashes hold for the versions
in constraints.txt on any x86-64; tests/geometry/test_processors.py takes instructions away.
"""

import hashlib

import pytest

from fluorosynth import Recipe
from fluorosynth.shards import digest

GOLDEN = {
    "paper": "c2e92a4aad9eb7358e4d239cc229af62",
    "physics": "07208dc5ea0ff6c16caadc7f7683eeee",
    "strong": "954f1bbab46479891c9cc4d829813aa8",
}


def test_every_preset_has_one():
    assert sorted(GOLDEN) == Recipe.presets()


@pytest.mark.parametrize("name", GOLDEN)
def test_bytes_of_a_preset(name):
    recipe = Recipe.preset(name)
    total = hashlib.sha256()
    for seed, index in [(0, 0), (0, 1), (0, 8999), (7, 0), (2**64 - 1, 2**40)]:
        total.update(digest(recipe.sample(seed, index)).encode())
    assert total.hexdigest()[:32] == GOLDEN[name]
