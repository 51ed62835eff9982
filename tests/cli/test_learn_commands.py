import tomllib

import cv2
import pytest
from click.testing import CliRunner
from fluorosynth_cli import finetune, model, train
from fluorosynth_cli.main import main
from makers import picture, write_set

from fluorosynth.learn.checkpoint import Model, save_model
from fluorosynth.learn.data import Normalisation
from fluorosynth.learn.networks import build
from fluorosynth.learn.training.config import QUICK


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


def flip_a_bit(shard):
    content = bytearray(shard.read_bytes())
    content[content.index(picture(2, 32)[0].tobytes()) + 7] ^= 1
    shard.write_bytes(content)


@pytest.fixture
def things(tmp_path, monkeypatch):
    """Data and models of every kind that cannot be used, in the working folder."""
    monkeypatch.chdir(tmp_path)
    flip_a_bit(write_set(tmp_path / "damaged", [8], 32) / "shard-00000.h5")
    write_set(tmp_path / "set", [8], 32)
    (tmp_path / "empty").mkdir()
    (tmp_path / "blank").mkdir()
    for index in range(3):
        image, mask = picture(index, 32)
        cv2.imwrite(f"blank/a_{index}.png", image)
        cv2.imwrite(f"blank/a_{index}_mask.png", 0 * mask)
    save_model(tmp_path / "light.pt", Model(build("light"), Normalisation(128.0, 50.0)))
    (tmp_path / "text.pt").write_text("no model")
    (tmp_path / "other").mkdir()
    save_model(tmp_path / "other/last.pt", Model(build("light"), Normalisation(128.0, 50.0)))
    (tmp_path / "file").write_text("")


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("train nowhere", 3, "nowhere does not exist"),
        ("train empty", 3, "empty holds no labelled image"),
        ("train paper --n 0", 3, "at least 2 labelled images, got 0"),
        ("train blank", 3, "no mask has a foreground pixel (value 1)"),
        ("train damaged", 3, "shard-00000.h5"),
        ("train set --lr 1e30", 3, "lower --lr (now 1e+30)"),
        ("train set --network lihgt", 2, "no network 'lihgt'"),
        ("train set --device warp", 2, "device 'warp' cannot be used"),
        ("train set --out other", 3, "no run that could go on"),
        ("train set --out file", 2, "--out file is a file: name a folder"),
        ("train set --crop 64", 3, "too small for crops of 64"),
        ("train set --validation 1", 2, "--validation must be between 0 and 1, not 1.0"),
        ("finetune set --from text.pt", 3, "text.pt is no checkpoint"),
        ("finetune set --from empty", 3, "empty holds no best.pt"),
        ("finetune set --from light.pt --layers 8", 2, "odd"),
        ("finetune empty --from light.pt", 3, "empty holds no labelled image"),
        ("model show lihgt", 2, "no network 'lihgt'"),
        ("model export text.pt --out x.onnx", 3, "text.pt is no checkpoint"),
    ],
)
def test_mistakes_are_named(line, code, message, things, capsys):
    words = line.split()
    if words[0] in ("train", "finetune"):
        words += [] if "--out" in words else ["--out", "out"]
        words += ["--epochs", "1", "--batch-size", "4", "--quiet"]
    if words[0] == "train" and "--network" not in words:
        words += ["--network", "light_plain"]
    with pytest.raises(SystemExit) as stop:
        main(words)
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert stop.value.code == code
