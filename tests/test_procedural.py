from __future__ import annotations

import numpy as np
import pytest

from fluorosynth.backgrounds.procedural import Procedural


def test_a_background_is_a_pure_function_of_seed_and_k():
    first, second = Procedural(count=8).open(128, 3), Procedural(count=8).open(128, 3)
    forwards = [first.image(k) for k in range(4)]
    backwards = [second.image(k) for k in reversed(range(4))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, backwards, strict=True))
    assert not np.array_equal(forwards[0], Procedural(count=8).open(128, 4).image(0))


@pytest.mark.parametrize("size", [64, 100, 256, 333, 512])
def test_any_size_gives_uint8(size):
    image = Procedural().open(size, 0).image(1)
    assert image.shape == (size, size)
    assert image.dtype == np.uint8
    assert image.std() > 5
