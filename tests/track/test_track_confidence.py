"""Confidence is low where a curve or a tip is wrong, and high where neither is."""

from dataclasses import replace

import numpy as np
import pytest
from tracked import distance, frame, key, whole

from fluorosynth.track import TrackConfig, track
from fluorosynth.track.confidence import BODY, DOUBT, TIP, confidence, features
from fluorosynth.track.signs import HORIZON, Signs, least

WELL = Signs(age=5, looks=0.97, tip_looks=0.97, unsure=0.05)
NEVER_GIVES_UP = TrackConfig(give_up=0.0)


def test_what_is_weighed_is_seen():
    seen = features(WELL)
    assert set(BODY) | set(TIP) <= set(seen)
    assert all(np.isfinite(list(seen.values())))
    assert all(DOUBT < value <= 1 for value in confidence(WELL))


@pytest.mark.parametrize(
    "worse",
    [
        {"unsure": 0.6},
        {"strayed": 5.0},
        {"unlike": 0.8},
        {"growth": 0.7},
        {"growth": -0.7},
    ],
    ids=str,
)
def test_a_frame_is_less_sure_where_it_looks_worse(worse):
    assert confidence(replace(WELL, **worse))[0] < confidence(WELL)[0]


@pytest.mark.parametrize(
    "worse",
    [{"tip_looks": 0.3}, {"unended": 3.0}, {"tip_returned": 40.0}, {"tip_wider": 0.6}],
    ids=str,
)
def test_a_tip_is_less_sure_where_it_looks_worse(worse):
    assert confidence(replace(WELL, **worse))[1] < confidence(WELL)[1]


def test_the_stretch_that_looks_least_like_it_counts():
    looks = np.ones(200)
    assert least(looks) == 1
    looks[70:110] = 0.2
    assert least(looks) == pytest.approx(0.2)
    assert least(looks[60:80]) == pytest.approx(0.6)  # shorter than a stretch


def test_a_curve_of_which_a_third_has_gone_elsewhere_is_in_doubt():
    rng = np.random.default_rng(3)
    truth = whole()
    after = truth.copy()
    bent = after[:, 0] > 85
    after[bent, 1] += 0.9 * (after[bent, 0] - 85)  # by up to 40 px at once
    frames = [frame([truth], rng=rng) for _ in range(4)]
    frames += [frame([after], rng=rng) for _ in range(4)]
    labels = track(frames, key(truth, 0, 8), NEVER_GIVES_UP)
    for t in range(4, 8):
        found = labels.at(t).get("catheter_0")
        assert found is None or distance(found.points, after) < 1 or found.score < DOUBT


def test_time_alone_is_no_reason_for_doubt():
    later = now = replace(WELL, age=0)
    for _ in range(3000):
        later = later.after(0.1, 0.3, 0.97, 0.96)
    for _ in range(HORIZON):
        now = now.after(0.1, 0.3, 0.97, 0.96)
    assert confidence(later) == pytest.approx(confidence(now), abs=0.02)
    jumped = later.after(12.0, 30.0, 0.0, 0.3)
    assert all(a < b for a, b in zip(confidence(jumped), confidence(later), strict=True))


def test_a_curve_that_jumps_to_something_else_is_in_doubt_or_lost():
    rng = np.random.default_rng(3)
    truth = whole()
    frames = [frame([truth], rng=rng) for _ in range(3)]
    other = np.array([[60.0, 0.0], [75, 90], [110, 159]])
    frames += [frame([other], rng=rng) for _ in range(5)]
    labels = track(frames, key(truth, 0, 8), NEVER_GIVES_UP)
    for t in range(3, 8):
        found = labels.at(t).get("catheter_0")
        assert found is None or distance(found.points, truth) < 1 or found.score < DOUBT
    assert track(frames, key(truth, 0, 8)).at(7).lost


def test_a_tip_from_which_contrast_flows_is_not_trusted():
    rng = np.random.default_rng(3)
    truth = whole(100)
    out = truth[-1] - truth[-4]
    vessel = truth[-1] + np.arange(0, 30)[:, None] * out / np.linalg.norm(out) * 2
    clear = [frame([truth], rng=rng) for _ in range(9)]
    filled = list(clear[:3])
    for t in range(3, 9):  # it fills, a little more in each frame
        dark = frame([vessel[: 5 * (t - 2)]], width=11, depth=70).astype(int) - frame([], depth=0)
        filled.append(np.clip(clear[t].astype(int) + dark, 0, 255).astype(np.uint8))
    sure = [track(f, key(truth, 0, 9), NEVER_GIVES_UP).at(8) for f in (clear, filled)]
    clear_tip, filled_tip = (s.get("catheter_0").confidence[-1] for s in sure)
    assert clear_tip > 0.8
    assert filled_tip < DOUBT
