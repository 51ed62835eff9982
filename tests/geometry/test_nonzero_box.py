"""The box that holds all of a mostly empty picture."""

import numpy as np
import pytest

from fluorosynth.geometry.nonzero_box import LANES, box
from fluorosynth.xray.blur import blur


@pytest.mark.parametrize("seed", range(20))
def test_nothing_lies_outside_and_nothing_less_would_do(seed):
    rng = np.random.default_rng(seed)
    picture = np.zeros(rng.integers(1, 150, 2), np.float32)
    for _ in range(int(rng.integers(0, 4))):
        picture[tuple((rng.random(2) * picture.shape).astype(int))] = 1
    top, bottom, left, right = box(picture, 0)
    y, x = np.nonzero(picture)
    assert picture[top:bottom, left:right].sum() == picture.sum()
    if len(y):
        assert (top, bottom) == (y.min(), y.max() + 1)
        assert x.min() - LANES < left
        assert right < x.max() + 1 + LANES
    assert 0 <= left <= right <= picture.shape[1]


@pytest.mark.parametrize("place", [(0, 0), (0, 99), (69, 0), (69, 99), (30, 50)])
def test_a_blur_of_little_is_that_of_the_whole(place):
    picture = np.zeros((70, 100), np.float32)
    picture[place] = 1
    whole = blur(picture + 1, 1.3) - 1  # nothing of it is zero
    np.testing.assert_allclose(blur(picture, 1.3), whole, atol=1e-6)
