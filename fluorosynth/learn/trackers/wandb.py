"""Weights & Biases, offline: ``wandb sync`` sends a run, if and when the user wants that."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from fluorosynth.learn.trackers.base import Tracker, flat, keep, kept_id


class WeightsAndBiases(Tracker):
    """Offline runs in ``wandb/``; ``WANDB_MODE=online`` in the environment sends them at once."""

    package: ClassVar[str] = "wandb"

    def __init__(self, out: Path, settings: Mapping[str, Any], epochs: int) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # read when it is imported
        import wandb

        run_id = kept_id(out / "wandb")
        self._last = out / "wandb/last_epoch.txt"  # an offline run cannot be asked
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "fluorosynth"),
            name=out.resolve().name,
            id=run_id,
            resume="allow" if epochs else None,
            dir=str(out),
            mode="online" if os.environ.get("WANDB_MODE") == "online" else "offline",
            config=flat(settings),
            settings=wandb.Settings(
                silent=True,
                console="off",  # what stands in the terminal may name patients' files
                disable_git=True,
                save_code=False,
                x_disable_meta=True,
                x_disable_stats=True,
            ),
        )

    def epoch(self, row: Mapping[str, float]) -> None:
        """Write the measures as one step, unless they are there."""
        epoch = int(row["epoch"])
        if not (self._last.exists() and int(self._last.read_text("ascii")) >= epoch):
            self._run.log(dict(row), step=epoch)
            keep(self._last, str(epoch))

    def close(self) -> None:
        """Finish the run's file."""
        self._run.finish()
