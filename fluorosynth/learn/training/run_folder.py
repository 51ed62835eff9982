"""What a training run leaves behind for people: settings, figures, pictures, a log."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import InterruptedRunError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.contact_sheet import FOUND, contact_sheet, png_bytes
from fluorosynth.io.lock import locked
from fluorosynth.io.place import local
from fluorosynth.learn.checkpoint import LAST
from fluorosynth.reports.pictures import agreement

CONFIG, METRICS, CURVES, LOG, OVERLAYS = (
    "config.toml", "metrics.csv", "curves.png", "log.txt", "overlays"
)  # fmt: skip
TILE = 256  # px, side of a picture in an overlay strip


class RunFolder:
    """A folder with ``config.toml``, ``metrics.csv``, ``curves.png``, ``log.txt``, overlays.

    Parameters
    ----------
    path
        Made if it is not there.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = local(path)
        (self.path / OVERLAYS).mkdir(parents=True, exist_ok=True)

    def write_config(self, tables: Mapping[str, Any]) -> None:
        """Write all settings, resolved.

        Parameters
        ----------
        tables
            Tables of settings.
        """
        import tomli_w

        with replacing(self.path / CONFIG) as part:
            part.write_text(tomli_w.dumps(tables), "utf-8")

    def write_metrics(self, history: Sequence[Mapping[str, float]]) -> None:
        """Write one line per epoch, and the curves.

        Parameters
        ----------
        history
            Measures of each epoch, by name.
        """
        with replacing(self.path / METRICS) as part, part.open("w", newline="") as handle:
            writer = csv.DictWriter(handle, list(history[0]))
            writer.writeheader()
            writer.writerows(history)
        self._draw(history)

    def log(self, line: str) -> None:
        """Append a line with the time.

        Parameters
        ----------
        line
            Line to append.
        """
        with (self.path / LOG).open("a", encoding="utf-8") as handle:
            handle.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")

    def write_overlays(self, epoch: int, shown: Sequence[tuple[Any, ...]]) -> None:
        """Write a strip of pictures: images above, agreement below.

        Parameters
        ----------
        epoch
            Number of the epoch.
        shown
            Image, prediction and truth of each.
        """
        columns = [
            np.vstack([_tile(cv2.cvtColor(shot[0], cv2.COLOR_GRAY2RGB)), _tile(agreement(*shot))])
            for shot in shown
        ]
        with replacing(self.path / OVERLAYS / f"epoch-{epoch:03d}.png") as part:
            part.write_bytes(png_bytes(contact_sheet(columns, len(columns), legend=FOUND)))

    def _draw(self, history: Sequence[Mapping[str, float]]) -> None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 3.5))
        epochs = [row["epoch"] for row in history]
        for axes, name in zip(figure.subplots(1, 2), ("loss", "dice"), strict=True):
            for key, label in (("train", "training"), ("validation", "validation")):
                axes.plot(epochs, [row[f"{key}_{name}"] for row in history], ".-", label=label)
            axes.set(xlabel="epoch", title=name.capitalize())
            axes.legend()
        with replacing(self.path / CURVES) as part:
            figure.savefig(part, format="png", dpi=100)


def _tile(picture: NDArray[Any]) -> NDArray[np.uint8]:
    scale = TILE / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.zeros((TILE, TILE, 3), np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small[:TILE, :TILE]
    return tile


@contextmanager
def alone(out: Path, first: bool) -> Iterator[None]:
    """Let no other run work in the folder.

    Parameters
    ----------
    out
        Run folder, made if missing.
    first
        Whether this is the process that writes; others pass.

    Raises
    ------
    UsageError
        When another run works in it.
    """
    if not first:
        yield
        return
    with locked(out, f"another process is training in {out}"):
        yield


@contextmanager
def interruptible(out: Path) -> Iterator[None]:
    """Turn Ctrl-C into InterruptedRunError, which says from where the training goes on.

    Parameters
    ----------
    out
        Folder of the training.
    """
    try:
        yield
    except KeyboardInterrupt:
        where = "its last checkpoint" if (out / LAST).exists() else "the start"
        raise InterruptedRunError(f"stopped; the same command goes on from {where}") from None
