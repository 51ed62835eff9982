"""Masks against geometry: areas, distances, symmetries."""

import math

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label

from fluorosynth.geometry.raster import MIN_LABEL_WIDTH, cover, rasterise
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


TIE = 1e-5  # px: a centre this near to the edge may fall on either side of it


def gap_to(devices, shape):
    """Distance of each pixel's centre to the nearest tube's edge, negative inside."""
    y, x = np.indices(shape)
    centres = np.column_stack([x.ravel(), y.ravel()])
    gaps = [oracles.distance(centres, d.centreline) - d.width[0] / 2 for d in devices]
    return np.min(gaps, axis=0).reshape(shape)


def check_against_distance(devices, shape):
    """Every pixel whose centre is not on a tube's edge agrees with its distance."""
    mask, gap = rasterise(devices, shape), gap_to(devices, shape)
    assert not mask[gap > TIE].any(), "a pixel outside every tube is marked"
    assert mask[gap < -TIE].all(), "a pixel inside a tube is missing"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("angle", ANGLES)
def test_mean_area_is_width_times_length_in_every_direction(width, angle):
    # Roberts' R2 sequence: even on the plane and on its projections to any direction
    grid = np.arange(64)[:, None] * [0.7548776662466927, 0.5698402909980532] % 1
    areas = [
        rasterise([device(rod(angle, centre=50 + at), width)], (101, 101)).sum() for at in grid
    ]
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
        check_against_distance([device(rod(angle, 40), width)], (100, 100))


@pytest.mark.parametrize("width", [1.5, 3.0, 5.0, 9.0])
def test_smooth_curves_equal_the_distance_oracle(width):
    for curve in (wave(), arc(30, (60.3, 58.8), 0.4, 4.5), arc(12, (60, 60), 0, 1.8 * np.pi)):
        check_against_distance([device(curve, width)], (128, 128))


def test_a_bend_tighter_than_half_the_width_leaves_no_hole_and_no_spur():
    for radius in (1.0, 2.0, 4.0):
        bend = arc(radius, (64, 64), np.pi, -np.pi, 24)[1:-1]
        legs = [64 - radius, 10], [64 - radius, 64], [64 + radius, 64], [64 + radius, 10]
        curve = np.array([*legs[:2], *bend, *legs[2:]])
        check_against_distance([device(curve, 10)], (128, 128))


def test_a_self_crossing_loop_is_a_union():
    turn = np.linspace(0, 2 * np.pi, 90)
    eight = np.column_stack([64 + 40 * np.sin(turn), 64 + 30 * np.sin(2 * turn)])
    spiral = 64 + (10 + 4 * turn * 1.5)[:, None] * np.column_stack(
        [np.cos(2.3 * turn), np.sin(2.3 * turn)]
    )
    for loop in (eight, spiral):
        check_against_distance([device(loop, 6)], (128, 128))
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


@pytest.mark.parametrize("far", [1e6, 1e12])
def test_far_points_are_clipped(far):
    mask = rasterise([device([[-far, 20], [far, 20]], 3)], (40, 50))
    np.testing.assert_array_equal(mask, rasterise([device([[-99, 20], [99, 20]], 3)], (40, 50)))


def test_a_tube_wider_than_the_frame_fills_it():
    assert rasterise([device([[-500, 20], [500, 30]], 400)], (50, 60)).all()


def test_cover_returns_each_new_pixel_once():
    mask = np.zeros((128, 120), np.uint8)
    mask[:, 60:] = 255  # no truth there, until an instrument is drawn over it
    first = cover(mask, device(wave(), 5).centreline, device(wave(), 5).width, 1)
    second = cover(mask, device(wave(1.5), 5).centreline, device(wave(1.5), 5).width, 1)
    found = np.concatenate([first, second])
    assert len(np.unique(found)) == len(found)
    np.testing.assert_array_equal(np.sort(found), np.flatnonzero(mask == 1))
    np.testing.assert_array_equal(
        mask == 1, rasterise([device(wave(), 5), device(wave(1.5), 5)], (128, 120)) == 1
    )


def test_thousands_of_pixels_are_returned():
    mask = np.zeros((600, 700), np.uint8)
    line = device([[0, 300], [700, 300]], 400)
    assert len(cover(mask, line.centreline, line.width)) == mask.sum() > 200_000


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


