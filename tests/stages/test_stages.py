"""One contract for every stage and source that is found, and the laws of the built-in ones."""

import json
import math
import pickle
import tomllib
from dataclasses import FrozenInstanceError, fields, replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
import tomli_w
from scipy import stats
from small import (
    PLAIN,
    arrays,
    assert_equal,
    background,
    ct_file,
    curves_file,
    device,
    frames_file,
    rendered,
    unrendered,
)

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.core import spec
from fluorosynth.core.component import kinds
from fluorosynth.devices.base import DeviceSource
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.geometry.warp import resample, transform
from fluorosynth.ranges import Choice, Constant, LogUniform, Range, Uniform
from fluorosynth.sample import Background, Device, Sample
from fluorosynth.stages.base import Geometry, Stage
from fluorosynth.stages.compose import Compose
from fluorosynth.stages.expose import Expose
from fluorosynth.stages.flip import Flip
from fluorosynth.stages.jitter import Jitter
from fluorosynth.stages.one_of import OneOf
from fluorosynth.stages.order import EXPOSED
from fluorosynth.stages.render import Render
from fluorosynth.stages.rotate import Rotate
from fluorosynth.stages.shift import Shift
from fluorosynth.stages.zoom import Zoom

STAGES = kinds(Stage, "fluorosynth.stages")
BACKGROUNDS = kinds(BackgroundSource, "fluorosynth.backgrounds")
DEVICES = kinds(DeviceSource, "fluorosynth.devices")
GEOMETRY = sorted(k for k, cls in STAGES.items() if issubclass(cls, Geometry))

# What has no defaults needs an example; every other component is tested as it comes.
NESTED = [{"kind": "rotate"}, {"kind": "flip", "axis": "vertical"}]
STAGE_EXAMPLES = {"compose": {"stages": NESTED, "chance": 0.7}, "one_of": {"stages": NESTED}}


def rng(seed=0):
    return np.random.Generator(np.random.Philox(seed))


def stage(kind):
    return spec.load(Stage, {"kind": kind, **STAGE_EXAMPLES.get(kind, {})}, kind)


def mask_folder(folder):
    mask = np.zeros((80, 90), np.uint8)
    mask[0:60, 20:25] = mask[40:44, 30:90] = 1
    (folder / "masks").mkdir()
    cv2.imwrite(str(folder / "masks" / "a.png"), mask)
    cv2.imwrite(str(folder / "masks" / "b.png"), mask[:, ::-1])
    return folder / "masks"


def source(root, kind, folder):
    examples = {
        "ct": lambda: {"path": str(ct_file(folder)), "count": 3, "cache": str(folder / "cache")},
        "folder": lambda: {"path": str(frames_file(folder))},
        "polylines": lambda: {"path": str(curves_file(folder)), "share": 0.5},
        "masks": lambda: {"path": str(mask_folder(folder))},
        "procedural": lambda: {"count": 3},
    }
    return spec.load(root, {"kind": kind, **examples.get(kind, dict)()}, kind)


def suited(kind):
    """A sample as the stage ``kind`` wants it: moving, rendered, or exposed to intensities."""
    takes = STAGES[kind].takes
    if "at rest" in takes:
        return unrendered()
    return Expose()(rendered(), rng()) if takes == EXPOSED else rendered()


def frozen(sample):
    for array in arrays(sample).values():
        array.setflags(write=False)
    return sample


# ---------------------------------------------------------------- the contract of a stage


def test_what_is_documented_is_found():
    assert {"rotate", "zoom", "shift", "flip", "one_of", "compose", "render", "jitter"} <= set(
        STAGES
    )
    assert {"folder", "bundled", "procedural"} <= set(BACKGROUNDS)
    assert {"polylines", "masks", "spline"} <= set(DEVICES)


@pytest.mark.parametrize("kind", STAGES)
def test_stage_is_a_function_of_sample_and_stream(kind):
    for seed in range(5):
        one, two = (stage(kind)(suited(kind), rng(seed)) for _ in range(2))
        assert_equal(one, two)


@pytest.mark.parametrize("kind", STAGES)
def test_stage_leaves_its_input_alone(kind):
    for seed in range(5):
        given = frozen(suited(kind))
        given.meta["steps"] = [{"kind": "earlier"}]
        before = pickle.dumps(given)
        stage(kind)(given, rng(seed))
        assert pickle.dumps(given) == before


