"""What surrounds a patient is drawn, moves with nothing, and is never labelled."""

from dataclasses import fields, replace

import numpy as np
import pytest

from fluorosynth.ranges import Constant
from fluorosynth.sample import Device, Sample
from fluorosynth.stages.bedside import Bedside
from fluorosynth.stages.render import Render
from fluorosynth.xray.bedside import SHAPES, covers, letters

NONE = dict.fromkeys(SHAPES, 0.0)
LINE = Device(np.float32([[-9, 64], [140, 64]]), np.float32([5, 5]))


def rng(seed=0):
    return np.random.default_rng(seed)


def exposed(*devices):
    sample = Render()(Sample(np.full((128, 128), 200, np.uint8), devices), rng())
    return replace(sample, image=np.full((128, 128), 0.8, np.float32))


def test_every_shape_has_a_probability():
    assert set(SHAPES) <= {field.name for field in fields(Bedside)}


@pytest.mark.parametrize("name", SHAPES)
def test_each_darkens_and_labels_nothing(name):
    stage = Bedside(**{**NONE, name: 1.0}, strength=Constant(1.0))
    sample, darker = exposed(LINE), 0
    for seed in range(8):
        after = stage.apply(sample, rng(seed))
        np.testing.assert_array_equal(after.mask, sample.mask)
        assert (after.image <= sample.image).all()
        assert after.image.min() > 0
        assert after.meta["steps"][-1]["objects"] == [name]
        darker += bool((after.image < 0.79).any())
    assert darker >= 6  # one may lie outside the picture


def test_without_chances_nothing_changes():
    sample = exposed()
    assert Bedside(**NONE).apply(sample, rng()) is sample


@pytest.mark.parametrize("name", SHAPES)
def test_a_larger_picture_shows_the_same(name):
    stage = Bedside(**{**NONE, name: 1.0}, strength=Constant(0.5))
    small, large = (
        stage.apply(replace(exposed(), image=np.full((n, n), 0.8, np.float32)), rng(3)).image
        for n in (128, 256)
    )
    fine = large.reshape(128, 2, 128, 2).mean((1, 3))
    assert np.abs(fine - small).mean() < 0.1 * np.abs(0.8 - small).mean() + 1e-4


def test_covers_cross_the_picture_nearly_straight():
    across = 0
    for seed in range(40):
        for tube in covers(rng(seed)):
            chord, arc = abs(tube.curve[-1] - tube.curve[0]), np.abs(np.diff(tube.curve)).sum()
            assert arc < 1.15 * chord
            across += chord > 256
    assert across > 40


def test_letters_stand_near_a_corner():
    for seed in range(20):
        for tube in letters(rng(seed)):
            off = np.minimum(tube.curve.real, 255 - tube.curve.real)
            assert off.min() < 96