@pytest.mark.parametrize("ends", [(2, 12), (12, 2), (0.2, 6), (20, 1)])
def test_a_taper_is_the_union_of_discs(ends):
    """Linear width along a segment, at a pixel's foot point: between it and true discs < .3 px."""
    taper = Device(np.float32([[20, 50], [90, 61]]), np.float32(ends))
    y, x = np.indices((100, 110))
    along = np.linspace(0, 1, 400)[:, None, None]
    radius = np.maximum(ends[0], MIN_LABEL_WIDTH) * (1 - along)
    radius = (radius + np.maximum(ends[1], MIN_LABEL_WIDTH) * along) / 2
    gap = (np.hypot(x - 20 - 70 * along, y - 50 - 11 * along) - radius).min(axis=0)
    mask = rasterise([taper], (100, 110))
    assert not mask[gap > 0.3].any()
    assert mask[gap < -0.3].all()


def test_inputs_stay_untouched():
    line = device(wave(), 4)
    line.centreline.setflags(write=False)
    line.width.setflags(write=False)
    assert rasterise([line], (128, 128)).sum() > 300


@pytest.mark.parametrize("width", [1, 3, 8, 16])
@pytest.mark.parametrize("turn", [30, 60, 90, 120, 150, 170, 180])
def test_corners_and_hairpins_equal_the_distance_oracle(width, turn):
    for start in np.radians([0, 3, 34, 65]):
        end = start + np.radians(turn)
        legs = [[-np.cos(start), -np.sin(start)], [0, 0], [np.cos(end), np.sin(end)]]
        check_against_distance([device(64.3 + 40 * np.array(legs), width)], (128, 128))


@pytest.mark.parametrize("offset", [0.0, 1e-6, 1e-4])
def test_points_that_fall_together_do_no_harm(offset):
    """Rounding to float32 after a move can merge neighbours that a file holds apart."""
    points = np.float32([[20, 20], [50, 40], [50 + offset, 40], [80, 30]])
    check_against_distance([device(points, 5)], (64, 100))
    check_against_distance([device([[20, 20], [20, 20]], 5)], (64, 100))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(1, 20), st.floats(0.1, 30), st.integers(2, 14))
def test_any_walk_equals_the_distance_oracle(seed, width, step, count):
    walk = np.random.default_rng(seed).normal(0, 1, (count, 2)).cumsum(0) * step + 64
    check_against_distance([device(walk, np.float32(width))], (128, 128))


curves = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).normal(0, 1, (12, 2)).cumsum(0) * 9 + 60
)
sizes = st.floats(1, 20)


@settings(deadline=None, max_examples=60)
@given(curves, sizes, st.integers(-40, 40), st.integers(-40, 40))
def test_whole_pixel_translation_moves_the_mask(curve, width, x, y):
    # sixteenths are exact in float32, so that both draw the very same curve
    curve = np.round(curve * 16) / 16 + 200
    here = rasterise([device(curve, width)], (520, 520))
    there = rasterise([device(curve + np.array([x, y]), width)], (520, 520))
    assert_equal_but_for_ties(here, np.roll(there, (-y, -x), (0, 1)), curve, width)


@settings(deadline=None, max_examples=60)
@given(curves, sizes, st.sampled_from(["across", "down", "transpose", "reverse"]))
def test_symmetries_of_the_grid(curve, width, symmetry):
    curve = np.round(curve * 16) / 16
    moved, undo = {
        "across": (curve * [-1, 1] + [127, 0], lambda m: m[:, ::-1]),
        "down": (curve * [1, -1] + [0, 127], lambda m: m[::-1]),
        "transpose": (curve[:, ::-1], lambda m: m.T),
        "reverse": (curve[::-1], lambda m: m),
    }[symmetry]
    here = rasterise([device(curve, width)], (128, 128))
    there = undo(rasterise([device(moved, width)], (128, 128)))
    assert_equal_but_for_ties(here, there, curve, width)


def assert_equal_but_for_ties(here, there, curve, width):
    y, x = np.nonzero(here != there)
    if len(x):
        distance = oracles.distance(np.column_stack([x, y]), np.float32(curve))
        assert np.abs(distance - np.float32(width) / 2).max() < TIE
