"""The publication's tables and figures: which steps they need and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluorosynth.learn.reproduce import published
from fluorosynth.learn.reproduce.config import ReproduceConfig
from fluorosynth.learn.reproduce.experiments import Experiments
from fluorosynth.learn.reproduce.tasks import Task
from fluorosynth.learn.reproduce.work import CURVES, DATA, EXAMPLES, FILM, MAKING

Results = Callable[[Task], Any]
Numbers = dict[str, float]
S = published.SEQUENCES


@dataclass(frozen=True)
class Table:
    """A table or figure.

    Parameters
    ----------
    tasks
        Function that gives the steps it needs, of one seed.
    numbers
        Function that gives its numbers from their results.
    picture
        Step that draws it, by its name in ``tasks``, and the file that it writes; empty: none.
    """

    tasks: Callable[[Experiments, int], dict[str, Task]]
    numbers: Callable[[dict[str, Task], Results, ReproduceConfig], Numbers]
    picture: tuple[str, str] = "", ""


def _no_numbers(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:  # noqa: ARG001
    return {}


def _mean(rows: Mapping[str, Mapping[str, float]], split: str, config: ReproduceConfig) -> float:
    """Return the mean Dice of sequences, or of frames by the split's numbers of them."""
    dice = [row["dice"] for row in rows.values()]
    if config.mean == "sequences":
        return float(np.mean(dice))
    tested = published.TESTING_S1 if split == "S1" else published.FRAMES
    return float(np.average(dice, weights=[tested[sequence] for sequence in rows]))


# ---------------------------------------------------------------- Table 2


def _tasks_2(e: Experiments, seed: int) -> dict[str, Task]:
    start = e.pretrained(1, seed)
    return {n: e.finetuned(start, "phantom", seed, n) for n in ("19", "13", "7")}