@pytest.mark.parametrize("kind", STAGES)
def test_stage_keeps_shapes_and_types(kind):
    for seed in range(5):
        given = suited(kind)
        found = stage(kind)(given, rng(seed))
        assert isinstance(found, Sample)
        assert found.image.shape == given.image.shape
        changes = {"expose": np.float32, "display": np.uint8}
        assert found.image.dtype == changes.get(kind, given.image.dtype)
        named = [(d.label, d.id) for d in found.devices]
        assert named[: len(given.devices)] == [(d.label, d.id) for d in given.devices]
        for d in found.devices:
            assert d.centreline.dtype == d.width.dtype == np.float32
            assert d.centreline.shape == (len(d.width), 2)
            assert (d.width > 0).all()
        if found.mask is not None:
            assert found.mask.dtype == np.uint8
            assert set(np.unique(found.mask)) <= {0, 1, 255}
            np.testing.assert_array_equal(np.sort(found.pixels), np.flatnonzero(found.mask == 1))


@pytest.mark.parametrize("kind", STAGES)
def test_stage_records_plain_scalars(kind):
    meta = stage(kind)(suited(kind), rng()).meta
    assert json.loads(json.dumps(meta, allow_nan=False)) == meta
    assert meta["background"] == "noise"


@pytest.mark.parametrize("kind", [k for k in STAGES if not STAGES[k].draws])
def test_stage_that_says_so_draws_nothing(kind):
    stream, untouched = rng(), rng()
    stage(kind)(suited(kind), stream)
    assert stream.random() == untouched.random()


def round_trip(root, value):
    text = tomli_w.dumps({"it": spec.dump(value)})
    again = spec.load(root, tomllib.loads(text)["it"])
    assert again == value
    assert tomli_w.dumps({"it": spec.dump(again)}) == text
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("kind", STAGES)
def test_stage_survives_toml_and_pickle(kind):
    assert STAGES[kind].kind == kind
    round_trip(Stage, stage(kind))


@pytest.mark.parametrize("kind", STAGES)
def test_stage_is_frozen(kind):
    value = stage(kind)
    for name in [f.name for f in fields(value)] or ["anything"]:
        with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
            setattr(value, name, None)


@pytest.mark.parametrize("kind", STAGES)
def test_stage_explains_itself(kind):
    assert STAGES[kind].__doc__.strip()


# ---------------------------------------------------------------- the contract of a source


