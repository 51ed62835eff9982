"""Masks against geometry: areas, distances, symmetries."""

import math

import numpy as np
import oracles
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from skimage.measure import label

from fluorosynth.raster import cover, rasterise
from fluorosynth.sample import Device

WIDTHS = (1.5, 2.0, 2.6, 3.0, 4.0, 5.5, 7.0, 10.0, 14.0, 20.0)
ANGLES = (0, 7.5, 15, 22.5, 30, 37.5, 45, 52.5, 60, 75, 82.5, 90, 105, 135, 157.5, 180, 225, 270)


def device(points, width):
    points = np.asarray(points, np.float32)
    return Device(points, np.broadcast_to(np.float32(width), len(points)).copy())


def rod(angle, length=60.0, centre=(50.0, 50.0), count=2):
    along = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    return np.asarray(centre) + np.linspace(-length / 2, length / 2, count)[:, None] * along


def arc(radius, centre, start=0.0, sweep=np.pi, count=60):
    turn = start + np.linspace(0, sweep, count)
    return np.asarray(centre) + radius * np.column_stack([np.cos(turn), np.sin(turn)])


def wave(phase=0.0, centre=64.0, amplitude=14.0):
    x = np.linspace(14, 114, 50)
    return np.column_stack([x, centre + amplitude * np.sin(x / 15 + phase)])


def length_of(points):
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def check_against_distance(devices, shape, tie=0.02):
    """Every pixel further than ``tie`` from a tube's edge agrees with its distance."""
    mask = rasterise(devices, shape)
    y, x = np.indices(shape)
    centres = np.column_stack([x.ravel(), y.ravel()])
    gap = np.min(
        [oracles.distance(centres, d.centreline) - d.width[0] / 2 for d in devices], axis=0
    ).reshape(shape)
    assert not mask[gap > tie].any(), "a pixel outside every tube is marked"
    assert mask[gap < -tie].all(), "a pixel inside a tube is missing"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("angle", ANGLES)
def test_mean_area_is_width_times_length_in_every_direction(width, angle):
    # a lattice of positions would alias with the pixels' own at 45 degrees
    places = 50 + np.random.default_rng(0).random((200, 2))
    areas = [rasterise([device(rod(angle, centre=at), width)], (101, 101)).sum() for at in places]
    caps = math.pi * width**2 / 4
    assert (np.mean(areas) - caps) / 60 / width == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("width", [w for w in WIDTHS if w >= 3])
@pytest.mark.parametrize("phase", [0.0, 0.37, 1.1, 2.2])
def test_a_single_curve_is_as_wide_as_stated(width, phase):
    curve = wave(phase) if width < 14 else wave(phase, amplitude=7)
    area = rasterise([device(curve, width)], (128, 128)).sum()
    assert (area - math.pi * width**2 / 4) / length_of(curve) == pytest.approx(width, rel=0.05)


@pytest.mark.parametrize("width", [1.0, 1.5, 3.0, 6.5, 12.0])
def test_straight_rods_equal_the_distance_oracle(width):
    for angle in ANGLES:
        # eight sides a half disc: the chord is that far inside the arc
        check_against_distance([device(rod(angle, 40), width)], (100, 100), 0.02 + width * 0.01)


@pytest.mark.parametrize("width", [1.5, 3.0, 5.0, 9.0])
def test_smooth_curves_equal_the_distance_oracle(width):
    for curve in (wave(), arc(30, (60.3, 58.8), 0.4, 4.5), arc(12, (60, 60), 0, 1.8 * np.pi)):
        check_against_distance([device(curve, width)], (128, 128), 0.02 + width * 0.01)


def test_a_bend_tighter_than_half_the_width_leaves_no_hole_and_no_spur():
    for radius in (1.0, 2.0, 4.0):
        bend = arc(radius, (64, 64), np.pi, -np.pi, 24)[1:-1]
        legs = [64 - radius, 10], [64 - radius, 64], [64 + radius, 64], [64 + radius, 10]
        curve = np.array([*legs[:2], *bend, *legs[2:]])
        check_against_distance([device(curve, 10)], (128, 128), 0.3)


def test_a_self_crossing_loop_is_a_union():
    turn = np.linspace(0, 2 * np.pi, 90)
    eight = np.column_stack([64 + 40 * np.sin(turn), 64 + 30 * np.sin(2 * turn)])
    spiral = 64 + (10 + 4 * turn * 1.5)[:, None] * np.column_stack(
        [np.cos(2.3 * turn), np.sin(2.3 * turn)]
    )
    for loop in (eight, spiral):
        check_against_distance([device(loop, 6)], (128, 128), 0.1)
    assert rasterise([device(eight, 6)], (128, 128))[64, 64] == 1


def test_several_devices_are_the_union_of_each():
    devices = [device(wave(k), w) for k, w in ((0, 3), (1.5, 5), (3, 8))]
    devices += [device(rod(90, 100, (64, 64)), 4)]
    union = np.max([rasterise([d], (128, 128)) for d in devices], axis=0)
    np.testing.assert_array_equal(rasterise(devices, (128, 128)), union)
    np.testing.assert_array_equal(rasterise(devices[::-1], (128, 128)), union)


def test_opposite_windings_do_not_cancel():
    there, back = device(wave(), 5), device(wave()[::-1], 5)
    mask = rasterise([there, back], (128, 128))
    np.testing.assert_array_equal(mask, rasterise([there], (128, 128)))


@pytest.mark.parametrize("shift", [(-90, 0), (90, 0), (0, -70), (0, 70), (-64, 64)])
def test_clipping_cuts_what_a_larger_frame_would_show(shift):
    big = rasterise([device(wave() + np.add(shift, 128), 7)], (384, 384))
    small = rasterise([device(wave() + shift, 7)], (128, 128))
    np.testing.assert_array_equal(small, big[128:256, 128:256])


