"""Nothing but a sentence where nothing was done, and words where nothing can be counted."""

import io
import sys

import pytest
from fluorosynth_cli.progress import progress, say_compiling
from small import fluorosynth, small_recipe

from fluorosynth.core.numba_cache import not_kept
from fluorosynth.dataset.generation import generate
from fluorosynth.recipe import Recipe


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_an_unknown_exporter_is_all_that_is_said(tmp_path):
    generate(small_recipe(tmp_path), tmp_path / "set", n=2, seed=0)
    code, out, error = fluorosynth("export", tmp_path / "set", "--to", "cocoa", "--out", "o")
    assert (code, out) == (2, "")
    assert error.startswith("Error: no exporter 'cocoa'")


def stopped_after(done):
    with progress(5, "image", quiet=False, ncols=60) as bar:
        bar.update(done)
        raise KeyError


@pytest.mark.parametrize(("done", "stays"), [(0, False), (2, True)])
def test_a_bar_that_did_nothing_goes(monkeypatch, done, stays):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with pytest.raises(KeyError):
        stopped_after(done)
    assert screen.getvalue().rstrip(" \r").endswith("\n") == stays


def test_the_first_run_says_what_it_compiles(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    say_compiling(Recipe.preset("physics"), quiet=False)
    said = capsys.readouterr().err
    assert said.startswith("compiling the loops of ")
    assert "noise" in said
    say_compiling(Recipe.preset("physics"), quiet=True)
    (tmp_path / "stages_0").mkdir()
    for name in ("noise", "field", "visible", "display", "bones", "jitter"):
        (tmp_path / f"stages_0/{name}._loop-1.py311.nbi").touch()
    say_compiling(Recipe.preset("physics"), quiet=False)
    assert capsys.readouterr().err == ""


def test_modules_without_loops_are_not_named(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    Recipe.preset("physics")
    assert not_kept(["fluorosynth.stages.flip", "fluorosynth.stages.noise"]) == [
        "fluorosynth.stages.noise"
    ]
