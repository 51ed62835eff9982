"""What a tracker is: it takes the settings of a run, and the measures of each epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from fluorosynth.core.spec import did_you_mean
from fluorosynth.errors import MissingExtraError, UsageError
from fluorosynth.io.atomic import replacing

TRACKERS = {"tensorboard": "TensorBoard", "wandb": "WeightsAndBiases", "mlflow": "MLflow"}


class Tracker(ABC):
    """A place that a run is written to while it goes on; nothing leaves the machine unasked.

    Parameters
    ----------
    out
        Run folder; what is written lies in a folder of the tracker's name in it.
    settings
        Tables of ``config.toml``.
    epochs
        Number of epochs done before, of a run that goes on.
    """

    package: ClassVar[str]

    @abstractmethod
    def __init__(self, out: Path, settings: Mapping[str, Any], epochs: int) -> None: ...

    @abstractmethod
    def epoch(self, row: Mapping[str, float]) -> None:
        """Write the measures of an epoch.

        A run that goes on gives those of the last epoch before once more: it may have been killed
        before they were written.

        Parameters
        ----------
        row
            Measures by name, its number as ``"epoch"``, as in ``metrics.csv``.
        """

    @abstractmethod
    def close(self) -> None:
        """Write what is left."""


def find_tracker(name: str) -> type[Tracker]:
    """Return a tracker by its name.

    Parameters
    ----------
    name
        Name of the tracker: ``"tensorboard"``, ``"wandb"`` or ``"mlflow"``.

    Raises
    ------
    UsageError
        For another name.
    MissingExtraError
        When its package is not installed.
    """
    if name not in TRACKERS:
        raise UsageError(f"no tracker {name!r} to `log` to{did_you_mean(name, TRACKERS)}")
    module = import_module(f"fluorosynth.learn.trackers.{name}")
    tracker: type[Tracker] = getattr(module, TRACKERS[name])
    if find_spec(tracker.package) is None:
        raise MissingExtraError(f"{name} is not installed", f"fluorosynth[{name}]")
    return tracker


def flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return nested tables as one: ``{"train": {"lr": 1}}`` as ``{"train.lr": 1}``.

    Parameters
    ----------
    settings
        Tables.
    before
        Text before each key.

    Examples
    --------
    >>> flat({"train": {"lr": 1}, "n": 2})
    {'train.lr': 1, 'n': 2}
    """
    found = dict[str, Any]()
    for key, value in settings.items():
        inner = isinstance(value, Mapping)
        found |= flat(value, f"{before}{key}.") if inner else {f"{before}{key}": value}
    return found


def kept_id(folder: Path, new: str = "") -> str:
    """Return the name that a run has in its tracker, the same whenever it goes on.

    Parameters
    ----------
    folder
        Folder of the tracker, made if missing.
    new
        Name to be kept where there is none yet; empty: one at random.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "run_id.txt"
    if not file.exists():
        keep(file, new or uuid4().hex)
    return file.read_text("utf-8").strip()


def keep(file: Path, text: str) -> None:
    """Write a small file, whole or not at all.

    Parameters
    ----------
    file
        Path of the file.
    text
        Content of the file.
    """
    with replacing(file) as part:
        part.write_text(text, "utf-8")
