"""What MkDocs adds to the Markdown of docs/: pages made from the code, and files beside it.

The site holds four kinds of pages: those of ``docs/``; the README (its front page) and the other
texts at the root; one page for each stage and source, and a reference of each room, made from the
code; the examples as listings. The links of the repository are led to the site's pages.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import components
import lines
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pictures import picture
from pygments.formatters import HtmlFormatter

ROOT = Path(__file__).parents[2]
MOVED = {
    "README.md": "index.md",
    "docs/README.md": "contents.md",
    "benchmarks/README.md": "benchmark_scripts.md",
    "examples": "examples/index.md",
    "examples/howto": "examples/index.md",
}
LANGUAGES = {".py": "python", ".sh": "bash", ".toml": "toml", ".cff": "yaml", "": "text"}
TITLES = {"stages": "Stages", "backgrounds": "Background sources", "devices": "Device sources"}
LINK = re.compile(r"\]\(([^)#:]+)((?:#[^)]*)?)\)")
MARK = re.compile(r"^<!-- \w+ -->\n", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add what is made from the code to the navigation."""
    parts = [
        {title: [f"parts/{family}/index.md", *(f"parts/{family}/{k}.md" for k in kinds)]}
        for family, title in TITLES.items()
        if (kinds := lines.components(family))
    ]
    reference = ["reference/index.md", *(f"reference/{room}.md" for room in rooms())]
    code = [
        {"Python reference": reference},
        {"Examples": ["examples/index.md", *map(place, listings())]},
    ]
    config.nav = [*(config.nav or []), {"Parts": parts}, {"Code": code}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages made from the code, the texts beside docs/ and the examples."""
    for own in [file for file in files if file.src_uri == "README.md"]:
        files.remove(own)  # it moves
    for uri, content in generated():
        files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Lead the links of the repository to the site, and drop the marks that tests read."""
    uri = page.file.src_uri
    origin = {place(path): path for path in texts()}.get(uri)
    if origin is None and page.file.generated_by:
        return markdown
    here = posixpath.dirname(origin or f"docs/{uri}")

    def relinked(link: re.Match[str]) -> str:
        target = place(posixpath.normpath(posixpath.join(here, link[1])))
        return f"]({posixpath.relpath(target, posixpath.dirname(uri) or '.')}{link[2]})"

    return LINK.sub(relinked, MARK.sub("", markdown))


def place(path: str) -> str:
    """Return where the site has a file of the repository."""
    if path in MOVED or path.startswith("docs/"):
        return MOVED.get(path, path.removeprefix("docs/"))
    return path if path.endswith(".md") else f"{path}.md"


def texts() -> list[str]:
    """Return the Markdown that is not in docs/, or moves."""
    roots = sorted(path.name for path in ROOT.glob("*.md"))
    return [*roots, "docs/README.md", "benchmarks/README.md"]


def listings() -> list[str]:
    """Return the examples."""
    found = sorted(path for path in (ROOT / "examples").rglob("*") if path.suffix in LANGUAGES)
    return [path.relative_to(ROOT).as_posix() for path in found if path.is_file()]


def rooms() -> dict[str, list[str]]:
    """Return the modules of each room: a folder, or a file beside the folders."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "fluorosynth").rglob("*.py")):
        *folders, name = path.relative_to(ROOT / "fluorosynth").with_suffix("").parts
        if name != "__main__" and (folders or name != "__init__"):
            room = ".".join(folders or [name])
            module = ".".join(["fluorosynth", *folders, *([name] if name != "__init__" else [])])
            found.setdefault(room, []).append(module)
    return dict(sorted(found.items()))


def generated() -> Iterator[tuple[str, str | bytes]]:
    """Yield place and content of each file that docs/ does not hold."""
    yield "pygments.css", HtmlFormatter(style="friendly").get_style_defs(".highlight")
    for path in texts():
        yield place(path), (ROOT / path).read_text("utf-8")
    for path in ["LICENSE", "NOTICE", "CITATION.cff", *listings()]:
        code = (ROOT / path).read_text("utf-8").rstrip()
        yield place(path), f"# {path}\n\n````{LANGUAGES[Path(path).suffix]}\n{code}\n````\n"
    rows = [f"- [{path}]({path.removeprefix('examples/')}.md)" for path in listings()]
    yield "examples/index.md", "\n".join(["# Examples", "", *rows])
    for family, title in TITLES.items():
        kinds = lines.components(family)
        rows = ["| | | |", "|---|---|---|"]
        for kind, cls in kinds.items():
            small = f"[![{kind}]({kind}.png){{ width=320 }}]({kind}.md)"
            rows.append(f"| {small} | [{kind}]({kind}.md) | {components.summary(cls)} |")
        yield f"parts/{family}/index.md", "\n".join([f"# {title}", "", *rows])
        for kind in kinds:
            yield f"parts/{family}/{kind}.md", components.page(family, kind)
            yield f"parts/{family}/{kind}.png", picture(family, kind)
    rows = [f"- [{room}]({room}.md): {said(modules[0])}" for room, modules in rooms().items()]
    yield "reference/index.md", "\n".join(["# Python reference", "", *rows])
    for room, modules in rooms().items():
        yield f"reference/{room}.md", "\n\n".join([f"# {room}", *(f"::: {m}" for m in modules)])


def said(module: str) -> str:
    """Return the first line of a module's docstring, without importing it."""
    path = ROOT / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]
