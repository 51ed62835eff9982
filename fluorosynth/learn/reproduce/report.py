"""``report.html`` and ``report.md``: published, ours, and the difference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fluorosynth.io.atomic import replacing
from fluorosynth.learn.reproduce import published
from fluorosynth.learn.reproduce.run import Reproduced, differences
from fluorosynth.learn.reproduce.tables import TABLES
from fluorosynth.reports import page
from fluorosynth.reports.text import markdown_table, show

TITLE = "Gherardini et al. 2020, reproduced"
HEADS = ["", "published", "here", "difference"]
EXAMPLES = "Figs. 5 and 8: the middle test frame of each sequence"
COLOURS = "Found green, missed blue, false red."
SURROGATE = (
    "The in-vivo and phantom frames are a surrogate, generated here: the pattern can be compared, "
    "who wins and where it falls, not the numbers."
)


def write_reports(found: Reproduced, out: Path) -> None:
    """Write both files.

    Parameters
    ----------
    found
        Numbers of the tables.
    out
        Folder, which is there.
    """
    options = ", ".join(f"{k} {v}" for k, v in found.config.to_plain().items())
    intro = [SURROGATE] * found.surrogate + [f"Options: {options}."]
    html = [page.paragraph(text) for text in intro]
    text = [f"# {TITLE}", *intro]
    for name in found.numbers:
        title, rows, said = published.TITLES[name], list(_rows(name, found)), _sentence(name, found)
        html += [page.table(title, HEADS, rows), page.paragraph(said)]
        text += [f"## {title}", markdown_table(HEADS, rows), said]
    if found.pictures is not None:
        png = (found.pictures / "examples.png").read_bytes()
        html += [page.heading(EXAMPLES), page.plot(png, "examples"), page.paragraph(COLOURS)]
        text.append(f"Figs. 5 and 8 and the film of T1: `{found.pictures.relative_to(out)}`")
    with replacing(out / "report.html") as part:
        part.write_text(page.page(TITLE, html), "utf-8")
    with replacing(out / "report.md") as part:
        part.write_text("\n\n".join(text) + "\n", "utf-8")


def _rows(name: str, found: Reproduced) -> Iterator[list[str]]:
    ours, theirs = found.mean(name), published.NUMBERS[name]
    for key, value in theirs.items():
        spread = found.spread(name, key)
        here = show(ours[key]) if key in ours else "-"
        if spread is not None:
            here += f" [{show(spread[0])}, {show(spread[1])}]"
        difference = f"{ours[key] - value:+.3g}" if key in ours else "-"
        yield [key, show(value), here, difference]


def _sentence(name: str, found: Reproduced) -> str:
    said = differences(name, found)
    if said:
        return "Different in kind: " + " ".join(said)
    same = "; ".join(claim.text for claim in TABLES[name].claims)
    return f"As in the publication: {same}."
