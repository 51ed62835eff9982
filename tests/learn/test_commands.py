import tomllib

import pytest
from click.testing import CliRunner
from fluorosynth_cli import finetune, model, train
from makers import write_set

from fluorosynth.learn.config import QUICK


def run(command, *arguments):
    done = CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def test_train_then_finetune(tmp_path):
    data = write_set(tmp_path / "data", [10], 32)
    common = ("--epochs", 1, "--batch-size", 5)
    done = run(train.command, data, "--out", tmp_path / "run", "--network", "light_plain", *common)
    assert done.stdout.startswith("best epoch 1: validation Dice ")
    assert done.stdout.strip().endswith("best.pt")
    assert "epoch 1/1" in done.stderr
    done = run(
        finetune.command, data, "--from", tmp_path / "run", "--out", tmp_path / "tuned", *common
    )
    assert "best.pt" in done.stdout
    assert 'layers = "15-21"' in (tmp_path / "tuned" / "config.toml").read_text()
    done = run(
        train.command,
        data,
        "--out",
        tmp_path / "run",
        "--network",
        "light_plain",
        *common,
        "--quiet",
    )
    assert done.output == ""  # it was over already


def test_the_table_names_the_layers_to_tune():
    lines = run(model.command, "show", "light").stdout.splitlines()
    assert lines[24].split()[:3] == ["23", "Conv2D", "bottom"]
    assert "55 layers, 687,634 trainable parameters" in lines
    assert "--layers 7: 23-29" in lines
    listed = run(model.command, "list").stdout
    assert "14,133,154" in listed
    assert "686,290" in listed


@pytest.mark.parametrize("command", [train.command, finetune.command, model.command])
def test_help_has_examples(command):
    assert "Examples:" in run(command, "--help").stdout


def test_quick_is_a_profile_that_gives_way(tmp_path):
    data = write_set(tmp_path / "data", [10], 32)
    run(train.command, data, "--out", tmp_path, "--quick", "--epochs", 1, "--crop", 16)
    config = tomllib.loads((tmp_path / "config.toml").read_text())["train"]
    expected = {**QUICK, "epochs": 1, "crop": 16}
    assert {key: config[key] for key in expected} == expected
