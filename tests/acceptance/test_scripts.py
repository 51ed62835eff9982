"""The shell scripts among the examples, with small numbers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from fluorosynth import Recipe
from fluorosynth.learn import load_model

ROOT = Path(__file__).parents[2]


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder of programs that are found first; fluorosynth is one, as if installed."""
    folder = tmp_path / "programs"
    folder.mkdir()
    places = os.pathsep.join([str(ROOT), str(ROOT / "cli")])
    command = f'PYTHONPATH="{places}" exec "{sys.executable}" -m fluorosynth_cli.main "$@"'
    add(folder / "fluorosynth", command)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return folder


def add(path, line):
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def run(script, *arguments, **variables):
    done = subprocess.run(
        ["sh", str(ROOT / "examples" / script), *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nnunet_finds_its_data_where_it_looks(programs):
    for name in ("plan_and_preprocess", "train", "predict"):
        add(programs / f"nnUNetv2_{name}", f'echo {name} "$nnUNet_raw" "$@"')
    lines = run("howto/nnunet.sh", "out", N="3", DEVICE="cpu").splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["plan_and_preprocess", "out/raw"], ["train", "out/raw"], ["predict", "out/raw"]
    ]  # fmt: skip
    data = Path("out/raw/Dataset101_Catheter")
    assert json.loads((data / "dataset.json").read_text())["numTraining"] == 3
    words = lines[-1].split()
    assert Path(words[words.index("-i") + 1]) == data / "imagesTr"
    assert len(list((data / "imagesTr").glob("*_0000.png"))) == 3


@pytest.fixture
def frames(tmp_path):
    """Eight labelled frames as pairs of PNG."""
    folder, sampler = tmp_path / "frames", Recipe.preset("paper").open(seed=1)
    folder.mkdir()
    for index in range(8):
        sample = sampler.sample(index)
        cv2.imwrite(str(folder / f"p{index}_1.png"), sample.image)
        cv2.imwrite(str(folder / f"p{index}_1_mask.png"), sample.mask)
    return folder


def rows_of(script, *arguments):
    """Run a Python example; return the cells of its table's rows."""
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / script), *arguments]
    places = os.pathsep.join([str(ROOT), str(ROOT / "cli")])
    done = subprocess.run(
        list(map(str, command)),
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.slow
def test_a_recipe_is_ablated(tmp_path, frames):
    clear = tmp_path / "clear"
    clear.mkdir()
    cv2.imwrite(str(clear / "hand.png"), np.full((64, 64), 90, np.uint8))
    rows = rows_of("studies/ablate_recipe.py", frames, tmp_path / "out", "--n", 16, "--crop", 32,
                   "--only", "no engage,labels before blur", "--apart", "p0*", "--seeds", "0,1",
                   "--clear", clear)  # fmt: skip
    names = [row[0] for row in rows if row[1] == "contrast phase"]
    assert names == ["whole recipe", "no engage", "labels before blur"]
    frames_of = {"contrast phase": 7, "others": 1, "all": 8, "clear": 1}
    assert all(int(row[2]) == frames_of[row[1]] for row in rows)
    differences = [row for row in rows if row[0] != "whole recipe"]
    assert len(differences) == 8
    assert all(cell.startswith(("+", "-")) for row in differences for cell in row[3:])


@pytest.mark.slow
def test_the_model_in_the_box_is_made_from_nothing(programs):
    add(programs / "python", f'PYTHONPATH="{ROOT}:{ROOT / "cli"}" exec "{sys.executable}" "$@"')
    run("rebuild/build_default_model.sh", "out", N="8", LAST="8", CHOSEN="12")
    model = load_model(Path("out/default.pt"))
    assert model.network.kind == "light_deep"
    assert model.masks.presence is not None


@pytest.mark.slow
def test_the_ablations_end_with_one_table(programs):
    small = {"N": "12", "EPOCHS": "1", "TUNE_EPOCHS": "1", "CROP": "32", "SIZE": "32"}
    head, *rows = run("studies/ablations.sh", "out", **small).splitlines()
    assert head.split()[:6] == [">", "0.01", ">", "0.5", ">", "best"]
    assert [row.split()[0] for row in rows] == [
        "ambrosini-dice", "light-cross_entropy", "light-dice", "tuned-13", "tuned-19", "tuned-7"
    ]  # fmt: skip
    assert all(0 <= float(value) <= 1 for row in rows for value in row.split()[1:])
