import cv2
import numpy as np
import pytest

from fluorosynth.learn.prediction.fragments import drop_fragments


def line(end, start=(10, 50), width=1, size=100):
    return cv2.line(np.zeros((size, size), np.uint8), start, end, 1, width)


@pytest.mark.parametrize(
    ("end", "length"), [((40, 50), 30), ((10, 20), 30), ((40, 80), 42.4), ((50, 70), 44.8)]
)
def test_thin_lines_have_their_length(end, length):
    mask = line(end)
    steps = np.ptp(np.argwhere(mask), axis=0)
    walked = steps.min() * 2**0.5 + np.ptp(steps)  # straight steps and diagonal ones
    assert walked == pytest.approx(length, rel=0.1)
    assert np.array_equal(drop_fragments(mask, walked - 0.1), mask)
    assert not drop_fragments(mask, walked + 0.1).any()


def test_parts_are_judged_apart():
    long, short = line((90, 50), width=5), line((30, 20), start=(10, 20), width=5)
    assert np.array_equal(drop_fragments(long | short, 40), long)
    assert np.array_equal(drop_fragments(long | short, 10), long | short)


def test_a_blob_is_short_however_large():
    blob = cv2.circle(np.zeros((100, 100), np.uint8), (50, 50), 20, 1, -1)
    assert not drop_fragments(blob, 20).any()


def test_a_corner_is_not_cut():
    mask = line((40, 50)) | line((40, 80), start=(40, 50))
    assert np.array_equal(drop_fragments(mask, 58), mask)


def test_empty_stays_empty():
    assert not drop_fragments(np.zeros((20, 30), np.uint8), 5).any()
