"""Courses outside the heart: their shape, their place, their electrodes."""

import numpy as np
import pytest

from fluorosynth import Recipe, View, apply
from fluorosynth.devices import Route
from fluorosynth.devices.route import BOTTOM, ROUTES, TOP
from fluorosynth.devices.tips import chained
from fluorosynth.errors import UsageError
from fluorosynth.ranges import Constant
from fluorosynth.stages import Attenuate

STRAIGHT = {
    "counts": (1.0,),
    "wires": 0.0,
    "catheter_tips": ("straight",),
    "catheter_tip_odds": (),
}


def many(source, count=40, size=256):
    opened = source.open(size, 0)
    return [opened.draw(np.random.default_rng(k))[0] for k in range(count)]


def turn_of(device):
    """All of a curve's turning, degrees, with its sign."""
    steps = np.diff(device.centreline.astype(float), axis=0)
    headings = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    return np.degrees(headings[-1] - headings[0])


def test_arcs_are_arcs():
    curve = np.concatenate([[0j], chained([(40.0, 0.0), (np.pi * 20, np.pi)])])
    centre = 40 + 20j
    bent = curve[curve.real > 40.001]
    assert np.abs(np.abs(bent - centre) - 20).max() < 0.1
    assert abs(curve[-1] - (40 + 40j)) < 0.1  # chords as long as their arcs


@pytest.mark.parametrize("name", ROUTES)
def test_a_course_lies_in_the_picture_and_turns_as_it_should(name):
    found = many(Route(routes=(name,), **STRAIGHT))
    inside = [((d.centreline > -0.5) & (d.centreline < 255.5)).all(1).mean() for d in found]
    assert np.median(inside) > 0.7
    wanted = abs(sum(degrees for _, degrees in ROUTES[name][1]))
    assert np.median(np.abs([turn_of(d) for d in found])) == pytest.approx(wanted, rel=0.25, abs=30)
    turns = np.sign([turn_of(d) for d in found])
    if wanted > 60:
        assert 0.2 < (turns > 0).mean() < 0.8  # mirrored as often as not


@pytest.mark.parametrize(("name", "row"), [("arch", 255.5), ("coronary_sinus", -0.5)])
def test_a_course_enters_where_it_does_in_a_patient(name, row):
    assert ROUTES[name][0] == (BOTTOM if row > 0 else TOP)
    for device in many(Route(routes=(name,), **STRAIGHT), 10):
        assert device.centreline[0, 1] == pytest.approx(row, abs=float(device.width[0]))


def test_no_bend_is_tighter_than_the_instrument_is_wide():
    thick = Route(routes=("siphon",), catheter_width=Constant(8.0), scale=Constant(0.1), **STRAIGHT)
    for device in many(thick, 10):
        steps = np.diff(device.centreline.astype(float), axis=0)
        heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
        middle = np.hypot(*steps.T)
        radius = (middle[1:] + middle[:-1]) / 2 / np.maximum(np.abs(np.diff(heading)), 1e-9)
        assert radius.min() > 1.4 * 8


def test_courses_grow_with_the_picture():
    small, large = (many(Route(**STRAIGHT), 5, size) for size in (128, 256))
    for one, two in zip(small, large, strict=True):
        assert two.centreline[0] == pytest.approx(2 * one.centreline[0] + 0.5, abs=0.6)


def test_unknown_courses_are_named():
    with pytest.raises((UsageError, ValueError), match="no course is called 'nose'; known: arch"):
        Route(routes=("nose",))


def test_electrodes_are_drawn_along_each():
    line = many(Route(routes=("his",), electrodes=True, **STRAIGHT), 1)[0]
    assert line.label == "electrode_catheter"
    stage = Attenuate(strength=Constant(0.2), lumen=Constant(0.0), electrodes=0.0, filled=0.0)
    frame = np.full((256, 256), 0.9, np.float32)
    for seed in range(5):
        given = apply([stage], frame, (line,), seed=seed, view=View(0.5, 70.0))
        from_tip = line.centreline[::-1]
        depths = -np.log([given.image[round(y), round(x)] / 0.9 for x, y in from_tip[:16]])
        assert depths.max() > 4 * np.median(np.abs(depths)) or depths.max() > 1.0


def test_physics_draws_some():
    physics = Recipe.preset("physics")
    odds = [
        chance
        for source, chance in zip(physics.devices, physics.device_odds, strict=True)
        if isinstance(source, Route)
    ]
    assert 0.05 < sum(odds) / sum(physics.device_odds) < 0.2
    opened = physics.devices[3].open(256, 0)
    drawn = [opened.draw(np.random.default_rng(k)) for k in range(5)]
    assert {len(devices) for devices in drawn} == {3, 4}
    assert {device.label for devices in drawn for device in devices} == {"electrode_catheter"}