@pytest.fixture(scope="module", params=[(BackgroundSource, k) for k in BACKGROUNDS], ids=str)
def backgrounds(request, tmp_path_factory):
    root, kind = request.param
    return source(root, kind, tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module", params=[(DeviceSource, k) for k in DEVICES], ids=str)
def devices(request, tmp_path_factory):
    root, kind = request.param
    return source(root, kind, tmp_path_factory.mktemp("source"))


def test_source_survives_toml_and_pickle(backgrounds, devices):
    round_trip(BackgroundSource, backgrounds)
    round_trip(DeviceSource, devices)


def test_backgrounds_are_pictures_of_the_opened_size(backgrounds):
    opened = backgrounds.open(48, seed=3)
    for seed in range(3):
        drawn = opened.draw(rng(seed))
        assert isinstance(drawn, Background)
        assert drawn.image.shape == (48, 48)
        assert drawn.image.dtype == np.uint8
        assert drawn.id
        assert drawn.ignore is None or drawn.ignore.dtype == bool


def test_backgrounds_depend_on_seed_and_stream_alone(backgrounds):
    one, two = backgrounds.open(48, seed=3), backgrounds.open(48, seed=3)
    assert one.fingerprint == two.fingerprint
    two.draw(rng(11))  # what was drawn before does not matter
    sent = pickle.loads(pickle.dumps(one))
    for seed in range(3):
        first, second, third = (opened.draw(rng(seed)) for opened in (one, two, sent))
        np.testing.assert_array_equal(first.image, second.image)
        np.testing.assert_array_equal(first.image, third.image)
        assert first.id == second.id == third.id


def test_backgrounds_differ_between_streams(backgrounds):
    opened = backgrounds.open(48, seed=3)
    assert len({opened.draw(rng(seed)).id for seed in range(12)}) > 1


def test_devices_are_curves_with_a_width(devices):
    opened = devices.open(48, seed=3)
    for seed in range(12):
        drawn = opened.draw(rng(seed))
        assert isinstance(drawn, tuple)
        for d in drawn:
            assert isinstance(d, Device)
            assert d.centreline.dtype == d.width.dtype == np.float32
            assert d.centreline.shape == (len(d.width), 2)
            assert len(d.width) >= 2
            assert np.isfinite(d.centreline).all()
            assert (d.width > 0).all()
            assert (np.diff(d.centreline, axis=0) != 0).any(axis=1).all()
            assert d.label
            assert d.id


def test_devices_depend_on_seed_and_stream_alone(devices):
    one, two = devices.open(48, seed=3), devices.open(48, seed=3)
    assert one.fingerprint == two.fingerprint
    two.draw(rng(11))
    sent = pickle.loads(pickle.dumps(one))
    for seed in range(12):
        picture = background(48).image
        first, second, third = (Sample(picture, o.draw(rng(seed))) for o in (one, two, sent))
        assert_equal(first, second)
        assert_equal(first, third)


def test_devices_scale_with_the_opened_size(devices):
    """The same draw at twice the size is the same picture, twice as large."""
    small, large = (devices.open(size, seed=3).draw(rng(5)) for size in (128, 256))
    assert len(small) == len(large)
    for one, two in zip(small, large, strict=True):
        for at in (0, -1):
            near = 2 * one.centreline[at] + 0.5
            np.testing.assert_allclose(two.centreline[at], near, atol=0.05 * 256)


# ---------------------------------------------------------------- geometry: laws


def drawn(stage_, count=1500, shape=(256, 256)):
    stream = rng(42)
    return [stage_.draw(shape, stream) for _ in range(count)]


def assert_uniform(values, low, high):
    assert low <= min(values)
    assert max(values) <= high
    assert stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > 1e-3


def test_rotation_is_uniform_and_counter_clockwise():
    draws = drawn(Rotate(Uniform(0, 90)))
    assert_uniform([d["angle"] for _, d in draws], 0, 90)
    quarter, _ = Rotate(Constant(90)).draw((101, 101), rng())
    right_of_centre = np.float32([[80, 50]])
    np.testing.assert_allclose(transform(right_of_centre, quarter), [[50, 20]], atol=1e-4)
    for matrix, d in draws[:50]:
        assert matrix[0, 0] == pytest.approx(math.cos(math.radians(d["angle"])))


def test_rotation_by_a_quarter_is_a_quarter_turn_of_the_picture():
    sample = Compose((Rotate(Constant(90)), PLAIN))(unrendered(), rng())
    np.testing.assert_array_equal(sample.image, np.rot90(unrendered().image))


@pytest.mark.parametrize("axes", ["together", "apart"])
def test_zoom_is_uniform_about_the_centre(axes):
    draws = drawn(Zoom(Uniform(0.6, 1.4), axes), 4000)
    across, down = ([d[k] for _, d in draws] for k in ("factor_x", "factor_y"))
    for factors in (across, down):
        assert min(factors) >= 0.6 * 0.994
        assert max(factors) <= 1.4 * 1.006
        # 120 whole windows stand for the continuum, so a small sample must not see them
        assert stats.kstest(factors[:1000], stats.uniform(0.6, 0.8).cdf).pvalue > 1e-3
    assert (across == down) == (axes == "together")
    if axes == "apart":
        assert abs(stats.pearsonr(across, down).statistic) < 0.06
    for matrix, d in draws[:50]:
        centre = transform(np.float32([[127.5, 127.5]]), matrix)
        np.testing.assert_allclose(centre, [[127.5, 127.5]], atol=1e-3)
        assert matrix[0, 0] == d["factor_x"]


@pytest.mark.parametrize("factor", [0.6, 0.71, 0.95, 1.0, 1.003, 1.2, 1.4])
def test_zoom_stays_within_its_stated_rounding(factor):
    _, found = Zoom(Constant(factor)).draw((256, 256), rng())
    assert found["factor_x"] == pytest.approx(factor, rel=0.006)


@pytest.mark.parametrize(
    "factor", [Uniform(-0.6, 1.4), Constant(0.0), Constant(-1.0), Choice((1.0, 0.0))]
)
def test_zoom_by_nothing_or_less_is_refused(factor):
    """The publication's own [-0.6, 1.4] is what somebody will type."""
    with pytest.raises(UsageError, match="zoom needs a factor"):
        drawn(Zoom(factor), 30)


def test_shift_is_uniform_on_both_axes_in_whole_pixels():
    draws = [d for _, d in drawn(Shift(), 1500, (1000, 2000))]
    across, down = ([d[k] for d in draws] for k in ("x", "y"))
    assert all(isinstance(v, int) for v in across + down)
    assert_uniform(np.divide(across, 2000), -0.2, 0.2)
    assert_uniform(np.divide(down, 1000), -0.2, 0.2)
    assert abs(stats.pearsonr(across, down).statistic) < 0.1


def test_shift_moves_right_and_down():
    sample = Compose((Shift(Constant(0.25), Constant(0.125)), PLAIN))(unrendered(), rng())
    np.testing.assert_array_equal(sample.image[8:, 16:], unrendered().image[:-8, :-16])


def test_flip_takes_either_axis_with_even_odds():
    axes = [d["axis"] for _, d in drawn(Flip(), 1000)]
    assert stats.binomtest(axes.count("horizontal"), 1000).pvalue > 1e-3
    assert set(axes) == {"horizontal", "vertical"}


@pytest.mark.parametrize(("axis", "flipped"), [("horizontal", np.fliplr), ("vertical", np.flipud)])
def test_flip_is_exact(axis, flipped):
    sample = Compose((Flip(axis), PLAIN))(unrendered(), rng())
    np.testing.assert_array_equal(sample.image, flipped(unrendered().image))


def test_one_of_follows_its_odds():
    choice = OneOf((Rotate(), Zoom(), Shift(), Flip()), (1, 2, 0, 5))
    stream = rng(3)
    names = [choice(unrendered(), stream).meta["steps"][0]["kind"] for _ in range(800)]
    assert names.count("shift") == 0
    seen = [names.count(k) for k in ("rotate", "zoom", "flip")]
    assert stats.chisquare(seen, [100, 200, 500]).pvalue > 1e-3


def test_one_of_takes_exactly_one_each_as_likely():
    choice = OneOf((Rotate(), Zoom(), Shift(), Flip()))
    stream = rng(4)
    steps = [choice(unrendered(), stream).meta["steps"] for _ in range(800)]
    assert {len(s) for s in steps} == {1}
    names = [s[0]["kind"] for s in steps]
    seen = [names.count(k) for k in ("rotate", "zoom", "shift", "flip")]
    assert stats.chisquare(seen).pvalue > 1e-3


def test_compose_is_all_or_none():
    both = Compose((Rotate(), Flip()), chance=0.3)
    stream = rng(5)
    counts = [len(both(unrendered(), stream).meta.get("steps", ())) for _ in range(600)]
    assert set(counts) == {0, 2}
    assert stats.binomtest(counts.count(2), 600, 0.3).pvalue > 1e-3


@pytest.mark.parametrize(
    ("law", "reference"),
    [
        (Uniform(-3, 8), stats.uniform(-3, 11)),
        (LogUniform(0.01, 50), stats.loguniform(0.01, 50)),
    ],
)
def test_ranges_follow_their_law(law, reference):
    stream = rng(6)
    values = [law.draw(stream) for _ in range(2000)]
    assert stats.kstest(values, reference.cdf).pvalue > 1e-3
    round_trip(Range, law)


def test_choice_and_constant():
    stream = rng(7)
    values = [Choice((1.0, 4.0, 9.0)).draw(stream) for _ in range(900)]
    assert stats.chisquare([values.count(v) for v in (1, 4, 9)]).pvalue > 1e-3
    assert Constant(2.5).draw(stream) == 2.5


@pytest.mark.parametrize(
    "make",
    [
        lambda: Uniform(2, 1),
        lambda: LogUniform(0, 1),
        lambda: LogUniform(2, 1),
        lambda: Choice(()),
        lambda: OneOf(()),
        lambda: OneOf((Flip(),), (1, 2)),
        lambda: OneOf((Flip(), Flip()), (0, 0)),
        lambda: OneOf((Flip(), Flip()), (-1, 2)),
        lambda: Compose((Flip(),), 1.5),
    ],
)
def test_impossible_settings_are_refused(make):
    with pytest.raises(ValueError, match=r"."):
        make()


# ---------------------------------------------------------------- geometry: picture and curve


def blob(at, size=96, sigma=2.5):
    y, x = np.indices((size, size))
    light = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * sigma**2))
    return np.uint8(np.round(250 * light))


