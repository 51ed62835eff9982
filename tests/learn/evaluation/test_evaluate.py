"""Evaluation against values worked by hand, and what its files hold."""

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from fluorosynth_cli import evaluate as cli
from makers import Lines, picture, write_set

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.learn.checkpoint import MaskDefaults, Model, save_model
from fluorosynth.learn.data import LabelledDataset, Normalisation, Resized
from fluorosynth.learn.evaluation.evaluate import evaluate, prepare, thresholds_of
from fluorosynth.learn.evaluation.predictors import plain_predictor
from fluorosynth.learn.evaluation.report import write_report
from fluorosynth.learn.evaluation.run import evaluate_model
from fluorosynth.learn.networks import build
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.predict import predict
from fluorosynth.learn.prediction.segment import SegmentConfig
from fluorosynth.learn.prediction.torch_engine import Mode

HALF = {0.5: "half"}
HOSTILE = '<img src="http://example.org/x">$\\frac{$\x1b[31m'


class Runs(LabelledDataset):
    """Masks in named sequences; the image of item i is i everywhere."""

    def __init__(self, masks, sequences):
        self.masks, self.sequences = masks, sequences

    def __len__(self):
        return len(self.masks)

    def __getitem__(self, index):
        mask = np.asarray(self.masks[index], np.uint8)
        return np.full(mask.shape, index, np.uint8), mask

    def sequence(self, index):
        return self.sequences[index]


def line(row=10, value=1):
    mask = np.zeros((32, 32), np.uint8)
    mask[row - 1 : row + 2, :20] = value
    return mask


def model_file(path, **changes):
    torch.manual_seed(0)
    save_model(path, Model(build("light_plain"), Normalisation(120.0, 40.0), **changes))
    return path


def save_pair(folder, stem, image, mask):
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"{stem}.png"), image)
    cv2.imwrite(str(folder / f"{stem}_mask.png"), mask)


def run(*arguments):
    return CliRunner().invoke(cli.command, [str(a) for a in arguments])


def test_a_perfect_predictor_scores_1():
    runs = Runs([line(6), line(12), line(20)], ["a", "a", "b"])
    found = evaluate(runs, lambda image: (line((6, 12, 20)[image[0, 0]]) == 1) * 1.0, HALF)
    means = found.over_images(0.5)
    for name in ("dice", "iou", "cldice", "precision", "recall", "centreline_f1_1px"):
        assert means[name] == 1
    for name in ("fp_percent_of_image", "centreline_distance", "hausdorff95", "tip_error"):
        assert means[name] == 0


def test_an_empty_predictor_has_the_stated_values():
    runs = Runs([line(), 0 * line()], ["a", "a"])
    missed, right = evaluate(runs, lambda image: 0.0 * image, HALF).rows
    assert missed.values["dice"] == missed.values["centreline_f1_3px"] == 0
    assert missed.values["hausdorff95"] == missed.values["tip_error"] == pytest.approx(32 * 2**0.5)
    assert right.values["dice"] == right.values["recall"] == 1
    assert right.values["hausdorff95"] == 0
    assert np.isnan(right.values["tip_error"])


def test_two_images_worked_by_hand():
    # Truth 4 and 2 of 8 pixels; predicted above .5: 2 right and 1 wrong; 2 right and 2 wrong
    truth = [[[1, 1, 1, 1], [0, 0, 0, 0]], [[1, 1, 0, 0], [0, 0, 0, 0]]]
    maps = [[[0.9, 0.6, 0.5, 0.1], [0.7, 0.2, 0.0, 0.0]], [[0.9, 0.9, 0.9, 0.9], [0, 0, 0, 0.5]]]
    found = evaluate(
        Runs(truth, ["a", "b"]), lambda image: np.asarray(maps[image[0, 0]]), {0.5: "", 0.05: ""}
    )
    first, second = (row.values for row in found.at(0.5))
    assert first["dice"] == 2 * 2 / (3 + 4)
    assert (first["precision"], first["recall"]) == (2 / 3, 1 / 2)
    assert first["fp_percent_of_image"] == 100 / 8
    assert first["fp_percent_of_background"] == 100 / 4
    assert second["dice"] == 2 * 2 / (4 + 2)
    assert found.over_images(0.5)["iou"] == pytest.approx((2 / 5 + 2 / 4) / 2)
    assert found.over_images(0.05)["recall"] == 1
    assert [row.name for row in found.ranked(0.5)] == ["000001", "000000"]


