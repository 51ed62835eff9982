"""What is wrong with a recipe is said with the way out, in TOML as in Python."""

from dataclasses import replace

import numpy as np
import pytest

from fluorosynth.backgrounds.pool import BackgroundPool
from fluorosynth.devices import Spline
from fluorosynth.errors import UsageError
from fluorosynth.recipe import Recipe
from fluorosynth.stages.noise import Noise
from fluorosynth.stages.one_of import OneOf

PARTS = {
    "backgrounds": '[[backgrounds]]\nkind = "bundled"\n',
    "devices": '[[devices]]\nkind = "spline"\n',
    "stages": '[[stages]]\nkind = "render"\n',
}


def written(top="", **other):
    return top + "".join({**PARTS, **other}.values())


def refused(text):
    with pytest.raises(UsageError) as error:
        Recipe.from_toml(text, "my.toml")
    said = str(error.value)
    assert "__init__" not in said
    assert said.startswith("my.toml: ")
    return said


def test_the_parts_make_a_recipe():
    assert Recipe.from_toml(written()).devices == (Spline(),)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_missing_is_named_with_how_to_write_it(part):
    said = refused(written(**{part: ""}))
    assert f"{part} is missing: add a table [[{part}]] with a key kind (" in said
    kind = PARTS[part].split('"')[1]
    assert kind in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (written(devices='[devices]\nkind = "spline"\n'), "expected a table [[devices]]"),
        ('devices = "spline"\n' + written(devices=""), "expected a table [[devices]]"),
        (written(devices="[[devices]]\n"), 'expected a table such as { kind = "masks" }'),
        (written(devices='[[devices]]\nkind = "Pool"\n'), "known: masks, none, polylines"),
        (written(devices='[[devices]]\nkind = "Spline"\n'), "did you mean 'spline'?"),
        (written(backgrounds='[[backgrounds]]\nkind = "folder"\n'), "[0].path is missing: add"),
        (written(backgrounds='[[backgrounds]]\nkind = "memory"\n'), "write them to files"),
        (
            written(stages='[[stages]]\nkind = "zoom"\nfactor = [0.8, 1.2]\n'),
            '{ kind = "uniform", low = 0.8, high = 1.2 }',
        ),
        (
            written(stages='[[stages]]\nkind = "zoom"\nfactor = 1.2\n'),
            '{ kind = "constant", value = 1.2 }',
        ),
        (
            written("device_odds = [0.7, 0.3]\n"),
            "device_odds [0.7, 0.3] has another length than devices, 1: give one weight",
        ),
        (written("device_odds = [-1.0]\n"), "weights are at least 0"),
        (written("background_odds = [0]\n"), "background_odds [0.0]: weights are at least 0"),
        (written("device_odds = 1\n"), "device_odds should be a list or tuple, not 1"),
        (written("device = 1\n"), "did you mean 'devices'?"),
    ],
)
def test_a_mistake_in_a_file_has_a_way_out(text, said):
    assert said in refused(text)


def test_the_table_that_is_proposed_for_numbers_is_one():
    text = written(stages='[[stages]]\nkind = "zoom"\nfactor = [0.8, 1.2]\n')
    proposed = refused(text).partition("such as ")[2].partition(", not")[0]
    fixed = text.replace("[0.8, 1.2]", proposed) + PARTS["stages"]
    assert Recipe.from_toml(fixed).stages[0].factor.high == 1.2


def test_an_opened_source_is_no_source():
    recipe = Recipe.preset("paper")
    pool = BackgroundPool(np.zeros((2, 64, 64), np.uint8), ("a", "b"))
    for field in ("backgrounds", "devices"):
        with pytest.raises(UsageError) as error:
            replace(recipe, **{field: (pool,)})
        said = str(error.value)
        assert "not a BackgroundPool; that is opened: give the source itself, or `Memory`" in said
        assert "0x" not in said


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: Spline(counts=()), "counts is empty"),
        (lambda: Spline(counts=(0.0, 0.0)), "counts [0.0, 0.0]: weights"),
        (lambda: OneOf(stages=()), "stages is empty"),
        (lambda: OneOf(stages=(Noise(),), odds=(1.0, 2.0)), "odds [1.0, 2.0] has another length"),
    ],
)
def test_odds_are_named_by_their_field(build, said):
    with pytest.raises(ValueError, match=r"\w") as error:
        build()
    assert said in str(error.value)
