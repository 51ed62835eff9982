"""Training: one straight loop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fluorosynth.errors import FluorosynthError, UsageError
from fluorosynth.io.place import local
from fluorosynth.learn.checkpoint import BEST, LAST, Model, save_model, weights_hash
from fluorosynth.learn.data import LabelledDataset
from fluorosynth.learn.device import autocast, memory_errors
from fluorosynth.learn.trackers.base import Tracker, find_tracker
from fluorosynth.learn.training.averaging import decay_at, update_average
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.keep import kept_dice, kept_threshold, merit
from fluorosynth.learn.training.loading import killed_readers_said
from fluorosynth.learn.training.losses import LOSSES
from fluorosynth.learn.training.parallel import Process, join
from fluorosynth.learn.training.prepare import check_data, prepare_data
from fluorosynth.learn.training.reporter import Reporter, described
from fluorosynth.learn.training.resume import RunState, begin, identity_of, resume, save
from fluorosynth.learn.training.run_folder import alone, interruptible
from fluorosynth.learn.training.schedule import learning_rate
from fluorosynth.learn.training.scores import dice_of
from fluorosynth.learn.training.start import continued_model, fresh_model, measure_before
from fluorosynth.learn.training.validate import on_device, validate


class DivergedError(FluorosynthError):
    """The loss or a gradient is no number any more; the message says what to change."""


@dataclass(frozen=True)
class Result:
    """What a training came to.

    Parameters
    ----------
    epoch
        Number of the best epoch, from 1; 0 where none is better than the model before.
    dice
        Dice of its validation: above 0.5, or, of a run that went on from a model, above the
        threshold that is kept.
    path
        File of the model that is kept.
    before
        Dice of the model that the run went on from, on the same images; None for a fresh network.
    """

    epoch: int
    dice: float
    path: Path
    before: float | None = None

    def __str__(self) -> str:
        if not self.epoch:
            return (
                f"no epoch is better than the model before, validation Dice {self.dice:.4f}: "
                f"it is kept, {self.path}"
            )
        compared = "" if self.before is None else f", before {self.before:.4f}"
        return f"best epoch {self.epoch}: validation Dice {self.dice:.4f}{compared}, {self.path}"


def train(
    pairs: LabelledDataset,
    config: TrainConfig,
    out: str | Path,
    validation: LabelledDataset | None = None,
    initial: Model | None = None,
    quiet: bool = False,
    keep_better: bool = True,
    log: str = "",
) -> Result:
    """Train a network, or go on with the run in ``out``.

    A run that was stopped at any moment goes on from its last checkpoint, which is written after
    every epoch and every ``config.checkpoint_every`` steps; on a CPU it ends with the same
    weights, bit for bit, as one never stopped, for every random number depends on (seed, epoch,
    step) alone. Under ``torchrun`` all processes train one network; ``out`` must be a folder that
    all of them see.

    Parameters
    ----------
    pairs
        Labelled data.
    config
        Settings of the run.
    out
        Run folder.
    validation
        Labelled data for validation; by default a seeded share of ``pairs``.
    initial
        Model to go on from, with its normalisation; by default a fresh network.
    quiet
        No progress bar.
    keep_better
        Measure the model that the run goes on from, too, and keep it where no epoch is better.
    log
        Name of a tracker that the run is written to as well, ``"tensorboard"``, ``"wandb"`` or
        ``"mlflow"``, locally; empty: none.

    Returns
    -------
    Result
        Best epoch and its model.

    Raises
    ------
    BadDataError
        When there are too few images, none has a foreground, a file fails its checksum, or the
        run folder is broken.
    UsageError
        When ``out`` holds a run with other settings or data, another process works in it, or it
        is a file.
    DivergedError
        When the loss or a gradient is not finite.
    OutOfMemoryError
        When a batch does not fit into memory.
    InterruptedRunError
        When stopped by the user, a process that reads is killed, or a store cannot be reached.
    """
    advice = f"lower `batch_size` (now {config.batch_size}) or train on crops (`crop`)"
    out = local(out)
    if out.is_file():
        raise UsageError(f"`out` {out} is a file: name a folder")
    tracker = find_tracker(log) if log else None
    with (
        join(config.device) as process,
        alone(out, process.first),
        _own_randomness(process),
        interruptible(out),
        memory_errors(advice),
        killed_readers_said(),
    ):
        return _run(pairs, config, out, validation, initial, quiet, keep_better, process, tracker)


def _run(
    pairs: LabelledDataset,
    config: TrainConfig,
    out: Path,
    validation: LabelledDataset | None,
    initial: Model | None,
    quiet: bool,
    keep_better: bool,
    process: Process,
    tracker: type[Tracker] | None,
) -> Result:
    data = prepare_data(pairs, validation, config, process)
    start = weights_hash(initial.network) if initial else ""
    identity = identity_of(config, pairs.fingerprint, data.synthetic, start)
    if (out / LAST).exists():
        state = resume(out, identity, config, process)
    else:
        if process.first:
            check_data(pairs, data.whole, quiet)
        if initial:
            model = continued_model(initial, config)
        else:
            model = fresh_model(data.whole, config, quiet or not process.first)
        state = begin(model, config, process)
    state.model.recipe = pairs.recipe or state.model.recipe
    state.model.config = config.to_plain()
    state.model.size = data.size
    own, validated = (initial.threshold if initial else 0.5), len(data.validation)
    network, optimiser, batches = state.model.network, state.optimiser, data.batches
    trained = optimiser.param_groups[0]["params"]
    total_steps = config.epochs * batches.steps
    look_every = 1 if process.device.type == "cpu" else 20  # a look waits for the device
    if config.compile:
        network.compile()
    engine = process.parallel(network)
    settings = described(pairs, config, data, start, state.model, process)
    reporter = None
    if process.first:
        reporter = Reporter(out, settings, state, data, config.epochs, quiet, tracker)

    with reporter or nullcontext():
        if initial and keep_better and not (state.history or state.step):
            state.before = measure_before(initial, pairs, validation, config, process)
            if reporter:
                save_model(out / BEST, initial)
                reporter.before(state.before, own, validated)
        while state.epoch < config.epochs:
            started = time.perf_counter()
            sound = torch.ones((), dtype=torch.bool, device=process.device)
            network.train()
            batches.set_epoch(state.epoch, state.step)
            for batch in data.loader:
                torch.manual_seed(_step_seed(config.seed, state, process.rank))
                taken = state.epoch * batches.steps + state.step
                optimiser.param_groups[0]["lr"] = learning_rate(
                    taken, total_steps, config.lr, config.schedule, config.warmup
                )
                images, masks = on_device(batch, state.model.normalisation, process.device)
                with autocast(process.device, config.precision):
                    logits = engine(images)
                losses = LOSSES[config.loss](logits, masks)
                # Gradients are averaged over processes: their sum over the global batch's size
                share = batches.share(state.step)
                loss = losses.sum() * (share * process.world / batches.size(state.step))
                torch.autograd.backward(loss)
                norm = nn.utils.get_total_norm([p.grad for p in trained if p.grad is not None])
                optimiser.step()
                optimiser.zero_grad()
                if state.average is not None:
                    update_average(state.average, network, decay_at(taken, config.ema))
                state.sums += share * _sums(losses, logits, masks)
                sound &= torch.isfinite(norm) & torch.isfinite(loss)
                state.step += 1

                last = state.step == batches.steps
                checkpoint = state.step % config.checkpoint_every == 0 and not last
                if last or checkpoint or state.step % look_every == 0:
                    _refuse_nonsense(sound, config, state, out)
                    if reporter:
                        reporter.step(state)
                if checkpoint:
                    sums = process.sum(state.sums)
                    if process.first:
                        save(state, out, identity, sums)

            scores, shown = validate(
                state.network,
                state.model.normalisation,
                data.validation,
                config,
                process,
                own,
                reporter.validating if reporter else None,
            )
            train_loss, train_dice, images_seen = process.sum(state.sums).tolist()
            row = {
                "epoch": state.epoch + 1,
                "train_loss": train_loss / images_seen,
                "train_dice": train_dice / images_seen,
                **{f"validation_{key}": value for key, value in asdict(scores).items()},
                "kept_dice": kept_dice(scores, validated, initial is not None),
                "lr": optimiser.param_groups[0]["lr"],
                "seconds": time.perf_counter() - started,
            }
            state.history.append(row)
            state.epoch, state.step = state.epoch + 1, 0
            state.sums.zero_()
            better = state.best() is row and state.improved
            if better:
                state.model.threshold = kept_threshold(scores, validated, own)
            if reporter:
                if better:
                    save_model(out / BEST, replace(state.model, network=state.network))
                reporter.pictures(state.epoch, shown)
                save(state, out, identity, state.sums)
                reporter.epoch(state)

    best, before = state.best(), state.before.own_dice if state.before else None
    result = Result(int(best["epoch"]), merit(best), out / BEST, before)
    if before is not None and not state.improved:
        result = Result(0, before, out / BEST, before)
    if reporter:
        reporter.folder.log(str(result))
    return result


@torch.no_grad()
def _sums(losses: Tensor, logits: Tensor, masks: Tensor) -> Tensor:
    """Return loss, Dice and number of a batch's images, summed."""
    dice = dice_of(logits[:, 0] > 0, masks)
    return torch.stack([losses.sum(), dice.sum(), losses.new_tensor(len(losses))])


def _step_seed(seed: int, state: RunState, rank: int) -> int:
    key = (seed, state.epoch, state.step, rank)
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])


def _refuse_nonsense(sound: Tensor, config: TrainConfig, state: RunState, out: Path) -> None:
    if not sound:
        raise DivergedError(
            f"the loss or a gradient became infinite or no number in epoch {state.epoch + 1}, "
            f"step {state.step}: lower `lr` (now {config.lr:g})"
            + (", or use `precision` fp32" if config.precision != "fp32" else "")
            + f"; the last sound state is in {out}"
        )


@contextmanager
def _own_randomness(process: Process) -> Iterator[None]:
    devices = [process.device] if process.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        yield
