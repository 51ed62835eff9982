"""The tracker against exact truth: motion, noise, gaps, crossings, ends, losing the instrument."""

from dataclasses import replace

import numpy as np
import pytest
from tracked import SHAPE, distance, frame, key, whole

from fluorosynth.errors import UsageError
from fluorosynth.labels import FrameLabels
from fluorosynth.track import TrackConfig, measure_width, snap, steps, track


def moving(count, by=lambda t: (3 * np.sin(t / 2), 2 * np.cos(t / 3) - 2), length=130.0, **about):
    """Return truths and frames of a tube that shifts."""
    rng = np.random.default_rng(1)
    truths = [whole(length) + np.array(by(t)) for t in range(count)]
    return truths, [frame([curve], rng=rng, **about) for curve in truths]


def test_a_moving_tube_is_followed_to_half_a_pixel():
    truths, frames = moving(12)
    labels = track(frames, key(truths[0], 0, 12))
    for t in range(1, 12):
        found = labels.at(t).get("catheter_0")
        assert distance(found.points, truths[t]) < 0.5
        assert np.linalg.norm(found.points[-1] - truths[t][-1]) < 2
        assert (found.origin, found.tip_in_view) == ("tracked", True)
        assert found.score > 0.6
    assert labels.at(0).get("catheter_0").origin == "drawn"


def test_backwards_is_as_good_as_forwards():
    truths, frames = moving(8)
    labels = track(frames, key(truths[7], 7, 8))
    assert max(distance(labels.at(t).get("catheter_0").points, truths[t]) for t in range(7)) < 0.5


def test_a_static_run_stays_and_one_frame_is_nothing_to_do():
    truths, frames = moving(5, by=lambda t: (0, 0))
    labels = track(frames, key(truths[0], 0, 5))
    found = [labels.at(t).get("catheter_0").points for t in range(5)]
    assert max(np.abs(f[-1] - truths[0][-1]).max() for f in found) < 1.5
    alone = track(frames[:1], key(truths[0], 0, 1))
    assert [f.index for f in alone.frames] == [0]


def test_it_is_a_function_of_what_it_gets():
    truths, frames = moving(4)
    one, two = (track(frames, key(truths[0], 0, 4)) for _ in range(2))
    for a, b in zip(one.frames, two.frames, strict=True):
        assert a.instruments[0].points.tobytes() == b.instruments[0].points.tobytes()


def test_a_gap_is_bridged():
    truths, frames = moving(6)
    for t in range(1, 6):
        x = int(truths[t][35, 0])
        frames[t][:, x - 7 : x + 8] = 140  # nothing to see across the tube
    labels = track(frames, key(truths[0], 0, 6), TrackConfig(give_up=0.3))
    for t in range(1, 6):
        found = labels.at(t).get("catheter_0")
        assert distance(found.points, truths[t]) < 0.8
        gap = np.abs(found.points[:, 0] - truths[t][35, 0]) < 4
        away = np.abs(found.points[:, 0] - truths[t][35, 0]) > 25
        assert found.confidence[gap].mean() < found.confidence[away].mean()


def test_another_instrument_that_crosses_is_not_followed():
    rng = np.random.default_rng(2)
    truths = [whole() + np.array([0, 2 * np.sin(t)]) for t in range(8)]
    others = [np.array([[20 + 6 * t, 0.0], [70 + 6 * t, 159]]) for t in range(8)]
    frames = [frame([a, b], rng=rng) for a, b in zip(truths, others, strict=True)]
    labels = track(frames, key(truths[0], 0, 8))
    found = [labels.at(t).get("catheter_0") for t in range(1, 8)]
    assert max(distance(i.points, truths[t]) for t, i in enumerate(found, 1)) < 1


@pytest.mark.parametrize("step", [2.5, -2.5])
def test_a_tip_that_advances_or_retracts_is_found(step):
    rng = np.random.default_rng(3)
    truths = [whole(100 + step * t) for t in range(10)]
    frames = [frame([curve], rng=rng) for curve in truths]
    labels = track(frames, key(truths[0], 0, 10))
    errors = [
        np.linalg.norm(labels.at(t).get("catheter_0").points[-1] - truths[t][-1])
        for t in range(1, 10)
    ]
    assert np.median(errors) < 2.5


