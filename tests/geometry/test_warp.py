"""Every route of the resampler against SciPy's and OpenCV's plain ones."""

import math
from itertools import product

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import affine_transform, gaussian_filter

from fluorosynth.geometry.warp import resample, transform
from fluorosynth.stages.base import about_centre
from fluorosynth.stages.zoom import Zoom

BORDERS = {"edge": "nearest", "reflect": "mirror", "black": "constant"}


def picture(height=96, width=128, seed=0):
    noise = np.random.default_rng(seed).random((height, width))
    smooth = gaussian_filter(noise, 2.5)
    low, high = smooth.min(), smooth.max()
    return np.uint8(20 + 215 * (smooth - low) / (high - low))


def oracle(image, matrix, border="edge"):
    """Bilinear by SciPy, which works in (row, column) and from output to input."""
    inverse = np.linalg.inv(matrix)
    swap = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    moved = affine_transform(
        image.astype(float), swap @ inverse @ swap, order=1, mode=BORDERS[border], cval=0
    )
    return np.floor(moved + 0.5)


def interior(matrix, shape, margin=1.0):
    """Where the source lies at least ``margin`` px inside the picture."""
    y, x = np.indices(shape)
    points = np.column_stack([x.ravel(), y.ravel()])
    source = transform(points.astype(np.float32), np.linalg.inv(matrix))
    limit = np.array([shape[1] - 1, shape[0] - 1]) - margin
    return ((source >= margin) & (source <= limit)).all(axis=1).reshape(shape) & ~rim(matrix, shape)


def rim(matrix, shape):
    """A zoom's outermost pixels: its window's own edge stands in for what lies beyond it."""
    mask = np.zeros(shape, bool)
    if matrix[0, 1] == matrix[1, 0] == 0:
        mask[[0, -1]] = mask[:, [0, -1]] = True
    return mask


def scaled(x, y, shape):
    return about_centre(x, 0, 0, y, shape)


def turned(degrees, shape, scale=1.0):
    c, s = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    return about_centre(c, s, -s, c, shape)


def moved_by(x, y):
    return np.array([[1.0, 0, x], [0, 1, y], [0, 0, 1]])


def zoomed(factor, shape):
    """A matrix that the zoom stage draws: its window is a whole number of pixels."""
    from fluorosynth.ranges import Constant

    matrix, _ = Zoom(Constant(factor)).draw(shape, np.random.default_rng(0))
    return matrix


