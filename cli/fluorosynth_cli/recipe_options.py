"""From the command line's options to a recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fluorosynth.recipe import Recipe

ENGAGE = "engage"


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
    quiet: bool = False,
) -> Recipe:
    """Return the recipe with the command line's sources, size, frames and ``--set`` values.

    With devices of the user's own, ``engage`` is off unless a setting names it: it would bend them
    along the paths of others.
    """
    named: dict[str, Any] = {"size": size, "frames": frames}
    given = {key: value for key, value in named.items() if value is not None}
    recipe = recipe.with_sources(backgrounds, devices, skip_bad, frame_size, invert)
    own = devices is not None and not any(text.startswith(f"{ENGAGE}.") for text in settings)
    chances = [getattr(stage, "chance", 0) for stage in recipe.stages if stage.kind == ENGAGE]
    bent = [chance for chance in chances if chance > 0] if own else []
    if bent:
        settings = (f"{ENGAGE}.chance=0", *settings)
        if not quiet:
            click.echo(
                f"{ENGAGE} is off: it would bend your devices along coronary paths; "
                f"--set {ENGAGE}.chance={bent[0]:g} asks for it",
                err=True,
            )
    return replace(recipe, **given).with_values(*settings)
