"""The imaging chain, stage by stage, against what its formulas say."""

import cv2
import numpy as np
import pytest

from fluorosynth import Sample
from fluorosynth.errors import UsageError
from fluorosynth.ranges import Constant
from fluorosynth.stages.blur import Blur
from fluorosynth.stages.bones import Bones
from fluorosynth.stages.clutter import Clutter
from fluorosynth.stages.display import Display
from fluorosynth.stages.expose import Expose
from fluorosynth.stages.field import Field
from fluorosynth.stages.noise import Noise
from fluorosynth.stages.overlay import Overlay
from fluorosynth.stages.scatter import Scatter
from fluorosynth.stages.sharpen import Sharpen
from fluorosynth.stages.vessels import Vessels
from fluorosynth.xray.blur import blur, wide_blur

PLAIN = {
    "low": Constant(0),
    "high": Constant(100),
    "black": Constant(0),
    "white": Constant(255),
    "inverted": 0.0,
}


def rng(seed=0):
    return np.random.default_rng(seed)


def sample(image, contrast=None):
    image = np.asarray(image)
    return Sample(image, mask=np.zeros(image.shape, np.uint8), contrast=contrast)


def flat(value, side=256):
    return sample(np.full((side, side), value, np.float32))


def test_expose_is_exponential():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = Expose(Constant(2.0)).apply(sample(grey), rng()).image
    assert image.dtype == np.float32
    assert image[-1, -1] == 1
    np.testing.assert_allclose(np.log(image), 2.0 * (grey / 255.0 - 1), atol=1e-5)