def test_a_tip_that_leaves_the_picture_is_no_longer_in_view():
    rng = np.random.default_rng(3)
    truths = [whole(180) + np.array([5 * t, 0]) for t in range(8)]
    frames = [frame([curve], rng=rng) for curve in truths]
    labels = track(frames, key(truths[0], 0, 8))
    seen = [labels.at(t).get("catheter_0").tip_in_view for t in range(8)]
    assert seen[0]
    assert not seen[-1]


def test_what_is_gone_is_lost_and_found_again():
    truths, frames = moving(12, by=lambda t: (0, np.sin(t)))
    rng = np.random.default_rng(4)
    for t in (4, 5, 6):
        frames[t] = frame([], rng=rng)
    labels = track(frames, key(truths[0], 0, 12))
    assert [t for t in range(12) if "catheter_0" in labels.at(t).lost] == [4, 5, 6]
    assert distance(labels.at(8).get("catheter_0").points, truths[8]) < 0.7


def test_it_stops_for_good_where_nothing_comes_back():
    truths, frames = moving(10)
    rng = np.random.default_rng(4)
    gone = [*frames[:3], *(frame([], rng=rng) for _ in range(7))]
    labels = track(gone, key(truths[0], 0, 10), TrackConfig(patience=2))
    assert all(labels.at(t).lost == ("catheter_0",) for t in range(3, 10))
    assert not any(labels.at(t).instruments for t in range(3, 10))


def test_what_has_left_the_picture_is_lost_even_to_a_tracker_that_never_gives_up():
    rng = np.random.default_rng(5)
    lines = [np.array([[-9.0, 130 + 3 * t], [90, 130 + 3 * t]]) for t in range(20)]
    frames = [frame([line], rng=rng) for line in lines]
    start = np.column_stack([np.linspace(2, 89, 30), np.full(30, 130)])
    labels = track(frames, key(start, 0, 20), TrackConfig(give_up=0))
    assert any(labels.at(t).lost for t in range(9, 20))  # the last row is 159


@pytest.mark.parametrize("turned", [False, True], ids=["enters", "leaves"])
def test_a_curve_does_not_creep_along_the_border(turned):
    rng = np.random.default_rng(6)
    line = np.linspace([60.0, -6], [188, 60], 80)
    frames = [frame([line], width=4, depth=40, rng=rng) for _ in range(9)]
    for picture in frames:
        picture[:4] = 110  # a shutter's edge
    start = key(line[::-1] if turned else line, 0, 9, tip_in_view=not turned)
    labels = track(frames, start, TrackConfig(give_up=0))
    for t in range(1, 9):
        found = labels.at(t).get("catheter_0").points
        assert distance(found, line) < 1
        assert abs(found[-1 if turned else 0, 0] - 72) < 12


def test_a_short_curve_is_trusted_from_the_first_frame_on():
    truths, frames = moving(3, length=50)
    labels = track(frames, key(truths[0], 0, 3))
    assert all(labels.at(t).get("catheter_0").score > 0.6 for t in (1, 2))


def test_between_two_keys_it_is_pulled_to_both():
    truths, frames = moving(9)
    both = key(truths[0], 0, 9).with_frames(key(truths[8], 8, 9).frames)
    labels = track(frames, both)
    assert max(distance(labels.at(t).get("catheter_0").points, truths[t]) for t in range(9)) < 0.5
    blind = [frames[0], *[np.full(SHAPE, 140, np.uint8)] * 7, frames[8]]
    assert all(track(blind, both).at(t).lost for t in range(1, 8))


def test_a_later_key_mends_what_was_tracked():
    truths, frames = moving(8)
    first = track(frames, key(truths[0], 0, 8))
    mended = track(frames, first.with_frames(key(truths[5], 5, 8).frames))
    assert mended.at(5).get("catheter_0").origin == "drawn"
    assert mended.at(4).get("catheter_0").origin == "tracked"


def test_an_empty_frame_stays_empty_and_others_are_kept():
    truths, frames = moving(6)
    start = key(truths[0], 0, 6).with_frames([FrameLabels(3, empty=True)])
    labels = track(frames, start, last=4)
    assert labels.at(3).empty
    assert labels.at(5) is None
    assert labels.at(4).get("catheter_0") is not None


def test_it_can_be_watched_and_stopped():
    truths, frames = moving(8)
    seen = []
    labels = track(frames, key(truths[0], 0, 8), progress=seen.append, stop=lambda: len(seen) >= 3)
    assert [f.index for f in seen] == [1, 2, 3]
    assert [f.index for f in labels.frames] == [0, 1, 2, 3]


