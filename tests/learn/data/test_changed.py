"""Data that is changed on its way to the network: augmented, mixed, squared."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import Lines, recipe

from fluorosynth.learn.data import (
    Augmented,
    EpochBatches,
    RecipeDataset,
    Squared,
    WithSynthetic,
    augment,
    collate,
)

SEEDS = st.integers(0, 2**32 - 1)


def drawn(side=96, width=7):
    """A dark line on a smooth ground with an ignored corner."""
    mask = cv2.line(np.zeros((side, side), np.uint8), (20, 70), (80, 24), 1, width)
    mask[:12, :12] = 255
    ground = np.linspace(140, 180, side, dtype=np.float32)[None].repeat(side, 0)
    return np.uint8(ground - 70 * (mask == 1)), mask


@given(SEEDS)
def test_picture_and_mask_move_alike(seed):
    image, mask = augment(*drawn(), np.random.default_rng(seed))
    assert image.dtype == mask.dtype == np.uint8
    assert set(np.unique(mask)) <= {0, 1, 255}
    inner = cv2.erode(np.uint8(mask == 1), np.ones((3, 3))) > 0
    outer = (cv2.dilate(np.uint8(mask == 1), np.ones((5, 5))) == 0) & (mask == 0)
    assert int(image[inner].max()) < int(image[outer].min())  # the line is where the mask says
    area = (drawn()[1] == 1).sum()
    assert 0.6 < (mask == 1).sum() / area < 1.5  # zoomed by 1.15 at most; may leave the frame


@given(SEEDS)
def test_the_same_seed_makes_the_same_change(seed):
    one, other = (augment(*drawn(), np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])


def test_what_comes_in_from_outside_is_ignored():
    flat = np.full((64, 64), 100, np.uint8)
    shares = [
        (augment(flat, 0 * flat, np.random.default_rng(seed))[1] == 255).mean()
        for seed in range(40)
    ]
    assert min(shares) == 0  # zoomed in
    assert 0.02 < max(shares) < 0.4


def test_frames_of_a_clip_move_together():
    image, mask = drawn()
    clip = np.stack([image, image])
    moved, _ = augment(clip, mask, np.random.default_rng(3))
    alone, _ = augment(image, mask, np.random.default_rng(3))
    assert moved.shape == clip.shape
    assert np.array_equal(moved[0], alone)
    assert np.array_equal(moved[1], alone)


def test_all_kinds_of_change_happen():
    image, mask = drawn()
    found = [augment(image, mask, np.random.default_rng(seed)) for seed in range(30)]
    slopes = [np.polyfit(*np.nonzero(m == 1)[::-1], 1)[0] for _, m in found]
    assert min(slopes) < 0 < max(slopes)  # mirrored
    assert np.std(np.abs(slopes)) > 0.05  # turned
    assert np.std([i[m == 0].mean() for i, m in found]) > 5  # brighter, darker


def test_every_epoch_changes_anew_and_repeatably():
    lines = Lines(3)
    pairs = Augmented(lines, seed=4)
    seen = [pairs[i][0].tobytes() for i in range(9)]
    assert len(set(seen)) == 9
    assert [Augmented(lines, seed=4)[i][0].tobytes() for i in range(9)] == seen
    assert Augmented(lines, seed=5)[0][0].tobytes() != seen[0]
    assert (len(pairs), pairs.name(1)) == (3, "000001")


def test_a_mix_has_every_picture_and_its_share_of_new_samples_in_every_epoch():
    lines, samples = Lines(6, 32), RecipeDataset(recipe(), 1, 6)
    mixed = WithSynthetic(lines, samples, 0.4)
    assert len(mixed) == 10
    real = {image.tobytes() for image, _ in lines}
    order, synthetic = EpochBatches(len(mixed), 5, 0, mixed.endless), []
    for epoch in range(3):
        order.set_epoch(epoch)
        seen = [mixed[i][0].tobytes() for batch in order for i in batch]
        assert real <= set(seen)
        synthetic += sorted(set(seen) - real)
    expected = [recipe().sample(1, i).image.tobytes() for i in range(12)]
    assert sorted(synthetic) == sorted(expected)  # 4 an epoch, none twice
    places = {(mixed.sequence(i), mixed.name(i)) for i in range(6)}
    assert places == {(lines.sequence(i), lines.name(i)) for i in range(6)}


def test_changed_pictures_are_new_in_a_mix_too():
    mixed = WithSynthetic(Augmented(Lines(2, 32), 0), RecipeDataset(recipe(), 1, 2), 0.5)
    assert len({mixed[4 * epoch][0].tobytes() for epoch in range(5)}) == 5


@pytest.mark.parametrize("shape", [(64, 48), (40, 64), (64, 64)])
def test_squares_hold_the_picture_and_ignore_the_rest(shape):
    lines = Lines(1)
    image, mask = (part[: shape[0], : shape[1]] for part in lines.items[0])
    lines.items = [(image, mask)]
    wide, label = Squared(lines, 64)[0]
    assert wide.shape == label.shape == (64, 64)
    assert np.array_equal(wide[: shape[0], : shape[1]], image)
    assert np.array_equal(label[: shape[0], : shape[1]], mask)
    assert (label == 255).sum() == 64 * 64 - mask.size
    assert collate([Squared(lines, 64)[0], drawn(64)]).images.shape == (2, 1, 64, 64)
