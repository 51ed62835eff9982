"""Backgrounds bent, instruments left where they are."""

import cv2
import numpy as np
import pytest

from fluorosynth.errors import UsageError
from fluorosynth.ranges import Constant
from fluorosynth.sample import Device, Sample
from fluorosynth.stages.deform import Deform


def rng(seed=0):
    return np.random.default_rng(seed)


def dots(side=256):
    """Dark dots on white, far apart, and where they are."""
    at = np.array([[x, y] for y in range(56, side - 40, 48) for x in range(56, side - 40, 48)])
    image = np.full((side, side), 255, np.uint8)
    for point in at.tolist():
        cv2.circle(image, point, 4, 0, -1)
    return image, at.astype(np.float32)


def test_a_path_moves_with_what_it_lies_on_in_the_picture():
    image, at = dots()
    wire = Device(np.float32([[0, 9], [250, 200]]), np.float32([4, 4]))
    sample = Sample(image, (wire,), paths=(at,))
    after = Deform(1.0, Constant(12.0))(sample, rng(3))
    assert after.devices == sample.devices
    moved = after.paths[0]
    assert 3 < np.abs(moved - at).max() < 40
    count, _, _, centres = cv2.connectedComponentsWithStats((after.image < 128).astype(np.uint8))
    assert count - 1 == len(at)
    for point in moved:
        assert np.hypot(*(centres[1:] - point).T).min() < 2.5  # a field, not its exact inverse


def test_what_is_ignored_moves_with_the_picture_and_nothing_of_it_is_lost():
    image, _ = dots()
    sample = Sample(image, ignore=image < 128)
    after = Deform(1.0, Constant(12.0))(sample, rng(4))
    assert after.ignore[after.image < 100].all()
    assert after.ignore.mean() < 1.6 * sample.ignore.mean()


def test_nothing_folds_and_the_border_stays():
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    for seed in range(20):
        for stage in (Deform(1.0, Constant(16.0)), Deform(1.0, Constant(30.0), spacing=128.0)):
            bent = stage(Sample(ramp), rng(seed)).image.astype(int)
            assert np.diff(bent, axis=1).min() >= -1  # a grey level's rounding
            assert np.abs(bent[:, [0, -1]] - ramp[:, [0, -1]]).max() <= 4


def test_a_picture_twice_as_large_is_bent_alike():
    image, _ = dots()
    large = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    stage = Deform(1.0, Constant(12.0))
    half = cv2.resize(stage(Sample(large), rng(5)).image, (256, 256), interpolation=cv2.INTER_AREA)
    close = np.abs(half.astype(int) - stage(Sample(image), rng(5)).image) < 40
    assert close.mean() > 0.99


def test_no_amount_changes_nothing_and_one_that_would_fold_is_refused():
    image, _ = dots()
    assert (Deform(1.0, Constant(0.0))(Sample(image), rng()).image == image).all()
    assert Deform(0.0)(Sample(image), rng()).image is image
    with pytest.raises(UsageError, match="deform: amount"):
        Deform(1.0, Constant(17.0))(Sample(image), rng())


def test_frames_of_a_run_are_bent_alike():
    stage, image = Deform(1.0, Constant(12.0)), dots()[0]
    first, second = stage.over([Sample(image), Sample(image)], lambda _: rng(6))
    assert (first.image == second.image).all()


def test_it_stands_before_the_geometry():
    with pytest.raises(UsageError, match="deform"):
        Deform(1.0)(Sample(dots()[0], matrix=np.eye(3)), rng())