SHAPES = [(96, 128), (97, 131), (64, 64)]
MATRICES = {
    "turn 1": lambda s: turned(1, s),
    "turn 30": lambda s: turned(30, s),
    "turn 90": lambda s: turned(90, s),
    "turn 200": lambda s: turned(200, s),
    "turn and grow": lambda s: turned(50, s, 1.3),
    "turn and shrink": lambda s: turned(50, s, 0.6),
    "zoom in": lambda s: zoomed(1.37, s),
    "zoom out": lambda s: zoomed(0.61, s),
    "zoom far out": lambda s: zoomed(0.35, s),
    "zoom beyond the margin": lambda s: zoomed(0.2, s),
    "uneven scale": lambda s: scaled(1.234, 0.777, s),
    "half pixels": lambda s: moved_by(3.5, -2.25),
    "shear": lambda s: about_centre(1, 0.3, 0.1, 1, s),
    "turned flip": lambda s: turned(20, s) @ scaled(-1, 1, s),
    "flip and zoom": lambda s: scaled(-1, 1, s) @ zoomed(1.3, s),
    "flip both and zoom": lambda s: zoomed(0.7, s) @ scaled(-1, -1, s),
    "shift and zoom": lambda s: zoomed(1.37, s) @ moved_by(9, -14),
    "shift, turn": lambda s: moved_by(-21, 17) @ turned(77, s),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", MATRICES)
def test_inside_every_route_is_bilinear_interpolation(name, shape):
    image, matrix = picture(*shape), MATRICES[name](shape)
    inside = interior(matrix, shape)
    assert inside.sum() > 100
    error = np.abs(resample(image, matrix) - oracle(image, matrix))
    assert error[inside].max() <= 2
    assert error[inside].mean() < 0.5


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("name", MATRICES)
def test_borders_are_filled_as_named(name, border):
    """Where bilinear weights do not straddle the picture's edge, all borders agree with SciPy."""
    shape = (96, 128)
    image, matrix = picture(*shape), MATRICES[name](shape)
    near_edge = interior(matrix, shape, -1.0) & ~interior(matrix, shape) | rim(matrix, shape)
    error = np.abs(resample(image, matrix, border) - oracle(image, matrix, border))
    assert error[~near_edge].max() <= 2


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_whole_pixel_shifts_are_copies(shape, border):
    image = picture(*shape)
    for x, y in product((-40, -7, 0, 1, 33), (-25, 0, 3, 60)):
        expected = oracle(image, moved_by(x, y), border)
        np.testing.assert_array_equal(resample(image, moved_by(x, y), border), expected)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("x", [-1000, -260, -128, 127, 128, 129, 260, 5000])
def test_shifts_right_out_of_the_frame(x, border):
    image = picture()
    expected = oracle(image, moved_by(x, 5), border)
    np.testing.assert_array_equal(resample(image, moved_by(x, 5), border), expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_flips_are_exact_and_undo_themselves(shape):
    image = picture(*shape)
    for x, y in ((-1, 1), (1, -1), (-1, -1)):
        matrix = scaled(x, y, shape)
        once = resample(image, matrix)
        np.testing.assert_array_equal(once, image[::y, ::x])
        np.testing.assert_array_equal(resample(once, matrix), image)


def test_nothing_to_do_is_the_same_picture():
    image = picture()
    np.testing.assert_array_equal(resample(image, np.eye(3)), image)


@pytest.mark.parametrize("name", MATRICES)
def test_the_source_is_not_written_to(name):
    image = picture()
    image.setflags(write=False)
    answer = resample(image, MATRICES[name](image.shape))
    assert answer.dtype == np.uint8
    assert answer.shape == image.shape
    np.testing.assert_array_equal(image, picture())


@pytest.mark.parametrize("name", MATRICES)
def test_a_plain_call_of_opencv_agrees(name):
    image = picture()
    matrix = MATRICES[name](image.shape)
    plain = cv2.warpAffine(image, matrix[:2], (128, 96), borderMode=cv2.BORDER_REPLICATE)
    inside = interior(matrix, image.shape)
    assert np.abs(resample(image, matrix).astype(int) - plain)[inside].max() <= 2


@pytest.mark.parametrize(
    "matrix",
    [
        turned(30, (96, 128), 1e-3),
        turned(30, (96, 128), 1e3),
        scaled(1e-4, 1e-4, (96, 128)),
        scaled(500, 500, (96, 128)),
        moved_by(1e5, -1e5),
        moved_by(0.5, 1e5),
        turned(45, (96, 128)) @ moved_by(3e4, 0),
        about_centre(1, 0.999, 1, 1, (96, 128)),
    ],
)
@pytest.mark.parametrize("border", BORDERS)
def test_extreme_matrices_give_a_picture_of_the_right_size(matrix, border):
    answer = resample(picture(), matrix, border)
    assert answer.shape == (96, 128)
    assert answer.dtype == np.uint8


def test_far_away_only_the_border_is_seen():
    image = picture()
    for matrix in (moved_by(1e6, 0.5), turned(10, image.shape) @ moved_by(3e4, 0)):
        assert (resample(image, matrix, "black") == 0).all()
    edge = resample(image, moved_by(300.5, 0.0), "edge")
    np.testing.assert_array_equal(edge, np.repeat(image[:, :1], 128, axis=1))


def test_single_pixels_and_lines():
    for shape in ((1, 1), (1, 40), (40, 1), (2, 2)):
        image = picture(48, 48)[: shape[0], : shape[1]]
        for matrix in (turned(30, shape), zoomed(1.4, shape), zoomed(0.6, shape), moved_by(1, 1)):
            assert resample(image, matrix).shape == shape
        np.testing.assert_array_equal(resample(image, scaled(-1, 1, shape)), image[:, ::-1])


@settings(deadline=None, max_examples=80)
@given(
    st.floats(0, 360),
    st.floats(0.4, 2.5),
    st.floats(-60, 60),
    st.floats(-60, 60),
    st.booleans(),
    st.sampled_from(sorted(BORDERS)),
)
def test_any_similarity_agrees_with_scipy(degrees, scale, x, y, flip, border):
    shape = (64, 80)
    image = picture(*shape)
    matrix = moved_by(x, y) @ turned(degrees, shape, scale) @ scaled(1 - 2 * flip, 1, shape)
    near_edge = interior(matrix, shape, -1.0) & ~interior(matrix, shape) | rim(matrix, shape)
    error = np.abs(resample(image, matrix, border) - oracle(image, matrix, border))
    assert error[~near_edge].max(initial=0) <= 3


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**31), st.floats(0, 360), st.floats(0.3, 3))
def test_points_follow_the_matrix(seed, degrees, scale):
    points = np.random.default_rng(seed).uniform(-300, 300, (20, 2)).astype(np.float32)
    matrix = moved_by(5.25, -3) @ turned(degrees, (256, 256), scale)
    moved = transform(points, matrix)
    assert moved.dtype == np.float32
    exact = (np.column_stack([points, np.ones(20)]) @ matrix.T)[:, :2]
    np.testing.assert_allclose(moved, exact, atol=1e-3)
    np.testing.assert_allclose(transform(moved, np.linalg.inv(matrix)), points, atol=1e-2)
