"""Paths through tubes against their integrals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluorosynth import Device
from fluorosynth.errors import UsageError
from fluorosynth.geometry.path_length import add_path_length
from fluorosynth.geometry.tubes import Tube, union
from fluorosynth.xray.appearance import Appearance, cast_shadow
from fluorosynth.xray.beer_lambert import attenuated
from fluorosynth.xray.materials import attenuation


def drawn(points, radius, inner=0.0, shape=(96, 96), overlap=False):
    out = np.zeros(shape, np.float32)
    points = np.float32(points)
    half = np.full(len(points), radius, np.float32)
    add_path_length(out, points, half, np.full(len(points), inner, np.float32), 1.0, overlap)
    return out


@settings(deadline=None, max_examples=40)
@given(
    st.floats(0, math.pi), st.floats(0.15, 6), st.floats(0, 0.95), st.floats(0, 1), st.floats(0, 1)
)
def test_total_path_is_cross_section_times_length(angle, radius, lumen, dx, dy):
    # The pixels add up to the wall's volume; the round ends drop out of the difference, up to
    # where they lie between the pixels' centres.
    inner = radius * lumen

    def total(length):
        half = length / 2 * np.array([math.cos(angle), math.sin(angle)])
        centre = np.array([47.5 + dx, 47.5 + dy])
        ends = [centre - half, centre + half]
        return drawn(ends, radius, inner).sum(dtype=float)

    expected = math.pi * (radius**2 - inner**2) * 60
    assert total(80) - total(20) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("angle", [0.0, 0.3, math.pi / 4])
def test_pixels_are_means_of_the_chord(angle):
    radius, inner, normal = 3.0, 2.0, np.array([-math.sin(angle), math.cos(angle)])
    along = np.array([math.cos(angle), math.sin(angle)])
    centre = np.array([20.3, 20.4])
    out = drawn([centre - 60 * along, centre + 60 * along], radius, inner, (41, 41))
    fine = (np.arange(400) + 0.5) / 400 - 0.5
    for x, y in [(20, 20), (20, 17), (20, 18), (22, 22), (21, 24)]:
        sx, sy = np.meshgrid(x + fine, y + fine)
        d = (sx - centre[0]) * normal[0] + (sy - centre[1]) * normal[1]
        chord = 2 * np.sqrt(np.maximum(radius**2 - d**2, 0))
        chord -= 2 * np.sqrt(np.maximum(inner**2 - d**2, 0))
        assert out[y, x] == pytest.approx(chord.mean(), abs=0.02 if angle == 0 else 2e-3)


@pytest.mark.parametrize("repeated", [0, 1, 2])
def test_a_point_that_repeats_adds_nothing(repeated):
    points = [np.array(point) for point in ((5.0, 5.0), (20.0, 9.0), (34.0, 30.0))]
    twice = points[: repeated + 1] + points[repeated:]
    expected, found = (drawn(line, 3.0, 1.0, (41, 41)) for line in (points, twice))
    assert found.sum() == pytest.approx(expected.sum(), rel=0.01)
    assert (np.abs(found - expected) > 0.01).mean() < 0.02  # at most the cap, which has no normal


def test_a_wire_thinner_than_a_pixel_keeps_its_area():
    for offset in (0.0, 0.25, 0.5):
        out = drawn([[-9, 4 + offset], [40, 4 + offset]], 0.1, shape=(9, 20))
        np.testing.assert_allclose(out.sum(0), math.pi * 0.01, rtol=1e-3)


def test_walls_are_darker_than_the_middle():
    profile = drawn([[20, -20], [20, 60]], 5, 4.2, (41, 41))[20, 15:26]
    assert profile[5] == pytest.approx(2 * 0.8, abs=0.05)
    assert profile.argmax() in (1, 9)
    np.testing.assert_allclose(profile, profile[::-1], atol=1e-5)


def test_crossing_passes_add_up_only_if_asked():
    loop = np.exp(1j * np.linspace(0, 2 * math.pi, 60)) * 15
    there, back = np.linspace(-40j, 0, 20) + 15, np.linspace(0, 40j, 20) + 15
    curve = np.concatenate([there, loop[1:], back[1:]])
    points = np.column_stack([curve.real, curve.imag]) + 48
    once, twice = drawn(points, 2), drawn(points, 2, overlap=True)
    assert twice[48, 63] == pytest.approx(2 * once[48, 63], rel=0.05)
    assert twice[48, 33] == once[48, 33]


@pytest.mark.parametrize("overlap", [False, True])
def test_several_tubes_add_up_to_what_each_adds(overlap):
    lines = [[[-5, 20], [100, 41]], [[30, -9], [33, 50], [60, 110]], [[70, 70], [72, 71]]]
    half = np.repeat(np.float32([3, 9, 2]), [2, 3, 2])
    together, apart = np.zeros((2, 96, 96), np.float32)
    points = np.float32([point for line in lines for point in line])
    ends = np.array([2, 5, 7])
    add_path_length(together, points, half, half / 2, 0.7, overlap, ends)
    for first, end in ((0, 2), (2, 5), (5, 7)):
        part = slice(first, end)
        add_path_length(apart, points[part], half[part], half[part] / 2, 0.7, overlap)
    assert np.array_equal(together, apart)
    assert together.max() > 0.7 * 18  # a batch's pixels and more


def test_many_curves_as_one_tube_are_the_union_of_each():
    curves = np.array([0, 20 + 3j, 50 - 2j]) + np.array([[5 + 9j], [30 + 40j], [10 + 80j]])
    widths, shape = np.array([4.0, 7.0, 3.0]), (96, 96)
    apart = union([Tube(curve, widths, 0.4) for curve in curves], shape)
    as_one = Tube(curves.reshape(-1), np.tile(widths, 3), 0.4, np.array([3, 6, 9]))
    assert np.array_equal(union([as_one], shape), apart)
    evenly = [union([tube], shape) for tube in (Tube.of_many(curves, 5.0), Tube(curves[1], 5.0))]
    assert (evenly[0] >= evenly[1]).all()
    assert evenly[0][9].max() == pytest.approx(5, abs=0.1)


def test_parts_outside_are_clipped_and_nothing_is_drawn_far_away():
    whole = drawn([[-30, 10], [120, 70]], 3)
    shifted = drawn(np.array([[-30, 10], [120, 70]]) + 40, 3, shape=(200, 200))
    np.testing.assert_allclose(whole, shifted[40:136, 40:136], atol=1e-5)
    assert not drawn([[300, 300], [400, 400]], 3).any()


def test_beer_lambert():
    depth = np.linspace(0, 11.9, 500, dtype=np.float32).reshape(20, 25)
    image = np.full_like(depth, 0.8)
    np.testing.assert_allclose(attenuated(image, depth), 0.8 * np.exp(-depth), rtol=3e-6)
    assert (image == np.float32(0.8)).all()


def test_depth_of_a_tube_is_mu_times_its_wall():
    tube = Device(np.float32([[20, -30], [20, 70]]), np.float32([10, 10]))
    hollow, core = np.zeros((2, 41, 41), np.float32)
    cast_shadow(hollow, tube, Appearance(0.3, 0.6))
    assert hollow[20, 20] == pytest.approx(0.3 * 2 * (5 - 3), abs=0.01)
    cast_shadow(core, tube, Appearance(0.3, 0.6, core_mu=0.1, core=0.6))
    assert core[20, 20] == pytest.approx(0.3 * 4 + 0.1 * 6, abs=0.02)


def test_bands_lie_at_their_distance_from_the_tip():
    tube = Device(np.float32([[10, 20], [90, 20]]), np.float32([6, 6]))
    look = Appearance(0.0, band_mu=1.0, band_lumen=0.0, bands=((10.0, 20.0),))
    band = np.zeros((41, 96), np.float32)
    cast_shadow(band, tube, look)
    columns = np.flatnonzero(band[20] > 3)
    assert columns.min() == pytest.approx(70 - 3, abs=1)
    assert columns.max() == pytest.approx(80 + 3, abs=1)


def test_attenuation_of_materials():
    assert attenuation("nitinol", 60) == 1.37
    assert attenuation("nitinol", 90) == 0.80
    assert attenuation("steel", 75) == pytest.approx((1.30 + 1.07) / 2)
    with pytest.raises(UsageError, match="'lead'"):
        attenuation("lead", 70)
    with pytest.raises(UsageError, match="500"):
        attenuation("steel", 500)