@pytest.mark.parametrize("sigma", [0.3, 0.8, 2.0])
def test_blur_is_gaussian(sigma):
    image = rng().random((50, 70), np.float32)
    size = 2 * int(np.ceil(3 * sigma)) + 1
    theirs = cv2.GaussianBlur(image, (size, size), sigma, borderType=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(blur(image, sigma), theirs, atol=1e-6)


def test_wide_blur_is_gaussian():
    image = np.zeros((256, 256), np.float32)
    image[100:140, 110:150] = 1
    theirs = cv2.GaussianBlur(image, (0, 0), 25, borderType=cv2.BORDER_REPLICATE)
    assert abs(wide_blur(image, 25) - theirs).max() < 0.01


def test_scatter_takes_its_share_of_contrast():
    image = np.full((256, 256), 0.5, np.float32)
    image[128, 128] = 0.4
    contrast = np.zeros_like(image)
    contrast[128, 128] = 0.1
    after = Scatter(Constant(0.3), Constant(30.0)).apply(sample(image, contrast), rng())
    assert after.image[20, 20] - after.image[128, 128] == pytest.approx(0.7 * 0.1, rel=0.01)
    assert after.contrast[128, 128] == pytest.approx(0.07)
    assert after.image.mean() == pytest.approx(image.mean(), rel=1e-3)


def test_sharpen_is_unsharp_masking_of_picture_and_contrast():
    image = rng().uniform(0.4, 0.6, (50, 70)).astype(np.float32)
    contrast = rng(1).uniform(0, 0.1, (50, 70)).astype(np.float32)
    after = Sharpen(Constant(0.7), Constant(2.0 * 256 / 70)).apply(sample(image, contrast), rng())
    for ours, before in ((after.image, image), (after.contrast, contrast)):
        soft = cv2.GaussianBlur(before, (13, 13), 2.0, borderType=cv2.BORDER_REPLICATE)
        np.testing.assert_allclose(ours, before + 0.7 * (before - soft), atol=1e-5)


def test_sharpen_deepens_a_thin_shadow_by_what_a_gaussian_leaves_of_it():
    # A line of Gaussian profile s, depth d: blurred by t its depth is d s / sqrt(s^2 + t^2)
    x = np.arange(256.0) - 128
    profile = 0.2 * np.exp(-0.5 * (x / 2.0) ** 2)
    image = np.broadcast_to(0.7 - profile, (256, 256)).astype(np.float32)
    after = Sharpen(Constant(1.0), Constant(3.0)).apply(sample(image), rng()).image
    depth = 0.2 * (2 - 2 / np.hypot(2, 3))
    assert 0.7 - after[128, 128] == pytest.approx(depth, rel=0.01)
    assert after[128].max() > 0.71  # its bright rim


def test_sharpen_stays_in_range():
    image = np.ones((64, 64), np.float32)
    image[30:34] = 0.01
    after = Sharpen(Constant(8.0), Constant(4.0)).apply(sample(image), rng()).image
    assert after.min() == np.float32(1e-3)
    assert after.max() == 1


@pytest.mark.parametrize("correlation", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("intensity", [0.2, 0.5, 1.0])
def test_noise_variance_follows_the_mean(intensity, correlation):
    stage = Noise(Constant(500.0), Constant(5.0), Constant(correlation))
    noise = stage.apply(flat(intensity), rng(1)).image - intensity
    assert noise.var() == pytest.approx(intensity / 500 + (5 / 500) ** 2, rel=0.06)
    assert abs(noise.mean()) < 3e-3


def test_noise_is_correlated_over_neighbours_only():
    stage = Noise(Constant(500.0), Constant(0.0), Constant(1.0))
    noise = stage.apply(flat(0.5), rng(1)).image - 0.5
    one = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
    four = np.corrcoef(noise[:, 4:].ravel(), noise[:, :-4].ravel())[0, 1]
    assert one == pytest.approx(2 / 3, abs=0.03)  # of (1, 2, 1) with itself, shifted: 4 / 6
    assert abs(four) < 0.03


def test_noise_differs_between_draws():
    stage = Noise(Constant(500.0), Constant(0.0), Constant(0.0))
    first, second = (stage.apply(flat(0.5), rng(seed)).image.ravel() for seed in (1, 2))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02


def test_display_spans_its_percentiles():
    ramp = np.linspace(0.1, 0.9, 256, dtype=np.float32)[None].repeat(256, 0)
    stage = Display(log=0.0, gamma=Constant(1.0), span=Constant(0.1), **PLAIN)
    shown = stage.apply(sample(ramp), rng()).image
    assert shown.dtype == np.uint8
    assert (shown[0, 1], shown[0, -1]) == (0, pytest.approx(255, abs=2))
    middle = Display(
        log=0.0, gamma=Constant(1.0), span=Constant(0.1), **PLAIN | {"low": Constant(25)}
    )
    assert (middle.apply(sample(ramp), rng()).image == 0).mean() == pytest.approx(0.25, abs=0.02)


def test_log_display_makes_equal_attenuation_equal_steps():
    steps = np.exp(-np.linspace(0, 2, 9, dtype=np.float32)).repeat(32)[None].repeat(64, 0)
    stage = Display(log=1.0, span=Constant(0.1), **PLAIN)
    levels = stage.apply(sample(steps), rng()).image[0, 16::32].astype(int)
    assert abs(np.diff(levels) + 255 / 8).max() <= 2


def test_inverted_display_mirrors_levels():
    ramp = np.linspace(0.1, 0.9, 256, dtype=np.float32)[None].repeat(256, 0)
    usual, turned = (
        Display(log=0.0, **PLAIN | {"inverted": share}).apply(sample(ramp), rng()).image.astype(int)
        for share in (0.0, 1.0)
    )
    assert abs(usual + turned - 255).max() <= 1


def test_contrast_on_display_is_the_difference_of_two_pictures():
    without = rng().uniform(0.3, 0.9, (64, 64)).astype(np.float32)
    without[1::4, 1::4] = 0.3 + 0.6 * np.arange(256, dtype=np.float32).reshape(16, 16) / 255
    without[10] = 0.6
    contrast = np.zeros_like(without)
    contrast[10, 8:40] = 0.1
    stage = Display(log=0.0, gamma=Constant(0.7), span=Constant(0.1), **PLAIN)
    one = stage.apply(sample(without), rng()).image.astype(int)
    other = stage.apply(sample(without - contrast, contrast), rng())
    difference = one - other.image.astype(int)
    assert abs(difference - other.contrast)[10, 8:40].max() <= 2
    assert difference[10, 8:40].min() > 5


def test_round_field():
    grey = sample(np.full((256, 256), 100, np.uint8))
    stage = Field(1.0, 0.0, 0.0, radius=Constant(0.4), level=Constant(0.0))
    image = stage.apply(grey, rng()).image
    y, x = np.mgrid[:256, :256] - 127.5
    far = np.hypot(x, y)
    assert (image[far < 0.4 * 256 - 1.5] == 100).all()
    assert (image[far > 0.4 * 256 + 1.5] == 0).all()


def test_bars_are_opposite_and_as_deep_as_drawn():
    grey = sample(np.full((200, 200), 100, np.uint8))
    stage = Field(0.0, 0.0, 1.0, depth=Constant(0.1), level=Constant(0.5))
    image = stage.apply(grey, rng()).image
    image = image if image[100, 0] == 50 else image.T
    assert (image[:, :19] == 50).all()
    assert (image[:, 22:178] == 100).all()
    assert (image[:, 181:] == 50).all()


def test_text_is_written_at_the_border():
    grey = sample(np.full((256, 256), 100, np.uint8))
    image = Overlay(1.0).apply(grey, rng(3)).image
    assert 20 < (image != 100).sum() < 6000
    assert (image[100:150] == 100).all()


@pytest.mark.parametrize("stage", [Scatter(), Blur(), Noise(), Sharpen(), Display()])
def test_chain_refuses_grey_levels(stage):
    with pytest.raises(UsageError, match="expose"):
        stage(sample(np.zeros((32, 32), np.uint8)), rng())
    with pytest.raises(UsageError, match="expose"):
        stage.over([sample(np.zeros((32, 32), np.uint8))], lambda _: rng())


@pytest.mark.parametrize("stage", [Scatter(), Blur(), Noise(), Sharpen(), Display(), Field(1.0)])
def test_chain_leaves_its_input_alone(stage):
    image = rng().uniform(0.1, 1, (64, 64)).astype(np.float32)
    contrast = image * np.float32(0.1)
    copies = image.copy(), contrast.copy()
    stage.apply(sample(image, contrast), rng())
    np.testing.assert_array_equal(image, copies[0])
    np.testing.assert_array_equal(contrast, copies[1])


@pytest.mark.parametrize(
    "stage",
    [
        Scatter(share=Constant(1.5)),
        Blur(sigma=Constant(-1.0)),
        Noise(photons=Constant(0.0)),
        Sharpen(amount=Constant(-1.0)),
        Scatter(sigma=Constant(1e300)),
        Noise(electronic=Constant(1e300)),
        Field(1.0, radius=Constant(-1.0)),
        Field(1.0, level=Constant(2.0)),
        Field(0.0, 1.0, depth=Constant(-1.0)),
        Display(span=Constant(-1.0)),
        Display(black=Constant(1e300)),
        Bones(1.0, strength=Constant(-1.0)),
        Bones(0.0, 0.0, 1.0, strength=Constant(-1.0)),
        Clutter(clips=1.0, strength=Constant(-1.0)),
        Vessels(1.0, concentration=Constant(-1.0)),
        Vessels(1.0, free=1.0, width=Constant(-1.0)),
        Display(gamma=Constant(0.0)),
        Display(low=Constant(90.0), high=Constant(10.0)),
    ],
)
def test_absurd_draws_are_refused(stage):
    with pytest.raises(UsageError, match=r"drew|was drawn as"):
        stage.apply(flat(0.5, 64), rng())
