"""Loops compiled ahead: the table is what presets call, and nothing is left to compile."""

import os
import subprocess
import sys

import pytest

from fluorosynth import Recipe
from fluorosynth.dataset.loops import loops_of, make_ready, table

CALLED = """
import sys
from numba.core.dispatcher import Dispatcher
from numba.core.sigutils import normalize_signature
from fluorosynth import Recipe
from fluorosynth.dataset.loops import loops_of, table
recipe = Recipe.preset(sys.argv[1])
opened = recipe.open(0)
for index in range(250):
    opened.sample(index)
listed = {(loop.name, normalize_signature(f"void({loop.types})")[0]) for loop in loops_of(recipe)}
for module in [name for name in sys.modules if name.startswith("fluorosynth.")]:
    for name, value in vars(sys.modules[module]).items():
        if isinstance(value, Dispatcher) and value.__module__ == module:
            for types in value.signatures:
                loop = module.removeprefix("fluorosynth.") + "." + name
                print(*[] if (loop, types) in listed else [f"{loop}: {types}"], end=";")
"""

COLD = """
import sys
from fluorosynth import Recipe
from fluorosynth.dataset.loops import make_ready
recipe = Recipe.preset("paper")
make_ready(recipe, int(sys.argv[1]), lambda done, total: print("ready", done, total))
from numba.core import event
class Listener(event.Listener):
    def on_start(self, found): print("compiled late", found.data["dispatcher"])
    def on_end(self, found): pass
event.register("numba:compile", Listener())
opened = recipe.open(0)
for index in range(60):
    opened.sample(index)
"""


def run(script, *arguments, **variables):
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **variables},
    )
    return done.stdout


@pytest.mark.parametrize("preset", ["paper", "physics", "strong"])
def test_what_a_preset_calls_is_in_the_table(preset):
    assert run(CALLED, preset).strip(";\n ") == ""


@pytest.mark.parametrize("cores", ["1", "2"])
def test_the_first_run_says_what_it_compiles_and_the_second_has_nothing_to_say(cores, tmp_path):
    first = run(COLD, cores, NUMBA_CACHE_DIR=str(tmp_path), FLUOROSYNTH_CACHE="off").splitlines()
    total = len(loops_of(Recipe.preset("paper")))
    assert first == [f"ready {done} {total}" for done in range(1, total + 1)]
    again = run(COLD, cores, NUMBA_CACHE_DIR=str(tmp_path), FLUOROSYNTH_CACHE="off")
    assert again == ""
    for lost in tmp_path.rglob("shapes._ball-*.nbc"):
        lost.unlink()
    repaired = run(COLD, cores, NUMBA_CACHE_DIR=str(tmp_path), FLUOROSYNTH_CACHE="off")
    assert repaired.splitlines() == [f"ready {total} {total}"]


def test_a_recipe_needs_the_loops_of_its_own_parts():
    named = {
        name: {loop.name for loop in loops_of(Recipe.preset(name))} for name in Recipe.presets()
    }
    assert "stages.jitter._painted" in named["paper"]
    assert "stages.noise._add" in named["physics"] - named["paper"]
    assert named["physics"] | named["paper"] == set(table())


def test_what_is_ready_stays_so():
    make_ready(Recipe.preset("paper"))
    make_ready(Recipe.preset("paper"), report=lambda *_: pytest.fail("compiled again"))


def test_loops_that_are_not_compiled_are_refused(tmp_path):
    line = ["generate", "--n", "2", "--out", str(tmp_path / "set")]
    done = subprocess.run(
        [sys.executable, "-m", "fluorosynth_cli.main", *line],
        capture_output=True,
        text=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "NUMBA_DISABLE_JIT is set, by which samples get other bytes" in done.stderr
    assert not (tmp_path / "set").exists()
