"""``report.html`` of a test, and of two side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fluorosynth.errors import UsageError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.contact_sheet import FOUND, contact_sheet, png_bytes
from fluorosynth.metrics import bootstrap_interval
from fluorosynth.reports import page
from fluorosynth.reports.pictures import agreement
from fluorosynth.reports.plots import Curve, plot_curves
from fluorosynth.reports.text import show, show_interval
from fluorosynth.stress.axes import AXES
from fluorosynth.stress.psychometric import Half
from fluorosynth.stress.run import Stress, mean_by_level
from fluorosynth.stress.scores import MEASURES
from fluorosynth.stress.summary import AxisSummary, Number, Summary

REPORT = "report.html"
TILE = 192  # px of a picture in a strip
SHARES = "dice", "recall"
EXPLAINED = (
    "Each axis varies one property, all others as held. A scene keeps its anatomy, its noise and "
    "its instruments' courses; every picture is made with and without the instruments. "
    "Recall: share of the true centreline with a predicted skeleton within 2 px that is not there "
    "without the instrument. Bands and brackets: 95 % intervals, scenes drawn with replacement."
)

STRIPS = (
    "Strips of pictures: the scene with the worst recall of an axis, at all its levels; found "
    "green, missed blue, false red; below, the same without the instrument."
)


def write_report(summary: Summary, stress: Stress, path: Path) -> None:
    """Write the page of one test, with the worst scene of each axis at all its levels.

    Parameters
    ----------
    summary
        Means, intervals and thresholds of the test.
    stress
        Scores and masks of the test.
    path
        File to write.
    """
    name = named(summary)
    parts = [
        page.table("", [], _facts(summary)),
        page.paragraph(EXPLAINED),
        page.paragraph(STRIPS),
        page.table("Where half of the centreline is found", *half_table({name: summary})),
    ]
    for key, axis in summary.axes.items():
        parts += [
            page.heading(axis.label),
            page.plot(_curves(key, {name: summary}), f"curves over {axis.label}"),
            page.paragraph(_sentence(axis)),
            page.plot(worst_strip(stress, key), "the worst scene at each level"),
        ]
    _write(path, page.page(f"Stress: {name}", parts))


def write_comparison(first: Summary, second: Summary, path: Path) -> None:
    """Write the page of two tests of the same pictures.

    Parameters
    ----------
    first
        Summary of one test.
    second
        Summary of the other.
    path
        File to write.

    Raises
    ------
    UsageError
        When their pictures differ.
    """
    if first.pictures != second.pictures:
        keys = first.pictures.keys() | second.pictures.keys()
        other = sorted(k for k in keys if first.pictures.get(k) != second.pictures.get(k))
        raise UsageError(
            f"the two tests have different pictures ({', '.join(other)}): run both with the same "
            "options"
        )
    both = told_apart(first, second)
    names = list(both)
    parts = [
        page.paragraph(EXPLAINED),
        page.table("Where half of the centreline is found", *half_table(both)),
        page.table(f"{names[1]} minus {names[0]}, mean over levels", *difference_table(both)),
    ]
    for key, axis in first.axes.items():
        parts += [page.heading(axis.label), page.plot(_curves(key, both), axis.label)]
    _write(path, page.page(f"Stress: {names[0]} and {names[1]}", parts))


def named(summary: Summary) -> str:
    """Return a short name of what was tested.

    Parameters
    ----------
    summary
        Summary of a test.
    """
    about = summary.segmenter
    return str(about.get("model") or about.get("command") or about.get("kind", "a segmenter"))


def told_apart(first: Summary, second: Summary) -> dict[str, Summary]:
    """Return two tests by name, by number too where they are of one name.

    Parameters
    ----------
    first
        Summary of one test.
    second
        Summary of the other.
    """
    names = named(first), named(second)
    if names[0] == names[1]:
        names = f"{names[0]} (first)", f"{names[1]} (second)"
    return dict(zip(names, (first, second), strict=True))


def half_table(summaries: Mapping[str, Summary]) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows: per axis and side, each test's value.

    Parameters
    ----------
    summaries
        Summaries by name.
    """
    rows = []
    first = next(iter(summaries.values()))
    for key, axis in first.axes.items():
        for side, word in (("lowest", "from"), ("highest", "up to")):
            if getattr(axis, side) is not None:
                found = [getattr(s.axes[key], side) for s in summaries.values()]
                cells = [show_half(half, axis, side) for half in found]
                rows.append([f"{axis.label}, {word}", f"{axis.held:g}", *cells])
    return ["axis", "held at", *summaries], rows


