import pickle
import tomllib

import numpy as np
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import draw
from scipy.interpolate import BSpline

from fluorosynth.core.spec import dump, load
from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.spline import Spline, b_splines
from fluorosynth.devices.tips import TIPS, tip
from fluorosynth.devices.walk import Walk
from fluorosynth.errors import UsageError
from fluorosynth.ranges import Constant

STRAIGHT = {
    "catheter_tips": ("straight",),
    "catheter_tip_odds": (),
    "wire_tips": ("straight",),
    "wire_tip_odds": (),
}


def many(source, n=200, size=256):
    opened, rng = source.open(size, 0), np.random.default_rng(5)
    return [device for _ in range(n) for device in opened.draw(rng)]


def turns(points):
    """Angles at the inner points of a polyline, and the mean length of their two sides."""
    step = np.diff(points.astype(float), axis=0)
    heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    length = np.linalg.norm(step, axis=1)
    return np.abs(np.diff(heading)), (length[1:] + length[:-1]) / 2


@pytest.mark.parametrize("source", [Spline(), Walk()])
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(32, 1024))
def test_devices_are_well_formed_and_repeat(source, seed, size):
    opened = source.open(size, 0)
    devices = opened.draw(np.random.default_rng(seed))
    assert 1 <= len(devices) <= 4
    for device, again in zip(devices, opened.draw(np.random.default_rng(seed)), strict=True):
        np.testing.assert_array_equal(device.centreline, again.centreline)
        np.testing.assert_array_equal(device.width, again.width)
        assert device.centreline.dtype == device.width.dtype == np.float32
        assert device.centreline.shape == (len(device.width), 2)
        assert np.isfinite(device.centreline).all()
        assert (device.width > 0).all()
        assert np.any(np.diff(device.centreline, axis=0), axis=1).all()
        assert device.label in ("catheter", "guidewire")


def test_a_drawn_source_survives_pickling_and_toml():
    source = Spline(
        wires=0.5, px_per_mm=Constant(1.5), catheter_tips=("j",), catheter_tip_odds=(1.0,)
    )
    assert load(DeviceSource, tomllib.loads(tomli_w.dumps(dump(source)))) == source
    opened = [pickle.loads(pickle.dumps(source)).open(64, 0), source.open(64, 1)]
    one, two = (o.draw(np.random.default_rng(3))[0].centreline for o in opened)
    np.testing.assert_array_equal(one, two)
    assert opened[0].fingerprint == opened[1].fingerprint
    assert len({s.open(n, 0).fingerprint for s in (source, Spline()) for n in (64, 65)}) == 4


@pytest.mark.parametrize(("wires", "least"), [(0.0, 12.0), (1.0, 6.0)])
def test_shafts_bend_no_tighter_than_their_radius(wires, least):
    source = Spline(wires=wires, px_per_mm=Constant(1.5), bow=0.6, through=0.0, **STRAIGHT)
    radii = []
    for device in many(source):
        angle, length = turns(device.centreline)
        radii.append((length / np.maximum(angle, 1e-9)).min())
    assert min(radii) > 0.93 * least * 1.5
    assert np.percentile(radii, 20) < 1.5 * least * 1.5  # the limit is what holds them


def test_most_enter_at_the_border_and_all_tips_lie_inside():
    devices = many(Spline(counts=(1.0,), from_border=0.9, through=0.0, **STRAIGHT), 1000)
    first = np.array([d.centreline[0] for d in devices])
    last = np.array([d.centreline[-1] for d in devices])
    width = np.array([d.width[0] for d in devices])
    beyond = np.maximum(-0.5 - first, first - 255.5).max(axis=1)
    entered = beyond >= 0
    assert 0.86 < entered.mean() < 0.94
    np.testing.assert_allclose(beyond[entered], width[entered] / 2, atol=1e-3)
    sides = [np.argmin([x, y, 255 - x, 255 - y]) for x, y in first[entered]]
    assert np.bincount(sides).min() > 180
    assert ((last > 0.14 * 256) & (last < 0.86 * 256)).all()


def test_some_pass_through_from_one_side_to_another():
    devices = many(Spline(counts=(1.0,), from_border=1.0, through=0.3, **STRAIGHT), 1000)
    ends = np.array([[d.centreline[0], d.centreline[-1]] for d in devices])
    outside = np.maximum(-0.5 - ends, ends - 255.5).max(axis=2) >= 0
    assert outside[:, 0].all()
    assert 0.26 < outside[:, 1].mean() < 0.34
    x, y = ends[outside[:, 1]].transpose(2, 0, 1)
    sides = np.argmin([x, y, 255 - x, 255 - y], axis=0)
    assert (sides[:, 0] != sides[:, 1]).all()
    assert np.bincount(sides[:, 1], minlength=4).min() > 40


