"""Devices of the user's own are not bent along coronary paths, unless that is asked for."""

import json

import pytest
from click.testing import CliRunner
from fluorosynth_cli.recipe_options import changed
from fluorosynth_cli.sample import command

from fluorosynth import Recipe
from fluorosynth.stages.engage import Engage


@pytest.fixture
def curves(tmp_path):
    path = tmp_path / "traced.json"
    line = [[100.0, 0.0], [120.0, 60.0], [100.0, 150.0]]
    curve = {"frame": 0, "frame_size": [256, 256], "points": line, "width": [5.0] * 3}
    path.write_text(json.dumps([curve]))
    return path


def engaged(recipe, count=30):
    samples = [recipe.sample(3, index) for index in range(count)]
    return [any(one.id.endswith("/engaged") for one in sample.devices) for sample in samples]


def test_engage_is_off_with_own_devices_and_only_then(curves):
    physics = Recipe.preset("physics")
    assert changed(physics) == physics
    own = changed(physics, devices=str(curves), quiet=True)
    assert [s.chance for s in own.stages if isinstance(s, Engage)] == [0]
    assert not any(engaged(own))
    asked = changed(physics, ("engage.chance=1",), devices=str(curves))
    assert any(engaged(asked))
    assert len(own.stages) == len(physics.stages)  # later stages keep their random streams


def test_it_is_said_once_with_the_way_back(curves, tmp_path):
    words = ["--devices", curves, "--index", 0, "--out", tmp_path / "x.png", "--recipe"]

    def said(*more):
        result = CliRunner().invoke(command, [str(word) for word in (*words, *more)])
        assert result.exit_code == 0
        return result.stderr

    assert said("physics").startswith("engage is off: it would bend your devices")
    assert "--set engage.chance=0.6" in said("physics")
    assert said("physics", "--quiet") == said("physics", "--set", "engage.chance=0") == ""
    assert said("paper") == ""
