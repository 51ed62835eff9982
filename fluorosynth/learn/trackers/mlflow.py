"""MLflow: a store of files in the run folder, or the server that the user's environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from fluorosynth.learn.trackers.base import Tracker, flat, kept_id

LONGEST = 500  # characters of a parameter that MLflow takes
EXPERIMENT = "fluorosynth"


class MLflow(Tracker):
    """A store in ``mlflow/``; ``MLFLOW_TRACKING_URI`` in the environment names another."""

    package: ClassVar[str] = "mlflow"

    def __init__(self, out: Path, settings: Mapping[str, Any], epochs: int) -> None:  # noqa: ARG002
        # Read when it is imported: no usage statistics, and plain files without a database
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        from mlflow import MlflowClient

        folder = (out / "mlflow").resolve()
        uri = os.environ.get("MLFLOW_TRACKING_URI") or (folder / "store").as_uri()
        self._client = MlflowClient(tracking_uri=uri)
        known = (folder / "run_id.txt").exists()
        self._id = kept_id(folder, "" if known else self._begin(out, settings))
        self._client.update_run(self._id, status="RUNNING")

    def epoch(self, row: Mapping[str, float]) -> None:
        """Write each measure as a metric, unless it is there."""
        step = int(row["epoch"])
        for name, value in row.items():
            there = (metric.step for metric in self._client.get_metric_history(self._id, name))
            if name != "epoch" and step not in there:
                self._client.log_metric(self._id, name, float(value), step=step)

    def close(self) -> None:
        """Say that the run has ended."""
        self._client.set_terminated(self._id)

    def _begin(self, out: Path, settings: Mapping[str, Any]) -> str:
        """Return the name of a new run that holds the settings."""
        found = self._client.get_experiment_by_name(EXPERIMENT)
        experiment = found.experiment_id if found else self._client.create_experiment(EXPERIMENT)
        run = self._client.create_run(experiment, run_name=out.resolve().name).info.run_id
        for key, value in flat(settings).items():
            self._client.log_param(run, key, str(value)[:LONGEST])
        return str(run)
