"""What an evaluation leaves behind: ``metrics.csv``, ``summary.json``, ``report.html``."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from fluorosynth.io.atomic import replacing
from fluorosynth.io.place import local
from fluorosynth.learn.evaluation.results import Evaluation, Row, mean
from fluorosynth.reports.page import gallery, heading, paragraph, plot, table
from fluorosynth.reports.page import page as html_page
from fluorosynth.reports.plots import new_figure, png_of
from fluorosynth.reports.text import show, show_interval
from fluorosynth.sample import Image

METRICS, SUMMARY, REPORT = "metrics.csv", "summary.json", "report.html"
MOST_BOXES = 60  # sequences: more make a plot that nobody reads
LABELS = {
    "dice": "Dice",
    "iou": "IoU",
    "cldice": "clDice",
    "precision": "precision",
    "recall": "recall",
    "fp_percent_of_image": "FP, % of image",
    "fp_percent_of_background": "FP, % of background",
    "centreline_f1_1px": "centreline F1, 1 px",
    "centreline_f1_2px": "centreline F1, 2 px",
    "centreline_f1_3px": "centreline F1, 3 px",
    "centreline_distance": "centreline distance, px",
    "hausdorff95": "Hausdorff 95 %, px",
    "tip_error": "tip error, px",
}


def write_report(
    evaluation: Evaluation,
    threshold: float,
    shown: Mapping[str, Sequence[tuple[Row, Image]]],
    facts: Mapping[str, Any],
    out: str | Path,
) -> None:
    """Write the three files.

    Parameters
    ----------
    evaluation
        Measures of all images.
    threshold
        Threshold that plots and sequences are shown at.
    shown
        Overlays under a heading: rows with ``(H, W, 3)`` uint8 pictures, blue first.
    facts
        Facts on what was evaluated on what, JSON-compatible; also the head of the page.
    out
        Folder of the files; made if it is not there.
    """
    out = local(out)
    out.mkdir(parents=True, exist_ok=True)
    _write_csv(evaluation, out / METRICS)
    text = json.dumps(summary(evaluation, facts), indent=2, ensure_ascii=False, allow_nan=False)
    _write(out / SUMMARY, text + "\n")
    _write(out / REPORT, page(evaluation, threshold, shown, facts))


def summary(evaluation: Evaluation, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return all means as JSON can hold them; what is not applicable is None.

    Parameters
    ----------
    evaluation
        Measures of all images.
    facts
        Facts on what was evaluated on what, JSON-compatible.
    """
    results = []
    for threshold, what in evaluation.thresholds.items():
        overall = {
            name: {key: _number(value) for key, value in interval._asdict().items()}
            for name, interval in evaluation.overall(threshold).items()
        }
        over_images = evaluation.over_images(threshold)
        results.append(
            {
                "threshold": threshold,
                "what": what,
                "over_sequences": overall,
                "over_images": {name: _number(value) for name, value in over_images.items()},
                "sequences": means_of_sequences(evaluation, threshold),
            }
        )
    return {**facts, "results": results}


