"""Instruments, labels and whole recipes."""

import math
from dataclasses import replace

import numpy as np
import pytest

from fluorosynth import Device, Recipe, Sample, View
from fluorosynth.dataset.generation import generate
from fluorosynth.dataset.manifest import read_samples
from fluorosynth.errors import UsageError
from fluorosynth.ranges import Constant
from fluorosynth.stages.attenuate import Attenuate
from fluorosynth.stages.bones import Bones
from fluorosynth.stages.clutter import Clutter
from fluorosynth.stages.coaxial import Coaxial
from fluorosynth.stages.foreshorten import Foreshorten
from fluorosynth.stages.render import Render
from fluorosynth.stages.vessels import Vessels
from fluorosynth.stages.visible import Visible

PLAIN_TUBE = {
    "strength": Constant(1.0),
    "catheters": ("pebax_baso4_20",),
    "catheter_odds": (),
    "lumen": Constant(0.0),
    "markers": 0.0,
    "electrodes": 0.0,
    "core": 0.0,
    "filled": 0.0,
}
VIEW = View(0.5 * 256 / 128, 60.0)
TUBE = Device(np.float32([[-9, 64], [60, 64], [100, 64]]), np.float32([8, 8, 8]))


def rng(seed=0):
    return np.random.default_rng(seed)


def rendered(*devices, grey=0.8):
    sample = Sample(np.full((128, 128), 200, np.uint8), devices, view=VIEW)
    sample = Render(label_width="fwhm")(sample, rng())
    return replace(sample, image=np.full((128, 128), grey, np.float32))


def test_catheter_is_as_deep_as_beer_and_lambert_say():
    after = Attenuate(**PLAIN_TUBE).apply(rendered(TUBE), rng())
    mm = 0.5 * 256 / 128
    assert after.image[64, 50] == pytest.approx(0.8 * math.exp(-0.23 * mm * 8), rel=0.01)
    np.testing.assert_allclose(after.image + after.contrast, 0.8, rtol=1e-6)
    assert (after.image[40] == np.float32(0.8)).all()


def test_instruments_on_top_of_each_other_multiply():
    across = Device(np.float32([[50, -9], [50, 140]]), np.float32([8, 8]))
    after = Attenuate(**PLAIN_TUBE).apply(rendered(TUBE, across), rng())
    one = after.image[64, 20] / 0.8
    assert after.image[64, 50] == pytest.approx(0.8 * one * one, rel=0.02)


@pytest.mark.parametrize(("policy", "share"), [("outer", 1.0), ("fwhm", math.sqrt(3) / 2)])
def test_label_width(policy, share):
    wide = Device(np.float32([[-40, 64], [170, 64]]), np.float32([40, 40]))
    sample = Sample(np.zeros((128, 128), np.uint8), (wide,))
    mask = Render(label_width=policy)(sample, rng()).mask
    assert mask[:, 64].sum() == pytest.approx(40 * share, abs=1)


@pytest.mark.parametrize("width", [1.0, 3.0, 9.0])
def test_label_allows_for_blur(width):
    """As wide as the blurred shadow is at half its depth: within 15 % of a dense numerical one."""
    x = np.arange(-30, 30, 0.01)
    shadow = np.sqrt(np.maximum(width**2 / 4 - x * x, 0))
    kernel = np.exp(-0.5 * (np.arange(-6, 6.01, 0.01) / 1.2) ** 2)
    blurred = np.convolve(shadow, kernel, "same")
    measured = (blurred > blurred.max() / 2).sum() * 0.01
    tilted = Device(np.float32([[-40, 20], [300, 180]]), np.full(2, width, np.float32))
    sample = Sample(np.zeros((256, 256), np.uint8), (tilted,))
    mask = Render(label_width="fwhm", blur=1.2)(sample, rng()).mask
    drawn = (mask[:, 20:230] == 1).sum() / (210 * math.hypot(340, 160) / 340)
    assert drawn == pytest.approx(measured, rel=0.15)


def test_fwhm_label_is_where_the_shadow_is_half_as_deep():
    after = Attenuate(**PLAIN_TUBE | {"strength": Constant(0.01)}).apply(rendered(TUBE), rng())
    column = after.contrast[:, 50]
    assert after.mask[:, 50].sum() == pytest.approx((column > column.max() / 2).sum(), abs=1)


def test_which_labels_count_is_a_choice():
    lead = Device(np.float32([[20, 0], [20, 127]]), np.float32([4, 4]), "lead")
    sample = Sample(np.zeros((128, 128), np.uint8), (TUBE, lead))
    mask = Render(instruments=("catheter",))(sample, rng()).mask
    assert mask[64, 50] == 1
    assert mask[20, 20] == 0
    assert Render()(sample, rng()).mask[20, 20] == 1


def shown(contrast, noise=0.0):
    sample = rendered(TUBE)
    depth = np.where(sample.mask == 1, np.float32(contrast), np.float32(0))
    grey = 150 + rng(5).normal(0, noise or 1e-6, depth.shape) - depth
    grey = np.clip(grey, 0, 255).astype(np.uint8)
    return replace(sample, image=grey, contrast=depth)


