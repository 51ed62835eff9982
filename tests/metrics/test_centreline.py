import math

import numpy as np
import pytest

from fluorosynth.metrics import CentrelinePair


def line(row, first=0, last=60, thickness=1, shape=(60, 80)):
    mask = np.zeros(shape, np.uint8)
    half = thickness // 2
    mask[row - half : row + half + 1, first:last] = 1
    return mask


def test_distance_between_parallel_lines():
    pair = CentrelinePair(line(20), line(24))
    assert pair.distance == 4
    assert [pair.f1(t) for t in (3, 4)] == [0, 1]


def test_f1_of_a_line_found_by_half():
    # 60 true points, the first 30 found: precision 1; within 3 px recall is 33 / 60
    pair = CentrelinePair(line(20, last=30), line(20))
    assert pair.f1(0) == pytest.approx(2 / 3)
    assert pair.f1(3) == pytest.approx(2 * 0.55 / 1.55)


def test_cldice_forgives_width_where_dice_does_not():
    pair = CentrelinePair(line(20, thickness=7), line(20, thickness=3))
    assert pair.cldice == 1
    assert CentrelinePair(line(30, thickness=7), line(20, thickness=3)).cldice == 0


def test_tip_error_is_the_gap_between_the_ends():
    assert CentrelinePair(line(20, last=50), line(20, last=57)).tip_error == 7
    assert CentrelinePair(line(23, last=54), line(20, last=50)).tip_error == 5


def test_where_a_thick_device_enters_is_no_tip():
    predicted, true = CentrelinePair(line(20, last=50, thickness=7), line(20, last=50)).tips
    assert len(predicted) == len(true) == 1
    assert true.tolist() == [[49, 20]]
    assert abs(predicted[0] - [49, 20]).max() <= 3


def test_a_device_through_the_whole_frame_has_no_tip():
    assert math.isnan(CentrelinePair(line(20), line(20, last=80)).tip_error)
    assert CentrelinePair(line(20, last=80), line(20)).tip_error == 100  # the diagonal


def test_an_end_cut_off_by_ignored_pixels_is_no_tip():
    truth = line(20, thickness=3)
    truth[:, 50:] = 255
    assert math.isnan(CentrelinePair(line(20, thickness=3), truth).tip_error)
