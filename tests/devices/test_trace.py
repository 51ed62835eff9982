import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import centreline_error, dice, draw, resample

from fluorosynth.devices.trace import trace
from fluorosynth.errors import BadDataError
from fluorosynth.sample import Device

SIZE = 160


def device(points, width):
    points = np.asarray(points, np.float32)
    return Device(points, np.broadcast_to(np.float32(width), len(points)).copy())


def line(start, end, n=60):
    return np.linspace(start, end, n)


def arc(centre, radius, first, last, n=200):
    angle = np.deg2rad(np.linspace(first, last, n))
    return centre + radius * np.column_stack([np.cos(angle), np.sin(angle)])


def visible(points):
    points = resample(points)
    return points[((points >= 0) & (points <= SIZE - 1)).all(axis=1)]


def assert_traced(found, true, mask=None, width_within=0.1):
    """Each true curve has one found curve within half a pixel, and the mask comes back."""
    mask = draw(true, (SIZE, SIZE)) if mask is None else mask
    assert len(found) == len(true)
    for expected in true:
        errors = [
            centreline_error(visible(f.centreline), visible(expected.centreline)) for f in found
        ]
        best = found[int(np.argmin(errors))]
        assert min(errors) <= 0.5
        ratio = np.median(best.width) / np.median(expected.width)
        assert ratio == pytest.approx(1, abs=width_within)
    if min(np.median(t.width) for t in true) >= 3:
        assert dice(draw(found, mask.shape), mask) >= 0.95


@pytest.mark.parametrize("width", [1, 1.5, 2, 3, 5, 8, 12, 20])
def test_widths_from_1_to_20(width):
    true = [device(arc((80.3, -10.2), 100, 150, 40), width)]
    assert_traced(trace(draw(true, (SIZE, SIZE))), true)


@pytest.mark.parametrize("width", [2, 6])
def test_hook_with_a_tight_tip(width):
    hook = np.vstack([line((60.3, -5), (60.3, 80)), arc((72.3, 80), 12, 180, 10)])
    true = [device(hook, width)]
    (found,) = trace(draw(true, (SIZE, SIZE)))
    assert_traced([found], true)
    assert np.linalg.norm(found.centreline[-1] - hook[-1]) < 2
    assert found.centreline[0, 1] < 0


def test_taper_is_kept():
    true = [device(arc((80.3, -10.2), 100, 150, 40), np.linspace(8, 3, 200))]
    (found,) = trace(draw(true, (SIZE, SIZE)))
    assert found.width[:5].mean() == pytest.approx(7.8, abs=0.6)
    assert found.width[-5:].mean() == pytest.approx(3.1, abs=0.4)


@pytest.mark.parametrize("angle", [90, 40, 20])
@pytest.mark.parametrize("width", [2, 5, 9])
def test_crossings_go_straight_on(angle, width):
    half = np.deg2rad(angle / 2)
    u, v = np.array([np.cos(half), np.sin(half)]), np.array([np.cos(half), -np.sin(half)])
    middle = np.array([80.4, 79.8])
    true = [
        device(line(middle - 65 * u, middle + 70 * u), width),
        device(line(middle - 70 * v, middle + 62 * v), width),
    ]
    assert_traced(trace(draw(true, (SIZE, SIZE))), true)


@pytest.mark.parametrize("width", [2, 6])
def test_a_loop_that_crosses_itself_is_one_curve(width):
    loop = arc((80, 60), 30, 150, -150)
    first, last = loop[0] - loop[1], loop[-1] - loop[-2]
    first, last = first / np.linalg.norm(first), last / np.linalg.norm(last)
    way = np.vstack([loop[0] + line(90 * first, first), loop, loop[-1] + line(last, 60 * last)])
    true = [device(way, width)]
    assert_traced(trace(draw(true, (SIZE, SIZE))), true)


@pytest.mark.parametrize("width", [3, 6])
def test_a_pigtail_that_touches_itself_is_one_curve(width):
    true = [device(np.vstack([line((50, -5), (50, 80)), arc((68, 80), 18, 180, -150)]), width)]
    assert_traced(trace(draw(true, (SIZE, SIZE))), true)


def test_ring_is_closed_and_starts_nearest_to_the_border():
    true = [device(arc((70.2, 80), 40, 0, 360, 400), 4)]
    (found,) = trace(draw(true, (SIZE, SIZE)))
    assert_traced([found], true)
    np.testing.assert_array_equal(found.centreline[0], found.centreline[-1])
    np.testing.assert_allclose(found.centreline[0], [30.2, 80], atol=3)


