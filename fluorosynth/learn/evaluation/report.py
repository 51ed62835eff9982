"""What an evaluation leaves behind: ``metrics.csv``, ``summary.json``, ``report.html``."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite, isnan
from pathlib import Path
from typing import Any

from fluorosynth.io.atomic import replacing
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.learn.evaluation.evaluate import Evaluation, Row, mean
from fluorosynth.sample import Image

METRICS, SUMMARY, REPORT = "metrics.csv", "summary.json", "report.html"
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
_STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }
table { border-collapse: collapse; margin: 1em 0 } caption { text-align: left; font-weight: 600 }
th, td { padding: .2em .7em; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left } .wide { overflow-x: auto }
figure { display: inline-block; margin: .5em } figure img { width: 20em } img { max-width: 100% }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


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
        What was measured.
    threshold
        The one that plots and sequences are shown at.
    shown
        Overlays under a heading: rows with ``(H, W, 3)`` uint8 pictures, blue first.
    facts
        What was evaluated on what, JSON-compatible; also the head of the page.
    out
        The folder; made if it is not there.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    _write_csv(evaluation, out / METRICS)
    text = json.dumps(summary(evaluation, facts), indent=2, ensure_ascii=False, allow_nan=False)
    _write(out / SUMMARY, text + "\n")
    _write(out / REPORT, page(evaluation, threshold, shown, facts))


def summary(evaluation: Evaluation, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return all means as JSON can hold them; what is not applicable is None."""
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
    """Return a page of HTML that needs nothing else; names in it are escaped."""
    thresholds = evaluation.thresholds
    columns = ["", *(f"above {t:g} ({what})" for t, what in thresholds.items())]
    overall = [evaluation.overall(t) for t in thresholds]
    rows = [
        [LABELS[name], *(show_interval(found[name]) for found in overall)]
        for name in evaluation.measures
    ]
    per_sequence = [
        [name, str(found["images"]), *(show(found[key]) for key in evaluation.measures)]
        for name, found in means_of_sequences(evaluation, threshold).items()
    ]
    heads = ["sequence", "images", *(LABELS[name] for name in evaluation.measures)]
    at = f"above {threshold:g} ({thresholds[threshold]})"
    return "\n".join(
        [
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Evaluation</title>'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
            f"<style>{_STYLE}</style><h1>Evaluation</h1>",
            _table("", [], [[key, _plain(value)] for key, value in facts.items()]),
            _table("Mean over sequences [95 % interval]", columns, rows),
            "<p>Intervals: whole sequences drawn with replacement (percentile bootstrap); none for "
            "one sequence. Truth and prediction both empty: shares 1, distances 0; one of them "
            "empty: shares 0, distances the image's diagonal. Pixels labelled 255 count in "
            "nothing.</p>",
            _table(f"Sequences, {at}", heads, per_sequence),
            f'<h2>Dice of the images, {html.escape(at)}</h2><img alt="box plot" src="'
            f'{_data(_box_plot(evaluation.by_sequence(threshold, "dice")))}">',
            *(_gallery(heading, pictures) for heading, pictures in shown.items()),
            "<p>Found green, missed blue, false red.</p></html>\n",
        ]
    )


def show(value: float | None) -> str:
    """Return a number for people; a dash for none."""
    return (
        "-"
        if value is None or isnan(value)
        else f"{value:.3f}"
        if abs(value) < 10
        else f"{value:.1f}"
    )


def show_interval(found: Sequence[float]) -> str:
    """Return "mean [low, high]", or the mean alone where there are no limits."""
    value, low, high = found
    return show(value) if isnan(low) else f"{show(value)} [{show(low)}, {show(high)}]"


def means_of_sequences(evaluation: Evaluation, threshold: float) -> dict[str, dict[str, Any]]:
    """Return each sequence's number of images and mean measures; None where none applies."""
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


def _table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [_line("th", heads), *(_line("td", row) for row in rows)]
    body = "".join(lines)
    return f'<div class="wide"><table><caption>{html.escape(caption)}</caption>{body}</table></div>'


def _line(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _gallery(heading: str, pictures: Sequence[tuple[Row, Image]]) -> str:
    figures = [
        f'<figure><img alt="" src="{_data(png_bytes(picture))}"><figcaption>'
        f"{html.escape(row.sequence)} {html.escape(row.name)}: "
        f"Dice {show(row.values['dice'])}</figcaption></figure>"
        for row, picture in pictures
    ]
    return f"<h2>{html.escape(heading)}</h2>{''.join(figures)}"


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _box_plot(values: Mapping[str, Sequence[float]]) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 1.2 + 0.3 * len(values)), layout="constrained")
    axes = figure.subplots()
    axes.boxplot(list(values.values()), orientation="horizontal", widths=0.6)
    # Names come from files: no formulas in them
    axes.set_yticks(range(1, len(values) + 1), list(values), parse_math=False)
    axes.set(xlim=(-0.02, 1.02), xlabel="Dice")
    axes.invert_yaxis()
    png = io.BytesIO()
    with warnings.catch_warnings():  # a letter that the font lacks is drawn as a box
        warnings.simplefilter("ignore", UserWarning)
        figure.savefig(png, format="png", dpi=100)
    return png.getvalue()
