"""Plots as PNG files in memory: the same bytes for the same numbers."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluorosynth.errors import extra


@dataclass(frozen=True)
class Curve:
    """A curve with a band around it.

    Parameters
    ----------
    x
        Places, ascending.
    y
        Means there; NaN leaves a gap.
    low
        Lower limits; empty: no band.
    high
        Upper limits.
    """

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


def new_figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    """Return a Matplotlib figure and its axes, ``(rows, columns)``.

    Parameters
    ----------
    width
        Width, inches.
    height
        Height, inches.
    rows
        Rows of axes.
    columns
        Columns of axes.

    Raises
    ------
    MissingExtraError
        When Matplotlib is not installed.
    """
    with extra("report", "reports need Matplotlib"):
        from matplotlib.figure import Figure
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def png_of(figure: Any) -> bytes:
    """Return a figure as the bytes of a PNG file.

    Parameters
    ----------
    figure
        Figure of Matplotlib.
    """
    png = io.BytesIO()
    with warnings.catch_warnings():  # a letter that the font lacks is drawn as a box
        warnings.simplefilter("ignore", UserWarning)
        figure.savefig(png, format="png", dpi=100, metadata={"Software": None})
    return png.getvalue()


def plot_curves(
    panels: Mapping[str, Mapping[str, Curve]],
    x_label: str,
    log: bool = False,
    decorate: Callable[[str, Any], None] | None = None,
) -> bytes:
    r"""Return panels side by side, in each the named curves.

    Parameters
    ----------
    panels
        Curves by name, by the label of the panel's y axis.
    x_label
        Label of all x axes.
    log
        Whether x is logarithmic.
    decorate
        Function called with each panel's label and Matplotlib axes.

    Examples
    --------
    >>> curve = Curve([1, 2, 4], [0.1, 0.5, 0.9], [0, 0.4, 0.8], [0.2, 0.6, 1.0])
    >>> plot_curves({"Dice": {"model": curve}}, "depth", log=True)[:4]
    b'\x89PNG'
    """
    figure, axes = new_figure(3.2 * len(panels), 2.6, 1, len(panels))
    for axis, (label, curves) in zip(axes[0], panels.items(), strict=True):
        for number, (name, curve) in enumerate(curves.items()):
            colour = f"C{number}"
            axis.plot(curve.x, curve.y, "o-", color=colour, markersize=3, label=name)
            if len(curve.low):
                axis.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.2, lw=0)
        if log:
            axis.set_xscale("log")
            axis.set_xticks(curve.x, [f"{x:g}" for x in curve.x], fontsize=7)
            axis.set_xticks([], minor=True)
        axis.set_xlabel(x_label, parse_math=False)
        axis.set_ylabel(label, parse_math=False)
        if decorate:
            decorate(label, axis)
    if len(next(iter(panels.values()))) > 1:
        axes[0][0].legend(fontsize=7)
    return png_of(figure)