def test_gap_is_bridged_but_a_wide_one_is_not():
    true = [device(line((-5, 40.3), (140, 100.2)), 5)]
    mask = draw(true, (SIZE, SIZE))
    small, wide = mask.copy(), mask.copy()
    small[:, 60:65] = 0
    wide[:, 60:75] = 0
    assert_traced(trace(small), true, small)
    assert len(trace(wide)) == 2


def test_an_instrument_hidden_by_another_label_is_one_curve():
    over, under = device(line((10, 80.2), (150, 80.2)), 8), device(line((70, -5), (95, 150)), 5)
    labels = 3 * draw([under], (SIZE, SIZE))
    labels[draw([over], (SIZE, SIZE)) == 1] = 7
    assert_traced(trace(labels), [over, under], labels > 0)


def test_blunt_ends_and_pinholes():
    mask = np.zeros((SIZE, SIZE), bool)
    mask[40:110, 70:79] = True
    mask[60, 74] = mask[80, 71] = False
    (found,) = trace(mask)
    x, y = found.centreline.T
    np.testing.assert_allclose(x, 74, atol=0.5)
    np.testing.assert_allclose([y[0], y[-1]], [44, 105], atol=1)
    np.testing.assert_allclose(found.width, 9, atol=0.5)


@pytest.mark.parametrize("angle", [0, 20, 45])
def test_a_wide_blunt_end_does_not_run_into_its_corner(angle):
    u = np.exp(1j * np.deg2rad(angle))
    along, across = np.array([u.real, u.imag]), np.array([-u.imag, u.real])
    y, x = np.indices((SIZE, SIZE))
    place = np.stack([x, y], axis=-1) - (30, 30)
    mask = (np.abs(place @ across) <= 9) & (np.abs(place @ along - 50) <= 50)
    (found,) = trace(mask)
    off = np.abs((found.centreline - (30, 30)) @ across)
    assert off.max() < 1.5


def test_frayed_edges_grow_no_twigs():
    rng = np.random.default_rng(0)
    true = [device(arc((80.3, -10.2), 100, 150, 40), 7)]
    frayed = draw([device(true[0].centreline, 7 + rng.normal(0, 0.8, 200))], (SIZE, SIZE))
    assert_traced(trace(frayed), true, frayed)


@pytest.mark.parametrize("flip", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_order_runs_from_the_border_to_the_tip(flip):
    mask = draw([device([(40, -5), (42, 60), (80, 90)], 5)], (SIZE, SIZE))[:: flip[0], :: flip[1]]
    (found,) = trace(mask)
    start, tip = (f if s > 0 else SIZE - 1 - f for f, s in ((-5, flip[0]), (90, flip[0])))
    assert abs(found.centreline[0, 1] - start) < abs(found.centreline[-1, 1] - start)
    assert found.centreline[-1, 1] == pytest.approx(tip, abs=1.5)


def test_the_curve_leaves_the_picture_with_the_instrument():
    # Half a width outside, so that the round end does not show.
    mask = draw([device([(-20, 80), (100, 80)], 10)], (SIZE, SIZE))
    (found,) = trace(mask)
    assert found.centreline[0, 0] <= -5
    assert np.array_equal(draw([found], mask.shape)[:, :90], mask[:, :90])


def test_specks_are_dropped_and_nothing_is_nothing():
    mask = np.zeros((40, 40), np.uint8)
    assert trace(mask) == ()
    mask[5:8, 5:8] = mask[20, 20] = 255
    assert trace(mask) == ()


def test_noise_is_refused():
    noise = np.random.default_rng(0).random((200, 200)) < 0.5
    with pytest.raises(BadDataError, match="branches"):
        trace(noise)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 32), st.integers(1, 32))
def test_any_mask_gives_usable_curves(seed, height, width):
    rng = np.random.default_rng(seed)
    mask = rng.random((height, width)) < rng.random()
    before = mask.copy()
    for found in trace(mask):
        assert np.isfinite(found.centreline).all()
        assert (found.width > 0).all()
        assert len(found.centreline) == len(found.width) >= 2
        assert np.any(np.diff(found.centreline, axis=0), axis=1).all()
    np.testing.assert_array_equal(mask, before)


def test_points_keep_to_the_curve():
    (found,) = trace(draw([device(arc((80, 80), 12, 0, 300), 3)], (SIZE, SIZE)))
    spacing = np.linalg.norm(np.diff(found.centreline, axis=0), axis=1)
    assert spacing.max() ** 2 / (8 * 12) < 0.1
    assert spacing.min() > 0.5
