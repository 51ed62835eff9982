import pickle
import tomllib

import numpy as np
import pytest
import tomli_w
from test_spline import STRAIGHT, many, turns

from fluorosynth.core.spec import dump, load
from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.walk import Walk
from fluorosynth.errors import UsageError
from fluorosynth.ranges import Constant, Uniform

ALONE = {"counts": (1.0,), **STRAIGHT}


def inside(points, size=256, margin=0.0):
    return ((points > margin) & (points < size - 1 - margin)).all(axis=1)


def crosses_itself(points):
    """Whether two segments of a polyline that are no neighbours meet."""
    z = points[:, 0] + 1j * points[:, 1].astype(float)
    a, b = z[:-1, None], z[1:, None]
    side = np.sign(((z[None, :] - a) * np.conj(b - a)).imag)  # of every point to every segment
    other = side[:, :-1] * side[:, 1:] < 0
    met = other & other.T
    return np.triu(met, 2).any()


def test_a_source_survives_pickling_and_toml():
    source = Walk(wires=0.5, bend=Constant(0.3), length=Uniform(1.0, 2.0))
    assert load(DeviceSource, tomllib.loads(tomli_w.dumps(dump(source)))) == source
    opened = [pickle.loads(pickle.dumps(source)).open(64, 0), source.open(64, 1)]
    one, two = (o.draw(np.random.default_rng(3))[0].centreline for o in opened)
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(("wires", "least"), [(0.0, 12.0), (1.0, 6.0)])
def test_shafts_bend_no_tighter_than_their_radius(wires, least):
    source = Walk(wires=wires, px_per_mm=Constant(1.5), bend=Constant(3.0), **STRAIGHT)
    radii = []
    for device in many(source):
        angle, length = turns(device.centreline)
        radii.append((length / np.maximum(angle, 1e-9)).min())
    assert min(radii) > 0.99 * least * 1.5
    assert np.median(radii) < 1.05 * least * 1.5  # so strong a bend presses against the limit


def test_the_curvature_is_an_ornstein_uhlenbeck_process():
    # Gentle enough for tanh to be a line, so long that most of it lies inside
    source = Walk(
        wires=0.0,
        px_per_mm=Constant(2.0),
        length=Constant(0.9),
        bend=Constant(0.1),
        memory=Constant(40.0),
        from_border=1.0,
        **ALONE,
    )
    curvature, lag = [], 40.0
    for device in many(source, 3000):
        step = np.diff(device.centreline.astype(float) @ (1, 1j))
        turned = np.angle(step[1:] / step[:-1]) / abs(step[0])
        curvature.append((turned[0], turned[round(lag / abs(step[0]))]))
    first, later = np.array(curvature).T * 24.0  # in curvatures of the least radius, 12 mm
    assert first.std() == pytest.approx(0.1, rel=0.06)
    assert later.std() == pytest.approx(0.1, rel=0.06)
    assert np.corrcoef(first, later)[0, 1] == pytest.approx(np.exp(-1), abs=0.06)


def test_a_third_of_a_side_lies_in_the_middle_and_nothing_is_kept_outside():
    for device in many(Walk(**ALONE), 500):
        step = np.linalg.norm(np.diff(device.centreline, axis=0), axis=1)
        deep = inside(device.centreline, margin=31)
        assert step.max() * deep.sum() > 256 / 3
        seen = inside(device.centreline, margin=-1 - device.width[0])
        assert seen[-3:].any()  # the last points are those of the way out


def test_some_leave_and_come_back_some_cross_themselves_some_show_no_tip():
    left = crossed = gone = 0
    devices = many(Walk(**ALONE), 300)
    for device in devices:
        shown = inside(device.centreline)
        parts = (np.diff(shown.astype(int)) == 1).sum() + shown[0]
        left, gone = left + (parts > 1), gone + (not shown[-1])
        crossed += crosses_itself(device.centreline)
    for count in (left, crossed, gone):
        assert 0.03 < count / len(devices) < 0.6


def test_entries_are_shared_by_the_sides():
    devices = many(Walk(from_border=0.8, **ALONE), 1000)
    first = np.array([d.centreline[0] for d in devices])
    half = np.array([d.width[0] for d in devices]) / 2
    entered = np.maximum(-0.5 - first, first - 255.5).max(axis=1) >= half - 1e-3
    assert 0.75 < entered.mean() < 0.9
    sides = np.argmin(np.column_stack([first, 255 - first])[entered], axis=1)
    assert np.bincount(sides).min() > 150


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"length": Constant(0.01)}, "hardly reached the middle"),
        ({"length": Constant(-1.0)}, "length in sides was drawn as -1.0"),
        ({"length": Constant(1e9)}, "length in sides was drawn as 1000000000.0"),
        ({"memory": Constant(0.0)}, "memory in px was drawn as 0.0"),
        ({"px_per_mm": Constant(1e300), "wires": 1.0}, "a wire's px per mm was drawn as 1e.300"),
        (
            {"catheter_width": Constant(0.0), "wires": 0.0},
            "width in px was drawn as 0",
        ),
    ],
)
def test_laws_that_draw_nothing_possible_are_refused(settings_, message):
    with pytest.raises(UsageError, match=message):
        Walk(**settings_).open(256, 0).draw(np.random.default_rng(0))


@pytest.mark.parametrize("size", [100, 512, 1024])
def test_a_course_is_the_same_at_every_size(size):
    source = Walk(**ALONE)
    small, large = source.open(256, 0), source.open(size, 0)
    for seed in range(30):
        (one,), (two,) = (o.draw(np.random.default_rng(seed)) for o in (small, large))
        scaled = (two.centreline.astype(float) + 0.5) * 256 / size - 0.5
        count = min(len(one.centreline), 40)
        along = np.linspace(0, 1, count)
        places = [
            np.column_stack([np.interp(along, arc(line), line[:, k]) for k in (0, 1)])
            for line in (one.centreline.astype(float), scaled)
        ]
        assert np.abs(places[0] - places[1]).max() < 4.5
        angle, length = turns(two.centreline)
        assert (angle * length / 8).max() < 0.11  # chords keep to the curve at any size


def arc(line):
    """Length along a polyline up to each point, as a share."""
    lengths = np.concatenate([[0], np.linalg.norm(np.diff(line, axis=0), axis=1).cumsum()])
    return lengths / lengths[-1]
