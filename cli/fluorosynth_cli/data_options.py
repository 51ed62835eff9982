"""The options of commands that read labelled data, and what they say of files left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fluorosynth.io.masks import MaskValues


def whole_numbers(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,
    value: str | None,
) -> tuple[int, ...]:
    """Split a text such as ``1,2``."""
    try:
        return tuple(int(part) for part in value.split(",")) if value else ()
    except ValueError:
        raise click.BadParameter(f"{value!r} is no list such as 1,2", param=param) from None


def mask_values(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on what masks hold, where they do not tell."""
    value = click.IntRange(0, 65535)
    options = [
        click.option(
            "--instrument",
            callback=whole_numbers,
            metavar="VALUES",
            help="Of masks: the values of instruments, such as 1,2; any other is background. "
            "Default: by the masks.",
        ),
        click.option("--ignore", type=value, help="Of masks: value without truth."),
        click.option(
            "--threshold",
            type=value,
            help="Of masks: the grey value above which a pixel is instrument.",
        ),
    ]
    return _with(function, options)


def data_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on labelled folders."""
    options = [
        click.option("--masks", help="A folder of masks named like the images, where elsewhere."),
        click.option("--skip-bad", is_flag=True, help="Leave out pairs that cannot be read."),
    ]
    return _with(mask_values(function), options)


def values_of(instrument: tuple[int, ...], ignore: int | None, threshold: int | None) -> MaskValues:
    """Return the options as the library takes them."""
    from fluorosynth.io.masks import MaskValues

    return MaskValues(
        instrument, -1 if ignore is None else ignore, -1 if threshold is None else threshold
    )


def say_left_out(error: Exception) -> None:
    """Say on stderr which file is left out, and why."""
    click.echo(f"left out: {error}", err=True)


def _with(function: Callable[..., Any], options: list[Any]) -> Callable[..., Any]:
    for option in reversed(options):
        function = option(function)
    return function
