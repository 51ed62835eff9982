"""The defaults of stages and sources are the values of ``physics``, the preset to start from."""

from collections import defaultdict
from dataclasses import MISSING, fields

import pytest

from fluorosynth.recipe import Recipe


def parts(component):
    """Yield a component and all stages and sources in it."""
    yield component
    for inner in getattr(component, "stages", ()):
        yield from parts(inner)


def used():
    """The components of ``physics`` by class."""
    physics, found = Recipe.preset("physics"), defaultdict(list)
    for outer in (*physics.backgrounds, *physics.devices, *physics.stages):
        for part in parts(outer):
            found[type(part)].append(part)
    return found


@pytest.mark.parametrize("cls", used(), ids=lambda cls: cls.kind)
def test_a_default_is_the_value_of_physics(cls):
    """Where the preset has a part more than once, with values that differ, any default will do."""
    for field in fields(cls):
        values = {getattr(part, field.name) for part in used()[cls]}
        if len(values) == 1 and field.default is not MISSING:
            assert {field.default} == values, field.name


def test_that_is_most_of_its_values():
    pairs = [(cls, field.name) for cls in used() for field in fields(cls)]
    free = {("compose", "chance"), ("compose", "stages"), ("flip", "axis"), ("bundled", "pack")}
    free |= {("route", name) for name in ("routes", "electrodes", "counts", "wires")}
    assert len(pairs) > 100
    assert {(cls.kind, name) for cls, name in pairs} >= free
    for cls, name in pairs:
        if (cls.kind, name) not in free:
            assert len({getattr(part, name) for part in used()[cls]}) == 1, (cls, name)