def test_instruments_show():
    for device in many(Spline(), 40):
        assert draw([device], (256, 256)).sum() > 80


def test_chords_keep_to_the_curve():
    for device in many(Spline()):
        angle, length = turns(device.centreline)
        assert (angle * length / 8).max() < 0.11
        assert length.max() <= 4.001
        assert 8 <= len(device.centreline) <= 400


def test_a_tip_joins_smoothly():
    for device in many(Spline(wires=0.5)):
        angle, length = turns(device.centreline)
        # No kink: the tightest bend is a wire's J of 3 mm, shortest by the factors of tip()
        assert (angle / length).max() < 1 / (3 * 1.2 * 0.8 / 1.25) * 1.05


def test_counts_labels_and_widths_follow_their_settings():
    opened, rng = Spline(wires=0.3).open(512, 0), np.random.default_rng(0)
    sets = [opened.draw(rng) for _ in range(1500)]
    np.testing.assert_allclose(
        np.bincount([len(s) for s in sets], minlength=5)[1:] / 1500,
        (0.7, 0.2, 0.07, 0.03),
        atol=0.04,
    )
    devices = [d for s in sets for d in s]
    assert np.mean([d.label == "guidewire" for d in devices]) == pytest.approx(0.3, abs=0.04)
    for label, low, high in (("catheter", 4, 12), ("guidewire", 2, 4.4)):
        widths = [d.width[0] for d in devices if d.label == label]
        assert low <= min(widths) < 1.05 * low
        assert high >= max(widths) > 0.95 * high


def test_wires_taper_and_catheters_do_not():
    for device in many(Spline(wires=0.5, px_per_mm=Constant(2.0), taper=0.5, **STRAIGHT), 50):
        if device.label == "catheter":
            assert np.ptp(device.width) == 0
            continue
        assert device.width[-1] == pytest.approx(device.width[0] / 2, rel=1e-5)
        assert (np.diff(device.width) <= 0).all()
        step = np.linalg.norm(np.diff(device.centreline, axis=0), axis=1)
        thin = step[device.width[:-1] < device.width[0] * 0.9999].sum()
        assert thin == pytest.approx(50, abs=5)


@pytest.mark.parametrize("name", TIPS)
def test_tips_have_their_turn_length_and_radius(name):
    rng = np.random.default_rng(0)
    length, turn = (sum(abs(part[k]) for part in TIPS[name]) for k in (0, 1))
    for _ in range(50):
        curve = np.concatenate([[0], tip(name, 2.0, 1.0, rng)])
        steps = np.diff(curve)
        assert 0.79 * 2 * length <= np.abs(steps).sum() <= 1.21 * 2 * length
        if turn:
            angles = np.angle(steps[1:] / steps[:-1])
            assert abs(np.angle(steps[0])) < 0.4  # it leaves along the real axis
            assert (angles >= -1e-9).all() or (angles <= 1e-9).all()
            whole = np.degrees(abs(angles.sum()))
            assert 0.7 * turn * 0.9 <= whole + 10 <= 1.25 * turn + 10


def test_a_j_is_half_a_circle_of_3_mm():
    class Middle:
        def random(self, n):
            return np.array([0.5, 0.5, 0.2])

    curve = np.concatenate([[0], tip("j", 2.0, 1.0, Middle())])
    np.testing.assert_allclose(np.abs(curve[:-2] - 6j), 6, atol=0.2)


def test_no_tip_is_tighter_than_its_instrument_is_wide():
    rng = np.random.default_rng(0)
    for _ in range(50):
        curve = np.concatenate([[0], tip("pigtail", 1.2, 9.0, rng)])
        angle, length = turns(np.column_stack([curve.real, curve.imag]))
        assert (length / angle).min() > 8.9


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"catheter_tips": ("hook",), "catheter_tip_odds": ()}, "no tip is called 'hook'"),
        ({"catheter_tip_odds": (1.0,)}, r"catheter_tip_odds \[1.0\] has another length"),
        ({"counts": ()}, "counts"),
        ({"counts": (0.0,)}, "counts"),
    ],
)
def test_impossible_settings_are_refused(settings_, message):
    with pytest.raises(ValueError, match=message):
        Spline(**settings_)


def test_a_law_that_draws_no_width_is_refused():
    with pytest.raises(UsageError, match="a catheter's width in px was drawn as 0"):
        many(Spline(catheter_width=Constant(0.0), wires=0.0), 1)


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("count", [5, 7, 9])
def test_basis_is_that_of_scipy(count, order):
    knots = np.concatenate([[0.0] * 3, np.linspace(0, 1, count - 2), [1.0] * 3])
    at = np.linspace(0, 1, 101)
    expected = BSpline(knots, np.eye(count), 3).derivative(order)(at)
    np.testing.assert_allclose(b_splines(knots, 3, at, order), expected, atol=1e-9)
