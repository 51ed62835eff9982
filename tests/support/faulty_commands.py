"""The commands that write, on small inputs, and what they write without the times in it."""

import os
from pathlib import Path

import cv2
import numpy as np
from makers import picture
from small import fluorosynth
from tracked import bent, frame, key

from fluorosynth.labels import write_labels
from fluorosynth.learn.checkpoint import load_model, weights_hash

GENERATE = ["generate", "--recipe", "paper", "--set", "procedural.count=2", "--n", 16]
GENERATE += ["--shard-size", 4, "--quiet"]
TRAIN = ["--epochs", 2, "--batch-size", 4, "--device", "cpu", "--quiet", "--checkpoint-every", 2]
# What is there long before the end, and whole at any time
GROWING = ("best.pt", "last.pt", "metrics.csv", "curves.png", "config.toml", "predictions.jsonl")


def write_inputs(folder):
    """Write a set, a labelled folder, a run of frames, labels and a model."""
    cv2.setNumThreads(1)
    assert fluorosynth(*GENERATE, "--out", folder / "set")[0] == 0
    (folder / "pairs").mkdir()
    for i in range(12):
        image, mask = picture(i)
        cv2.imwrite(str(folder / f"pairs/{i}.png"), image)
        cv2.imwrite(str(folder / f"pairs/{i}_mask.png"), mask)
    rng, step = np.random.default_rng(0), np.array([0, 2])
    moved = [bent() + t * step for t in range(6)]
    np.save(folder / "run.npy", np.stack([frame([curve], rng=rng) for curve in moved]))
    write_labels(folder / "labels.json", key(moved[0], 0, 6))
    line = ["train", folder / "pairs", "--out", folder / "model", "--network", "light", *TRAIN]
    assert fluorosynth(*line)[0] == 0


def commands(given, folder):
    """Return command lines by name; each writes into ``folder`` and nowhere else."""
    out, pairs, run = folder / "out", given / "pairs", given / "run.npy"
    end = ["--out", out, "--quiet"]
    made, learn = [*GENERATE, "--out", out], ["--out", out, *TRAIN]
    use = ["--model", given / "model/best.pt", "--device", "cpu", *end]
    tracked = ["--out", folder / "tracked.json", "--quiet"]
    return {
        "generate": [made],
        "generate --workers 2": [[*made, "--workers", 2]],
        "generate --part 1/2, 2/2, --finish": [
            [*made, "--part", "1/2"],
            [*made, "--part", "2/2"],
            [*made, "--finish"],
        ],
        "patches": [["patches", pairs, "--count", 8, "--size", 32, *end]],
        "export --to folder": [["export", given / "set", "--to", "folder", *end]],
        "export --to coco": [["export", given / "set", "--to", "coco", *end]],
        "predict FOLDER": [["predict", pairs, "--centreline", *use]],
        "predict RUN": [["predict", run, *use]],
        "evaluate": [["evaluate", pairs, *use]],
        "train": [["train", pairs, "--network", "light", *learn]],
        "finetune": [["finetune", pairs, "--from", given / "model", *learn, "--mix", 0]],
        "labels convert --to davis": [
            ["labels", "convert", given / "labels.json", "--to", "davis", "--out", out]
        ],
        "track": [["track", run, "--start", given / "labels.json", *tracked]],
    }


def content(path):
    """Return the bytes of a file without the times in it."""
    if path.name == "log.txt":
        return b""
    if path.name == "metrics.csv" and "seconds" in path.read_text().partition("\n")[0]:
        return [line.rpartition(",")[0] for line in path.read_text().splitlines()]
    if path.suffix == ".pt":
        model = load_model(path)
        return weights_hash(model.network), model.threshold
    return path.read_bytes()


def tree(folder):
    """Return the content of all files in a folder, hidden ones too, by name."""
    return {
        os.path.relpath(path, folder): content(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def half(folder, whole):
    """Return the names of files that are neither as at the end nor such as grow until then."""
    shown = {k: v for k, v in tree(folder).items() if not hidden(k)}
    return sorted(k for k, v in shown.items() if v != whole.get(k) and Path(k).name not in GROWING)


def hidden(name):
    return any(part.startswith(".") for part in Path(name).parts)


def refused(code, said):
    """Tell whether a command ended with a sentence that a user can act on."""
    return code in (2, 3, 4) and "Error: " in said and "Traceback" not in said


def unlike(folder, whole):
    """Return the names of files that differ from those of a run without a fault."""
    there = tree(folder) if folder.exists() else {}
    return sorted(k for k in there.keys() | whole.keys() if there.get(k) != whole.get(k))
