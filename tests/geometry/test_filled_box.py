"""What is done in boxes gives what is done in the whole picture, to the last bit."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import skeletonize

from fluorosynth import Recipe
from fluorosynth.devices.trace import HOLE, fill_holes, trace
from fluorosynth.geometry.distance import depth_in
from fluorosynth.geometry.filled_box import filled_box
from fluorosynth.geometry.thin import MANY, thinned
from fluorosynth.learn.prediction.fragments import drop_fragments


def generated(count=25):
    opened = Recipe.preset("paper").open(3)
    for index in range(count):
        yield opened.sample(index).mask > 0


def ragged(seed, shape=(90, 120)):
    """Strokes and blobs with holes, some of them at the border: as thresholds leave them."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=shape), (1.0 + seed % 4, 2.0))
    return smooth > np.quantile(smooth, 0.8 + 0.04 * (seed % 5))


def masks():
    yield from generated()
    for seed in range(25):
        yield ragged(seed)
    for shape in ((1, 1), (1, 7), (6, 6), (3, 50)):
        yield np.ones(shape, bool)
        yield np.zeros(shape, bool)
        yield np.indices(shape).sum(0) % 2 == 0


def with_holes(mask):
    return mask & (np.random.default_rng(1).random(mask.shape) > 0.05)


def test_skeletons_are_those_of_the_whole():
    counts = set()
    for mask in masks():
        counts.add(ndimage.label(mask, np.ones((3, 3)))[1] > MANY)
        np.testing.assert_array_equal(thinned(mask), skeletonize(mask, method="lee"))
    assert counts == {False, True}


def test_depths_are_those_of_the_whole():
    for mask in masks():
        truth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        np.testing.assert_array_equal(depth_in(mask), truth.astype(np.float32))


def test_holes_are_those_of_the_whole():
    filled = 0
    for mask in filter(np.any, map(with_holes, masks())):  # in an empty one, nothing is a hole
        parts, count = ndimage.label(~mask)
        sizes = np.bincount(parts.ravel(), minlength=count + 1)
        truth = mask | ((sizes <= HOLE) & (np.arange(count + 1) > 0))[parts]
        found = fill_holes(mask)
        np.testing.assert_array_equal(found, truth)
        filled += int((found & ~mask).sum())
    assert filled > 100


def test_fragments_are_those_of_the_whole():
    for mask in masks():
        parts, count = ndimage.label(mask, np.ones((3, 3)))
        whole = np.zeros(mask.shape, np.uint8)
        for part in range(1, count + 1):
            alone = (parts == part).astype(np.uint8)
            whole |= drop_fragments(np.pad(alone, 3), 9.0)[3:-3, 3:-3]
        np.testing.assert_array_equal(drop_fragments(mask.astype(np.uint8), 9.0), whole)


def test_curves_are_those_of_the_whole():
    """Specks in the corners make the box the picture, and are no instruments."""
    curves = 0
    for small in generated():
        mask = np.pad(small[8:-8, 8:-8], 60)  # cut ends, far from the specks
        specks = mask.copy()
        specks[[0, 0, -1, -1], [0, -1, 0, -1]] = True
        alone, beside = trace(mask), trace(specks)
        assert len(alone) == len(beside)
        for one, other in zip(alone, beside, strict=True):
            np.testing.assert_array_equal(one.centreline, other.centreline)
            np.testing.assert_array_equal(one.width, other.width)
        curves += len(alone)
    assert curves >= 20


@pytest.mark.parametrize("margin", [0, 1, 30])
def test_a_box_holds_its_mask_and_no_more(margin):
    for mask in masks():
        rows, columns = filled_box(mask, margin)
        assert mask[rows, columns].sum() == mask.sum()
        if mask.any():
            y, x = np.nonzero(mask)
            assert rows == slice(max(y.min() - margin, 0), min(y.max() + 1 + margin, len(mask)))
            assert columns.stop == min(x.max() + 1 + margin, mask.shape[1])
        else:
            assert mask[rows, columns].size == 0
