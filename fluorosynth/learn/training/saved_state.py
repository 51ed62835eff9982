"""The state of a run as a checkpoint holds it, checked before the run goes on from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fluorosynth.errors import BadDataError
from fluorosynth.learn.checkpoint_file import check_tensor, plain
from fluorosynth.learn.training.scores import Scores


@dataclass(frozen=True)
class SavedState:
    """What ``resume.save`` put beside the model.

    Parameters
    ----------
    config
        Facts that the run that goes on must have in common with its beginning.
    history
        Measures of each epoch done.
    epoch
        Number of whole epochs done.
    step
        Number of steps done in the epoch under way.
    sums
        Loss, Dice and number of images of that epoch so far, ``(3,)`` float32.
    before
        Measures of the model that the run began with; None for a fresh network.
    optimiser
        State of the optimiser, unchecked: ``check_optimiser`` needs the one that takes it.
    average
        Averaged weights by name, unchecked; None where there are none.
    """

    config: dict[str, Any]
    history: list[dict[str, float]]
    epoch: int
    step: int
    sums: Tensor
    before: Scores | None
    optimiser: Any
    average: Any


def read_state(path: Path, saved: Any) -> SavedState:
    """Return the state of a run.

    Parameters
    ----------
    path
        File of the checkpoint, for messages.
    saved
        State that it holds beside the model.

    Raises
    ------
    BadDataError
        When a part of it is missing or is nothing that a run writes.
    """
    if not isinstance(saved, dict):
        raise BadDataError(f"{path} holds no state of a run")
    config = plain(path, dict[str, Any], saved.get("config"), "config")
    history = plain(path, list[dict[str, int | float]], saved.get("history"), "history")
    before = plain(path, Scores, saved["before"], "before") if "before" in saved else None
    epoch, step = saved.get("epoch"), saved.get("step")
    if type(epoch) is not int or type(step) is not int or step < 0 or len(history) != epoch:
        raise BadDataError(f"{path} holds {len(history)} epochs, and says {epoch!r}, step {step!r}")
    if any(row.keys() != history[0].keys() for row in history) or not (
        not history or {"epoch", "validation_dice"} <= history[0].keys()
    ):
        raise BadDataError(f"{path} lacks measures of an epoch")
    sums = check_tensor(path, saved.get("sums"), torch.zeros(3), "sums")
    if step and not sums[2] > 0:
        raise BadDataError(f"{path} counts no image in {step} steps")
    return SavedState(
        config, history, epoch, step, sums, before, saved.get("optimiser"), saved.get("average")
    )


def check_optimiser(path: Path, saved: Any, optimiser: torch.optim.Optimizer) -> None:
    """Refuse a state that is not of this optimiser's weights.

    Parameters
    ----------
    path
        File of the checkpoint, for messages.
    saved
        State that was read.
    optimiser
        Optimiser that is to take it.

    Raises
    ------
    BadDataError
        Naming what does not fit.
    """
    expected = optimiser.state_dict()["param_groups"]
    wrong = BadDataError(f"{path} does not fit its network: it holds another optimiser's state")
    if not isinstance(saved, dict) or saved.keys() != {"state", "param_groups"}:
        raise wrong
    groups, state = saved["param_groups"], saved["state"]
    if not (isinstance(groups, list) and isinstance(state, dict) and len(groups) == 1):
        raise wrong
    settings = groups[0] if isinstance(groups[0], dict) else {}
    same = "params" in settings and all(
        key == "lr" or settings.get(key, value) == value  # other versions know other settings
        for key, value in expected[0].items()
    )
    weights = optimiser.param_groups[0]["params"]
    if not same or not state.keys() <= set(range(len(weights))):
        raise wrong
    for number, values in state.items():
        if not isinstance(values, dict) or values.keys() != {"step", "exp_avg", "exp_avg_sq"}:
            raise wrong
        for name, value in values.items():
            like = torch.zeros(()) if name == "step" else weights[number]
            check_tensor(path, value, like, f"optimiser {number} {name!r}")
