"""TensorBoard: event files in the run folder; ``tensorboard --logdir RUN`` shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from fluorosynth.learn.trackers.base import Tracker


class TensorBoard(Tracker):
    """Event files in ``tensorboard/``."""

    package: ClassVar[str] = "tensorboard"

    def __init__(self, out: Path, settings: Mapping[str, Any], epochs: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # The measures of the last epoch come once more: those that are there are dropped
        self._writer = SummaryWriter(str(out / "tensorboard"), purge_step=epochs)
        if not epochs:
            text = json.dumps(settings, indent=2, default=str)
            self._writer.add_text("config", f"```\n{text}\n```")

    def epoch(self, row: Mapping[str, float]) -> None:
        """Write each measure as a scalar."""
        for name, value in row.items():
            if name != "epoch":
                self._writer.add_scalar(name, value, int(row["epoch"]))
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()
