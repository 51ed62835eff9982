"""The pages that the site makes from the code: their lines run, their recipes are read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import components
import lines
import numpy as np
import pytest
from inputs import write_inputs
from pictures import stage_picture
from small import ct_file

from fluorosynth.core import spec

PARTS = [(family, kind) for family in lines.FAMILIES for kind in lines.components(family)]
ROOT = Path(__file__).parents[1]


def block(page: str, language: str) -> str:
    """Return the one block of a page in a language."""
    _, _, rest = page.partition(f"```{language}\n")
    text, end, _ = rest.partition("```")
    assert end
    return text


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the lines of sources name."""
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder)
    ct_file(folder)
    return folder


@pytest.mark.parametrize(("family", "kind"), PARTS)
def test_lines_run(
    family: str, kind: str, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workplace)
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(workplace / "cache"))
    names: dict[str, Any] = {}
    exec(block(components.page(family, kind), "python"), names)
    if family == "stages":
        assert names["sample"].image.shape == (256, 256)
        steps = [step["kind"] for step in names["sample"].meta.get("steps", ())]
        assert kind in (
            *steps,
            "compose",
            "one_of",
            "render",
        )  # these three draw nothing themselves
    elif family == "backgrounds":
        assert names["background"].image.shape == (256, 256)
        assert names["background"].image.dtype == np.uint8
    else:
        assert all(device.centreline.shape[1] == 2 for device in names["devices"])
        assert bool(names["devices"]) == (kind != "none")


@pytest.mark.parametrize(("family", "kind"), PARTS)
def test_recipes_are_read(family: str, kind: str) -> None:
    if not lines.components(family)[kind].writable:
        assert "```toml" not in components.page(family, kind)
        return
    plain = tomllib.loads(block(components.page(family, kind), "toml"))[family]
    found = [spec.load(lines.FAMILIES[family], table) for table in plain]
    assert found == [lines.example(family, kind)]


@pytest.mark.parametrize("kind", lines.components("stages"))
def test_pictures_show_what_a_stage_does(kind: str) -> None:
    picture = stage_picture(lines.stage_example(kind))
    half = picture.shape[1] // 2
    before, after = picture[4:-4, 4 : half - 2], picture[4:-4, half + 2 : -4]
    assert before.shape == after.shape
    assert np.mean(before != after) > 0.001
    assert np.array_equal(picture, stage_picture(lines.stage_example(kind)))


def test_every_page_of_the_documentation_is_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text()
    for path in (ROOT / "docs").glob("*.md"):
        assert path.name == "README.md" or f"- {path.name}\n" in text
