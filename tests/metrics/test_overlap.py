import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fluorosynth.errors import BadDataError
from fluorosynth.metrics import count, measure

EMPTY = np.zeros((30, 40), np.uint8)
SHARES = ("dice", "iou", "cldice", "precision", "recall", "centreline_f1_1px", "centreline_f1_3px")
DISTANCES = ("centreline_distance", "hausdorff95")

truths = arrays(np.uint8, (12, 14), elements=st.sampled_from([0, 1, 255]))
predictions = arrays(np.bool_, (12, 14))


@pytest.fixture
def bar():
    mask = EMPTY.copy()
    mask[10:14, 5:30] = 1
    return mask


def test_hand_worked_overlap():
    # 4x25 truth, prediction shifted down by one row: 75 shared, 25 false, 25 missed of 1200
    truth, prediction = EMPTY.copy(), EMPTY.copy()
    truth[10:14, 5:30] = 1
    prediction[11:15, 5:30] = 1
    counts = count(prediction, truth)
    assert (counts.tp, counts.fp, counts.fn, counts.tn) == (75, 25, 25, 1075)
    assert counts.dice == 0.75
    assert counts.iou == 75 / 125
    assert counts.precision == counts.recall == 0.75
    assert counts.fp_percent_of_image == pytest.approx(100 * 25 / 1200)
    assert counts.fp_percent_of_background == pytest.approx(100 * 25 / 1100)


def test_stated_values_for_empty_masks(bar):
    both = measure(EMPTY, EMPTY)
    assert all(both[name] == 1 for name in SHARES)
    assert all(both[name] == 0 for name in DISTANCES)
    assert math.isnan(both["tip_error"])
    for one in (measure(EMPTY, bar), measure(bar, EMPTY)):
        assert all(one[name] == 0 for name in SHARES)
        assert all(one[name] == 50 for name in DISTANCES)  # the diagonal of 30 x 40
    assert measure(EMPTY, bar)["tip_error"] == 50
    assert math.isnan(measure(bar, EMPTY)["tip_error"])


@given(predictions, truths, predictions)
def test_ignored_pixels_count_in_nothing(prediction, truth, other):
    changed = np.where(truth == 255, other, prediction)
    np.testing.assert_equal(measure(changed, truth), measure(prediction, truth))


@given(predictions, truths)
def test_values_stay_in_their_range(prediction, truth):
    values = measure(prediction, truth)
    assert all(0 <= values[name] <= 1 for name in SHARES)
    assert all(0 <= values[name] <= math.hypot(12, 14) for name in DISTANCES)
    assert 0 <= values["fp_percent_of_image"] <= values["fp_percent_of_background"] <= 100


@given(truths)
def test_perfect_prediction(truth):
    values = measure(truth == 1, truth)
    assert all(values[name] == 1 for name in SHARES)
    assert all(values[name] == 0 for name in DISTANCES)
    assert values["fp_percent_of_image"] == 0


@pytest.mark.parametrize(
    ("prediction", "truth", "message"),
    [
        (np.zeros((3, 4), bool), np.zeros((4, 3), np.uint8), r"\(3, 4\)"),
        (np.zeros((3, 4, 1), bool), np.zeros((3, 4, 1), np.uint8), "one shape"),
        (np.zeros((0, 4), bool), np.zeros((0, 4), np.uint8), "one shape"),
        (np.full((3, 4), 0.3), np.zeros((3, 4), np.uint8), "not 0.3"),
        (np.zeros((3, 4), bool), np.full((3, 4), 7, np.uint8), "not 7"),
    ],
)
def test_arrays_that_are_no_masks_are_refused(prediction, truth, message):
    with pytest.raises(BadDataError, match=message):
        measure(prediction, truth)