def centroid(image):
    y, x = np.indices(image.shape)
    weight = image.astype(float)
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()


GEOMETRIES = {
    **{kind: (kind,) for kind in GEOMETRY},
    "all in a row": ("rotate", "zoom", "shift", "flip"),
    "all in reverse": ("flip", "shift", "zoom", "rotate"),
    "twice": ("zoom", "rotate", "zoom", "rotate"),
}


@pytest.mark.parametrize("name", GEOMETRIES)
def test_a_bright_dot_stays_on_its_curve(name):
    point = np.float32([54.25, 39.5])
    curve = np.float32([[0, 60], point, [90, 10]])
    line = Device(curve, np.full(3, 3, np.float32))
    stages = tuple(stage(kind) for kind in GEOMETRIES[name])
    inside = 0
    for seed in range(25):
        start = Sample(blob(point), (line,))
        sample = Compose((*stages, Render("black")))(start, rng(seed))
        expected = sample.devices[0].centreline[1]
        if (expected > 14).all() and (expected < 81).all():
            inside += 1
            np.testing.assert_allclose(centroid(sample.image), expected, atol=0.1)
    assert inside >= 8


@pytest.mark.parametrize("name", GEOMETRIES)
def test_several_stages_cost_one_resampling(name):
    stages = [stage(kind) for kind in GEOMETRIES[name]]
    given, stream = unrendered(), rng(8)
    matrix, moving = np.eye(3), given
    for one in stages:
        alone = one(unrendered(), stream)
        matrix = alone.matrix @ matrix
    stream = rng(8)
    for one in stages:
        moving = one(moving, stream)
        assert moving.image is given.image, "a geometry stage touched the picture"
    np.testing.assert_allclose(moving.matrix, matrix, atol=1e-9)
    found = PLAIN(moving, rng())
    np.testing.assert_array_equal(found.image, resample(given.image, moving.matrix))
    for new, old in zip(found.devices, given.devices, strict=True):
        np.testing.assert_allclose(
            new.centreline, transform(old.centreline, matrix), atol=1e-3 * len(stages)
        )


