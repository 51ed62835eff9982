import math

import numpy as np
import pytest
from scipy.stats import norm

from fluorosynth.metrics import bootstrap_interval


def test_the_interval_of_many_sequences_is_that_of_their_mean():
    rng = np.random.default_rng(5)
    means = rng.normal(0.6, 0.1, 400)
    values = {str(i): [m - 0.05, m + 0.05] for i, m in enumerate(means)}
    mean, low, high = bootstrap_interval(values, rng, resamples=4000)
    half = norm.ppf(0.975) * means.std() / math.sqrt(400)
    assert mean == pytest.approx(means.mean())
    assert (high - mean, mean - low) == pytest.approx((half, half), rel=0.1)


def test_a_long_sequence_weighs_no_more_than_a_short_one():
    values = {"long": [0.0] * 1000, "short": [1.0]}
    assert bootstrap_interval(values, np.random.default_rng(0)).mean == 0.5


def test_nan_frames_and_single_sequences():
    rng = np.random.default_rng(0)
    mean, low, high = bootstrap_interval({"T1": [0.5, math.nan], "T2": [math.nan]}, rng)
    assert mean == 0.5
    assert math.isnan(low)
    assert math.isnan(high)
    assert math.isnan(bootstrap_interval({"T1": [math.nan]}, rng).mean)


def test_the_same_generator_gives_the_same_interval():
    values = {"a": [0.1], "b": [0.4], "c": [0.9]}
    first, second = (bootstrap_interval(values, np.random.default_rng(3)) for _ in range(2))
    assert first == second
