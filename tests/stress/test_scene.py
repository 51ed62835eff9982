"""Test pictures against what they say of themselves, measured in the pictures."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluorosynth.backgrounds.folder import Folder
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.stress.condition import Condition
from fluorosynth.stress.scene import SPAN, Scenes

CLEAN = Condition(photons=1e9)


@pytest.fixture(scope="module")
def scenes():
    return Scenes(seed=3)


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flat")
    (folder / "flat.png").write_bytes(png_bytes(np.full((256, 256), 128, np.uint8)))
    return Scenes(seed=0, backgrounds=Folder(folder))


def darkening(pair):
    return pair.bare.astype(int) - pair.image


@settings(max_examples=12, deadline=None)
@given(
    depth=st.floats(5, 60),
    width=st.floats(2, 12),
    blur=st.just(0.0) | st.floats(0.3, 2),
    scene=st.integers(0, 50),
)
def test_the_depth_along_the_centreline_is_as_stated(scenes, depth, width, blur, scene):
    from skimage.morphology import skeletonize

    pair = scenes.pair(scene, replace(CLEAN, depth=depth, width=width, blur=blur))
    line = skeletonize(pair.truth.astype(bool))
    assert np.median(darkening(pair)[line]) == pytest.approx(depth, abs=1 + 0.06 * depth)


@pytest.mark.parametrize("width", [3.0, 6.0, 12.0])
def test_the_label_is_as_wide_as_the_shadow_at_half_its_depth(scenes, width):
    for scene in range(3):
        pair = scenes.pair(scene, replace(CLEAN, depth=40.0, width=width))
        shadow, label = darkening(pair) >= 20, pair.truth > 0
        assert 2 * (shadow & label).sum() / (shadow.sum() + label.sum()) > 0.93
        assert shadow.sum() == pytest.approx(label.sum(), rel=0.15)


@pytest.mark.parametrize("photons", [300.0, 5000.0])
def test_the_noise_is_that_of_the_photons(flat, photons):
    picture = flat.pair(1, Condition(photons=photons)).bare.astype(float)
    grey = np.median(flat.pair(1, CLEAN).bare)
    counted = photons * math.exp(-SPAN * (1 - grey / 255))
    assert picture.std() == pytest.approx(255 / SPAN / math.sqrt(counted), rel=0.05)


def test_the_pair_differs_by_the_instruments_alone(scenes):
    for scene in range(3):
        pair = scenes.pair(scene, Condition(depth=40.0))
        changed = darkening(pair) != 0
        assert darkening(pair)[pair.truth > 0].min() > 0
        from scipy.ndimage import binary_dilation

        assert not (changed & ~binary_dilation(pair.truth, iterations=4)).any()


def test_a_scene_keeps_all_but_what_is_varied(scenes):
    held = scenes.pair(0, CLEAN)
    assert np.array_equal(scenes.pair(0, replace(CLEAN, depth=40.0)).bare, held.bare)
    assert np.array_equal(scenes.pair(0, replace(CLEAN, photons=9.0)).truth, held.truth)
    assert np.array_equal(scenes.pair(0, replace(CLEAN, spine=50.0)).truth, held.truth)
    more = scenes.pair(0, replace(CLEAN, count=3)).truth
    assert (more >= held.truth).all()
    assert more.sum() > held.truth.sum()


@pytest.mark.parametrize("axis", ["spine", "vessels"])
def test_distractors_overlap_the_instrument_by_their_depth(scenes, axis):
    for scene in range(4):
        plain, covered = scenes.pair(scene, CLEAN), scenes.pair(scene, replace(CLEAN, **{axis: 30}))
        shadow = plain.bare.astype(int) - covered.bare
        assert shadow.min() >= -1
        assert 22 <= np.percentile(shadow[shadow > 3], 95) <= 34
        assert (shadow[plain.truth > 0] > 10).any()  # it crosses the instrument


def test_beyond_the_field_is_black_and_no_instrument(scenes):
    pair = scenes.pair(2, replace(CLEAN, field=0.5))
    y, x = np.indices(pair.image.shape) - 127.5
    outside = np.hypot(x, y) > 64
    assert not pair.image[outside].any()
    assert not pair.truth[outside].any()
    assert pair.image[~outside].min() > 0


@pytest.mark.parametrize("scale", [0.5, 1.5])
def test_scaled_pictures_have_scaled_labels(scenes, scale):
    one, scaled = scenes.pair(1, CLEAN), scenes.pair(1, replace(CLEAN, scale=scale))
    assert scaled.image.shape == scaled.truth.shape == (round(256 * scale),) * 2
    assert scaled.truth.sum() == pytest.approx(scale**2 * one.truth.sum(), rel=0.1)
    centres = [np.argwhere(p.truth).mean(axis=0) + 0.5 for p in (one, scaled)]
    assert centres[1] == pytest.approx(scale * centres[0], abs=1.0)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_magnified_instruments_stay_in_view(scenes, factor):
    for scene in range(6):
        assert scenes.pair(scene, replace(CLEAN, magnification=factor)).truth.sum() > 50


def test_bends_are_as_tight_as_stated(scenes):
    from fluorosynth.stress.instruments import draw_instrument, open_courses

    for seed in range(5):
        device = draw_instrument(open_courses(256), 3.0, 10.0, np.random.default_rng(seed))
        last = device.centreline[-6:].astype(float)  # three points on a circle give its radius
        a, b, c = last[0], last[3], last[5]
        sides = [np.linalg.norm(p - q) for p, q in ((a, b), (b, c), (a, c))]
        area = abs(np.cross(np.append(b - a, 0), np.append(c - a, 0))[2]) / 2
        assert math.prod(sides) / (4 * area) == pytest.approx(10.0, rel=0.03)


def test_equal_seeds_give_equal_pictures_and_others_do_not():
    condition = Condition(spine=20.0, vessels=20.0, count=2)
    one, same, other = (Scenes(seed, 96).pair(4, condition) for seed in (7, 7, 8))
    assert np.array_equal(one.image, same.image)
    assert np.array_equal(one.truth, same.truth)
    assert not np.array_equal(one.image, other.image)


def test_scenes_do_not_depend_on_their_order():
    scenes = Scenes(0, 96)
    before = scenes.pair(5, Condition())
    for scene in range(5):
        scenes.pair(scene, Condition(count=3))
    assert np.array_equal(before.image, scenes.pair(5, Condition()).image)