def _numbers_2(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:  # noqa: ARG001
    return {f"{n} layers": of(task)["train_dice"][-1] for n, task in tasks.items()}


# ---------------------------------------------------------------- Table 3


def _numbers_3(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:
    counts = of(tasks["counts"])
    found: Numbers = {}
    for number, what in enumerate(("fine-tuning", "testing")):
        first = counts[config.split("S1")][number]
        found |= {f"{what}, {s}": float(first.get(s, 0)) for s in S}
        for split in ("S2", "S3"):
            found[f"{what}, {split}"] = float(sum(counts[config.split(split)][number].values()))
    for number, what in enumerate(("training", "testing")):
        sizes = [float(sum(counts[f"LOO-{s}"][number].values())) for s in S]
        found[f"{what}, leave-one-out, least"] = min(sizes)
        found[f"{what}, leave-one-out, most"] = max(sizes)
    return found


# ---------------------------------------------------------------- Fig. 4

LOSSES = {"Dice loss": "dice", "cross-entropy": "cross_entropy"}


def _tasks_4(e: Experiments, seed: int) -> dict[str, Task]:
    found = {}
    for name, loss in LOSSES.items():
        for exp in (1, 2):
            start = e.pretrained(exp, seed, loss)
            found[f"training, {name}, Exp. {exp}"] = start
            found[f"fine-tuning, {name}, Exp. {exp}"] = e.finetuned(start, "S1", seed)
    return {**found, "curves": e.curves(found)}


def _numbers_4(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:  # noqa: ARG001
    trained = {name: task for name, task in tasks.items() if name != "curves"}
    return {name: max(of(task)["validation_dice"]) for name, task in trained.items()}


# ---------------------------------------------------------------- Table 4


def _tasks_t4(e: Experiments, seed: int) -> dict[str, Task]:
    found = {f"LOO, {s}": e.scores(e.left_out(s, seed), f"LOO-{s}", seed) for s in S}
    for split in ("S2", "S3"):
        for exp in (1, 2):
            tuned = e.finetuned(e.pretrained(exp, seed), split, seed)
            found[f"{split}, Exp. {exp}"] = e.scores(tuned, split, seed)
    return found


def _numbers_t4(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:
    found: Numbers = {}
    for name, task in tasks.items():
        rows = of(task)
        if name.startswith("LOO"):
            found[name] = _mean(rows, "LOO", config)
        else:
            found |= {f"{name}, {sequence}": row["dice"] for sequence, row in rows.items()}
            found[f"{name}, mean"] = _mean(rows, name, config)
    left_out = {s: {"dice": found[f"LOO, {s}"]} for s in S}
    found["LOO, mean"] = _mean(left_out, "LOO", config)
    return found


# ---------------------------------------------------------------- Table 5, Fig. 6, Fig. 7


def _tasks_5(e: Experiments, seed: int) -> dict[str, Task]:
    tuned = {exp: e.finetuned(e.pretrained(exp, seed), "S1", seed) for exp in (1, 2)}
    return {f"Exp. {exp}": e.scores(model, "S1", seed) for exp, model in tuned.items()}


def _numbers_5(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:
    found: Numbers = {}
    for name in ("Exp. 1", "Exp. 2"):
        for sequence, row in of(tasks[name]).items():
            found[f"Dice, {name}, {sequence}"] = row["dice"]
            whole = f"fp_percent_of_{config.false_positives}"
            found[f"FP %, {name}, {sequence}"] = row[whole]
    return found


def _tasks_6(e: Experiments, seed: int) -> dict[str, Task]:
    found = {}
    for exp in (1, 2):
        start = e.pretrained(exp, seed)
        found[f"before, Exp. {exp}"] = e.scores(start, "S1", seed)
        found[f"after, Exp. {exp}"] = e.scores(e.finetuned(start, "S1", seed), "S1", seed)
    return found


def _numbers_6(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:
    found: Numbers = {}
    for exp in (1, 2):
        before, after = (
            _mean(of(tasks[f"{when}, Exp. {exp}"]), "S1", config) for when in ("before", "after")
        )
        ratio = (after - before) / max(before, 1e-6)
        gain = after - before if config.gain == "difference" else ratio
        found[f"gain by fine-tuning, Exp. {exp}"] = gain
    return found


def _tasks_7(e: Experiments, seed: int) -> dict[str, Task]:
    found = {}
    for name, network in (("light", "light"), ("Ambrosini", "ambrosini")):
        for exp in (1, 2):
            tuned = e.finetuned(e.pretrained(exp, seed, network=network), "S1", seed)
            found[f"{name}, Exp. {exp}"] = e.scores(tuned, "S1", seed)
    return found


def _numbers_7(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:
    return {name: _mean(of(task), "S1", config) for name, task in tasks.items()}


TABLES: Mapping[str, Table] = {
    "fig2": Table(lambda e, seed: {"data": e.data_pictures(seed)}, _no_numbers, ("data", DATA)),
    "fig3": Table(lambda e, seed: {"data": e.data_pictures(seed)}, _no_numbers, ("data", MAKING)),
    "table2": Table(_tasks_2, _numbers_2),
    "table3": Table(lambda e, seed: {"counts": e.counts(seed)}, _numbers_3),
    "fig4": Table(_tasks_4, _numbers_4, ("curves", CURVES)),
    "table4": Table(_tasks_t4, _numbers_t4),
    "table5": Table(_tasks_5, _numbers_5),
    "fig5": Table(
        lambda e, seed: {"examples": e.examples(seed)}, _no_numbers, ("examples", EXAMPLES)
    ),
    "fig6": Table(_tasks_6, _numbers_6),
    "fig7": Table(_tasks_7, _numbers_7),
    "table6": Table(
        lambda e, seed: {"timing": e.timing()},  # noqa: ARG005
        lambda tasks, of, config: dict(of(tasks["timing"])),  # noqa: ARG005
    ),
    "video": Table(lambda e, seed: {"film": e.film(seed)}, _no_numbers, ("film", FILM)),
}
