"""Stages over a picture of one's own, against recipes, formulas and geometry."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import fluorosynth
from fluorosynth import Device, Recipe, Sample, apply
from fluorosynth.backgrounds import Memory as Pictures
from fluorosynth.core.component import kinds
from fluorosynth.devices import Memory as Curves
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.ranges import Constant
from fluorosynth.stages import (
    Attenuate,
    Blur,
    Clutter,
    Compose,
    Detector,
    Display,
    Expose,
    Field,
    Intensity,
    Jitter,
    Noise,
    Overlay,
    Render,
    Rotate,
    Scatter,
    Sharpen,
    Stage,
    Visible,
)

FRAME = np.random.default_rng(0).integers(0, 256, (256, 256)).astype(np.uint8)
LINE = Device(np.float32([[0, 100], [120, 90], [200, 180]]), np.float32([6, 6, 5]), id="mine")
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
SPAN = 2.0  # as documented
STAGES = kinds(Stage, "fluorosynth.stages")
PICTURES = sorted(
    kind for kind, cls in STAGES.items() if issubclass(cls, Intensity) and cls is not Jitter
)


@pytest.mark.parametrize("preset", Recipe.presets())
def test_the_stages_of_a_recipe_give_its_samples(preset):
    recipe = replace(
        Recipe.preset(preset),
        backgrounds=(Pictures([FRAME]),),
        background_odds=(),
        devices=(Curves([LINE]),),
        device_odds=(),
    )
    for index in range(3):
        mine = apply(recipe.stages, FRAME, [LINE], 7, index, recipe.view)
        made = recipe.sample(7, index)
        np.testing.assert_array_equal(mine.image, made.image)
        np.testing.assert_array_equal(mine.mask, made.mask)
        assert mine.meta["steps"] == made.meta["steps"]
        assert mine.meta["devices"] == made.meta["devices"]


@settings(deadline=None, max_examples=40)
@given(
    frame=arrays(np.uint8, st.tuples(st.integers(16, 90), st.integers(16, 90))),
    kind=st.sampled_from(sorted(set(PICTURES) - {"expose"})),
    index=st.integers(0, 2**62 - 1),
)
def test_grey_levels_of_any_size_stay_grey_levels(frame, kind, index):
    before = frame.copy()
    first, again = (apply(STAGES[kind](), frame, index=index) for _ in range(2))
    assert (first.image.dtype, first.image.shape) == (np.uint8, frame.shape)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(frame, before)


def test_a_chain_that_changes_nothing_gives_every_level_back():
    np.testing.assert_array_equal(apply(Blur(Constant(0)), RAMP).image, RAMP)


@pytest.mark.parametrize("level", [60, 128, 200])
def test_noise_alone_has_the_variance_that_its_formula_says(level):
    photons, electronic = 2000.0, 10.0
    noise = Noise(Constant(photons), Constant(electronic), Constant(0))
    noisy = apply(noise, np.full((300, 500), level, np.uint8)).image
    intensity = np.exp(-SPAN * (1 - level / 255))
    sigma = np.sqrt(intensity / photons + (electronic / photons) ** 2)
    in_levels = sigma * 255 / (SPAN * intensity)  # the slope of the display
    assert noisy.std() == pytest.approx(np.hypot(in_levels, 12**-0.5), rel=0.02)
    assert noisy.mean() == pytest.approx(level, abs=0.3)


def test_exposed_by_a_stage_it_is_as_if_exposed_by_the_chain():
    noise = Noise(Constant(1000), Constant(0), Constant(0))
    mine = apply([Expose(Constant(SPAN)), noise], FRAME)
    lent = apply([Blur(Constant(0)), noise], FRAME)  # noise is the second stage in both
    assert mine.image.dtype == np.float32
    shown = 255 * (1 + np.log(mine.image) / SPAN)
    np.testing.assert_allclose(lent.image, shown.clip(0, 255), atol=0.51)


def test_intensities_stay_intensities():
    flat = np.full((40, 50), 0.5, np.float32)
    noisy = apply([Noise(), Scatter()], flat).image
    assert noisy.dtype == np.float32
    assert apply(Noise(), noisy).image.dtype == np.float32  # what it gave it takes
    assert apply([Noise(), Display()], flat).image.dtype == np.uint8


def test_grey_stages_between_those_of_intensities():
    both = apply([Noise(), Overlay(1.0), Blur(), Compose((Sharpen(),))], FRAME)
    assert both.image.dtype == np.uint8
    assert [step["kind"] for step in both.meta["steps"]] == ["noise", "overlay", "blur", "sharpen"]


def test_my_line_gets_its_mask_and_its_shadow():
    frame = np.full((120, 200), 150, np.uint8)
    line = Device(np.float32([[-5, 60], [205, 60]]), np.float32([5, 5]), "guidewire")
    sample = apply([Render(), Attenuate(coil=0.0)], frame, [line])
    truth = np.zeros((120, 200), bool)
    truth[58:63] = True  # centres within 2.5 px of y = 60
    np.testing.assert_array_equal(sample.mask, truth.astype(np.uint8))
    assert (sample.image[58:63] < 150).all()
    assert (sample.image[:57] == 150).all()
    assert (sample.image[64:] == 150).all()
    depth = np.where(truth, 150.0 - sample.image, 0)
    np.testing.assert_allclose(np.where(truth, sample.contrast, 0), depth, atol=0.51)


def test_visible_after_the_chain_sees_grey_levels():
    faint = replace(LINE, width=LINE.width * np.float32(0.2))
    seen = apply([Render(), Attenuate(), Visible()], FRAME * 0 + 128, [LINE]).mask
    unseen = apply([Render(), Attenuate(strength=Constant(1e-4)), Visible()], FRAME, [faint]).mask
    assert (seen == 1).sum() > 500
    assert set(np.unique(unseen)) == {0, 255}


def test_a_quarter_turn_is_numpys():
    turned = apply([Rotate(Constant(90)), Render()], FRAME, [LINE])
    np.testing.assert_array_equal(turned.image, np.rot90(FRAME))
    x, y = LINE.centreline.T
    np.testing.assert_allclose(turned.devices[0].centreline, np.stack([y, 255 - x], 1), atol=1e-3)


@pytest.mark.parametrize("kind", PICTURES)
def test_a_call_asks_only_for_what_the_stage_touches(kind):
    """A picture without mask, instruments or provenance is enough."""
    stage, rng = STAGES[kind](), np.random.default_rng(3)
    exposed = "exposed" in stage.takes and "displayed" not in stage.takes
    image = FRAME / np.float32(255) if exposed else FRAME
    after = stage(Sample(image), rng)
    assert after.mask is None
    assert after.image.shape == image.shape


DETECTORS = sorted(kind for kind, cls in STAGES.items() if issubclass(cls, Detector))


@pytest.mark.parametrize("kind", DETECTORS)
def test_act_refuses_what_is_no_intensity(kind):
    stage, rng = STAGES[kind](), np.random.default_rng(0)
    good = np.full((32, 48), 0.5, np.float32)
    image, contrast, drawn = stage.act(good, good * 0, rng)
    assert image.dtype == contrast.dtype == np.float32
    assert drawn
    for bad, said in (
        (FRAME, "should be intensities, float32 with 1 for white, not uint8"),
        (FRAME.astype(np.float32), "from 0 to 1, white, not 0 to 255"),
        (good.astype(np.float64), "not float64"),
        (good * np.nan, "NaN"),
        (good[None], r"\(H, W\), not \(1, 32, 48\)"),
    ):
        with pytest.raises(BadDataError, match=f"`image` of '{kind}' .*{said}"):
            stage.act(bad, None, rng)
    with pytest.raises(BadDataError, match=r"`contrast` of .* as its picture"):
        stage.act(good, good[:-1], rng)


def turned(points, width=LINE.width):
    return Device(np.float32(points), np.float32(width))


@pytest.mark.parametrize(
    ("image", "devices", "said"),
    [
        (FRAME.tolist(), (), r"`image` should be \(H, W\), not \["),
        (FRAME[None], (), r"`image` should be \(H, W\), not \(1, 256, 256\) uint8"),
        (np.zeros((32, 32, 3), np.uint8), (), r"not \(32, 32, 3\)"),
        (np.zeros((0, 32), np.uint8), (), r"sides of 16 to 4096 px, not \(0, 32\)"),
        (np.zeros((32, 4097), np.uint8), (), "sides of 16 to 4096 px"),
        (FRAME.astype(np.int32), (), "not int32"),
        (FRAME.astype(np.uint16), (), "not uint16"),
        (FRAME > 0, (), "not bool"),
        (FRAME / 255, (), "not float64"),
        (FRAME.astype(np.float32), (), "intensities from 0 to 1, white, not 0 to 255"),
        (FRAME / np.float32(-255), (), "intensities from 0 to 1, white, not -1 to"),
        (FRAME * np.float32("nan"), (), "`image` holds 65536 NaN or infinite values"),
        (FRAME, [LINE.centreline], r"`devices`\[0\] should be a Device, not \(3, 2\)"),
        (
            FRAME,
            [LINE, turned([[0, 0], [9, np.nan]], [3, 3])],
            r"`devices`\[1\].centreline holds 1",
        ),
        (
            FRAME,
            [turned([[0, 0], [9, 9]], [3, -3])],
            ".width should be above 0 .* 4096 px, not -3",
        ),
        (FRAME, [turned([[0, 0], [9, 9]], [3, 0])], ".width should be above 0 .* not 0"),
        (FRAME, [turned([[0, 0], [9, 9]], [3, np.inf])], r"\.width holds 1 NaN or infinite"),
        (FRAME, [turned([[0, 0], [1e30, 9]], [3, 3])], "should lie near the picture, not at 1e"),
    ],
)
def test_what_is_no_picture_or_curve_is_refused(image, devices, said):
    with pytest.raises(BadDataError, match=said) as caught:
        apply(Noise(), image, devices)
    assert "\n" not in str(caught.value)


def test_a_curve_of_one_point_is_no_device():
    with pytest.raises(BadDataError, match=r"n >= 2 .* not \(1, 2\) float32"):
        turned([[3, 3]], [2])


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ([Noise], "`stages` should be stages such as Noise\\(\\), not <class"),
        (["noise"], "should be stages such as Noise\\(\\), not 'noise'"),
        ([Rotate()], r"move the picture but do not draw it moved: add Render\(\)"),
        ([Rotate(), Noise()], "'noise' takes a sample that is exposed, but this one is moved"),
        ([Render(), Rotate()], "'rotate' takes .* before 'render'"),
        ([Jitter()], "'jitter' takes a sample that is rendered"),
        ([Expose(), Overlay(1.0)], "'overlay' takes"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(stages, said):
    with pytest.raises(UsageError, match=said):
        apply(stages, FRAME, [LINE])


@pytest.mark.parametrize(
    "numbers", [{"seed": -1}, {"seed": 2**64}, {"index": -1}, {"index": 2**62}]
)
def test_seed_and_index_are_those_of_samples(numbers):
    with pytest.raises(UsageError, match=next(iter(numbers))):
        apply(Noise(), FRAME, **numbers)


@settings(deadline=None, max_examples=30)
@given(shape=st.tuples(st.integers(16, 60), st.integers(16, 60)), seed=st.integers(0, 2**64 - 1))
def test_small_pictures_hold_all_that_large_ones_do(shape, seed):
    everything = Clutter(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    stages = [Expose(), everything, Display(), Field(1.0, 1.0, 1.0)]
    assert apply(stages, np.full(shape, 200, np.uint8), seed=seed).image.shape == shape


def test_a_view_is_as_good_as_a_copy():
    view = np.asfortranarray(FRAME)[::-2, 10:]
    np.testing.assert_array_equal(
        fluorosynth.apply(Blur(), view).image, apply(Blur(), view.copy()).image
    )
