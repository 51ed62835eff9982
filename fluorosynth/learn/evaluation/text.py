"""An evaluation as a table for the terminal."""

from __future__ import annotations

from fluorosynth.learn.evaluation.report import LABELS, means, means_of_sequences
from fluorosynth.learn.evaluation.results import Evaluation
from fluorosynth.reports.text import aligned_table, show

MEASURES = ("dice", "cldice", "precision", "recall", "centreline_f1_2px", "tip_error")


def as_text(found: Evaluation, threshold: float) -> str:
    """Return two tables: the means at all thresholds, and each sequence at one.

    Parameters
    ----------
    found
        Measures of all images.
    threshold
        Threshold of the second table.
    """
    over, columns, rows = means(found)
    first = aligned_table([f"mean over {over.partition(',')[0]}", *columns], rows)
    if not found.grouped:  # each image is a row of metrics.csv
        return first
    each = [
        [name, str(values["images"]), *(show(values[key]) for key in MEASURES)]
        for name, values in means_of_sequences(found, threshold).items()
    ]
    labels = [f"sequence, > {threshold:g}", "images", *(LABELS[name] for name in MEASURES)]
    return f"{first}\n\n{aligned_table(labels, each)}"
