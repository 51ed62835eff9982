"""Errors name parameters as Python does; the command line says its options."""

import ast
import pickle
import re
from pathlib import Path

import pytest
from fluorosynth_cli.main import COMMANDS, _options
from small import fluorosynth, small_recipe

import fluorosynth as library
from fluorosynth.dataset.generation import generate
from fluorosynth.errors import MissingExtraError, UsageError, extra

ROOT = Path(library.__file__).parent


def test_only_the_named_parameters_are_renamed():
    error = UsageError("lower `batch_size` (now 8) of batch_size, or `crop`")
    said = error.renamed({"batch_size": "--batch-size"})
    assert said == "lower --batch-size (now 8) of batch_size, or `crop`"


def test_no_message_of_the_library_speaks_of_options():
    found = []
    for path in ROOT.rglob("*.py"):
        if path.name == "job_scripts.py":  # that writes commands
            continue
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        shown = [node.value for node in nodes if isinstance(node, ast.Expr)]  # docstrings
        texts = [node for node in nodes if isinstance(node, ast.Constant) and node not in shown]
        found += [
            f"{path.relative_to(ROOT)}:{text.lineno}"
            for text in texts
            if re.search(r"(?<![\w-])--[a-z]", str(text.value))
        ]
    assert found == []


def test_a_message_says_the_options_of_the_command_that_ran(tmp_path, monkeypatch):
    recipe = small_recipe(tmp_path)
    generate(recipe, tmp_path / "set", n=3, seed=0, workers=1, shard_size=1)
    with pytest.raises(UsageError, match=r"lies beyond `n` 1: .* another `out`"):
        generate(recipe, tmp_path / "set", n=1, seed=0, workers=1, shard_size=1)
    (tmp_path / "small.toml").write_text(recipe.to_toml())
    monkeypatch.chdir(tmp_path)
    line = "generate --recipe small.toml --out set --n 1 --shard-size 1 --workers 1 --quiet"
    code, _, said = fluorosynth(*line.split())
    assert code == 2
    assert "lies beyond --n 1" in said
    assert "another --out" in said


def test_every_command_knows_its_options():
    assert all(o.startswith("--") for name in COMMANDS for o in _options([name]).values())
    assert _options(["generate", "--n", "3"])["shard_size"] == "--shard-size"
    assert _options(["generate"])["settings"] == "--set"
    assert _options(["model", "export", "default"])["out"] == "--out"


def test_an_unknown_command_is_told_the_one_that_was_meant():
    code, _, said = fluorosynth("genrate")
    assert code == 2
    assert "no command 'genrate'; did you mean 'generate'?" in said


def test_what_a_missing_extra_says_survives_another_process():
    with pytest.raises(MissingExtraError) as caught, extra("moon", "tides need the moon"):
        import moon  # noqa: F401
    said = "tides need the moon: pip install 'fluorosynth[moon]'"
    assert str(caught.value) == str(pickle.loads(pickle.dumps(caught.value))) == said