def test_ignored_pixels_count_in_nothing():
    hidden = line()
    hidden[:, 16:] = 255
    plain, other = (
        evaluate(Runs([hidden], ["a"]), lambda image, p=p: p, HALF).rows[0].values
        for p in (np.where(hidden == 1, 0.9, 0.0), np.where(hidden > 0, 0.9, 0.0))
    )
    assert plain == pytest.approx(other, nan_ok=True)
    assert plain["dice"] == 1


def test_short_parts_are_dropped_before_measuring():
    runs = Runs([line(6)], ["a"])
    found = (line(6) + line(25) * (np.arange(32) < 6)) * 0.9  # 18 pixels too many
    plain, clean = (
        evaluate(runs, lambda image: found, HALF, min_length=m).rows[0].values for m in (0, 10)
    )
    assert plain["precision"] == 60 / 78
    assert clean["precision"] == clean["dice"] == clean["recall"] == 1


def test_means_are_of_sequences_and_intervals_hold_them():
    rng = np.random.default_rng(0)
    sequences = ["a"] * 6 + ["b"] * 2 + ["c"] * 3
    shifts = rng.integers(0, 3, len(sequences))
    runs = Runs([line() for _ in sequences], sequences)
    found = evaluate(runs, lambda image: np.roll(line(), shifts[image[0, 0]], 0) * 1.0, HALF)
    dice = np.array([row.values["dice"] for row in found.rows])
    by_hand = np.mean([dice[:6].mean(), dice[6:8].mean(), dice[8:].mean()])
    interval = found.overall(0.5)["dice"]
    assert interval.mean == pytest.approx(by_hand)
    assert interval.low <= interval.mean <= interval.high
    assert interval.low < interval.high
    assert found.over_images(0.5)["dice"] == pytest.approx(dice.mean())
    alone = evaluate(Runs([line()], ["a"]), lambda image: line() * 1.0, HALF).overall(0.5)["dice"]
    assert alone.mean == 1
    assert np.isnan(alone.low)


def test_masks_are_resized_by_area():
    mask = np.zeros((8, 16), np.uint8)
    mask[0, 0] = mask[0, 2] = mask[1, 2] = 1  # a quarter, and half of a pixel of twice the side
    mask[4:6, 4:6] = 255
    image = np.tile(np.uint8([0, 100]), (8, 8))
    small_image, small = Resized(Runs([mask], ["a"]), 8)[0]
    assert small_image.shape == small.shape == (4, 8)
    expected = np.zeros((4, 8), np.uint8)
    expected[0, 1], expected[2, 2] = 1, 255
    assert np.array_equal(small, expected)
    pairs = Runs([mask], ["a"])
    pairs.__class__ = type("Striped", (Runs,), {"__getitem__": lambda self, i: (image, mask)})
    assert (Resized(pairs, 8)[0][0] == 50).all()
    assert np.array_equal(Resized(Runs([mask], ["a"]), 16)[0][1], mask)
    with pytest.raises(UsageError, match="at least 1"):
        Resized(pairs, 0)


def test_models_of_several_frames_get_them_resized_and_limited():
    model = Model(build("light_plain", {"channels": 3}).eval(), Normalisation(100.0, 50.0), 0.3)
    pairs = prepare(Lines(10), model, size=32, limit=4)
    assert len(pairs) == 4
    assert [pairs.name(i) for i in range(4)] == ["000000", "000003", "000006", "000009"]
    image, mask = pairs[1]
    assert image.shape == (3, 32, 32)
    found = plain_predictor(model)(image)
    assert found.shape == mask.shape
    assert ((found > 0) & (found < 1)).all()
    assert thresholds_of(model) == {0.01: "paper", 0.5: "half", 0.3: "best of validation"}


