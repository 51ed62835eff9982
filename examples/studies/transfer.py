"""What models are worth on labelled real frames, by groups of frames.

    python examples/studies/transfer.py FRAMES MODEL... [--apart "rf_*,*05*"] [--tta] [--sheet OUT]
        [--as-predicted]

Frames are scored at 256 px, one table row per model and group: means over the frames with 95 %
intervals from drawing patients again: frames are patients, but those of ``--runs`` are one each.
``--as-predicted`` measures the masks of `predict` with its defaults, gate and minimal length
included, in place of maps above .5. ``--sheet`` is a folder for one picture per model: found green,
missed blue, false red.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import cv2
import numpy as np
import torch

from fluorosynth.io.contact_sheet import contact_sheet, png_bytes
from fluorosynth.learn.checkpoint import load_model
from fluorosynth.learn.data import LabelledDataset, Resized, open_dataset
from fluorosynth.learn.evaluation.evaluate import evaluate
from fluorosynth.learn.evaluation.predictors import Predictor, plain_predictor
from fluorosynth.learn.evaluation.results import Evaluation, Row
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.segment import SegmentConfig, segment
from fluorosynth.reports.pictures import agreement

SIZE, PAPER, HALF = 256, 0.01, 0.5
SHOWN = (
    ("Dice", "dice", HALF),
    ("Dice at .01", "dice", PAPER),
    ("clDice", "cldice", HALF),
    ("F1 within 2 px", "centreline_f1_2px", HALF),
    ("FP, %", "fp_percent_of_image", HALF),
)


def split(found: Evaluation, apart: str, runs: str) -> dict[str, Evaluation]:
    """Return the rows of frames whose names match a pattern of ``apart``, of the others, all."""
    groups: dict[str, list[Row]] = {"contrast phase": [], "others": [], "all": []}
    for row in found.rows:
        apart_from = matches(f"{row.sequence}{row.name}", apart)
        row = replace(row, sequence=patient(row.sequence, row.name, runs))
        groups["others" if apart_from else "contrast phase"].append(row)
        groups["all"].append(row)
    return {k: Evaluation(rows, found.thresholds, found.seed) for k, rows in groups.items() if rows}


def patient(sequence: str, name: str, runs: str) -> str:
    """Return whose frame it is: each is a patient's, but those of ``runs`` are one each."""
    return sequence if matches(f"{sequence}{name}", runs) else f"{sequence}{name}"


def matches(name: str, patterns: str) -> bool:
    """Return whether a name matches one of the patterns, separated by commas."""
    return any(fnmatch(name, pattern) for pattern in patterns.split(","))


def sheet(pairs: LabelledDataset, predict: Predictor) -> bytes:
    """Return a PNG of every frame with its prediction above .5 beside it."""
    tiles = []
    for index in range(len(pairs)):
        image, mask = pairs[index]
        tiles += [image, agreement(image, predict(image) > HALF, mask)]
    return png_bytes(contact_sheet(tiles, columns=8))


def masks_of(inference: Inference) -> Predictor:
    """Return what gives the masks of `predict`, as maps of 0 and 1."""
    config = SegmentConfig.of(inference.model, size=SIZE)
    return lambda image: next(segment(image[None], inference, config)).mask.astype("f4")


def alone(predict: Predictor, channels: int) -> Predictor:
    """Return a predictor that takes a frame as if nothing had moved before it."""
    return lambda image: predict(np.stack([image] * channels))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("frames")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--apart", default="rf_*,*frame05*")
    parser.add_argument("--runs", default="xa_*")
    parser.add_argument("--tta", action="store_true")
    parser.add_argument("--turned", action="store_true")
    parser.add_argument("--scales", default="1")
    parser.add_argument("--as-predicted", action="store_true")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print("| model | frames | n |", " | ".join(name for name, _, _ in SHOWN), "|")
    print("|---|---|---|" + "---|" * len(SHOWN))
    for source in options.models:
        model = load_model(source, torch.device("cpu"))
        pairs = Resized(open_dataset(options.frames), SIZE)
        scales = [float(scale) for scale in options.scales.split(",")]
        predict = plain_predictor(model, options.tta, scales, options.turned)
        if options.as_predicted:
            predict = masks_of(Inference(model, "cpu"))
        predict = alone(predict, model.network.channels)
        found = evaluate(pairs, predict, {PAPER: "paper", HALF: "half"})
        for group, part in split(found, options.apart, options.runs).items():
            cells = []
            for _, name, threshold in SHOWN:
                low, high = part.overall(threshold)[name].low, part.overall(threshold)[name].high
                mean = part.over_images(threshold)[name]
                cells.append(f"{mean:.2f} ({low:.2f}-{high:.2f})")
            count = len(part.at(HALF))
            print(f"| {source} | {group} | {count} |", " | ".join(cells), "|")
        if options.sheet:
            options.sheet.mkdir(parents=True, exist_ok=True)
            (options.sheet / f"{Path(source).stem}.png").write_bytes(sheet(pairs, predict))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main()
    else:
        print(__doc__)
