"""What a run says while it goes on: a bar, a log, settings, metrics and pictures."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from tqdm import tqdm

from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import LabelledDataset
from fluorosynth.learn.trackers.base import Tracker
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.keep import CHOOSE_FROM
from fluorosynth.learn.training.parallel import Process
from fluorosynth.learn.training.prepare import TrainingData
from fluorosynth.learn.training.resume import RunState
from fluorosynth.learn.training.run_folder import RunFolder
from fluorosynth.learn.training.scores import Scores
from fluorosynth.learn.training.validate import Shown
from fluorosynth.version import __version__


class Reporter:
    """Says how a run goes, on stderr and in its folder; use it in a ``with`` statement.

    Parameters
    ----------
    out
        Run folder.
    settings
        Tables of ``config.toml``.
    state
        State to begin with.
    data
        Data of the run.
    epochs
        Number of epochs of the whole run.
    quiet
        No bar.
    tracker
        Place that the measures of each epoch go to as well.
    """

    def __init__(
        self,
        out: Path,
        settings: Mapping[str, Any],
        state: RunState,
        data: TrainingData,
        epochs: int,
        quiet: bool,
        tracker: type[Tracker] | None = None,
    ) -> None:
        self.folder, self.epochs, self.quiet = RunFolder(out), epochs, quiet
        self.length, self.batch = data.batches.length, data.batches.batch
        self.folder.write_config(settings)
        self.tracker = tracker(out, settings, state.epoch) if tracker else None
        begun = state.epoch or state.step
        if state.history:  # its last line may not have been written
            self._write_metrics(state)
        self.folder.log(f"{'resumed at' if begun else 'started'} epoch {state.epoch + 1}")
        if data.given != data.size:
            self.say(f"pictures of {data.given} px are resized to {data.size}, longer side")
        total = epochs * self.length
        self.bar = tqdm(
            total=total, initial=self._done(state), unit="image", file=sys.stderr, disable=quiet
        )

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.close()
        if self.tracker:
            self.tracker.close()

    def step(self, state: RunState) -> None:
        """Show loss and Dice of the epoch so far.

        Parameters
        ----------
        state
            State of the training.
        """
        loss, dice, images = state.sums.tolist()
        self.bar.set_description(f"epoch {state.epoch + 1}/{self.epochs}", refresh=False)
        self.bar.set_postfix(
            loss=f"{loss / images:.4f}", Dice=f"{dice / images:.4f}", refresh=False
        )
        self.bar.update(self._done(state) - self.bar.n)

    def validating(self, done: int, total: int) -> None:
        """Show how far the validation has come.

        Parameters
        ----------
        done
            Number of images validated.
        total
            Number of images to validate.
        """
        self.bar.set_postfix_str(f"validated {done}/{total}")

    def pictures(self, epoch: int, shown: Shown) -> None:
        """Write the pictures of an epoch, which no checkpoint holds: before it is saved.

        Parameters
        ----------
        epoch
            Number of the epoch.
        shown
            Validation images with their truths and predictions.
        """
        self.folder.write_overlays(epoch, shown)

    def epoch(self, state: RunState) -> None:
        """Write the measures of the epoch that has just ended.

        Parameters
        ----------
        state
            State of the training.
        """
        row = state.history[-1]
        self._write_metrics(state)
        self.say(
            f"epoch {row['epoch']}/{self.epochs}: loss {row['train_loss']:.4f}, "
            f"Dice {row['train_dice']:.4f}, validation Dice {row['validation_dice']:.4f} "
            f"(best {row['validation_best_dice']:.4f} above {row['validation_threshold']}), "
            f"{row['seconds']:.1f} s"
        )

    def before(self, scores: Scores, threshold: float, images: int) -> None:
        """Say how good the model is that the run goes on from.

        Parameters
        ----------
        scores
            Measures of the validation.
        threshold
            Threshold of the model.
        images
            Number of validation images.
        """
        self.say(f"before: validation Dice {scores.own_dice:.4f} above {threshold}")
        if images < CHOOSE_FROM:
            self.say(f"{images} validation images choose no threshold: it stays {threshold}")

    def say(self, line: str) -> None:
        """Log a line, and show it, above the bar where there is one.

        Parameters
        ----------
        line
            Line to log.
        """
        self.folder.log(line)
        if not self.quiet:
            tqdm.write(line, file=sys.stderr)

    def _write_metrics(self, state: RunState) -> None:
        self.folder.write_metrics(state.history)
        if self.tracker:
            self.tracker.epoch(state.history[-1])

    def _done(self, state: RunState) -> int:
        """Return how many images have been learnt from."""
        return state.epoch * self.length + min(state.step * self.batch, self.length)


def described(
    pairs: LabelledDataset,
    config: TrainConfig,
    data: TrainingData,
    start: str,
    model: Model,
    process: Process,
) -> dict[str, Any]:
    """Return the tables of ``config.toml``.

    Parameters
    ----------
    pairs
        Labelled data that the run was given.
    config
        Settings of the run.
    data
        Its parts.
    start
        Hash of the weights that it began with; empty for a fresh network.
    model
        Model that learns.
    process
        Process that writes.
    """
    return {
        "train": config.to_plain(),
        "data": {
            "source": pairs.source,
            "fingerprint": pairs.fingerprint,
            "recipe_hash": pairs.recipe,
            "training_images": len(data.training),
            "validation_images": len(data.validation),
        },
        "start": {"weights_hash": start},
        "normalisation": model.normalisation.to_plain(),
        "machine": {"device": str(process.device), "processes": process.world},
        "software": {"fluorosynth": __version__, "torch": torch.__version__},
    }