def test_nothing_in_the_frame_is_nothing_in_the_mask():
    for points in ([[-90, -90], [-20, -50]], [[200, 5], [300, 90]], [[5, 200], [90, 300]]):
        assert not rasterise([device(points, 9)], (100, 120)).any()
    assert not rasterise([], (100, 120)).any()


def test_a_tube_wider_than_the_frame_fills_it():
    assert rasterise([device([[-500, 20], [500, 30]], 400)], (50, 60)).all()


def test_cover_returns_each_new_pixel_once():
    mask = np.zeros((128, 120), np.uint8)
    first, second = device(wave(), 5), device(wave(1.5), 25)
    found = [cover(mask, d.centreline, d.width) for d in (first, second)]
    both = np.concatenate(found)
    assert len(np.unique(both)) == len(both)
    np.testing.assert_array_equal(np.sort(found[0]), np.flatnonzero(rasterise([first], mask.shape)))
    np.testing.assert_array_equal(np.sort(both), np.flatnonzero(mask))


@pytest.mark.parametrize("width", [0.3, 1.0, 1.2, 1.5, 2.0])
def test_thin_lines_hold_together(width):
    rng = np.random.default_rng(round(width * 10))
    for angle in np.linspace(0, 180, 37):
        curve = rod(angle, 80, 50 + rng.random(2))
        mask = rasterise([device(curve, width)], (101, 101))
        assert label(mask, connectivity=2).max() == 1, f"{angle} degrees"
    mask = rasterise([device(arc(35, (50.2, 50.7), sweep=2 * np.pi), width)], (101, 101))
    assert label(mask, connectivity=2).max() == 1


def test_width_may_change_along_the_curve():
    taper = Device(np.float32([[10, 50], [90, 50]]), np.float32([2, 12]))
    columns = rasterise([taper], (100, 100)).sum(axis=0)
    for x in (20, 35, 50, 65, 80):
        assert abs(columns[x] - (2 + 10 * (x - 10) / 80)) <= 1


def test_read_only_curves_are_drawn():
    line = device(wave(), 4)
    line.centreline.setflags(write=False)
    line.width.setflags(write=False)
    assert rasterise([line], (128, 128)).any()


@pytest.mark.parametrize("width", [3, 8, 16])
@pytest.mark.parametrize("turn", [30, 60, 90, 120, 150, 170, 180])
def test_corners_and_hairpins_are_round_and_as_wide_as_their_legs(width, turn):
    """Check a polyline of two legs, 40 px each: nothing missing, little beyond the round tube."""
    y, x = np.indices((128, 128))
    centres = np.column_stack([x.ravel(), y.ravel()])
    for start in np.radians([3, 34, 65, 96]):
        end = start + np.radians(turn)
        legs = [[-np.cos(start), -np.sin(start)], [0, 0], [np.cos(end), np.sin(end)]]
        line = device(64.3 + 40 * np.array(legs), width)
        mask = rasterise([line], (128, 128)).reshape(-1)
        gap = oracles.distance(centres, line.centreline) - width / 2
        assert mask[gap < -1e-4].all()
        assert gap[mask > 0].max() < 1e-4


@pytest.mark.parametrize("offset", [0.0, 1e-6])
def test_points_that_fall_together_do_no_harm(offset):
    """Rounding to float32 after a scaling can merge neighbours that a file holds apart."""
    points = np.float32([[20, 20], [50, 40], [50 + offset, 40], [80, 30]])
    plain = rasterise([device(points[[0, 1, 3]], 5)], (64, 100))
    doubled = rasterise([device(points, 5)], (64, 100))
    assert oracles.dice(plain, doubled) > 0.98


curves = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).normal(0, 1, (12, 2)).cumsum(0) * 9 + 60
)
sizes = st.floats(1, 20)


@settings(deadline=None, max_examples=60)
@given(curves, sizes, st.integers(-40, 40), st.integers(-40, 40))
def test_whole_pixel_translation_moves_the_mask(curve, width, x, y):
    # sixteenths are exact in float32, so that both draw the very same curve
    curve = np.round(curve * 16) / 16
    assume((np.diff(curve, axis=0) != 0).any(axis=1).all())
    here = rasterise([device(curve + 200, width)], (520, 520))
    there = rasterise([device(curve + 200 + [x, y], width)], (520, 520))
    differ = (np.roll(here, (y, x), (0, 1)) != there).sum()
    assert differ <= 2  # pixels whose centre is within a rounding error of the edge


@settings(deadline=None, max_examples=60)
@given(curves, sizes, st.sampled_from(["across", "down", "transpose", "reverse"]))
def test_symmetries_of_the_grid(curve, width, symmetry):
    curve = np.round(curve * 16) / 16
    assume((np.diff(curve, axis=0) != 0).any(axis=1).all())
    here = rasterise([device(curve, width)], (128, 128))
    moved, undo = {
        "across": (curve * [-1, 1] + [127, 0], lambda m: m[:, ::-1]),
        "down": (curve * [1, -1] + [0, 127], lambda m: m[::-1]),
        "transpose": (curve[:, ::-1], lambda m: m.T),
        "reverse": (curve[::-1], lambda m: m),
    }[symmetry]
    there = undo(rasterise([device(moved, width)], (128, 128)))
    # a centre exactly on an edge belongs to one side of it: ties flip with the picture
    y, x = np.nonzero(here != there)
    if len(x):
        gap = oracles.distance(np.column_stack([x, y]), np.float32(curve)) - width / 2
        assert np.abs(gap).max() < 1e-3
