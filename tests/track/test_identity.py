"""Numbers, directions and tips of instruments through a sequence, on curves with known truth."""

import cv2
import numpy as np
import pytest

from fluorosynth.patches.edge import FieldEdge
from fluorosynth.sample import Device
from fluorosynth.track.identity import Seen, identified

SIDE = 512
ROUND = np.zeros((SIDE, SIDE), np.uint8)
cv2.circle(ROUND, (256, 256), 240, 120, -1)


def curve(*points, width=6.0):
    """A polyline with points about 2 px apart."""
    points = np.float32(points)
    arc = np.concatenate([[0], np.linalg.norm(np.diff(points, axis=0), axis=1).cumsum()])
    at = np.linspace(0, arc[-1], int(arc[-1] // 2))
    line = np.column_stack([np.interp(at, arc, points[:, k]) for k in (0, 1)]).astype(np.float32)
    return Device(line, np.full(len(line), width, np.float32))


def sequence(frames, image=ROUND):
    edge = FieldEdge(image)
    return identified([[Seen(d, edge.at_ends(d)) for d in own] for own in frames], SIDE)


def ends(known):
    return [tuple(map(int, np.rint(known.device.centreline[k]))) for k in (0, -1)]


THROUGH = ((350, 40), (340, 250), (300, 488))  # leaves the round field at both ends


def test_what_leaves_a_round_field_at_both_ends_has_no_tip():
    ((one,),) = sequence([[curve(*THROUGH)]])
    assert not one.tip
    square = np.full((SIDE, SIDE), 120, np.uint8)
    ((one,),) = sequence([[curve(*THROUGH)]], square)
    assert one.tip  # the same curve, where nothing ends there


def test_an_end_that_is_lost_on_its_way_out_is_no_tip_and_directions_stay():
    rng = np.random.default_rng(0)
    frames = []
    for t in range(24):
        whole = curve(*THROUGH).centreline + rng.normal(0, 1, 2).astype(np.float32)
        part = whole if t == 7 else whole[: 130 + int(rng.integers(60))]
        part = part[::-1].copy() if t % 3 == 0 else part
        frames.append([Device(part, np.full(len(part), 6, np.float32))])
    known = [one for (one,) in sequence(frames)]
    assert {one.number for one in known} == {0}
    assert not any(one.tip for one in known)
    starts = np.array([one.device.centreline[0] for one in known])
    assert np.ptp(starts, axis=0).max() < 10


def test_a_tip_that_moves_is_a_tip_in_every_frame():
    frames = [[curve((250, 20), (240, 100), (200 + 3 * t, 140 + 2 * t))] for t in range(20)]
    for t, (one,) in enumerate(sequence(frames)):
        assert one.tip
        assert ends(one) == [(250, 20), (200 + 3 * t, 140 + 2 * t)]


def test_numbers_are_kept_through_gaps_fragments_and_any_order():
    frames = []
    for t in range(16):
        left = curve((150, 40), (160, 200 + t))
        right = curve((350, 60), (330 + t, 300))
        speck = curve((161, 205 + t), (170, 215 + t))
        frames.append(
            {0: [left, right], 1: [right, left], 2: [right], 3: [speck, left, right]}[t % 4]
        )
    known = sequence(frames)
    for own in known:
        for one in own:
            x = one.device.centreline[0][0]
            length = len(one.device.centreline)
            expected = 2 if length < 20 else int(x < 200)
            assert one.number == expected
    assert [one.number for one in known[3]] == [0, 1, 2]


def test_an_entry_at_the_edge_comes_first_wherever_the_curve_began():
    inner, outer = (256, 256), (256, 18)
    for points in ((inner, outer), (outer, inner)):
        ((one,),) = sequence([[curve(*points)]])
        assert ends(one) == [outer, inner]
        assert one.tip


@pytest.mark.parametrize("scale", [0.25, 1, 3])
def test_the_edge_scales_with_the_frame(scale):
    image = cv2.resize(ROUND, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    line = curve((256 * scale, 20 * scale), (256 * scale, 256 * scale), width=6 * scale)
    assert FieldEdge(image).at_ends(line) == (True, False)


def test_a_stated_field_and_the_border_of_the_picture_are_edges():
    image = np.full((200, 300), 130, np.uint8)
    line = curve((0, 100), (150, 100))
    assert FieldEdge(image).at_ends(line) == (True, False)
    stated = np.zeros(image.shape, bool)
    stated[:, :155] = True
    assert FieldEdge(image, stated).at_ends(line) == (True, True)
