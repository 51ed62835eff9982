"""Training: one straight loop."""

from __future__ import annotations

import copy
import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from fluorosynth.errors import FluorosynthError, InterruptedRunError, UsageError
from fluorosynth.learn.checkpoint import BEST, LAST, Model, load_training, save_model, weights_hash
from fluorosynth.learn.data import (
    Batch,
    Crops,
    EpochBatches,
    LabelledDataset,
    Subset,
    Windows,
    collate,
    collate_by_size,
    measure_normalisation,
    require_foreground,
    split_validation,
)
from fluorosynth.learn.device import autocast, memory_errors, memory_format
from fluorosynth.learn.networks import build
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.losses import LOSSES
from fluorosynth.learn.training.parallel import Process, join, share_batch_norms
from fluorosynth.learn.training.run_folder import RunFolder
from fluorosynth.learn.training.scores import Scorer, Scores, dice_of
from fluorosynth.version import __version__

SAMPLES = 1000  # of endless data, for its mean and deviation
SHOWN = 4  # validation images in an overlay strip


class DivergedError(FluorosynthError):
    """The loss or a gradient is no number any more; the message says what to change."""


@dataclass(frozen=True)
class Result:
    """The best epoch (from 1), its validation Dice at .5, and the model's file."""

    epoch: int
    dice: float
    path: Path


