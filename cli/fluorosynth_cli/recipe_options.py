"""From the command line's options to a recipe."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluorosynth.errors import UsageError

if TYPE_CHECKING:
    from fluorosynth.backgrounds.base import BackgroundSource
    from fluorosynth.devices.base import DeviceSource
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
) -> Recipe:
    """Return the recipe with the command line's sources, size, frames and ``--set`` values."""
    from fluorosynth.core.spec import dump
    from fluorosynth.recipe import Recipe

    if backgrounds is not None:
        source = background_source(backgrounds, skip_bad)
        recipe = replace(recipe, backgrounds=(source,), background_odds=())
    if devices is not None:
        recipe = _with_devices(recipe, device_source(devices))
    if frames is not None:
        recipe = replace(recipe, frames=frames)
    plain = {**recipe.to_plain(), "motion": dump(recipe.motion)}
    if size is not None:
        plain["size"] = size
    for setting in settings:
        _set(plain, setting)
    try:
        return Recipe.from_plain(plain)
    except UsageError as error:
        raise UsageError(f"recipe: {error}") from None


def _with_devices(recipe: Recipe, source: DeviceSource) -> Recipe:
    """Return the recipe with other instruments, and as many pictures without any."""
    from fluorosynth.devices.none import NoInstrument

    odds = recipe.device_odds or (1.0,) * len(recipe.devices)
    empty = [o for s, o in zip(recipe.devices, odds, strict=True) if isinstance(s, NoInstrument)]
    if not empty:
        return replace(recipe, devices=(source,), device_odds=())
    rest = sum(odds) - sum(empty)
    return replace(recipe, devices=(source, NoInstrument()), device_odds=(rest, sum(empty)))


def background_source(src: str, skip_bad: bool) -> BackgroundSource:
    """Return the source for ``--backgrounds SRC``: a CT by its suffix, else frames."""
    from fluorosynth.backgrounds.ct import Ct
    from fluorosynth.backgrounds.folder import Folder
    from fluorosynth.io.volume import is_nifti

    if is_nifti(Path(src)):
        return Ct(Path(src))
    return Folder(Path(src), skip_bad=skip_bad)


def device_source(src: str) -> DeviceSource:
    """Return the source for ``--devices SRC``: centrelines by suffix, else masks."""
    from fluorosynth.devices.masks import Masks
    from fluorosynth.devices.polylines import Polylines

    path = Path(src)
    if path.suffix.lower() in {".json", ".csv"}:
        return Polylines(path)
    return Masks(path)


def _set(plain: dict[str, Any], setting: str) -> None:
    """Apply one ``kind.key=value``, or ``key=value`` of the recipe itself, to all it names."""
    path, equals, text = setting.partition("=")
    *start, key = path.strip().split(".")
    if not equals or not key:
        raise UsageError(f"--set {setting!r}: write it as stage.key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    from fluorosynth.core.spec import did_you_mean

    tables = _tables(plain, start) if start else [plain]
    if not tables:
        parts = {table["kind"] for table in _all(plain) if "kind" in table} - _laws()
        raise UsageError(
            f"--set {setting!r}: nothing is a {start[0]!r}{did_you_mean(start[0], parts)}"
        )
    if not start and key not in {f.name for f in fields(_recipe_class())}:
        raise UsageError(f"--set {setting!r}: the recipe has no key {key!r}; write stage.key=value")
    for table in tables:
        table[key] = value


def _tables(plain: dict[str, Any], start: list[str]) -> list[dict[str, Any]]:
    """Return the tables of kind ``start[0]``, or the recipe's own, and down the keys after it."""
    tables = [table for table in _all(plain) if table.get("kind") == start[0]]
    if isinstance(plain.get(start[0]), dict):
        tables.append(plain[start[0]])
    for key in start[1:]:
        tables = [table[key] for table in tables if isinstance(table.get(key), dict)]
    return tables


def _all(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _all(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _all(inner)


def _laws() -> set[str]:
    """Return the kinds of ranges, which ``--set`` reaches through the stage that has them."""
    from fluorosynth.core.component import kinds
    from fluorosynth.ranges import Range

    return set(kinds(Range, "fluorosynth.ranges"))  # type: ignore[type-abstract]


def _recipe_class() -> type[Any]:
    from fluorosynth.recipe import Recipe

    return Recipe
