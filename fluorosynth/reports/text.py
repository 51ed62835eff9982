"""Numbers for people, and Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan


def show(value: float | None) -> str:
    """Return a number for people; a dash for none.

    Parameters
    ----------
    value
        Number, or None.

    Examples
    --------
    >>> show(0.12345), show(123.45), show(None)
    ('0.123', '123.5', '-')
    """
    if value is None or isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def show_interval(found: Sequence[float | None]) -> str:
    """Return "mean [low, high]", or the mean alone where there are no limits.

    Parameters
    ----------
    found
        Mean, low and high, each a number or None.

    Examples
    --------
    >>> show_interval([0.5, 0.4, 0.6])
    '0.500 [0.400, 0.600]'
    """
    value, low, high = found
    if low is None or isnan(low):
        return show(value)
    return f"{show(value)} [{show(low)}, {show(high)}]"


def markdown_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    r"""Return a table in Markdown; bars in cells are escaped.

    Parameters
    ----------
    heads
        Heads of the columns.
    rows
        Cells of each row.

    Examples
    --------
    >>> print(markdown_table(["a", "b"], [["1", "2|3"]]))
    | a | b |
    |---|---|
    | 1 | 2\|3 |
    """
    heads = list(heads)
    lines = [_row(heads), "|" + "---|" * len(heads), *(_row(row) for row in rows)]
    return "\n".join(lines)


def aligned_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table for the terminal: the first column to the left, the others to the right.

    Cells come from files, perhaps: what cannot be printed is a question mark.

    Parameters
    ----------
    heads
        Heads of the columns.
    rows
        Cells of each row.

    Examples
    --------
    >>> print(aligned_table(["", "Dice"], [["run 1", "0.5"], ["2", "0.75"]]))
           Dice
    run 1   0.5
    2      0.75
    """
    cells = [["".join(c if c.isprintable() else "?" for c in cell) for cell in r] for r in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    lines = []
    for first, *others in (heads, *cells):
        right = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *right]).rstrip())
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(escaped)} |"
