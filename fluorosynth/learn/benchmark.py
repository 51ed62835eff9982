"""How fast this machine predicts, generates and reads: medians of runs that take turns."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from fluorosynth.dataset.generation import generate
from fluorosynth.io.frames import read_frames
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import Normalisation, open_dataset
from fluorosynth.learn.device import pick_device
from fluorosynth.learn.networks import build
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.segment import SegmentConfig, segment
from fluorosynth.learn.prediction.torch_engine import Mode, modes
from fluorosynth.recipe import Recipe

_Key = tuple[str, Mode, int]


@dataclass(frozen=True)
class Timing:
    """The time that a network takes in a mode at a batch size.

    Parameters
    ----------
    network
        Kind of network.
    mode
        Way in which it is run.
    batch
        Number of frames in a pass.
    milliseconds
        Time per frame, ms, the median.
    """

    network: str
    mode: Mode
    batch: int
    milliseconds: float


def time_networks(
    kinds: Sequence[str], device: str = "auto", size: int = 256, quick: bool = False
) -> list[Timing]:
    """Time untrained networks in every mode of a device, warm, from grey values to maps.

    Each round runs all of them in turn, so that what else the machine does falls on all alike.

    Parameters
    ----------
    kinds
        Kinds of networks.
    device
        Name of a PyTorch device, or ``"auto"``.
    size
        Side of the frames, px.
    quick
        Whether fewer rounds do, and single frames alone.
    """
    place = pick_device(device)
    sizes = (1, 8, 32, 128) if place.type == "cuda" else (1, 4)
    rng = np.random.default_rng(0)
    work: dict[_Key, Callable[[], object]] = {}
    for kind in kinds:
        for mode in modes(place):
            inference = Inference(_untrained(kind), str(place), mode, max(sizes))
            for batch in sizes[:1] if quick else sizes:
                frames = rng.integers(0, 256, (batch, size, size), np.uint8)
                work[kind, mode, batch] = _bound(inference, frames)
    seconds = _medians(work, rounds=3 if quick else 9)
    return [Timing(*key, 1000 * value / key[2]) for key, value in seconds.items()]


def frames_per_second(kind: str, device: str = "auto", size: int = 256, count: int = 32) -> float:
    """Return how many PNG frames a second are read, normalised, segmented and thresholded.

    One at a time, in the best mode of the device.

    Parameters
    ----------
    kind
        Kind of network.
    device
        Name of a PyTorch device, or ``"auto"``.
    size
        Side of the frames, px.
    count
        Number of frames.
    """
    inference = Inference(_untrained(kind), device, batch=1)
    config = SegmentConfig(size=size)
    sampler = Recipe.preset("paper").open(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.png"
        seconds = []
        for index in range(count):
            image = sampler.sample(index % 8).image
            cv2.imwrite(str(path), cv2.resize(image, (size, size)))
            started = time.perf_counter()
            for frame in read_frames(path):
                list(segment(frame.image[None, None], inference, config))
            seconds.append(time.perf_counter() - started)
    return 1 / statistics.median(seconds)


def samples_per_second(count: int = 500) -> float:
    """Return how many samples of the recipe ``paper`` one process makes a second, warm.

    Parameters
    ----------
    count
        Number of samples.
    """
    sampler = Recipe.preset("paper").open(0)
    for index in range(100):
        sampler.sample(index)
    return _rate(sampler.sample, range(count))


def reads_per_second(count: int = 500) -> float:
    """Return how many random image-mask pairs of a set one process reads a second, warm.

    Parameters
    ----------
    count
        Number of pairs.
    """
    with tempfile.TemporaryDirectory() as folder:
        generate(Recipe.preset("paper"), folder, count)
        pairs = open_dataset(folder)
        order = [int(i) for i in np.random.default_rng(0).integers(0, count, 20 * count)]
        _rate(lambda index: sum(int(part.sum()) for part in pairs[index]), order[:count])
        return _rate(lambda index: [part.copy() for part in pairs[index]], order)


def describe(device: str = "auto") -> str:
    """Return a device's name, as far as PyTorch knows it.

    Parameters
    ----------
    device
        Name of a PyTorch device, or ``"auto"``.
    """
    place = pick_device(device)
    if place.type == "cuda":
        name = torch.cuda.get_device_name(place)
    elif place.type == "cpu":
        name = f"CPU, {torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads"
    else:
        name = place.type
    return f"{name}, PyTorch {torch.__version__}"


def _untrained(kind: str) -> Model:
    torch.manual_seed(0)
    return Model(build(kind), Normalisation(128.0, 50.0))


def _bound(inference: Inference, frames: NDArray[np.uint8]) -> Callable[[], object]:
    return lambda: inference.predict_maps(frames)


def _medians(work: dict[_Key, Callable[[], object]], rounds: int) -> dict[_Key, float]:
    seconds: dict[_Key, list[float]] = {key: [] for key in work}
    for number in range(rounds + 1):
        for key, once in work.items():
            started = time.perf_counter()
            once()
            if number:  # the first one warms up
                seconds[key].append(time.perf_counter() - started)
    return {key: statistics.median(values) for key, values in seconds.items()}


def _rate(work: Callable[[int], object], items: Sequence[int]) -> float:
    started = time.perf_counter()
    for item in items:
        work(item)
    return len(items) / (time.perf_counter() - started)
