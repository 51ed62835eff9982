"""A segmenter on a public set by the set's own protocol, as a row that stands beside others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted
from fluorosynth.io.result_file import read_result, write_result
from fluorosynth.learn.data import LabelledDataset, LayoutDataset, Subset, Windows
from fluorosynth.learn.evaluation.results import Evaluation, Row
from fluorosynth.metrics import measure
from fluorosynth.reports.text import markdown_table, show, show_interval
from fluorosynth.sample import Image
from fluorosynth.shards import software
from fluorosynth.stress.segmenters import Segmenter, checked
from fluorosynth.version import __version__

FORMAT, FILE = ("fluorosynth-bench", 1), "row.json"
SHOWN = "dice", "cldice", "precision", "recall", "centreline_f1_2px", "tip_error"
Measured = tuple[float | None, float | None, float | None]  # mean and 95 % limits


@dataclass(frozen=True)
class BenchRow:
    """One segmenter on one set.

    Parameters
    ----------
    set
        Facts on the set: name, layout, part, classes, numbers of images and sequences, and a digest
        of the files.
    model
        Facts on what was tested, with a hash of its weights where it has any.
    measures
        Measures by name: mean over sequences and its 95 % limits.
    sequences
        Number of images and Dice of each sequence.
    software
        Versions by name.
    """

    set: dict[str, Any]
    model: dict[str, Any]
    measures: dict[str, Measured]
    sequences: dict[str, dict[str, float | int | None]]
    software: dict[str, str] = field(default_factory=lambda: {"fluorosynth": __version__})


def bench(
    segmenter: Segmenter,
    pairs: LabelledDataset,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Evaluation:
    """Measure a segmenter on labelled pictures, at their own resolution.

    Parameters
    ----------
    segmenter
        Segmenter that is tested; with an attribute ``channels`` over 1 it gets the frames before
        each.
    pairs
        Labelled pictures.
    seed
        Seed of the bootstrap.
    progress
        Function called with 1 after each picture.

    Raises
    ------
    BadDataError
        For a mask that does not fit its picture.
    """
    channels = getattr(segmenter, "channels", 1)
    seen = pairs if channels == 1 else Windows(pairs, channels)
    threshold = float(segmenter.about.get("threshold", 0.5))
    truths: list[Any] = []

    def pictures() -> Iterator[Image]:
        for index in range(len(seen)):
            image, truth = seen[index]
            truths.append(truth)
            yield image

    rows = []
    for index, found in enumerate(segmenter.masks(pictures())):
        truth = truths[index]
        mask = checked(found, truth, str(segmenter.about["kind"]))
        place = pairs.sequence(index), pairs.name(index)
        rows.append(Row(index, *place, threshold, measure(mask, truth)))
        truths[index] = None
        if progress:
            progress(1)
    if len(rows) != len(pairs):
        raise BadDataError(f"a segmenter gave {len(rows)} masks for {len(pairs)} pictures")
    return Evaluation(rows, {threshold: "its own"}, seed)


def row_of(found: Evaluation, segmenter: Segmenter, pairs: LabelledDataset, name: str) -> BenchRow:
    """Return what a row says.

    Parameters
    ----------
    found
        Measures, from ``bench``.
    segmenter
        Segmenter that was tested.
    pairs
        Labelled pictures that it was tested on.
    name
        Name of the set, for people.
    """
    (threshold,) = found.thresholds
    about: dict[str, Any] = {"name": name, "images": len(pairs), "digest": pairs.fingerprint}
    whole = pairs.pairs if isinstance(pairs, Subset) else pairs
    if isinstance(whole, LayoutDataset):
        about |= {"layout": whole.layout.kind, "part": whole.part or "all"}
        about["classes"] = whole.meant.to_plain()
    dice = found.by_sequence(threshold, "dice")
    about["sequences"] = len(dice)
    measures: dict[str, Measured] = {}
    for key, interval in found.overall(threshold).items():
        mean, low, high = (_number(value) for value in interval)
        measures[key] = mean, low, high
    sequences: dict[str, dict[str, float | int | None]] = {
        sequence: {"images": len(values), "dice": _number(float(np.mean(values)))}
        for sequence, values in dice.items()
    }
    versions = {"fluorosynth": __version__, **software()}
    return BenchRow(about, dict(segmenter.about), measures, sequences, versions)


def write_row(row: BenchRow, path: Path) -> None:
    """Write a row as JSON.

    Parameters
    ----------
    row
        Row to write.
    path
        File to write.
    """
    write_result(row, FORMAT, path)


def read_row(path: Path) -> BenchRow:
    """Read a row, or the one in a folder.

    Parameters
    ----------
    path
        File or folder.

    Raises
    ------
    BadDataError
        For anything else.
    """
    path = path / FILE if path.is_dir() else path
    found = read_result(BenchRow, FORMAT, path)
    if "dice" not in found.measures or not isinstance(found.model.get("threshold", 0), int | float):
        raise BadDataError(f"{quoted(path)} is no row: it has no Dice, or no number as threshold")
    return found


def bench_table(rows: Sequence[BenchRow]) -> str:
    """Return rows side by side in Markdown, grouped by set, the best Dice first.

    Rows of one name whose digests differ were measured on different pictures, or with other
    classes: they stand under different headings.

    Parameters
    ----------
    rows
        Rows in any order.
    """
    groups: dict[tuple[str, str], list[BenchRow]] = {}
    for row in rows:
        key = str(row.set.get("name")), str(row.set.get("digest"))
        groups.setdefault(key, []).append(row)
    parts = []
    for (name, digest), group in groups.items():
        about = group[0].set
        part = f", part {about['part']}" if about.get("part") else ""
        head = f"{name}{part}: {about.get('images')} images, digest {digest[:8]}"
        ranked = sorted(group, key=lambda row: -(row.measures["dice"][0] or 0))
        parts.append(f"**{head}**\n\n{markdown_table(_HEADS, map(_cells, ranked))}")
    return "\n\n".join(parts)


_HEADS = ["model", "hash", "threshold", *SHOWN, "fluorosynth"]


def _cells(row: BenchRow) -> list[str]:
    model = row.model
    name = model.get("model") or model.get("command") or model.get("kind")
    cells = [str(name), str(model.get("hash", "-"))[:8], show(model.get("threshold"))]
    cells += [show_interval(row.measures.get(key, (None, None, None))) for key in SHOWN]
    return [*cells, row.software.get("fluorosynth", "-")]


def _number(value: float) -> float | None:
    return round(value, 6) if np.isfinite(value) else None
