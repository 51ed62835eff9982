"""From the command line's options to a recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluorosynth.recipe import Recipe


def pick_recipe(name: str) -> Recipe:
    """Return the preset ``name``, or what the file ``name`` describes."""
    from fluorosynth.recipe import Recipe

    is_file = name.endswith(".toml") or Path(name).exists()
    return Recipe.read(name) if is_file else Recipe.preset(name)


def changed(
    recipe: Recipe,
    settings: tuple[str, ...] = (),
    backgrounds: str | None = None,
    devices: str | None = None,
    size: int | None = None,
    skip_bad: bool = False,
    frames: int | None = None,
    frame_size: tuple[int, int] | None = None,
    invert: bool = False,
) -> Recipe:
    """Return the recipe with the command line's sources, size, frames and ``--set`` values."""
    named: dict[str, Any] = {"size": size, "frames": frames}
    given = {key: value for key, value in named.items() if value is not None}
    recipe = recipe.with_sources(backgrounds, devices, skip_bad, frame_size, invert)
    return replace(recipe, **given).with_values(*settings)
