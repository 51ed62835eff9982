"""One imaging chain: what knows its line integrals hands them over, and nothing is done twice."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr
from small import ct_file

from fluorosynth import Recipe, Sample, apply
from fluorosynth.backgrounds import Bundled, Ct, Limbs, Memory, Procedural
from fluorosynth.ranges import Constant
from fluorosynth.stages import Attenuate, Compose, Compress, Display, Expose, Render
from fluorosynth.xray.line_integrals import SPAN, levels, lines_of


def rng(seed=0):
    return np.random.default_rng(seed)


def sources(tmp_path):
    return (
        Procedural(count=4),
        Limbs(count=4),
        Ct(ct_file(tmp_path), count=3, cache=tmp_path / "cache"),
    )


def test_levels_are_line_integrals():
    lines = np.linspace(0, 3, 300)[:, None].repeat(64, 1)
    found = lines_of(levels(lines))
    inside = lines > 1.5  # darker than the median: as they are
    offset = np.median((lines - found)[inside])
    assert np.abs(lines - found - offset)[inside].max() <= 0.51 * SPAN / 255
    assert (np.diff(found[:, 0]) >= 0).all()
    assert np.ptp(found) == pytest.approx(1.5 + 1.2 * np.tanh(1.5 / 1.2), abs=0.03)
    assert levels(lines - 99).tolist() == levels(lines).tolist()  # exposure is the recipe's


def test_air_is_as_bright_as_the_detector_tells():
    lines = np.full((64, 64), 5.0)
    lines[:8] = 0.0
    lines[-1] = 99.0
    found = lines_of(levels(lines))
    assert found[0, 0] == 0
    assert found[30, 30] == pytest.approx(1.2, abs=0.02)
    assert found[-1, 0] == SPAN


@pytest.mark.parametrize("number", range(3))
def test_the_same_anatomy_shown_and_as_lines(tmp_path, number):
    """Ranks agree where no dynamic range is compressed: within patches of a sixteenth."""
    source = sources(tmp_path)[number]
    source = replace(source, noise=0.0, borders=0.0)
    shown, lines = source.open(64, 3), source.open_lines(64, 3)
    assert shown.fingerprint != lines.fingerprint
    found = []
    for seed in range(6):
        one, other = shown.draw(rng(seed)), lines.draw(rng(seed))
        assert (one.id, one.mm_per_px, one.kvp) == (other.id, other.mm_per_px, other.kvp)
        assert (one.span, other.span) == (None, SPAN)
        for y, x in np.ndindex(4, 4):
            part = np.s_[16 * y : 16 * y + 16, 16 * x : 16 * x + 16]
            if other.image[part].std() > 2 and one.image[part].std() > 2:
                found.append(spearmanr(one.image[part].ravel(), other.image[part].ravel())[0])
    assert np.median(found) > 0.8


def test_a_recipe_that_exposes_gets_lines_and_another_what_a_display_shows():
    limbs = {"backgrounds": (Limbs(count=2),), "background_odds": (), "size": 64}
    physics = replace(Recipe.preset("physics"), **limbs)
    nested = replace(physics, stages=(Render(), Compose(stages=(Expose(), Display()))))
    paper = replace(Recipe.preset("paper"), **limbs)
    for recipe, span in ((physics, SPAN), (nested, SPAN), (paper, None)):
        sample = recipe.sample(0, 1)
        assert sample.span == span
    steps = {s["kind"]: s for s in physics.sample(0, 1).meta["steps"]}
    assert steps["expose"]["span"] == SPAN
    assert "compress" in steps


def test_frames_keep_a_drawn_span_and_are_not_compressed_twice():
    frame = np.tile(np.linspace(40, 220, 64).astype(np.uint8), (64, 1))
    physics = replace(
        Recipe.preset("physics"), backgrounds=(Memory(frame[None]),), background_odds=(), size=64
    )
    sample = physics.sample(0, 1)
    steps = {s["kind"]: s for s in sample.meta["steps"]}
    assert 1.2 <= steps["expose"]["span"] < 3.0
    assert "compress" not in steps


def test_lines_are_exposed_by_beer_and_lambert():
    lines = np.tile(np.linspace(0.0, 3.0, 64), (64, 1))
    image = levels(lines)
    sample = Sample(image, mask=np.zeros_like(image), span=SPAN)
    exposed = Expose(Constant(1.2))(sample, rng()).image
    ratio = exposed[:, 32:] / exposed[:, 32:33]
    np.testing.assert_allclose(ratio, np.exp(lines[:, 32:33] - lines[:, 32:]), rtol=0.025)


def test_compression_brings_large_differences_together_and_leaves_small_contrast():
    field = np.full((256, 256), 0.8, np.float32)
    field[:, 128:] = 0.1
    contrast = 0.1 * field
    stage = Compress(span=Constant(1.0), sigma=Constant(25.0), frames=True)
    image, after, drawn = stage.act(field, contrast, rng())
    assert drawn["exponent"] == pytest.approx(1 - 1 / np.log(8), abs=0.01)
    assert np.log(image[128, 5] / image[128, 250]) == pytest.approx(1.0, abs=0.02)
    assert np.ptp(np.log(stage.act(field**0.3, None, rng())[0])) == pytest.approx(
        0.3 * np.log(8), rel=1e-4
    )  # within the span as it is
    np.testing.assert_allclose(after / image, 0.1, rtol=1e-5)
    assert image.max() <= 1


def test_packs_of_lines_are_shown_where_nothing_exposes():
    pack = Bundled(pack="ct_drr")
    shown, lines = pack.open(64, 0), pack.open_lines(64, 0)
    assert {span for _, _, span in lines.views} == {SPAN}
    assert {span for _, _, span in shown.views} == {None}
    assert [v[:2] for v in lines.views] == [v[:2] for v in shown.views]
    assert all(0.3 < mm * 64 / 256 < 1.4 for mm, _, _ in lines.views)
    assert np.array_equal(shown.images, pack.open(64, 5).images)
    plain = Bundled()
    assert plain.open(64, 0).fingerprint == plain.open_lines(64, 0).fingerprint


def test_an_instrument_is_as_deep_before_bone_as_before_air():
    """Attenuation multiplies whatever lies behind: in the logarithm the step is the same."""
    from fluorosynth import Device, View

    tube = Device(np.float32([[-9, 32], [80, 32]]), np.float32([6, 6]))
    image = levels(np.tile(np.linspace(0.0, 3.0, 64), (64, 1)))
    exposed = apply(Expose(Constant(4.0)), image).image
    stage = Attenuate(strength=Constant(1.0), markers=0.0, electrodes=0.0, core=0.0, filled=0.0)
    after = apply(stage, exposed, (tube,), view=View(0.5, 70.0)).image
    step = np.log(exposed[32] / after[32])
    assert step == pytest.approx(np.full(64, step.mean()), rel=1e-3)
