"""What a test says, as ``stress.json`` holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted
from fluorosynth.io.result_file import read_result, write_result
from fluorosynth.metrics import bootstrap_interval
from fluorosynth.stress.axes import Axis
from fluorosynth.stress.psychometric import Half, half_found
from fluorosynth.stress.run import Stress
from fluorosynth.stress.scores import MEASURES
from fluorosynth.version import __version__

FORMAT, SUMMARY = ("fluorosynth-stress", 1), "stress.json"
Number = float | None  # None: not applicable


@dataclass(frozen=True)
class MeasureSummary:
    """One measure over one axis.

    Parameters
    ----------
    mean
        Mean over scenes at each level.
    low
        Lower limit of its 95 % interval.
    high
        Upper limit of it.
    values
        Values of each scene at each level.
    """

    mean: list[Number]
    low: list[Number]
    high: list[Number]
    values: list[list[Number]]


@dataclass(frozen=True)
class AxisSummary:
    """One axis.

    Parameters
    ----------
    label
        Name for people, with its unit.
    levels
        Values that the axis takes.
    held
        Value while others are varied.
    log
        Whether it is seen over the logarithm.
    lowest
        Level from which on half of the centreline is found; None: not asked.
    highest
        Level up to which it is; None: not asked.
    measures
        Measures by name, see ``scores.MEASURES``.
    """

    label: str
    levels: list[float]
    held: float
    log: bool
    lowest: Half | None
    highest: Half | None
    measures: dict[str, MeasureSummary]


@dataclass(frozen=True)
class Summary:
    """A whole test.

    Parameters
    ----------
    segmenter
        Facts on what was tested.
    pictures
        Facts that the pictures depend on: equal for two tests of the same pictures.
    axes
        Axes by name.
    fluorosynth
        Version.
    """

    segmenter: dict[str, Any]
    pictures: dict[str, Any]
    axes: dict[str, AxisSummary]
    fluorosynth: str = __version__


def summarise(stress: Stress, progress: Callable[[int], object] | None = None) -> Summary:
    """Return means, intervals and thresholds of a test.

    Parameters
    ----------
    stress
        Scores and masks of the test.
    progress
        Function called with 1 after each axis.
    """
    axes = {}
    for axis in stress.config.axes:
        axes[axis.name] = _axis(stress, axis)
        if progress:
            progress(1)
    pictures = {**stress.config.to_plain(), "backgrounds": stress.backgrounds}
    return Summary(stress.about, pictures, axes)


def write_summary(summary: Summary, path: Path) -> None:
    """Write ``stress.json``.

    Parameters
    ----------
    summary
        Summary of the test.
    path
        File to write.
    """
    write_result(summary, FORMAT, path)


def read_summary(path: Path) -> Summary:
    """Read ``stress.json``, or the one in a folder.

    Parameters
    ----------
    path
        File, or the folder that holds it.

    Raises
    ------
    BadDataError
        When it is missing, or not one.
    """
    path = path / SUMMARY if path.is_dir() else path
    found = read_result(Summary, FORMAT, path)
    for name, axis in found.axes.items():
        if not _whole(axis):
            raise BadDataError(f"{quoted(path)} is no stress.json: the axis {name!r} is not whole")
    listed = found.pictures.get("axes")
    if not isinstance(listed, dict) or found.axes.keys() != listed.keys():
        raise BadDataError(f"{quoted(path)} is no stress.json: it lacks an axis")
    return found


def _whole(axis: AxisSummary) -> bool:
    """Tell whether all measures are there, each of all levels and as many scenes."""
    halves = [half for half in (axis.lowest, axis.highest) if half is not None]
    scenes = {len(row) for measure in axis.measures.values() for row in measure.values}
    columns = [
        column
        for measure in axis.measures.values()
        for column in (measure.mean, measure.low, measure.high, measure.values)
    ]
    return (
        axis.measures.keys() == MEASURES.keys()
        and {len(column) for column in columns} == {len(axis.levels)}
        and len(scenes) == 1
        and all((h.value is None) == (h.low is None) == (h.high is None) for h in halves)
    )


def _axis(stress: Stress, axis: Axis) -> AxisSummary:
    levels, recall = np.array(axis.levels, float), stress.values(axis, "recall")
    seed = stress.config.seed

    def half(rising: bool) -> Half:
        return half_found(levels, recall, rising, axis.log, np.random.default_rng(seed))

    return AxisSummary(
        axis.label,
        list(map(float, axis.levels)),
        float(getattr(stress.config.held, axis.name)),
        axis.log,
        half(True) if axis.rises else None,
        half(False) if axis.falls else None,
        {name: _measure(stress, axis, name) for name in MEASURES},
    )


def _measure(stress: Stress, axis: Axis, name: str) -> MeasureSummary:
    table = stress.values(axis, name)
    rng = np.random.default_rng(stress.config.seed)
    found = [
        bootstrap_interval({str(scene): [value] for scene, value in enumerate(row)}, rng)
        for row in table
    ]
    mean, low, high = ([_number(value) for value in part] for part in zip(*found, strict=True))
    return MeasureSummary(mean, low, high, [[_number(v) for v in row] for row in table])


def _number(value: float) -> Number:
    return None if np.isnan(value) else round(float(value), 6)