def difference_table(summaries: Mapping[str, Summary]) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows: per axis, each measure's paired difference, second minus first.

    Parameters
    ----------
    summaries
        Summaries of two tests by name.
    """
    first, second = summaries.values()
    rows = []
    for key, axis in first.axes.items():
        cells = []
        for name in MEASURES:
            tables = [np.array(s.axes[key].measures[name].values, float) for s in (first, second)]
            per_scene = mean_by_level((tables[1] - tables[0]).T)
            values = {str(i): [float(v)] for i, v in enumerate(per_scene)}
            cells.append(show_interval(bootstrap_interval(values, np.random.default_rng(0))))
        rows.append([axis.label, *cells])
    return ["axis", *MEASURES.values()], rows


def show_half(half: Half | None, axis: AxisSummary, side: str) -> str:
    """Return a threshold for people.

    Parameters
    ----------
    half
        Threshold, or None.
    axis
        Axis that it lies on.
    side
        Name of the side: the lowest or the highest.
    """
    if half is None:
        return "-"
    if half.value is None:
        if not half.found:
            return "nowhere"
        end = axis.levels[0] if side == "lowest" else axis.levels[-1]
        return f"beyond {end:g}"
    return f"{half.value:.3g} [{half.low:.3g}, {half.high:.3g}]"


def worst_strip(stress: Stress, key: str) -> bytes:
    """Return a PNG file: the scene with the worst recall, with and without, at each level.

    Parameters
    ----------
    stress
        Scores and masks of the test.
    key
        Name of the axis.
    """
    axis, scenes = AXES[key], stress.config.scenes()
    by_scene = mean_by_level(stress.values(axis, "recall").T)
    scene = int(np.nanargmin(by_scene)) if not np.isnan(by_scene).all() else 0
    above, below = [], []
    for condition in axis.conditions(stress.config.held):
        pair = scenes.pair(scene, condition)
        nothing = np.zeros_like(pair.truth)
        above.append(_tile(agreement(pair.image, stress.found(pair.image) > 0, pair.truth)))
        below.append(_tile(agreement(pair.bare, stress.found(pair.bare) > 0, nothing)))
    labels = [f"{level:g}" for level in axis.levels] + [""] * len(axis.levels)
    return png_bytes(contact_sheet([*above, *below], len(axis.levels), labels, FOUND), 9)


def _tile(picture: Any) -> Any:
    how = cv2.INTER_AREA if len(picture) > TILE else cv2.INTER_NEAREST
    return cv2.resize(picture, (TILE, TILE), interpolation=how)


def _facts(summary: Summary) -> list[list[str]]:
    held = ", ".join(f"{k} {v:g}" for k, v in summary.pictures["held"].items())
    facts = {**summary.segmenter, **summary.pictures, "held": held}
    facts.pop("axes", None)
    return [[key, str(value)] for key, value in [*facts.items(), ("version", summary.fluorosynth)]]


def _curves(key: str, summaries: Mapping[str, Summary]) -> bytes:
    axis = next(iter(summaries.values())).axes[key]
    panels = {
        label: {who: _curve(s.axes[key], name) for who, s in summaries.items()}
        for name, label in MEASURES.items()
    }
    halves = {who: (s.axes[key].lowest, s.axes[key].highest) for who, s in summaries.items()}

    def decorate(label: str, axes: Any) -> None:
        if label in (MEASURES[name] for name in SHARES):
            axes.set_ylim(-0.03, 1.03)
        else:
            axes.set_ylim(bottom=0)
        if label == MEASURES["recall"]:
            for number, sides in enumerate(halves.values()):
                for half in sides:
                    if half is not None and half.value is not None:
                        axes.axvline(half.value, color=f"C{number}", lw=0.8, ls="--")
            axes.axhline(0.5, color="0.7", lw=0.8)

    return plot_curves(panels, axis.label, axis.log, decorate)


def _curve(axis: AxisSummary, name: str) -> Curve:
    measure = axis.measures[name]
    return Curve(axis.levels, _nan(measure.mean), _nan(measure.low), _nan(measure.high))


def _nan(values: list[Number]) -> list[float]:
    return [np.nan if value is None else value for value in values]


def _sentence(axis: AxisSummary) -> str:
    parts = [f"Held at {axis.held:g} elsewhere."]
    ends = {"lowest": ("from", axis.levels[0]), "highest": ("up to", axis.levels[-1])}
    for side, (words, end) in ends.items():
        half: Half | None = getattr(axis, side)
        if half is not None and half.value is not None:
            parts.append(f"Half of the centreline is found {words} {show_half(half, axis, side)}.")
        elif half is not None and half.found:
            parts.append(f"More than half is found {words} {end:g}, the last level tested.")
        elif half is not None:
            parts.append("Half of the centreline is found at no level.")
    best = max(value for value in axis.measures["dice"].mean if value is not None)
    return " ".join([*parts, f"Best mean Dice {show(best)}."])


def _write(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, "utf-8")
