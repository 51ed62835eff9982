"""What models mark where no instrument is, and how their masks flicker in sequences.

    python examples/studies/silence.py MODEL... --clear FOLDER... [--run FILE...]
        [--overlays OUT FOLDER...]

FOLDERs hold frames without any instrument, FILEs are sequences; a folder of consecutive frames is
one too. Masks are those of `predict` with its defaults, at 256 px. Intervals are 95 %, from drawing
frames again; frames of a sequence are no independent ones. A network of several frames sees those
before in a sequence, and each of the FOLDERs' frames alone. A part of a mask flickers that touches
none of the frame before or after, within 3 px. ``--overlays`` draws frames
without truth for the eye.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from fluorosynth.io.contact_sheet import contact_sheet, png_bytes
from fluorosynth.io.frames import read_frames
from fluorosynth.io.sources import find_sources
from fluorosynth.learn.checkpoint import load_model
from fluorosynth.learn.overlay import overlay
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.live import predict_frames
from fluorosynth.learn.prediction.segment import SegmentConfig, Segmented, segment
from fluorosynth.metrics import bootstrap_interval

SIZE, REACH = 256, 3
Frame = NDArray[np.uint8]


def frames_of(source: str) -> Iterator[Frame]:
    """Yield the frames of a file or folder, their longer side area-averaged to 256 px."""
    for path in find_sources(source):
        for frame in read_frames(path):
            scale = min(SIZE / max(frame.image.shape), 1.0)
            yield cv2.resize(frame.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def segmented(source: str, inference: Inference) -> list[tuple[Frame, Segmented]]:
    """Return the frames of a source with what is predicted, each as if it were alone."""
    config = SegmentConfig.of(inference.model)
    return [
        (frame, result)
        for frame in frames_of(source)
        for result in segment(np.stack([frame] * inference.channels)[None], inference, config)
    ]


def lonely_parts(masks: list[Frame]) -> tuple[int, int]:
    """Return how many parts of the masks appear in one frame alone, and how many there are."""
    kernel = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    wide = [cv2.dilate(mask, kernel) > 0 for mask in masks]
    lonely = total = 0
    for t, mask in enumerate(masks):
        count, parts = cv2.connectedComponents(mask, connectivity=8)
        near = [wide[k] for k in (t - 1, t + 1) if 0 <= k < len(wide)]
        for part in range(1, count):
            total += 1
            lonely += not any((other & (parts == part)).any() for other in near)
    return lonely, total


def interval(values: list[float]) -> str:
    """Return a mean with its interval, each value from a frame of its own."""
    found = bootstrap_interval(
        {str(i): [v] for i, v in enumerate(values)}, np.random.default_rng(0)
    )
    return f"{found.mean:.2f} ({found.low:.2f}-{found.high:.2f})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="+")
    parser.add_argument("--clear", nargs="+", default=[])
    parser.add_argument("--run", nargs="+", default=[])
    parser.add_argument("--overlays", nargs="+", default=[])
    options = parser.parse_args()
    cv2.setNumThreads(1)
    models = {
        name: Inference(load_model(name, torch.device("cpu")), "cpu") for name in options.models
    }
    print("| model | clear frames | n | pixels marked, % | median, % | left empty | presence |")
    print("|---|---|---|---|---|---|---|")
    for name, inference in models.items():
        for source in options.clear:
            found = [result for _, result in segmented(source, inference)]
            marked = [100 * float(result.mask.mean()) for result in found]
            empty = [float(value == 0) for value in marked]
            presence = np.mean([result.presence for result in found])
            print(
                f"| {name} | {Path(source).name} | {len(found)} | {interval(marked)} | "
                f"{np.median(marked):.2f} | {interval(empty)} | {presence:.2f} |"
            )
    print(
        "\n| model | run | frames | parts | in one frame alone, per frame |\n|---|---|---|---|---|"
    )
    for name, inference in models.items():
        for source in options.run:
            masks = [result.mask for result in predict_frames(frames_of(source), inference)]
            lonely, total = lonely_parts(masks)
            print(f"| {name} | {Path(source).name} | {len(masks)} | {total} | ", end="")
            print(f"{lonely / len(masks):.2f} |")
    if options.overlays:
        out, *sources = options.overlays
        for name, inference in models.items():
            tiles = [
                cv2.resize(overlay(frame, result.mask), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
                for source in sources
                for frame, result in segmented(source, inference)
            ]
            Path(out).mkdir(parents=True, exist_ok=True)
            sheet = png_bytes(contact_sheet(tiles, columns=8))
            (Path(out) / f"{Path(name).stem}.png").write_bytes(sheet)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main()
    else:
        print(__doc__)
