"""Rows of public sets: figures that are known, protocols, tables."""

import json
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from makers import Lines
from sets import SETS
from small import fluorosynth

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.layouts.classes import ClassMap
from fluorosynth.learn.data import open_dataset
from fluorosynth.learn.data.parts import by_protocol, for_training
from fluorosynth.learn.evaluation.bench import (
    bench,
    bench_table,
    read_row,
    row_of,
    write_row,
)
from fluorosynth.stress.segmenters import Ridge


class Known:
    """Answers with the truth of pictures that it was shown before, changed by ``change``."""

    def __init__(self, pairs, change=lambda mask: mask, name="known"):
        self.truths = {image.tobytes(): np.uint8(mask == 1) for image, mask in pairs}
        self.change, self.about = change, {"kind": name, "threshold": 0.5}

    def masks(self, pictures):
        for picture in pictures:
            yield self.change(self.truths[picture.tobytes()])


@pytest.fixture(scope="module")
def mosxav(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets") / "mosxav"
    SETS["mosxav"](root)
    return root


def test_the_truth_scores_one_and_nothing_scores_zero(mosxav):
    pairs = by_protocol(open_dataset(mosxav))
    for change, dice in ((lambda mask: mask, 1.0), (np.zeros_like, 0.0)):
        known = Known(pairs, change)
        row = row_of(bench(known, pairs), known, pairs, "mosxav")
        assert row.measures["dice"] == (dice, dice, dice)
        assert {s: v["dice"] for s, v in row.sequences.items()} == {"v01": dice, "v02": dice}


def test_a_dilated_truth_scores_what_its_areas_say():
    pairs = Lines(6)
    wide = Known(pairs, lambda mask: cv2.dilate(mask, np.ones((3, 3), np.uint8)))
    row = row_of(bench(wide, pairs), wide, pairs, "lines")
    expected = []
    for _, mask in pairs:
        grown = cv2.dilate(mask, np.ones((3, 3), np.uint8))
        expected.append(2 * mask.sum() / (int(mask.sum()) + int(grown.sum())))
    assert row.measures["dice"][0] == pytest.approx(np.mean(expected), abs=1e-5)


def test_a_row_says_what_was_measured_on_what(mosxav, tmp_path):
    pairs = by_protocol(open_dataset(mosxav))
    row = row_of(bench(Ridge(), pairs), Ridge(), pairs, "mosxav")
    assert row.set["part"] == "test"
    assert (row.set["images"], row.set["sequences"]) == (4, 2)
    assert row.set["classes"]["instrument"] == ["contrast catheter", "catheter"]
    assert row.set["digest"] == pairs.fingerprint
    assert row.model["kind"] == "sato"
    assert {"fluorosynth", "numpy"} <= row.software.keys()
    write_row(row, tmp_path / "row.json")
    assert read_row(tmp_path) == row


def test_the_protocol_takes_the_test_part_unless_told_otherwise(mosxav):
    pairs = open_dataset(mosxav)
    assert {item.part for item in by_protocol(pairs).items} == {"test"}
    assert len(by_protocol(pairs, "all")) == 6
    assert len(by_protocol(pairs, "trainval")) == 2
    with pytest.raises(UsageError, match="has no `part` 'test'"):
        by_protocol(Lines(2), "test")


def test_classes_stay_as_they_were_given(mosxav):
    pairs = open_dataset(mosxav, classes=ClassMap(("vessel",)))
    assert by_protocol(pairs).meant == pairs.meant


def test_rows_stand_together_by_set_and_rank(mosxav):
    pairs = by_protocol(open_dataset(mosxav))
    good, poor = Known(pairs, name="good"), Known(pairs, np.zeros_like, "poor")
    rows = [row_of(bench(who, pairs), who, pairs, "mosxav") for who in (poor, good)]
    other = by_protocol(open_dataset(mosxav, classes=ClassMap(("2",), ("3",))))
    rows.append(row_of(bench(Ridge(), other), Ridge(), other, "mosxav"))
    first, second = (part for part in bench_table(rows).split("**mosxav") if "|" in part)
    assert first.index("| good |") < first.index("| poor |")
    assert "| sato |" in second
    assert "| sato |" not in first


def test_the_command_and_its_table(mosxav, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, threshold in (("a", "3"), ("b", "9")):
        line = f"bench {mosxav} --model sato --out {name} --threshold {threshold} --quiet"
        assert fluorosynth(*line.split()) == (0, "", "")
    code, said, _ = fluorosynth("bench", "table", "a", "b/row.json", "--out", "table.md")
    assert code == 0
    assert said == Path("table.md").read_text()
    assert said.count("| sato |") == 2
    assert json.loads(Path("a/row.json").read_text())["model"]["threshold"] == 3
    assert {path.name for path in Path("a").iterdir()} >= {"metrics.csv", "report.html"}


def test_sets_are_trained_on_and_evaluated_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SETS["cathaction"](tmp_path / "set")
    line = (
        "train set --out run --network light_plain --epochs 1 --batch-size 2 --instrument guidewire"
    )
    assert fluorosynth(*line.split(), "--quiet")[0] == 0
    line = "evaluate set --model run --out report --instrument 2 --ignore 1,7 --quiet"
    assert fluorosynth(*line.split())[0] == 0
    assert json.loads(Path("report/summary.json").read_text())["images"] == 3


def test_no_set_is_learned_from_and_measured_on_at_once(tmp_path, monkeypatch):
    """Each command takes its part by default, and says so; --part takes another."""
    monkeypatch.chdir(tmp_path)
    SETS["mosxav"](tmp_path / "set")
    line = "train set --out run --network light_plain --epochs 1 --batch-size 2"
    code, _, said = fluorosynth(*line.split())
    assert code == 0
    assert "the part trainval: 2 of 6 labelled pictures; --part all takes all" in said
    told = tomllib.loads(Path("run/config.toml").read_text())["data"]
    assert told["training_images"] + told["validation_images"] == 2
    for part, images in ((), 4), (("--part", "trainval"), 2), (("--part", "all"), 6):
        line = "evaluate set --model run --out report --quiet"
        assert fluorosynth(*line.split(), *part)[0] == 0
        assert json.loads(Path("report/summary.json").read_text())["images"] == images
    code, _, said = fluorosynth(*["train", "set", "--out", "x", "--part", "dev"])
    assert code == 2
    assert "has no --part 'dev'; it has test, trainval" in said


@pytest.mark.parametrize("name", SETS)
def test_parts_for_training_and_for_the_test_are_apart(tmp_path, name):
    SETS[name](tmp_path)
    pairs = open_dataset(tmp_path)
    parts = {item.part for item in pairs.layout.items}
    learned, tested = for_training(pairs), by_protocol(pairs)
    shared = {item.image for item in learned.items} & {item.image for item in tested.items}
    assert not shared if len(parts) > 1 else len(learned) == len(tested) == len(pairs)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("bench SET --out x", 2, "name a model or a command"),
        ("bench SET --model sato --out x --layout mosxva", 2, "did you mean 'mosxav'"),
        ("bench SET --model sato --out x --instrument wire", 2, "no class 'wire'"),
        ("bench SET --model sato --out x --part dev", 2, "--part 'dev'"),
        ("bench nowhere --model sato --out x", 3, "nowhere does not exist"),
        ("bench table nowhere", 3, "cannot be read"),
    ],
)
def test_mistakes(mosxav, tmp_path, monkeypatch, line, code, said):
    monkeypatch.chdir(tmp_path)
    found, _, error = fluorosynth(*line.replace("SET", str(mosxav)).split())
    assert (found, "Traceback" in error) == (code, False)
    assert said in error


