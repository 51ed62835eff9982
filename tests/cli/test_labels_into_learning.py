"""What ``track`` and ``annotate`` write goes on to train, finetune, evaluate and generate."""

import json
import time

import numpy as np
import pytest
from pages import Server, curve, sequence
from small import fluorosynth

from fluorosynth.labels import read_labels

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """``run.npy``, ``tracked.json`` of the tracker, ``page/labels.json`` of the page."""
    folder = tmp_path_factory.mktemp("learn")
    np.save(folder / "run.npy", sequence(10))
    points = curve(0)[2::8]
    said = "0: " + " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    code, _, error = fluorosynth(
        *("track", folder / "run.npy", "--start", said, "--out", folder / "tracked.json", "--quiet")
    )
    assert code == 0, error
    pytest.importorskip("starlette")
    server = Server(folder / "run.npy", folder / "page", "--model", "none")
    one = {"id": "catheter_1", "points": points.round(2).tolist(), "width": 4.0}
    status, _ = server.json("api/frames", {"frames": [{"index": 0, "instruments": [one]}]}, "PUT")
    assert status == 200
    server.json("api/track", {"ids": ["catheter_1"], "first": 0, "last": 9})
    for _ in range(600):
        if not server.json("api/changes", method="GET")[1]["job"]["running"]:
            break
        time.sleep(0.1)
    server.stop()
    return folder


@pytest.fixture(params=["tracked.json", "page/labels.json"])
def labels(folder, request):
    path = folder / request.param
    assert sum(frame.complete for frame in read_labels(path).frames) == 10
    return path


def done(*arguments):
    code, said, error = fluorosynth(*arguments)
    assert code == 0, error
    return said


def test_labels_train_a_model_tune_it_and_measure_it(labels, tmp_path):
    short = ("--epochs", 1, "--batch-size", 4, "--device", "cpu")
    done("train", labels, "--out", tmp_path / "run", "--network", "light_plain", *short)
    tuned = tmp_path / "tuned"
    done("finetune", labels, "--from", tmp_path / "run", "--out", tuned, *short)
    done("evaluate", labels, "--model", tuned, "--out", tmp_path / "report", "--device", "cpu")
    found = json.loads((tmp_path / "report/summary.json").read_text())
    assert found


def test_labels_are_devices(labels, tmp_path):
    done(
        *("generate", "--n", 4, "--size", 64, "--devices", labels, "--out", tmp_path / "set"),
        *("--workers", 1, "--quiet"),
    )
    assert "4" in done("info", tmp_path / "set")
