"""Thresholds from curves whose threshold is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluorosynth.stress.psychometric import half_found

LEVELS = np.array([2.0, 4, 6, 9, 13, 19, 28, 40])


def fit(recall, rising=True, log=True):
    return half_found(LEVELS, recall, rising, log, np.random.default_rng(0))


def logistic(threshold, slope, top=1.0):
    return top / (1 + (LEVELS[:, None] / threshold) ** -slope) * np.ones(5)


@settings(max_examples=8, deadline=None)
@given(threshold=st.floats(4, 25), slope=st.floats(2, 8))
def test_the_threshold_of_a_logistic_curve_comes_back(threshold, slope):
    assert fit(logistic(threshold, slope)).value == pytest.approx(threshold, rel=0.02)


@settings(max_examples=8, deadline=None)
@given(threshold=st.floats(4, 25), slope=st.floats(2, 8))
def test_a_falling_curve_is_a_rising_one_seen_from_behind(threshold, slope):
    found = fit(logistic(threshold, -slope), rising=False)
    assert found.value == pytest.approx(threshold, rel=0.02)
    assert found.low <= found.value <= found.high


def test_lapses_do_not_shift_the_threshold():
    """With a top of .8, one half is crossed later than half of the top: where .8 p = .5."""
    threshold, slope, top = 9.0, 4.0, 0.8
    exact = threshold * (top / 0.5 - 1) ** (-1 / slope)
    assert fit(logistic(threshold, slope, top)).value == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("step", [5, 11, 30])
def test_a_jump_between_two_levels_is_known_no_better_than_that(step):
    found = fit(np.repeat((step <= LEVELS)[:, None].astype(float), 6, axis=1))
    under, above = LEVELS[step > LEVELS][-1], LEVELS[step <= LEVELS][0]
    assert (found.low, found.high) == pytest.approx((under, above))


def test_the_interval_covers_the_median_of_unequal_scenes():
    rng, covered = np.random.default_rng(5), 0
    for _ in range(10):
        own = 11 * np.exp(0.3 * rng.standard_normal(12))
        found = fit(1 / (1 + (LEVELS[:, None] / own) ** -6))
        covered += found.low <= 11 <= found.high
    assert covered >= 8


@pytest.mark.parametrize(("value", "found"), [(0.9, True), (0.2, False)])
def test_a_curve_that_does_not_cross_one_half_has_no_threshold(value, found):
    half = fit(np.full((8, 4), value))
    assert (half.value, half.low, half.high, half.found) == (None, None, None, found)


def test_levels_without_an_instrument_are_left_out():
    recall = logistic(9.0, 5.0)
    recall[0] = np.nan
    assert fit(recall).value == pytest.approx(9.0, rel=0.02)
