"""How long steps take here, from a few pictures of each kind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fluorosynth.learn.device import autocast, memory_format, one_thread, pick_device
from fluorosynth.learn.networks import build
from fluorosynth.learn.reproduce.surrogate import sequence
from fluorosynth.learn.reproduce.tasks import Task, seconds_of

STEPS, FRAMES = 5, 12  # that are timed
PIXELS = 2**15  # at once, at most: larger pictures are timed by ones
ENOUGH = 5.0  # s of steps that are done, to tell the pace by


@dataclass(frozen=True)
class Cost:
    """Time that something takes.

    Parameters
    ----------
    alone
        Seconds on a machine that does nothing else: the processor time, over the threads at work.
    now
        Seconds beside what else the machine does now.
    """

    alone: float
    now: float

    def times(self, count: float) -> Cost:
        """Return the cost of several.

        Parameters
        ----------
        count
            Number of them.
        """
        return Cost(self.alone * count, self.now * count)


def costs(steps: Iterable[Task], size: int, root: Path, device: str = "auto") -> dict[str, Cost]:
    """Return the cost of each step that passes pictures through a network or generates them.

    Where steps are done, what they took corrects the rest.

    Parameters
    ----------
    steps
        Steps in question.
    size
        Side of the pictures, px.
    root
        Folder of the results.
    device
        Name of a PyTorch device, or ``"auto"``.

    Returns
    -------
    dict
        Costs by the step's key; not of steps whose length nothing tells beforehand.
    """
    steps = list(steps)
    kinds = {_kind(task) for task in steps if task.images}
    trained = {kind: training_cost(*kind, size, device) for kind in kinds}
    made = frame_cost(size) if any(task.frames for task in steps) else Cost(0, 0)
    found = {}
    for task in steps:
        if task.images:
            found[task.key] = trained[_kind(task)].times(task.images)
        elif task.frames:
            found[task.key] = made.times(task.frames)
    pace = _pace(steps, found, root, device)
    return {key: cost.times(pace) for key, cost in found.items()}


def _kind(task: Task) -> tuple[str, int]:
    """Return the network of a step and the number of pictures that it takes at once."""
    return task.network, int(task.options.get("batch_size", 1))


def _pace(steps: Iterable[Task], found: Mapping[str, Cost], root: Path, device: str) -> float:
    """Return how long the steps that are done took, over what they were thought to; 1: none is."""
    took = thought = 0.0
    on_cpu = pick_device(device).type == "cpu"
    for task in steps:
        seconds = seconds_of(task, root)
        if task.images and seconds is not None:
            passed, used = seconds
            took += used / torch_threads() if on_cpu else passed
            thought += found[task.key].alone
    return took / thought if thought > ENOUGH else 1.0


def torch_threads() -> int:
    """Return how many threads a network uses on the processor."""
    import torch

    return torch.get_num_threads()


def training_cost(kind: str, batch: int, size: int, device: str = "auto") -> Cost:
    """Return what one picture costs to train a network on.

    On a processor it is measured in one thread, whose time nothing else that runs adds to, where
    threads that wait for one another burn theirs; so many threads take that part of it.

    Parameters
    ----------
    kind
        Kind of network.
    batch
        Number of pictures at once.
    size
        Side of the picture, px.
    device
        Name of a PyTorch device, or ``"auto"``.
    """
    import torch

    on = pick_device(device)
    network = build(kind).to(on).train()
    network.to(memory_format=memory_format(on))  # type: ignore[call-overload]
    count = min(batch, max(PIXELS // size**2, 1))
    images = torch.zeros((count, network.channels, size, size), device=on)
    images = images.contiguous(memory_format=memory_format(on))

    def step() -> None:
        with autocast(on, "auto"):  # as trainings do
            loss = network(images).square().mean()
        torch.autograd.backward(loss)
        if on.type == "cuda":
            torch.cuda.synchronize()

    if on.type != "cpu":
        return _measured(step, STEPS, False).times(1 / len(images))
    threads = torch.get_num_threads()
    with one_thread():
        return _measured(step, STEPS, True).times(1 / (threads * len(images)))


def frame_cost(size: int) -> Cost:
    """Return what one frame of the surrogate costs to make.

    Parameters
    ----------
    size
        Side of the frame, px.
    """
    return _measured(lambda: list(sequence("T3", size, 0, FRAMES)), 1, True).times(1 / FRAMES)


def _measured(run: Callable[[], object], times: int, processor: bool) -> Cost:
    """Time something after a first go; the processor's time is that of the least disturbed one."""
    run()
    passed, used = [], []
    for _ in range(times):
        began = time.perf_counter(), time.process_time()
        run()
        passed.append(time.perf_counter() - began[0])
        used.append(time.process_time() - began[1])
    return Cost(min(used if processor else passed), float(np.median(passed)))