def test_widths_follow_the_area():
    given = unrendered()
    grown = Zoom(Constant(1.25)).draw(given.image.shape, rng())[1]["factor_x"]
    for one, factor in ((Rotate(), 1), (Shift(), 1), (Flip(), 1), (Zoom(Constant(1.25)), grown)):
        moved = one(given, rng())
        np.testing.assert_allclose(
            moved.devices[0].width, given.devices[0].width * factor, rtol=1e-6
        )


def test_what_is_not_known_stays_unknown_when_moved():
    given = unrendered()
    sample = Compose((Shift(Constant(0.25), Constant(0)), PLAIN))(given, rng())
    assert (sample.mask[:, :16][sample.mask[:, :16] != 1] == 255).all()  # uncovered: no truth
    np.testing.assert_array_equal(sample.ignore[:, 16:], given.ignore[:, :-16])
    assert (sample.mask[sample.ignore] != 0).all()


def test_an_instrument_is_known_wherever_it_is():
    given = unrendered()
    everywhere = replace(given, ignore=np.ones((64, 64), bool))
    sample = PLAIN(everywhere, rng())
    np.testing.assert_array_equal(sample.mask == 1, PLAIN(given, rng()).mask == 1)
    assert set(np.unique(sample.mask)) == {1, 255}


def test_order_mistakes_are_named():
    with pytest.raises(UsageError, match=r"'rotate'.*before 'render'"):
        Rotate()(rendered(), rng())
    with pytest.raises(UsageError, match=r"'jitter'.*after 'render'"):
        Jitter()(unrendered(), rng())
    with pytest.raises(UsageError, match=r"'render' takes a sample that is at rest or moved"):
        Render()(rendered(), rng())


# ---------------------------------------------------------------- jitter


