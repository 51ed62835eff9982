"""What the commands that use a trained network share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def loading(quiet: bool) -> None:
    """Say on stderr what the first seconds are for, before PyTorch is imported."""
    if not quiet:
        click.echo("loading PyTorch ...", err=True)


def numbers(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,
    value: str,
) -> tuple[float, ...]:
    """Split a text such as ``.8,1,1.25``."""
    try:
        return tuple(float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is no list such as .8,1,1.25", param=param) from None


def mask_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on how maps are averaged and masks are cleaned."""
    options = [
        click.option(
            "--tta", is_flag=True, help="Average with the mirrored frame: twice the work."
        ),
        click.option(
            "--turned",
            is_flag=True,
            help="Average over 8 flips and rotations: for what has no up.",
        ),
        click.option(
            "--scales", callback=numbers, default="1", show_default=True, help="Average over these."
        ),
        click.option(
            "--min-length",
            type=float,
            help="Drop parts with a shorter skeleton, px of the network's size. Default: the "
            "model's; 0: none.",
        ),
        click.option(
            "--min-presence",
            type=float,
            help="Leave frames empty that show an instrument with a smaller probability. Default: "
            "the model's; 0: none.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function