def test_another_file_is_no_row(tmp_path):
    for text in ("", "[]", "{}", '{"format": "fluorosynth-bench", "format_version": 1}'):
        (tmp_path / "row.json").write_text(text)
        with pytest.raises(BadDataError, match=r"row\.json"):
            read_row(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("measures",), {}),
        (("measures", "dice"), ["x", None, None]),
        (("model", "threshold"), "x"),
        (("format",), "other"),
        (("format_version",), 99),
        (("set",), None),
    ],
)
def test_a_row_that_is_broken_is_no_row(mosxav, tmp_path, key, value):
    pairs = by_protocol(open_dataset(mosxav))
    known = Known(pairs)
    write_row(row_of(bench(known, pairs), known, pairs, "mosxav"), tmp_path / "row.json")
    plain = json.loads((tmp_path / "row.json").read_text())
    place = plain
    for part in key[:-1]:
        place = place[part]
    place[key[-1]] = value
    (tmp_path / "row.json").write_text(json.dumps(plain))
    with pytest.raises(BadDataError, match=r"row\.json"):
        read_row(tmp_path)


def test_json_of_any_depth_is_no_row(tmp_path):
    (tmp_path / "row.json").write_text("[" * 100_000)
    with pytest.raises(BadDataError, match="not valid JSON"):
        read_row(tmp_path)
