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

Results = Callable[[Task], Any]
Numbers = dict[str, float]
S = published.SEQUENCES


@dataclass(frozen=True)
class Claim:
    """What the publication concludes from a table, as a test on its numbers.

    Parameters
    ----------
    text
        Sentence that claims it.
    holds
        Whether numbers by the names of ``published.NUMBERS`` bear it out.
    """

    text: str
    holds: Callable[[Mapping[str, float]], bool]


@dataclass(frozen=True)
class Table:
    """A table or figure.

    Parameters
    ----------
    tasks
        Function that gives the steps it needs, of one seed.
    numbers
        Function that gives its numbers from their results.
    claims
        Claims that it supports.
    """

    tasks: Callable[[Experiments, int], dict[str, Task]]
    numbers: Callable[[dict[str, Task], Results, ReproduceConfig], Numbers]
    claims: tuple[Claim, ...] = ()


def _mean(rows: Mapping[str, Mapping[str, float]], name: str = "dice") -> float:
    return float(np.mean([row[name] for row in rows.values()]))


# ---------------------------------------------------------------- Table 2


def _tasks_2(e: Experiments, seed: int) -> dict[str, Task]:
    start = e.pretrained(1, seed)
    return {n: e.finetuned(start, "phantom", seed, n) for n in ("19", "13", "7")}


def _numbers_2(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:  # noqa: ARG001
    return {f"{n} layers": of(task)["train_dice"][-1] for n, task in tasks.items()}


# ---------------------------------------------------------------- Fig. 4

LOSSES = {"Dice loss": "dice", "cross-entropy": "cross_entropy"}


def _tasks_4(e: Experiments, seed: int) -> dict[str, Task]:
    found = {}
    for name, loss in LOSSES.items():
        for exp in (1, 2):
            start = e.pretrained(exp, seed, loss)
            found[f"training, {name}, Exp. {exp}"] = start
            found[f"fine-tuning, {name}, Exp. {exp}"] = e.finetuned(start, "S1", seed)
    return found


def _numbers_4(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:  # noqa: ARG001
    return {name: max(of(task)["validation_dice"]) for name, task in tasks.items()}


# ---------------------------------------------------------------- Table 4


def _tasks_t4(e: Experiments, seed: int) -> dict[str, Task]:
    found = {f"LOO, {s}": e.scores(e.left_out(s, seed), f"LOO-{s}", seed) for s in S}
    for split in ("S2", "S3"):
        for exp in (1, 2):
            tuned = e.finetuned(e.pretrained(exp, seed), split, seed)
            found[f"{split}, Exp. {exp}"] = e.scores(tuned, split, seed)
    return found


def _numbers_t4(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:  # noqa: ARG001
    found: Numbers = {}
    for name, task in tasks.items():
        rows = of(task)
        if name.startswith("LOO"):
            found[name] = _mean(rows)
        else:
            found |= {f"{name}, {sequence}": row["dice"] for sequence, row in rows.items()}
            found[f"{name}, mean"] = _mean(rows)
    found["LOO, mean"] = float(np.mean([found[f"LOO, {s}"] for s in S]))
    return found


# ---------------------------------------------------------------- Table 5, Fig. 6, Fig. 7


def _tasks_5(e: Experiments, seed: int) -> dict[str, Task]:
    tuned = {exp: e.finetuned(e.pretrained(exp, seed), "S1", seed) for exp in (1, 2)}
    scores = {f"Exp. {exp}": e.scores(model, "S1", seed) for exp, model in tuned.items()}
    return {**scores, "pictures": e.pictures(seed)}


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
        before, after = (_mean(of(tasks[f"{when}, Exp. {exp}"])) for when in ("before", "after"))
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


def _numbers_7(tasks: dict[str, Task], of: Results, config: ReproduceConfig) -> Numbers:  # noqa: ARG001
    return {name: _mean(of(task)) for name, task in tasks.items()}


TABLES: Mapping[str, Table] = {
    "table2": Table(
        _tasks_2,
        _numbers_2,
        (
            Claim(
                "seven layers are as good as nineteen, within .05",
                lambda n: abs(n["7 layers"] - n["19 layers"]) < 0.05,
            ),
        ),
    ),
    "fig4": Table(
        _tasks_4,
        _numbers_4,
        (
            Claim(
                "the Dice loss ends above the cross-entropy in training",
                lambda n: all(
                    n[f"training, Dice loss, Exp. {e}"] > n[f"training, cross-entropy, Exp. {e}"]
                    for e in (1, 2)
                ),
            ),
            Claim(
                "fine-tuned with the cross-entropy, the network falls below half of the Dice loss",
                lambda n: all(
                    n[f"fine-tuning, cross-entropy, Exp. {e}"]
                    < 0.5 * n[f"fine-tuning, Dice loss, Exp. {e}"]
                    for e in (1, 2)
                ),
            ),
        ),
    ),
    "table4": Table(
        _tasks_t4,
        _numbers_t4,
        (
            Claim(
                "trained on synthetic pictures first, S2 is above leave-one-out",
                lambda n: n["S2, Exp. 1, mean"] > n["LOO, mean"],
            ),
            Claim(
                "T3 is the best of S3",
                lambda n: (
                    n["S3, Exp. 1, T3"]
                    == max(n[f"S3, Exp. 1, {s}"] for s in S if f"S3, Exp. 1, {s}" in n)
                ),
            ),
        ),
    ),
    "table5": Table(
        _tasks_5,
        _numbers_5,
        (
            Claim(
                "T5 and T6, of low contrast, are the two worst",
                lambda n: {"T5", "T6"} == set(sorted(S, key=lambda s: n[f"Dice, Exp. 1, {s}"])[:2]),
            ),
            Claim(
                "synthetic pictures and the phantom lead to means within .1",
                lambda n: (
                    abs(
                        float(
                            np.mean([n[f"Dice, Exp. 1, {s}"] - n[f"Dice, Exp. 2, {s}"] for s in S])
                        )
                    )
                    < 0.1
                ),
            ),
        ),
    ),
    "fig6": Table(
        _tasks_6,
        _numbers_6,
        (
            Claim(
                "fine-tuning helps in both experiments, by over .05",
                lambda n: min(n.values()) > 0.05,
            ),
        ),
    ),
    "fig7": Table(
        _tasks_7,
        _numbers_7,
        (
            Claim(
                "the two networks are within .1 of each other",
                lambda n: all(
                    abs(n[f"light, Exp. {e}"] - n[f"Ambrosini, Exp. {e}"]) < 0.1 for e in (1, 2)
                ),
            ),
        ),
    ),
    "table6": Table(
        lambda e, seed: {"timing": e.timing()},  # noqa: ARG005
        lambda tasks, of, config: dict(of(tasks["timing"])),  # noqa: ARG005
        (
            Claim(
                "the light network is faster",
                lambda n: n["light, ms an image"] < n["Ambrosini, ms an image"],
            ),
        ),
    ),
}
