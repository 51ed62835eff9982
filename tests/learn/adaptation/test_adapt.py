"""A network adapted to a run: what is used of it, what is said, and what is done only once."""

import json

import cv2
import numpy as np
import pytest
from makers import picture
from small import fluorosynth

from fluorosynth.errors import UsageError
from fluorosynth.learn.adaptation import AdaptConfig, adapt
from fluorosynth.learn.adaptation.compare import agreement, verdict
from fluorosynth.learn.adaptation.sure import (
    Predicted,
    keep_sure,
    predicted_frames,
    recipes,
    sure_curves,
)
from fluorosynth.learn.adaptation.text import as_text
from fluorosynth.learn.checkpoint import load_model, weights_hash
from fluorosynth.learn.prediction.outputs import Wanted
from fluorosynth.learn.prediction.predict import predict
from fluorosynth.recipe import Recipe

TINY = AdaptConfig(samples=4, epochs=1, held_out=2, batch_size=2, frames=4)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Six frames with a dark line each."""
    path = tmp_path_factory.mktemp("run") / "run.npy"
    np.save(path, np.stack([picture(i)[0] for i in range(100, 106)]))
    return path


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    for i in (100, 103):
        image, mask = picture(i)
        cv2.imwrite(str(folder / f"run_{i:05d}.png"), image)
        cv2.imwrite(str(folder / f"run_{i:05d}_mask.png"), mask * 255)
    return folder


def frame(found, presence=None):
    found = np.float32(found)
    return Predicted("f", np.zeros(found.shape, np.uint8), found, np.uint8(found > 0.5), presence)


def line(height):
    found = np.zeros((64, 64), np.float32)
    found[30:33, :50] = height
    return found


def test_a_curve_is_sure_where_the_map_is_high_along_it():
    (device,) = sure_curves(frame(line(0.9)))
    assert np.allclose(device.centreline[:, 1], 31, atol=0.6)
    assert not sure_curves(frame(line(0.6)))
    short = line(0.9)
    short[:, 5:] = 0
    assert not sure_curves(frame(short))


def test_a_frame_is_sure_by_its_presence():
    assert frame(line(0.9), 0.8).sure
    assert frame(line(0.9)).sure  # of a model that does not know it
    assert not frame(line(0.9), 0.4).sure
    assert not frame(np.zeros((64, 64)), 0.9).sure


def test_the_recipe_of_a_run_draws_its_curves_on_its_frames(run, trained, tmp_path):
    predict(run, trained, tmp_path / "p", None, Wanted(probabilities=True, overlays=False))
    sure = keep_sure(run, tmp_path / "p", 6)
    assert sure.frames == 6
    assert 1 <= sure.kept <= sure.found
    found = [f.found for f in predicted_frames(run, tmp_path / "p", 6) if f.sure]
    for ignored, map_ in zip(sure.pictures.ignore, found, strict=True):  # where one may be, alone
        np.testing.assert_array_equal(ignored, map_ > 0.1)
    own, plain = recipes(sure, 64)
    sample = own.sample(0, 3)
    assert sample.image.shape == (64, 64)
    assert sample.meta["background"].startswith("run.npy#")
    kinds = [type(stage).__name__ for stage in plain.stages]
    assert kinds[0] == "Engage"
    assert [type(stage).__name__ for stage in own.stages] == kinds[1:]
    assert plain.backgrounds == Recipe.preset("physics").backgrounds


def test_an_adaptation_ends_with_figures_and_goes_on_where_it_was(run, labels, trained, tmp_path):
    steps = []

    def told(task, number, total):
        steps.append((task.name, number, total))

    done = adapt(run, trained, tmp_path / "out", TINY, labels, device="cpu", told=told)
    assert [name for name, _, _ in steps] == ["before", "tuned", "after", "measured"]
    assert [(number, total) for _, number, total in steps] == [(n, 4) for n in (1, 2, 3, 4)]
    report = json.loads((tmp_path / "out/adapt.json").read_text())
    assert report == done.report
    assert set(report["measured"]) == {"plain", "own", "labels"}
    labelled = report["measured"]["labels"]
    assert labelled["before"]["dice"] > 0.6
    assert done.kept == (labelled["after"]["dice"] >= labelled["before"]["dice"])
    model = load_model(done.model)
    same = weights_hash(model.network) == weights_hash(trained.network)
    assert same != done.kept
    assert model.threshold == trained.threshold
    assert model.size == 64
    sheet = cv2.imread(str(tmp_path / "out/overlays.png"))
    assert sheet.shape[1] == 2 * (128 + 4) + 4
    said = as_text(done).splitlines()
    used = report["used"]
    assert said[0] == f"sure of {used['curves']} curves in {used['kept']} of 4 frames"
    assert said[-1] == f"{'new' if done.kept else 'old'} model: {tmp_path / 'out/model.pt'}"

    steps.clear()
    again = adapt(run, trained, tmp_path / "out", TINY, labels, device="cpu", told=told)
    assert (steps, again.report) == ([], done.report)
    (measured,) = (tmp_path / "out/steps").glob("measured-*/done.json")
    measured.unlink()
    adapt(run, trained, tmp_path / "out", TINY, labels, device="cpu", told=told)
    assert steps == [("measured", 1, 1)]


def test_nothing_sure_is_said(trained_file, tmp_path):
    np.save(tmp_path / "flat.npy", np.full((3, 64, 64), 150, np.uint8))
    words = ["--from", trained_file, "--out", tmp_path / "out", "--device", "cpu"]
    code, said, error = fluorosynth("adapt", tmp_path / "flat.npy", *words)
    assert (code, said) == (3, "")
    assert "step 1/4: predicting with the old model" in error
    assert error.splitlines()[-1].startswith(f"Error: {tmp_path / 'flat.npy'}: in none of 3 frames")
    assert not (tmp_path / "out/model.pt").exists()


def test_out_within_the_frames_is_refused(run, trained):
    with pytest.raises(UsageError, match="would be read as input"):
        adapt(run.parent, trained, run.parent / "out", TINY)


def scored(**gains):
    return {
        what: {"before": {"dice": 0.5}, "after": {"dice": 0.5 + gain}}
        for what, gain in gains.items()
    }


@pytest.mark.parametrize(
    ("gains", "kept"),
    [
        ({"own": 0.1, "plain": -0.02}, True),
        ({"own": 0.1, "plain": -0.05}, False),
        ({"own": -0.01, "plain": 0.1}, False),
        ({"own": -0.01, "plain": -0.1, "labels": 0.02}, True),  # labels decide where there are any
        ({"own": 0.1, "plain": 0.1, "labels": -0.02}, False),
    ],
)
def test_the_better_model_is_kept_and_the_worse_one_named(gains, kept):
    found, worse = verdict(scored(**gains))
    assert found is kept
    assert len(worse) == sum(gain < 0 for gain in gains.values()) + (not kept)


def test_agreement_of_masks_drawn_by_hand(tmp_path):
    for when, rows in (("before", (10, 10)), ("after", (10, 20))):
        folder = tmp_path / when / "run"
        folder.mkdir(parents=True)
        for t, row in enumerate(rows):
            mask = np.zeros((40, 50), np.uint8)
            mask[row] = 255
            cv2.imwrite(str(folder / f"{t:05d}.png"), mask)
    found = agreement(tmp_path / "before", tmp_path / "after")
    assert found["dice"] == 0.5  # one frame the same, one with nothing in common
    assert found["marked_before"] == found["marked_after"] == 1 / 40
    assert (found["flicker_before"], found["flicker_after"]) == (0.0, 1.0)
