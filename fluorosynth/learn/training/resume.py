"""Where a run stands, written so that it can go on from there bit for bit."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.learn.checkpoint import LAST, Model, load_training, save_model
from fluorosynth.learn.checkpoint_file import check_tensors
from fluorosynth.learn.device import memory_format
from fluorosynth.learn.networks import Network
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.keep import merit
from fluorosynth.learn.training.parallel import Process, share_batch_norms
from fluorosynth.learn.training.saved_state import check_optimiser, read_state
from fluorosynth.learn.training.scores import Scores


@dataclass
class RunState:
    """Everything that changes while a run goes on.

    Parameters
    ----------
    model
        Model that learns.
    optimiser
        Adam over the weights that train.
    sums
        Loss, Dice and number of images of this epoch so far, ``(3,)`` float32, of this process.
    average
        Network with averaged weights, or None.
    epoch
        Number of whole epochs done.
    step
        Number of steps done in the epoch under way.
    history
        Measures of each epoch done.
    before
        Measures of the model that the run began with, on the same validation images; None for a
        fresh network.
    """

    model: Model
    optimiser: torch.optim.Adam
    sums: Tensor
    average: Network | None = None
    epoch: int = 0
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    before: Scores | None = None

    @property
    def network(self) -> Network:
        """The network that is validated and kept: the averaged one where there is one."""
        return self.average or self.model.network

    def best(self) -> dict[str, float]:
        """Return the measures of the best epoch so far."""
        return max(self.history, key=merit)

    @property
    def improved(self) -> bool:
        """Whether the best epoch is better than the model that the run began with."""
        return self.before is None or merit(self.best()) > self.before.own_dice


def begin(model: Model, config: TrainConfig, process: Process) -> RunState:
    """Return the state of a run that has not taken a step.

    Parameters
    ----------
    model
        Model to begin with; its network is taken over.
    config
        Settings of the run.
    process
        Process whose device the network goes to.
    """
    network = model.network.to(process.device)
    network.to(memory_format=memory_format(process.device))  # type: ignore[call-overload]
    if config.layers is not None:
        network.freeze_outside(*config.layers)
    if process.world > 1:
        share_batch_norms(network)
    trained = [p for p in network.parameters() if p.requires_grad]
    return RunState(
        model,
        torch.optim.Adam(trained, lr=config.lr),
        torch.zeros(3, device=process.device),
        copy.deepcopy(network) if config.ema else None,
    )


def resume(
    out: Path, identity: Mapping[str, Any], config: TrainConfig, process: Process
) -> RunState:
    """Return the state in which a training was left.

    Parameters
    ----------
    out
        Run folder.
    identity
        Facts that it must have in common with its beginning, from ``identity_of``.
    config
        Settings of the run.
    process
        Process that goes on; sums so far go to the first.

    Raises
    ------
    BadDataError
        When the checkpoint is broken.
    UsageError
        When the run had other settings or data.
    """
    try:
        return _taken_up(out / LAST, identity, config, process)
    except BadDataError as error:
        raise BadDataError(f"{error}; move it away, and the same command begins again") from None


def _taken_up(
    path: Path, identity: Mapping[str, Any], config: TrainConfig, process: Process
) -> RunState:
    model, content = load_training(path, process.device)
    saved = read_state(path, content)
    before = {**TrainConfig().decisive(), "synthetic": "", **saved.config}  # some are newer
    for key, now in identity.items():
        if before.get(key) != now:
            raise UsageError(
                f"{path.parent} holds a run with {key} = {before.get(key)!r}, not {now!r}: "
                "give the same settings to go on with it, or another `out`"
            )
    state = begin(model, config, process)
    check_optimiser(path, saved.optimiser, state.optimiser)
    state.optimiser.load_state_dict(saved.optimiser)
    if state.average is not None:
        check_tensors(path, saved.average, state.average.state_dict(), "average")
        state.average.load_state_dict(saved.average)
    if process.first:
        state.sums = saved.sums.to(process.device)
    state.epoch, state.step = saved.epoch, saved.step
    state.history, state.before = saved.history, saved.before
    return state


def save(state: RunState, out: Path, identity: Mapping[str, Any], sums: Tensor) -> None:
    """Write ``last.pt``.

    Parameters
    ----------
    state
        State of the first process.
    out
        Run folder.
    identity
        Facts that a training which goes on must have in common with this one.
    sums
        Sums of the state over all processes.
    """
    training = {
        "config": json.dumps(identity),
        "history": json.dumps(state.history),
        **({"before": json.dumps(asdict(state.before))} if state.before else {}),
        "epoch": state.epoch,
        "step": state.step,
        "sums": sums,
        "optimiser": state.optimiser.state_dict(),
        **({"average": state.average.state_dict()} if state.average else {}),
    }
    save_model(out / LAST, state.model, training)


def identity_of(
    config: TrainConfig, fingerprint: str, synthetic: str, start: str
) -> dict[str, Any]:
    """Return what a run must have in common with its beginning, JSON-compatible.

    Parameters
    ----------
    config
        Settings of the run.
    fingerprint
        Fingerprint of its data.
    synthetic
        Fingerprint of the synthetic pictures among them; empty for none.
    start
        Hash of the weights that it began with; empty for a fresh network.
    """
    return {**config.decisive(), "data": fingerprint, "synthetic": synthetic, "start": start}
