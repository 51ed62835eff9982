"""An evaluation as a table for the terminal."""

from __future__ import annotations

from fluorosynth.learn.evaluation.evaluate import Evaluation
from fluorosynth.learn.evaluation.report import LABELS, means_of_sequences
from fluorosynth.reports.text import aligned_table, show, show_interval

MEASURES = ("dice", "cldice", "precision", "recall", "centreline_f1_2px", "tip_error")


def as_text(found: Evaluation, threshold: float) -> str:
    """Return two tables: the means over sequences at all thresholds, and each sequence at one.

    Parameters
    ----------
    found
        Measures of all images.
    threshold
        Threshold of the second table.
    """
    overall = {t: found.overall(t) for t in found.thresholds}
    heads = ["mean over sequences", *(f"> {t:g} ({what})" for t, what in found.thresholds.items())]
    rows = [
        [LABELS[name], *(show_interval(values[name]) for values in overall.values())]
        for name in found.measures
    ]
    each = [
        [name, str(values["images"]), *(show(values[key]) for key in MEASURES)]
        for name, values in means_of_sequences(found, threshold).items()
    ]
    labels = [f"sequence, > {threshold:g}", "images", *(LABELS[name] for name in MEASURES)]
    return f"{aligned_table(heads, rows)}\n\n{aligned_table(labels, each)}"