def page(
    evaluation: Evaluation,
    threshold: float,
    shown: Mapping[str, Sequence[tuple[Row, Image]]],
    facts: Mapping[str, Any],
) -> str:
    """Return a page of HTML that needs nothing else; names in it are escaped.

    Parameters
    ----------
    evaluation
        Measures of all images.
    threshold
        Threshold that plots and sequences are shown at.
    shown
        Overlays under a heading: rows with ``(H, W, 3)`` uint8 pictures, blue first.
    facts
        Facts on what was evaluated on what, JSON-compatible.
    """
    thresholds = evaluation.thresholds
    over, columns, rows = means(evaluation)
    per_sequence = [
        [name, str(found["images"]), *(show(found[key]) for key in evaluation.measures)]
        for name, found in means_of_sequences(evaluation, threshold).items()
    ]
    heads = ["sequence", "images", *(LABELS[name] for name in evaluation.measures)]
    at = f"above {threshold:g} ({thresholds[threshold]})"
    return html_page(
        "Evaluation",
        [
            table("", [], [[key, _plain(value)] for key, value in facts.items()]),
            table(f"Mean over {over} [95 % interval]", ["", *columns], rows),
            paragraph(
                "Intervals: whole sequences drawn with replacement (percentile bootstrap); none "
                "for one sequence. Images of several patients that count as one sequence: evaluate "
                "with other `sequences`. Truth and prediction both empty: shares 1, distances 0; "
                "one of them empty: shares 0, distances the image's diagonal. Pixels labelled 255 "
                "count in nothing."
            ),
            *([table(f"Sequences, {at}", heads, per_sequence)] if evaluation.grouped else []),
            heading(f"Dice of the images, {at}"),
            plot(_box_plot(_boxes(evaluation, threshold)), "box plot"),
            *(part for name, pictures in shown.items() for part in _gallery(name, pictures)),
            paragraph("Found green, missed blue, false red."),
        ],
    )


def means(evaluation: Evaluation) -> tuple[str, list[str], list[list[str]]]:
    """Return what the means are over, the heads of their columns, and a row for each measure.

    Where a sequence has more than one image, the mean over images, which says nothing of other
    sequences and has no interval, stands beside the mean over sequences.

    Parameters
    ----------
    evaluation
        Measures of all images.
    """
    columns = list[str]()
    cells = {name: list[str]() for name in evaluation.measures}
    for threshold, what in evaluation.thresholds.items():
        columns += [f"> {threshold:g} ({what})", *(["images"] if evaluation.grouped else [])]
        overall, images = evaluation.overall(threshold), evaluation.over_images(threshold)
        for name, row in cells.items():
            row += [show_interval(overall[name]), *([show(images[name])] * evaluation.grouped)]
    over = "sequences, and over images" if evaluation.grouped else "images"
    return over, columns, [[LABELS[name], *row] for name, row in cells.items()]


def means_of_sequences(evaluation: Evaluation, threshold: float) -> dict[str, dict[str, Any]]:
    """Return each sequence's number of images and mean measures; None where none applies.

    Parameters
    ----------
    evaluation
        Measures of all images.
    threshold
        Threshold on the map.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in evaluation.measures:
        for sequence, values in evaluation.by_sequence(threshold, name).items():
            found.setdefault(sequence, {"images": len(values)})[name] = _number(mean(values))
    return found


def _write_csv(evaluation: Evaluation, path: Path) -> None:
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["sequence", "name", "threshold", *evaluation.measures])
        for row in evaluation.rows:
            writer.writerow([row.sequence, row.name, row.threshold, *row.values.values()])


def _write(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, "utf-8")


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _gallery(name: str, pictures: Sequence[tuple[Row, Image]]) -> list[str]:
    captions = [f"{r.sequence} {r.name}: Dice {show(r.values['dice'])}" for r, _ in pictures]
    shown = [picture for _, picture in pictures]
    return [heading(name), gallery(list(zip(shown, captions, strict=True)))]


def _boxes(evaluation: Evaluation, threshold: float) -> dict[str, list[float]]:
    """Return the Dice of each sequence's images, or of what one plot can show."""
    by_sequence = evaluation.by_sequence(threshold, "dice")
    if not evaluation.grouped:
        return {"images": [values[0] for values in by_sequence.values()]}
    if len(by_sequence) > MOST_BOXES:
        return {"means of sequences": [mean(values) for values in by_sequence.values()]}
    return by_sequence


def _box_plot(values: Mapping[str, Sequence[float]]) -> bytes:
    figure, ((axes,),) = new_figure(8, 1.2 + 0.3 * len(values))
    axes.boxplot(list(values.values()), orientation="horizontal", widths=0.6)
    # Names come from files: no formulas in them
    axes.set_yticks(range(1, len(values) + 1), list(values), parse_math=False)
    axes.set(xlim=(-0.02, 1.02), xlabel="Dice")
    axes.invert_yaxis()
    return png_of(figure)