def test_nothing_to_evaluate_is_refused():
    with pytest.raises(BadDataError, match="no labelled image"):
        evaluate(Runs([], []), lambda image: image, HALF)


class Tags(HTMLParser):
    """Collects elements and what they refer to."""

    def __init__(self, text):
        super().__init__()
        self.found, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append(tag)
        self.links += [v for k, v in attributes if k in ("src", "href", "srcset", "data")]


def test_the_page_needs_nothing_else_and_escapes_names(tmp_path):
    found = evaluate(Runs([line(), line()], [HOSTILE, "b"]), lambda image: line() * 1.0, HALF)
    picture = np.zeros((8, 8, 3), np.uint8)
    shown = {"Best": [(found.rows[0], picture)], HOSTILE: []}
    write_report(found, 0.5, shown, {"model": HOSTILE}, tmp_path)
    text = (tmp_path / "report.html").read_text("utf-8")
    tags = Tags(text)
    assert tags.found.count("img") == 2  # the box plot and one overlay
    assert all(link.startswith("data:image/png;base64,") for link in tags.links)
    assert not {"script", "link", "iframe", "object"} & set(tags.found)
    assert not re.search(r"url\(|@import", text)
    assert "&lt;img src=" in text


def test_the_command_writes_table_csv_json_and_page(tmp_path):
    folder = tmp_path / "frames"
    for i, (image, mask) in enumerate(Lines(3)):
        save_pair(folder, f"{'ab'[i % 2]}_{i}", image, mask)
    model = model_file(tmp_path / "model.pt", threshold=0.4)
    done = run(folder, "--model", model, "--out", tmp_path / "out", "--size", 32)
    assert done.exit_code == 0, done.output
    assert "Hausdorff" in done.stdout
    assert "> 0.4 (best of validation)" in done.stdout
    with (tmp_path / "out" / "metrics.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 3 * 3
    assert {(row["sequence"], row["name"]) for row in rows} == {
        ("a", "a_0"), ("b", "b_1"), ("a", "a_2")
    }  # fmt: skip
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [result["threshold"] for result in summary["results"]] == [0.01, 0.4, 0.5]
    last = summary["results"][-1]
    dice = {row["name"]: float(row["dice"]) for row in rows if row["threshold"] == "0.5"}
    assert last["over_images"]["dice"] == pytest.approx(np.mean(list(dice.values())))
    assert last["sequences"]["a"]["dice"] == pytest.approx((dice["a_0"] + dice["a_2"]) / 2)
    again = run(folder, "--model", model, "--out", tmp_path / "out", "--quiet", "--limit", 1)
    assert again.output == ""


def test_what_is_measured_is_what_predict_writes(trained, trained_file, tmp_path):
    image, mask = picture(77)
    save_pair(tmp_path / "frames", "a_0", image, mask)
    options = {"tta": True, "scales": (0.8, 1.0), "min_length": 12.0}
    inference = Inference(trained, "cpu", Mode(folded=False, channels_last=False))
    config = SegmentConfig.of(trained, threshold=0.01, **options)
    predict(tmp_path / "frames/a_0.png", inference, tmp_path / "predicted", config)
    written = cv2.imread(str(tmp_path / "predicted/masks/a_0.png"), 0) > 0

    def dice_at_1_percent(name, *arguments):
        out = tmp_path / name
        done = run(tmp_path / "frames", "--model", trained_file, "--out", out, *arguments)
        assert done.exit_code == 0, done.output
        summary = json.loads((out / "summary.json").read_text())
        return summary, summary["results"][0]["over_images"]["dice"]

    facts, dice = dice_at_1_percent("full", "--tta", "--scales", ".8,1", "--min-length", 12)
    assert dice == pytest.approx(2 * (written & (mask > 0)).sum() / (written.sum() + mask.sum()))
    assert dice != dice_at_1_percent("plain")[1]
    assert facts["scales"] == [0.8, 1]
    assert facts["min_length_px"] == 12
    assert "2 views, mirrored" in (tmp_path / "full/report.html").read_text("utf-8")


def test_the_command_reads_shards(tmp_path):
    data, model = write_set(tmp_path / "data", [3], 32), model_file(tmp_path / "model.pt")
    done = run(data, "--model", model, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "report.html").exists()


def test_mistakes_are_named(tmp_path):
    model, out = model_file(tmp_path / "model.pt"), tmp_path / "out"

    def refused(data, source=model, target=out, *others):
        error = run(data, "--model", source, "--out", target, *others).exception
        assert isinstance(error, (BadDataError, UsageError)), error
        return str(error)

    (tmp_path / "empty").mkdir()
    assert "holds no labelled image" in refused(tmp_path / "empty")
    image, mask = Lines(1)[0]
    save_pair(tmp_path / "sizes", "a_1", image, mask[:32])
    assert "a_1_mask.png" in refused(tmp_path / "sizes")
    save_pair(tmp_path / "bare", "a_1", image, mask)
    (tmp_path / "bare" / "a_1_mask.png").unlink()
    assert "has no mask" in refused(tmp_path / "bare")
    assert "does not exist" in refused(tmp_path / "nowhere")
    content = torch.load(model, weights_only=True)
    header = {**json.loads(content["header"]), "layout_version": 99}
    torch.save({**content, "header": json.dumps(header)}, tmp_path / "other.pt")
    save_pair(tmp_path / "one", "a_1", image, mask)
    assert "layout 99" in refused(tmp_path / "one", tmp_path / "other.pt")
    assert "is a file" in refused(tmp_path / "one", target=model)
    shards = write_set(tmp_path / "data", [1], 32)
    assert "`scales` must be" in refused(shards, model, out, "--scales", "0")
    assert "`min_length` must be" in refused(shards, model, out, "--min-length", "-1")


@pytest.fixture
def threads():
    """Set PyTorch's number of threads, and put it back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_the_files_are_the_same_again_and_on_any_number_of_cores(tmp_path, threads):
    torch.manual_seed(3)
    model = Model(build("light_deep").eval(), Normalisation(120.0, 40.0, per_image=True), 0.5)
    model.network.register_forward_hook(lambda *seen: logits.append(seen[2].numpy().tobytes()))
    written = []
    for count in (1, 2, 2):
        logits = []
        threads(count)
        evaluate_model(model, Lines(6), tmp_path)
        assert torch.get_num_threads() == count
        written.append({path.name: path.read_bytes() for path in tmp_path.iterdir()})
        written[-1]["logits"] = sorted(logits)  # their last bits seldom reach a mask
    assert set(written[0]) == {"metrics.csv", "summary.json", "report.html", "logits"}
    assert written[0] == written[1] == written[2]


def test_several_workers_measure_what_one_does():
    lines = Lines(9)
    one, three = (
        evaluate(lines, lambda image: (image < 120) * 0.7, HALF, workers=workers)
        for workers in (1, 3)
    )
    assert one.rows == three.rows
    with pytest.raises(ZeroDivisionError):
        evaluate(lines, lambda image: 1 / 0, HALF, workers=3)


def test_frames_that_predict_leaves_empty_are_measured_as_empty(trained, tmp_path):
    gated = replace(trained, masks=MaskDefaults(min_presence=0.5, presence=(-9.0, 0.0)))
    assert evaluate_model(trained, Lines(3), tmp_path).over_images(0.45)["recall"] > 0.5
    found = evaluate_model(gated, Lines(3), tmp_path)
    assert found.over_images(0.45)["recall"] == 0
    assert evaluate_model(gated, Lines(3), tmp_path, min_presence=0.0).rows != found.rows


def test_progress_has_no_silent_end(trained, tmp_path, capfd):
    evaluate_model(trained, Lines(3), tmp_path, quiet=False)
    out, err = capfd.readouterr()
    assert out == ""
    last = err.rstrip().rpartition("\r")[2]
    assert last.startswith("report: 100%")
    assert "3/3" in err