def test_visible_keeps_what_is_deep_and_ignores_what_is_not():
    stage = Visible(Constant(3.0), Constant(1.0))
    assert (stage.apply(shown(20), rng()).mask == shown(20).mask).all()
    assert set(np.unique(stage.apply(shown(1), rng()).mask)) == {0, 255}
    assert set(np.unique(stage.apply(shown(6, noise=30), rng()).mask)) == {0, 255}
    assert (stage.apply(shown(60, noise=20), rng()).mask == 1).any()


def test_visible_is_local():
    sample = shown(20)
    contrast = sample.contrast.copy()
    contrast[:, :40] = 0
    after = Visible(Constant(3.0), Constant(0.5)).apply(replace(sample, contrast=contrast), rng())
    mask = after.mask
    np.testing.assert_array_equal(np.sort(after.pixels), np.flatnonzero(mask == 1))
    assert (mask[64, 5:36] == 255).all()
    assert (mask[64, 45:95] == 1).all()


def test_foreshortening_squeezes_the_end_alone():
    straight = Device(
        np.column_stack([np.linspace(0, 120, 61), np.full(61, 64)]).astype(np.float32),
        np.full(61, 4, np.float32),
    )
    sample = Sample(np.zeros((256, 256), np.uint8), (straight,))
    after = Foreshorten(1.0, Constant(40.0), Constant(0.2))(sample, rng(2)).devices[0].centreline
    np.testing.assert_allclose(after[:40], straight.centreline[:40], atol=1e-4)
    reach = np.linalg.norm(np.diff(after[40:], axis=0), axis=1)
    assert (reach <= 2 + 1e-4).all()
    assert reach[-1] < 1.99


def test_coaxial_wire_follows_its_catheter_and_leaves_the_tip():
    sample = Sample(np.zeros((128, 128), np.uint8), (TUBE,))
    after = Coaxial(1.0, Constant(0.4), Constant(60.0))(sample, rng()).devices
    assert [d.label for d in after] == ["catheter", "guidewire"]
    np.testing.assert_array_equal(after[1].centreline[:3], TUBE.centreline)
    np.testing.assert_allclose(after[1].width, 3.2)
    beyond = np.diff(after[1].centreline[2:], axis=0)
    assert np.hypot(*beyond.T).sum() == pytest.approx(30, abs=3)


@pytest.mark.parametrize(
    "stage",
    [
        Vessels(chance=1.0),
        Bones(1.0, 1.0, 1.0),
        Clutter(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    ],
)
def test_distractors_darken_and_are_never_labelled(stage):
    before = rendered(TUBE)
    after = stage.apply(before, rng(3))
    assert (after.image <= before.image).all()
    assert (after.image < before.image - 0.02).sum() > 50
    assert after.mask is before.mask
    assert (before.image == np.float32(0.8)).all()


def test_vessels_grow_from_the_tip():
    stage = Vessels(1.0, from_tip=1.0, free=0.0, reflux=0.0, around=0.0, width=Constant(8.0))
    after = stage.apply(rendered(TUBE), rng(1))
    assert after.image[64, 101] < 0.75
    assert (after.image[:, :60] == np.float32(0.8)).mean() > 0.7


@pytest.mark.parametrize("name", ["physics", "strong"])
def test_preset_is_a_pure_function(name):
    recipe = Recipe.preset(name)
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    forward = [recipe.open(3).sample(i) for i in (0, 1, 2)]
    sampler = recipe.open(3)
    for i in (2, 1, 0):
        again = sampler.sample(i)
        np.testing.assert_array_equal(again.image, forward[i].image)
        np.testing.assert_array_equal(again.mask, forward[i].mask)
        assert again.image.dtype == np.uint8
        assert set(np.unique(again.mask)) <= {0, 1, 255}


def test_instruments_are_darker_than_their_surroundings():
    sampler = Recipe.preset("physics").open(1)
    depths = []
    for i in range(60):
        sample = sampler.sample(i)
        if (seen := sample.mask == 1).any():
            depths.append(np.median(sample.contrast[seen]))
    assert np.mean(np.array(depths) > 0) > 0.85
    assert 12 < np.median(np.abs(depths)) < 60


def test_recipe_that_ends_in_intensities_is_refused():
    plain = Recipe.preset("physics").to_plain()
    plain["stages"] = [s for s in plain["stages"] if s["kind"] in ("render", "expose")]
    with pytest.raises(UsageError, match="'display'"):
        Recipe.from_plain(plain).sample(0, 0)


def test_shards_hold_instruments_that_a_stage_added(tmp_path):
    recipe = Recipe.preset("physics")
    generate(recipe, tmp_path, 24, seed=2)
    made = [recipe.sample(2, index) for index in range(24)]
    assert any("coaxial" in device.id for sample in made for device in sample.devices)
    for index, sample in read_samples(tmp_path):
        assert [d.id for d in sample.devices] == [d.id for d in made[index].devices]
        assert sample.meta["devices"] == [d.id for d in sample.devices]