@pytest.mark.parametrize("keys", [(0,), (4,), (2, 6), (0, 7)])
def test_a_bar_can_be_told_how_much_there_is_to_do(keys):
    truths, frames = moving(8)
    start = key(truths[keys[0]], keys[0], 8)
    for index in keys[1:]:
        start = start.with_frames(key(truths[index], index, 8).frames)
    seen = []
    track(frames, start, first=1, last=6, progress=seen.append)
    assert len(seen) == steps(start, 1, 6)


def test_evidence_from_elsewhere_helps_where_there_is_little_to_see():
    truths, frames = moving(6, depth=7.0)
    maps = [frame([c], depth=140.0) < 60 for c in truths]
    labels = track(
        frames,
        key(truths[0], 0, 6),
        TrackConfig(give_up=0.0),
        evidence=lambda t: maps[t].astype(np.float32),
    )
    assert max(distance(labels.at(t).get("catheter_0").points, truths[t]) for t in range(6)) < 1


@pytest.mark.parametrize(
    ("said", "about"),
    [("no range", {"first": 5, "last": 2}), ("no range", {"last": 6}), ("'x'", {"ids": ["x"]})],
)
def test_what_cannot_be_tracked_is_said(said, about):
    truths, frames = moving(6)
    with pytest.raises(UsageError, match=said):
        track(frames, key(truths[0], 0, 6), **about)


def test_nothing_drawn_is_nothing_to_start_from():
    truths, frames = moving(2)
    start = key(truths[0], 0, 2, origin="suggested")
    with pytest.raises(UsageError, match="any instrument is drawn"):
        track(frames, start)


def test_a_rough_curve_is_pulled_to_the_ridge():
    truths, frames = moving(1)
    rough = truths[0][1::13] + np.random.default_rng(0).normal(0, 2.5, (6, 2))
    found = snap(frames[0], rough)
    assert distance(found.points, truths[0]) < 0.5
    assert abs(np.median(found.width) - 5) < 0.7
    assert found.confidence.mean() > 0.8


def test_a_tube_that_comes_nearer_is_wider():
    rng = np.random.default_rng(5)
    frames = [frame([whole()], width=4 + t / 8, rng=rng) for t in range(16)]
    labels = track(frames, key(whole(), 0, 16, width=4))
    widths = [float(np.median(labels.at(t).get("catheter_0").width)) for t in range(16)]
    assert abs(widths[8] - 5) < 0.5
    assert abs(widths[15] - 5.9) < 0.6  # it lags by a few frames
    truths, frames = moving(8)
    still = track(frames, key(truths[0], 0, 8))
    assert abs(np.median(still.at(7).get("catheter_0").width) - 5) < 0.3


def test_a_wide_tube_of_a_large_frame_is_found_and_measured():
    rng = np.random.default_rng(7)
    line = np.linspace([0.0, 400], [1080, 640], 60)
    picture = frame([line], width=40.0, rng=rng, shape=(1280, 1600))
    found = snap(picture, line + np.array([0, 6.0]))
    assert distance(found.points[20:-20], line) < 4
    assert abs(np.median(found.width) - 40) < 3


@pytest.mark.parametrize("width", [0.0, -3.0, float("nan"), float("inf"), 1000.0])
def test_a_width_that_no_instrument_has_is_refused(width):
    truths, frames = moving(2)
    with pytest.raises(UsageError, match=r"cannot be .* px wide"):
        snap(frames[0], truths[0], width)
    with pytest.raises(UsageError, match="'catheter_0' of frame 0 cannot be"):
        track(frames, key(truths[0], 0, 2, width=width))


def test_a_curve_of_one_place_is_refused():
    _, frames = moving(1)
    with pytest.raises(UsageError, match="no length"):
        snap(frames[0], np.array([[50.0, 80], [50, 80]]))


@pytest.mark.parametrize("width", [2.0, 4.0, 8.0])
def test_widths_are_measured(width):
    truths, frames = moving(1, width=width)
    found = measure_width(frames[0], truths[0][2:-2])
    assert abs(np.median(found) - width) < 0.5


def test_a_curve_of_two_points_and_one_at_the_edge_do_no_harm():
    _, frames = moving(3)
    short = key(np.array([[50.0, 80], [53, 80]]), 0, 3)
    assert track(frames, short).at(1).lost == ("catheter_0",)
    line = replace(short.frames[0].instruments[0], points=np.float32([[0, 0], [0, 159]]))
    edge = short.with_frames([FrameLabels(0, (line,))])
    assert track(frames, edge).at(2) is not None
