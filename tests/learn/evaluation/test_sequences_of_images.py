"""What counts as one sequence: by names, each image by itself, or as a file says."""

import csv
import json

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from fluorosynth_cli import evaluate as cli
from makers import Lines

from fluorosynth.errors import BadDataError
from fluorosynth.learn.checkpoint import Model, save_model
from fluorosynth.learn.data import LabelledFolder, Normalisation, Windows, grouped
from fluorosynth.learn.networks import build

PATIENTS = {"arcade_1": "p1", "arcade_2": "p2", "arcade_3": "p2", "arcade_4": "p2"}


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, (image, mask) in enumerate(Lines(4), 1):
        cv2.imwrite(str(folder / f"arcade_{number}.png"), image)
        cv2.imwrite(str(folder / f"arcade_{number}_mask.png"), mask)
    return folder


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "model.pt"
    save_model(path, Model(build("light_plain"), Normalisation(120.0, 40.0), threshold=0.4))
    return path


def listed(path, rows, separator=","):
    lines = [f"image{separator}sequence", *(f"{a}{separator}{b}" for a, b in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def evaluated(frames, model, out, *options):
    done = CliRunner().invoke(
        cli.command, [str(frames), "--model", str(model), "--out", str(out), *map(str, options)]
    )
    assert done.exit_code == 0, done.output
    with (out / "metrics.csv").open() as file:
        dice = {
            r["name"]: float(r["dice"]) for r in csv.DictReader(file) if r["threshold"] == "0.4"
        }
    summary = json.loads((out / "summary.json").read_text())
    return done.stdout, dice, summary, summary["results"][1]


def test_names_alone_make_one_sequence_and_the_command_says_so(frames, model, tmp_path):
    said, dice, summary, result = evaluated(frames, model, tmp_path / "out")
    assert (summary["sequences_by"], summary["sequences"]) == ("name", 1)
    assert result["over_sequences"]["dice"]["low"] is None
    assert "All 4 images count as one sequence, 'arcade'" in said
    assert "--sequences none" in said
    assert result["over_images"]["dice"] == pytest.approx(np.mean(list(dice.values())))


def test_each_image_by_itself_has_an_interval(frames, model, tmp_path):
    said, dice, summary, result = evaluated(frames, model, tmp_path / "out", "--sequences", "none")
    assert summary["sequences"] == 4
    mean, low, high = (result["over_sequences"]["dice"][key] for key in ("mean", "low", "high"))
    assert mean == pytest.approx(np.mean(list(dice.values())))
    assert low < mean < high
    assert "mean over images" in said
    assert "count as one" not in said


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_file_says_who_is_who(frames, model, tmp_path, separator):
    names = [(f"{name}.png", patient) for name, patient in PATIENTS.items()]
    file = listed(tmp_path / "patients.csv", [*names, ("another_7", "p9")], separator)
    said, dice, _, result = evaluated(frames, model, tmp_path / "out", "--sequences", file)
    means = [dice["arcade_1"], np.mean([dice[f"arcade_{i}"] for i in (2, 3, 4)])]
    assert result["over_sequences"]["dice"]["mean"] == pytest.approx(np.mean(means))
    assert result["over_images"]["dice"] == pytest.approx(np.mean(list(dice.values())))
    assert {name: found["images"] for name, found in result["sequences"].items()} == {
        "p1": 1, "p2": 3
    }  # fmt: skip
    table = said.splitlines()
    row = next(line for line in table if line.startswith("Dice")).split()
    assert f"{np.mean(means):.3f}" in row  # over sequences, and beside it over images
    assert f"{np.mean(list(dice.values())):.3f}" in row
    page = (tmp_path / "out/report.html").read_text("utf-8")
    assert "Mean over sequences, and over images" in page


def test_context_stays_in_the_sequence_that_is_meant(frames):
    pairs = LabelledFolder(frames)
    as_named, alone = (Windows(grouped(pairs, by), 2)[1][0] for by in ("name", "none"))
    assert np.array_equal(as_named[0], pairs[0][0])
    assert np.array_equal(alone[0], pairs[1][0])


def test_equal_names_are_told_apart_by_their_sequence(frames, tmp_path):
    root = tmp_path / "two"
    for run in "ab":
        (root / run).mkdir(parents=True)
        for path in frames.glob("arcade_1*"):
            (root / run / path.name).write_bytes(path.read_bytes())
    pairs = LabelledFolder(root)
    whole = [(f"{pairs.sequence(i)}/{pairs.name(i)}", f"p{i}") for i in range(2)]
    found = grouped(pairs, listed(tmp_path / "whole.csv", whole))
    assert [found.sequence(i) for i in range(2)] == ["p0", "p1"]
    with pytest.raises(BadDataError, match="arcade_1' is an image of a/arcade, b/arcade: name it"):
        grouped(pairs, listed(tmp_path / "short.csv", [("arcade_1", "p")]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,sequence\narcade_1,p\narcade_2,p\narcade_3,p\narcade_5,p\n", "lacks .*arcade_4"),
        ("image,sequence\narcade_1,p\narcade_1,q\n", "line 3: 'arcade_1' is in 'q', before"),
        ("image,sequence\narcade_1,\n", "line 2: needs an image and a sequence"),
        ("file,patient\na,b\n", "no column 'image': its first line is image,sequence"),
        ("", "no column 'image'"),
        (None, "No such file"),
    ],
)
def test_a_wrong_file_is_refused(frames, tmp_path, text, said):
    path = tmp_path / "patients.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadDataError, match=said) as refused:
        grouped(LabelledFolder(frames), path)
    assert "patients.csv" in str(refused.value)
