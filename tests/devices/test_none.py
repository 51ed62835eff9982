"""Pictures without an instrument: their share, their truth, and that everything takes them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from small import assert_equal, fluorosynth, small_recipe

from fluorosynth import Recipe
from fluorosynth.dataset.generation import generate
from fluorosynth.dataset.manifest import read_samples
from fluorosynth.devices.none import NoInstrument
from fluorosynth.exporters.base import export

SHARE = 0.3


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Traced curves, and a share of nothing."""
    recipe = small_recipe(tmp_path_factory.mktemp("sources"))
    odds = (1 - SHARE, SHARE)
    return replace(recipe, devices=(*recipe.devices, NoInstrument()), device_odds=odds)


def bare(name):
    return replace(Recipe.preset(name), devices=(NoInstrument(),), device_odds=())


@pytest.mark.parametrize("name", Recipe.presets())
def test_nothing_is_labelled_and_all_else_is_there(name):
    recipe, seen = bare(name), set()
    for index in range(40):
        sample = recipe.sample(0, index)
        assert not (sample.mask == 1).any()
        assert sample.devices == ()
        assert sample.meta["devices"] == []
        assert sample.image.std() > 1
        seen |= {step["kind"] for step in sample.meta["steps"]}
    if name != "paper":
        assert {"vessels", "bones", "clutter"} <= seen


def test_its_share_is_that_of_its_odds(mixed):
    empty = [not mixed.sample(3, index).devices for index in range(600)]
    assert np.mean(empty) == pytest.approx(SHARE, abs=4 * (SHARE * (1 - SHARE) / 600) ** 0.5)


def test_an_empty_picture_is_that_of_a_recipe_without_any(mixed):
    nothing = replace(mixed, devices=mixed.devices[1:], device_odds=())
    empty = [index for index in range(20) if not mixed.sample(0, index).devices]
    assert empty
    for index in empty:
        assert_equal(mixed.sample(0, index), nothing.sample(0, index))


def test_runs_stay_empty_throughout():
    run = replace(bare("physics"), size=64, frames=3).sequence(1, 0)
    assert len(run) == 3
    assert not any((frame.mask == 1).any() for frame in run)


def test_it_survives_a_round_trip():
    assert Recipe.from_toml(bare("paper").to_toml()) == bare("paper")


@pytest.mark.parametrize("layout", ["coco", "folder", "nnunet"])
def test_sets_without_any_instrument_are_written_and_exported(layout, mixed, tmp_path):
    nothing = replace(mixed, devices=(NoInstrument(),), device_odds=())
    generate(nothing, tmp_path / "set", 3)
    samples = list(read_samples(tmp_path / "set"))
    assert len(samples) == 3
    export(iter(samples), layout, tmp_path / "out")
    if layout == "coco":
        content = json.loads((tmp_path / "out" / "annotations.json").read_text())
        assert len(content["images"]) == 3
        known = {category["id"] for category in content["categories"]}
        assert {a["category_id"] for a in content["annotations"]} <= known


def test_curves_from_the_command_line_leave_the_share_of_empty_pictures(mixed, tmp_path):
    (tmp_path / "mixed.toml").write_text(mixed.to_toml(), "utf-8")
    curves = mixed.devices[0].path
    options = ("--recipe", tmp_path / "mixed.toml", "--devices", curves, "--n", 40, "--quiet")
    code, _, said = fluorosynth("generate", "--out", tmp_path / "set", *options)
    assert code == 0, said
    empty = [not sample.devices for _, sample in read_samples(tmp_path / "set")]
    assert 0 < sum(empty) < 40
