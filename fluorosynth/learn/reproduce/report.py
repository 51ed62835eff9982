"""``report.html`` and ``report.md``: published, ours, and the difference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fluorosynth.io.atomic import replacing
from fluorosynth.learn.reproduce import published
from fluorosynth.learn.reproduce.claims import CLAIMS
from fluorosynth.learn.reproduce.readings import NOTED, chosen
from fluorosynth.learn.reproduce.run import Reproduced, differences
from fluorosynth.reports import page
from fluorosynth.reports.text import markdown_table, show

TITLE = "Gherardini et al. 2020, reproduced"
HEADS = ["", "published", "here", "difference"]
READ = "How the text was read, where it contradicts itself"
READ_HEADS = ["text", "chosen", "meaning"]
SURROGATE = (
    "The in-vivo and phantom frames are a surrogate, generated here: the pattern can be compared, "
    "who wins and where it falls, not the numbers."
)
CAPTIONS = {
    "fig3": "The patch and the mask of real frames, the mask transformed, and the picture.",
    "fig5": "Found green, missed blue, false red.",
}


def write_reports(found: Reproduced, out: Path) -> None:
    """Write both files.

    Parameters
    ----------
    found
        Numbers of the tables.
    out
        Folder, which is there.
    """
    intro = [SURROGATE] * found.surrogate + [_options(found)]
    html = [page.paragraph(text) for text in intro]
    text = [f"# {TITLE}", *intro]
    for name in found.numbers:
        title = published.TITLES[name]
        text.append(f"## {title}")
        if published.NUMBERS[name]:
            rows, said = list(_rows(name, found)), _sentence(name, found)
            html += [page.table(title, HEADS, rows), page.paragraph(said)]
            text += [markdown_table(HEADS, rows), said]
        else:
            html.append(page.heading(title))
        if name in found.pictures:
            html += _picture(name, found.pictures[name])
            text.append(f"Drawn: `{found.pictures[name].relative_to(out)}`")
    readings = chosen(found.config.to_plain())
    html += [page.table(READ, READ_HEADS, readings), *map(page.paragraph, NOTED)]
    text += [f"## {READ}", markdown_table(READ_HEADS, readings), *NOTED]
    with replacing(out / "report.html") as part:
        part.write_text(page.page(TITLE, html), "utf-8")
    with replacing(out / "report.md") as part:
        part.write_text("\n\n".join(text) + "\n", "utf-8")


def _options(found: Reproduced) -> str:
    options = {**found.config.to_plain(), "seeds": " ".join(map(str, found.config.seeds))}
    said = ", ".join(f"{k} {v}" for k, v in options.items())
    seeds = len(found.config.seeds)
    over = f" Brackets: 95 % intervals over {seeds} seeds (Student's t)." if seeds > 1 else ""
    return f"Options: {said}.{over}"


def _picture(name: str, file: Path) -> list[str]:
    """Return a figure; of films nothing but their place in the Markdown."""
    if file.suffix != ".png":
        return [page.paragraph(f"See {file.name} in the folder {file.parent.name}.")]
    said = [page.paragraph(CAPTIONS[name])] if name in CAPTIONS else []
    return [page.plot(file.read_bytes(), published.TITLES[name]), *said]


def _rows(name: str, found: Reproduced) -> Iterator[list[str]]:
    ours, theirs = found.mean(name), published.NUMBERS[name]
    for key, value in theirs.items():
        interval = found.interval(name, key)
        here = _cell(ours[key])
        if interval is not None:
            here += f" [{_cell(interval[0])}, {_cell(interval[1])}]"
        yield [key, _cell(value), here, f"{ours[key] - value:+.3g}"]


def _cell(value: float) -> str:
    """Return a number for people: counts without a point, tiny ones by their power of ten."""
    if value >= 10 and value == round(value):
        return f"{value:.0f}"
    return f"{value:.0e}" if 0 < abs(value) < 5e-4 else show(value)


def _sentence(name: str, found: Reproduced) -> str:
    said = differences(name, found)
    if said:
        return "Different in kind: " + " ".join(said)
    same = "; ".join(claim.text for claim in CLAIMS[name])
    return f"As in the publication: {same}."
