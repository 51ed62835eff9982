"""Limbs: the same for a seed, against air, with bone darker than flesh."""

import pickle

import numpy as np
import pytest

from fluorosynth.anatomy.limb import BONE, METAL, SOFT, hand, joint
from fluorosynth.backgrounds.limbs import Limbs
from fluorosynth.errors import UsageError


def test_a_picture_is_a_function_of_seed_and_number():
    one, other = (Limbs(count=3).open(64, seed=5) for _ in range(2))
    for k in (2, 0, 1):
        np.testing.assert_array_equal(one.image(k), other.image(k))
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != Limbs(count=3).open(64, seed=6).fingerprint
    assert (one.image(0) != one.image(1)).any()


def test_workers_make_the_same_pictures():
    pool = Limbs(count=3).open(64, seed=5)
    pool.image(1)
    again = pickle.loads(pickle.dumps(pool))
    np.testing.assert_array_equal(again.image(1), pool.image(1))


def test_pictures_are_kept_and_cannot_be_written():
    pool = Limbs(count=2).open(64, seed=0)
    assert pool.image(1) is not None
    with pytest.raises(ValueError, match="read-only"):
        pool.image(1)[0] = 0
    assert not np.array_equal(Limbs(count=0).open(64, 0).image(7), pool.image(1))


@pytest.mark.parametrize("draw", [joint, hand])
def test_there_is_air_flesh_and_bone(draw):
    for seed in range(6):
        lines = draw(256, np.random.default_rng(seed))
        assert lines.min() == 0  # air
        assert lines.max() > SOFT * 60  # more than flesh of a wrist alone
        assert 0.05 < (lines > 0).mean() < 0.98


@pytest.mark.parametrize("draw", [joint, hand])
def test_scenes_keep_their_shape_at_other_sizes(draw):
    small, large = (draw(size, np.random.default_rng(2)) for size in (128, 256))
    close = np.abs(large.reshape(128, 2, 128, 2).mean((1, 3)) - small)
    assert np.median(close) < 0.12 * large.max()


def test_metal_is_denser_than_bone_and_bone_than_flesh():
    assert METAL > BONE > SOFT


def test_wrong_settings_are_refused_by_name():
    with pytest.raises(UsageError, match="borders"):
        Limbs(borders=2.0)