def covered(image, share=1.0, seed=0):
    """A rendered sample of which a share of pixels is instrument."""
    mask = (np.random.default_rng(seed).random(image.shape) < share).astype(np.uint8)
    return Sample(image, (), {}, mask, pixels=np.flatnonzero(mask))


def test_jitter_is_uniform_on_every_integer_of_its_range():
    sample = covered(np.full((200, 200), 120, np.uint8))
    values = Jitter()(sample, rng()).image.astype(int) - 120
    assert (values.min(), values.max()) == (-50, 50)
    counts = np.bincount((values + 50).ravel(), minlength=101)
    assert stats.chisquare(counts).pvalue > 1e-3
    neighbours = np.corrcoef(values[:, :-1].ravel(), values[:, 1:].ravel())[0, 1]
    assert abs(neighbours) < 0.03, "one value a pixel, drawn apart"


@pytest.mark.parametrize("grey", [0, 10, 245, 255])
def test_jitter_saturates(grey):
    sample = covered(np.full((150, 150), grey, np.uint8))
    found = Jitter()(sample, rng()).image
    law = np.clip(grey + np.arange(-50, 51), 0, 255)
    expected = np.bincount(law, minlength=256) / 101 * found.size
    counts = np.bincount(found.ravel(), minlength=256)
    assert (counts[expected == 0] == 0).all()
    assert stats.chisquare(counts[expected > 0], expected[expected > 0]).pvalue > 1e-3


@pytest.mark.parametrize("share", [0.0002, 0.0005, 0.001, 0.2])
def test_jitter_takes_the_average_it_names(share):
    image = np.random.default_rng(1).integers(40, 90, (100, 100)).astype(np.uint8)
    image[:, 50:] += 100
    sample = covered(image, share, seed=3)
    assert len(sample.pixels) > 0
    under = image.reshape(-1)[sample.pixels]
    for reference, mean in (("image", image.mean()), ("local", under.mean())):
        found = Jitter(0, reference)(sample, rng())
        level = math.floor(mean + 0.5)
        assert set(found.image.reshape(-1)[sample.pixels]) == {level}
        assert found.meta["steps"][-1] == {"kind": "jitter", "mean": level}


def test_jitter_changes_nothing_but_the_instrument():
    given = rendered()
    found = Jitter()(given, rng())
    outside = given.mask != 1
    np.testing.assert_array_equal(found.image[outside], given.image[outside])
    np.testing.assert_array_equal(found.mask, given.mask)
    assert (found.image[~outside] != given.image[~outside]).mean() > 0.9


def test_jitter_without_an_instrument_is_the_background():
    sample = covered(np.full((20, 20), 7, np.uint8), 0)
    np.testing.assert_array_equal(Jitter()(sample, rng()).image, sample.image)


def test_streams_of_two_steps_have_nothing_in_common():
    from fluorosynth.core.rng import Streams

    streams = Streams(2**64 - 1)
    blocks = [
        streams.at(i, k).random(64) for i, k in ((0, 0), (0, 1), (1, 0), (1, 1), (2**62 - 1, 5))
    ]
    assert len(np.unique(np.concatenate(blocks))) == 5 * 64
    for one, two in pairwise(blocks):
        assert abs(np.corrcoef(one, two)[0, 1]) < 0.5
    with pytest.raises(ValueError, match="seed"):
        Streams(2**64)
    with pytest.raises(ValueError, match="seed"):
        Streams(-1)


def test_a_device_set_of_none_makes_an_empty_mask():
    sample = Compose((Rotate(), PLAIN, Jitter()))(replace(unrendered(), devices=()), rng())
    assert not (sample.mask == 1).any()


def test_a_device_outside_the_frame_makes_an_empty_mask():
    away = device()
    away = replace(away, centreline=away.centreline + 500)
    sample = Compose((PLAIN, Jitter()))(replace(unrendered(), devices=(away,)), rng())
    assert not (sample.mask == 1).any()


@pytest.mark.parametrize("kind", ["folder", "polylines", "masks"])
def test_source_that_is_missing_is_named(kind, tmp_path):
    root = BackgroundSource if kind in BACKGROUNDS else DeviceSource
    there = tmp_path / "nö such folder"
    with pytest.raises(BadDataError, match="nö such folder"):
        spec.load(root, {"kind": kind, "path": str(there)}).open(64, 0)