def train(
    pairs: LabelledDataset,
    config: TrainConfig,
    out: str | Path,
    validation: LabelledDataset | None = None,
    initial: Model | None = None,
    quiet: bool = False,
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
        The settings.
    out
        The run folder.
    validation
        Labelled data for validation; by default a seeded share of ``pairs``.
    initial
        A model to go on from, with its normalisation; by default a fresh network.
    quiet
        No progress bar.

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
        When stopped by the user.
    """
    advice = f"lower --batch-size (now {config.batch_size}) or train on --crop"
    out = Path(out)
    if out.is_file():
        raise UsageError(f"--out {out} is a file: name a folder")
    with (
        join(config.device) as process,
        _alone(out, process),
        _own_randomness(process),
        _interruptible(out),
        memory_errors(advice),
    ):
        return _Trainer(pairs, config, out, validation, initial, quiet, process).run()


class _Trainer:
    """The state of a run: network, optimiser, where it stands."""

    def __init__(
        self,
        pairs: LabelledDataset,
        config: TrainConfig,
        out: Path,
        validation: LabelledDataset | None,
        initial: Model | None,
        quiet: bool,
        process: Process,
    ) -> None:
        self.config, self.process, self.quiet = config, process, quiet
        self.out, self.device = out, process.device
        self._open_data(pairs, validation)
        self.epoch = self.step = 0
        self.sums = torch.zeros(3, device=self.device)  # loss, Dice, images of this epoch
        self.history: list[dict[str, float]] = []
        self.start = weights_hash(initial.network) if initial else ""
        resumed = (out / LAST).exists()
        if resumed:
            self.model, saved = load_training(out / LAST, self.device)
            self._check_same(saved)
        else:
            saved, self.model = {}, self._begin(initial)
        self._prepare(saved)
        if process.first:
            self.folder = RunFolder(out)
            self.folder.write_config(self._described())
            self.folder.log(f"{'resumed at' if resumed else 'started'} epoch {self.epoch + 1}")

    def run(self) -> Result:
        """Train the epochs that are left."""
        with self._progress() as bar:
            while self.epoch < self.config.epochs:
                started = time.perf_counter()
                self._train_epoch(bar)
                self._finish_epoch(self._validate(), time.perf_counter() - started, bar)
        best = self._best()
        result = Result(int(best["epoch"]), best["validation_dice"], self.out / BEST)
        if self.process.first:
            self.folder.log(f"best epoch {result.epoch}: Dice {result.dice:.4f}")
        return result

    # Preparation

    def _open_data(self, pairs: LabelledDataset, validation: LabelledDataset | None) -> None:
        config = self.config
        self.data = pairs
        if config.channels > 1:
            pairs = Windows(pairs, config.channels)
            validation = validation and Windows(validation, config.channels)
        if validation is None:
            pairs, validation = split_validation(pairs, config.validation, config.seed)
        self.whole, self.validation = pairs, validation
        self.train_set = Crops(pairs, config.crop, config.seed) if config.crop else pairs
        rank, world = self.process.rank, self.process.world
        self.order = EpochBatches(
            len(pairs), config.batch_size, config.seed, self.train_set.endless, rank, world
        )
        if not self.order.steps:
            raise UsageError(f"{len(pairs)} images are too few for {world} processes")
        self.loader = DataLoader(
            self.train_set,
            batch_sampler=self.order,
            collate_fn=collate,
            num_workers=config.workers,
            persistent_workers=config.workers > 0,
            pin_memory=self.device.type == "cuda",
        )

    def _begin(self, initial: Model | None) -> Model:
        """Check the data and make the model that a fresh run starts with."""
        config, seen = self.config, self.whole
        if self.process.first:
            self.data.verify()
            require_foreground(seen)
        if initial is not None:
            if initial.network.kind != config.network:
                raise UsageError(f"the model is {initial.network.kind!r}, not {config.network!r}")
            network = copy.deepcopy(initial.network).to(self.device)
            return Model(network, initial.normalisation, recipe=initial.recipe)
        torch.manual_seed(config.seed)
        network = build(config.network, {"channels": config.channels})
        network.lean_to_background(config.start_bias)
        sample = Subset(seen, range(min(SAMPLES, len(seen)))) if seen.endless else seen
        normalisation = measure_normalisation(sample, config.per_image)
        return Model(network.to(self.device), normalisation)

    def _prepare(self, saved: dict[str, Any]) -> None:
        """Make optimiser, averages and the parallel network, and load what was saved of them."""
        config, network = self.config, self.model.network
        network.to(memory_format=memory_format(self.device))  # type: ignore[call-overload]
        if config.layers is not None:
            network.freeze_outside(*config.layers)
        if self.process.world > 1:
            share_batch_norms(network)
        self.trained = [p for p in network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(self.trained, lr=config.lr)
        self.average = copy.deepcopy(network) if config.ema else None
        if saved:
            self.optimiser.load_state_dict(saved["optimiser"])
            self.epoch, self.step = saved["epoch"], saved["step"]
            self.history = json.loads(saved["history"])
            if self.process.first:
                self.sums = saved["sums"].to(self.device)
            if self.average is not None:
                self.average.load_state_dict(saved["average"])
        if config.compile:
            network.compile()
        self.engine = self.process.parallel(network)

    def _check_same(self, saved: dict[str, Any]) -> None:
        before, now = json.loads(saved["config"]), self._identity()
        for key in now:
            if before.get(key) != now[key]:
                raise UsageError(
                    f"{self.out} holds a run with {key} = {before.get(key)!r}, not {now[key]!r}: "
                    "give the same settings to go on with it, or another --out"
                )

    def _identity(self) -> dict[str, Any]:
        return {
            **self.config.decisive(),
            "data": self.data.fingerprint,
            "start": self.start,
            "processes": self.process.world,
        }

    def _described(self) -> dict[str, Any]:
        normalisation = self.model.normalisation
        return {
            "train": self.config.to_plain(),
            "data": {
                "source": self.data.source,
                "fingerprint": self.data.fingerprint,
                "recipe_hash": self.data.recipe,
                "training_images": len(self.train_set),
                "validation_images": len(self.validation),
            },
            "start": {"weights_hash": self.start},
            "normalisation": normalisation.to_plain(),
            "machine": {"device": str(self.device), "processes": self.process.world},
            "software": {"fluorosynth": __version__, "torch": torch.__version__},
        }

    # The loop

    def _train_epoch(self, bar: Any) -> None:
        config = self.config
        self.model.network.train()
        self.order.go_to(self.epoch, self.step)
        sound = torch.ones((), dtype=torch.bool, device=self.device)
        look_every = 1 if self.device.type == "cpu" else 20  # a look waits for the device
        for batch in self.loader:
            sound &= self._train_step(batch)
            self.step += 1
            last = self.step == self.order.steps
            save = self.step % config.checkpoint_every == 0 and not last
            if last or save or self.step % look_every == 0:
                self._refuse_nonsense(sound)
                self._show(bar)
            if save:
                self._save()

    def _train_step(self, batch: Batch) -> Tensor:
        """Take one step; return whether loss and gradients are finite."""
        config = self.config
        torch.manual_seed(self._step_seed())
        images, masks = self._to_device(batch)
        self._set_rate()
        with autocast(self.device, config.precision):
            logits = self.engine(images)
        losses = LOSSES[config.loss](logits, masks)
        # Gradients are averaged over processes: their sum over the global batch's size
        total = losses.sum()
        torch.autograd.backward(total * (self.process.world / self.order.size(self.step)))
        norm = nn.utils.get_total_norm([p.grad for p in self.trained if p.grad is not None])
        self.optimiser.step()
        self.optimiser.zero_grad()
        with torch.no_grad():
            self._update_average()
            dice = dice_of(logits[:, 0] > 0, masks)
            self.sums += torch.stack([total, dice.sum(), total.new_tensor(len(losses))])
        return torch.isfinite(norm) & torch.isfinite(total)

    def _to_device(self, batch: Batch) -> Batch:
        images, masks = (part.to(self.device, non_blocking=True) for part in batch)
        normal = self.model.normalisation(images)
        return Batch(normal.to(memory_format=memory_format(self.device)), masks)

    def _step_seed(self) -> int:
        key = (self.config.seed, self.epoch, self.step, self.process.rank)
        return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])

    @property
    def _taken(self) -> int:
        """Steps taken in all epochs."""
        return self.epoch * self.order.steps + self.step

    def _set_rate(self) -> None:
        config, taken = self.config, self._taken
        share = min((taken + 1) / (config.warmup + 1), 1.0)
        if config.schedule == "cosine":
            share *= 0.5 * (1 + math.cos(math.pi * taken / (config.epochs * self.order.steps)))
        self.optimiser.param_groups[0]["lr"] = config.lr * share

    def _update_average(self) -> None:
        if self.average is None:
            return
        recent = (1 + self._taken) / (10 + self._taken)  # forgets the random start
        decay = min(self.config.ema, recent)
        now = self.model.network.state_dict()
        for key, value in self.average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(now[key], 1 - decay)
            else:
                value.copy_(now[key])

    def _refuse_nonsense(self, sound: Tensor) -> None:
        if not sound:
            config = self.config
            raise DivergedError(
                f"the loss or a gradient became infinite or no number in epoch {self.epoch + 1}, "
                f"step {self.step}: lower --lr (now {config.lr:g})"
                + (", or use --precision fp32" if config.precision != "fp32" else "")
                + f"; the last sound state is in {self.out}"
            )

    def _validate(self) -> Scores:
        network = self.average or self.model.network
        network.eval()
        rank, world = self.process.rank, self.process.world
        mine = Subset(self.validation, range(rank, len(self.validation), world))
        scorer, shown = Scorer(), list[tuple[Any, ...]]()
        for batches in DataLoader(mine, self.config.batch_size, collate_fn=collate_by_size):
            for batch in batches:
                images, masks = self._to_device(batch)
                with torch.inference_mode(), autocast(self.device, self.config.precision):
                    logits = network(images)
                losses = LOSSES[self.config.loss](logits, masks)
                scorer.add(losses, logits, masks)
                if len(shown) < SHOWN:
                    found = (logits[:, 0] > 0).cpu().numpy()
                    shown += zip(
                        batch.images[:, -1].numpy(), found, batch.masks.numpy(), strict=True
                    )
        scorer.sums = self.process.sum(scorer.sums)
        if self.process.first:
            self.folder.write_overlays(self.epoch + 1, shown[:SHOWN])
        return scorer.scores()

    def _finish_epoch(self, scores: Scores, seconds: float, bar: Any) -> None:
        loss, dice, images = self.process.sum(self.sums).tolist()
        row = {
            "epoch": self.epoch + 1,
            "train_loss": loss / images,
            "train_dice": dice / images,
            **{f"validation_{key}": value for key, value in asdict(scores).items()},
            "lr": self.optimiser.param_groups[0]["lr"],
            "seconds": seconds,
        }
        self.history.append(row)
        if self._best() is row:
            self.model.threshold = scores.threshold
            self._save_best()
        self.epoch, self.step = self.epoch + 1, 0
        self.sums.zero_()
        self._save()
        if self.process.first:
            self.folder.write_metrics(self.history)
            line = (
                f"epoch {row['epoch']}/{self.config.epochs}: loss {row['train_loss']:.4f}, "
                f"Dice {row['train_dice']:.4f}, validation Dice {scores.dice:.4f} "
                f"(best {scores.best_dice:.4f} above {scores.threshold}), {seconds:.1f} s"
            )
            self.folder.log(line)
            if not self.quiet:
                bar.write(line, file=sys.stderr)

    def _best(self) -> dict[str, float]:
        return max(self.history, key=lambda row: row["validation_dice"])

    # What is kept

    def _save_best(self) -> None:
        if self.process.first:
            network = self.average or self.model.network
            save_model(self.out / BEST, self._labelled(network))

    def _save(self) -> None:
        sums = self.process.sum(self.sums)
        if self.process.first:
            training = {
                "config": json.dumps(self._identity()),
                "history": json.dumps(self.history),
                "epoch": self.epoch,
                "step": self.step,
                "sums": sums,
                "optimiser": self.optimiser.state_dict(),
                **({"average": self.average.state_dict()} if self.average else {}),
            }
            save_model(self.out / LAST, self._labelled(self.model.network), training)

    def _labelled(self, network: Any) -> Model:
        model = self.model
        config = self.config.to_plain()
        recipe = self.data.recipe or model.recipe
        return Model(network, model.normalisation, model.threshold, recipe, config)

    def _progress(self) -> Any:
        from tqdm import tqdm

        return tqdm(
            total=self.config.epochs * self.order.length,
            initial=self.epoch * self.order.length + self.step * self.config.batch_size,
            unit="image",
            file=sys.stderr,
            disable=self.quiet or not self.process.first,
        )

    def _show(self, bar: Any) -> None:
        loss, dice, images = self.sums.tolist()
        done = min(self.step * self.config.batch_size, self.order.length)
        bar.set_description(f"epoch {self.epoch + 1}/{self.config.epochs}", refresh=False)
        bar.set_postfix(loss=f"{loss / images:.4f}", Dice=f"{dice / images:.4f}", refresh=False)
        bar.update(self.epoch * self.order.length + done - bar.n)


@contextmanager
def _alone(out: Path, process: Process) -> Iterator[None]:
    """Let no other run work in the folder."""
    from filelock import FileLock, Timeout

    if not process.first:
        yield
        return
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / ".lock", timeout=0):
            yield
    except Timeout:
        raise UsageError(f"another process is training in {out}") from None


@contextmanager
def _own_randomness(process: Process) -> Iterator[None]:
    devices = [process.device] if process.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        yield


@contextmanager
def _interruptible(out: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        where = "its last checkpoint" if (out / LAST).exists() else "the start"
        raise InterruptedRunError(f"stopped; the same command goes on from {where}") from None
