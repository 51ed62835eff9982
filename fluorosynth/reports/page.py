"""Parts of HTML pages that need nothing else: no script, no network; all texts are escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.sample import Image

STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em }
table { border-collapse: collapse; margin: 1em 0 } caption { text-align: left; font-weight: 600 }
th, td { padding: .2em .4em; border-bottom: 1px solid #ddd; text-align: right; font-size: 14px }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: #fff }
td { overflow-wrap: anywhere; min-width: 3em } p { max-width: 60em } .wide { overflow-x: auto }
figure { display: inline-block; margin: .5em } figure img { width: 20em } img { max-width: 100% }
figcaption { overflow-wrap: anywhere; max-width: 20em }
"""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(title: str, parts: Iterable[str]) -> str:
    """Return a page of HTML.

    Parameters
    ----------
    title
        Title of the page.
    parts
        Parts in order, as the functions beside this one return them.

    Examples
    --------
    >>> "<p>a &lt; b</p>" in page("Report", [paragraph("a < b")])
    True
    """
    name = escape(title)
    head = (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{name}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<style>{STYLE}</style><h1>{name}</h1>"
    )
    return "\n".join([head, *parts, "</html>\n"])


def heading(text: str) -> str:
    """Return a heading below the title.

    Parameters
    ----------
    text
        Text, plain.
    """
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str) -> str:
    """Return a paragraph.

    Parameters
    ----------
    text
        Text, plain.
    """
    return f"<p>{escape(text)}</p>"


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; the first column is set to the left.

    Parameters
    ----------
    caption
        Caption of the table.
    heads
        Heads of the columns.
    rows
        Cells of each row.
    """
    lines = [_line("th", heads), *(_line("td", row) for row in rows)]
    body = "".join(lines)
    return f'<div class="wide"><table><caption>{escape(caption)}</caption>{body}</table></div>'


def plot(png: bytes, what: str) -> str:
    """Return a picture as wide as it is.

    Parameters
    ----------
    png
        Bytes of a PNG file.
    what
        Text for those who cannot see it.
    """
    return f'<img alt="{escape(what)}" src="{data_uri(png)}">'


def gallery(pictures: Sequence[tuple[Image, str]]) -> str:
    """Return pictures, each with its caption.

    Parameters
    ----------
    pictures
        Pictures, ``(H, W)`` grey or ``(H, W, 3)`` RGB uint8, and captions.
    """
    return "".join(
        f'<figure><img alt="" src="{data_uri(png_bytes(picture))}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for picture, caption in pictures
    )


def data_uri(png: bytes) -> str:
    """Return the bytes of a PNG file as a link that holds them.

    Parameters
    ----------
    png
        Bytes of a PNG file.
    """
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _line(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
