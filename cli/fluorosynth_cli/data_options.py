"""The options of commands that read labelled data, and what they say of files left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fluorosynth.io.mask_values import MaskValues
    from fluorosynth.learn.data import LabelledDataset


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


def words(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    value: str | None,
) -> tuple[str, ...]:
    """Split a text such as ``catheter,3``."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if value else ()


def set_place(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    value: str,
) -> Path | str:
    """Return where a data set lies: a path, or a URL of object storage."""
    from fluorosynth.io.place import url_of

    return url_of(value) or Path(value)


def class_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on what the classes of a set mean."""
    options = [
        click.option(
            "--instrument",
            callback=words,
            metavar="CLASSES",
            help="Names or values of instruments, such as catheter,3; other classes are "
            "background. Default: by the set.",
        ),
        click.option(
            "--ignore", callback=words, metavar="CLASSES", help="Those without truth, likewise."
        ),
        click.option("--layout", default="", help="Of a public set, where it does not tell."),
        click.option(
            "--part",
            default="",
            help="Of a public set: train, test, ..., all. Default: what the set has for this.",
        ),
    ]
    return _with(function, options)


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
    threshold = click.option(
        "--threshold",
        type=click.IntRange(0, 65535),
        help="Of masks: the grey value above which a pixel is instrument.",
    )
    options = [
        click.option("--masks", help="A folder of masks named like the images, where elsewhere."),
        click.option("--skip-bad", is_flag=True, help="Leave out pairs that cannot be read."),
    ]
    return _with(class_options(_with(invert_option(function), [threshold])), options)


def open_labelled(
    data: str,
    masks: str | None,
    instrument: tuple[str, ...],
    ignore: tuple[str, ...],
    threshold: int | None,
    skip_bad: bool,
    layout: str,
    invert: bool = False,
    pick: Callable[[LabelledDataset], LabelledDataset] = lambda pairs: pairs,
    quiet: bool = True,
) -> LabelledDataset:
    """Open what a path holds with the options of ``data_options``, dense material dark."""
    options = masks, instrument, ignore, threshold, skip_bad, layout
    whole = open_labelled_as_is(data, *options)
    pairs = pick(whole)
    if not quiet and (part := getattr(pairs, "part", "")) and len(pairs) < len(whole):
        click.echo(
            f"the part {part}: {len(pairs)} of {len(whole)} labelled pictures; "
            "--part all takes all",
            err=True,
        )
    return upright(pairs, invert)


def open_labelled_as_is(
    data: str,
    masks: str | None,
    instrument: tuple[str, ...],
    ignore: tuple[str, ...],
    threshold: int | None,
    skip_bad: bool,
    layout: str,
) -> LabelledDataset:
    """Open what a path holds, whichever way round its pictures are."""
    from fluorosynth.layouts.classes import ClassMap
    from fluorosynth.learn.data import open_dataset

    if not (all(word.isdigit() for word in (*instrument, *ignore)) and len(ignore) < 2):
        classes = ClassMap(instrument, ignore)
        return open_dataset(data, masks, None, skip_bad, layout, classes)
    one = int(ignore[0]) if ignore else None
    values = values_of(tuple(map(int, instrument)), one, threshold)
    return open_dataset(data, masks, values, skip_bad, layout)


def invert_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option on which way round frames are."""
    said = "Dense material is bright in the frames (bone-white): turn grey values round."
    return _with(function, [click.option("--invert", is_flag=True, help=said)])


def say_polarity(src: str, invert: bool) -> None:
    """Warn where dense material seems to be bright in frames, as they will be seen."""
    from fluorosynth.errors import FluorosynthError
    from fluorosynth.io.frames import count_frames, read_frames
    from fluorosynth.io.sources import find_sources

    try:
        sources = find_sources(src)
        frames = []
        for path in dict.fromkeys(sources[k] for k in (0, len(sources) // 2, -1)):
            middle = count_frames(path) // 2
            frames += [frame.image for frame in read_frames(path, [middle], invert)]
    except FluorosynthError:  # said when it is their turn
        return
    _say_guess(frames, invert)


def upright(pairs: LabelledDataset, invert: bool) -> LabelledDataset:
    """Return labelled data the way round that networks see it; warn where that seems wrong."""
    from fluorosynth.learn.data import Inverted

    pairs = Inverted(pairs) if invert else pairs
    if not pairs.recipe and len(pairs):
        shown = [pairs[k][0] for k in dict.fromkeys((0, len(pairs) // 2, len(pairs) - 1))]
        _say_guess([image if image.ndim == 2 else image[-1] for image in shown], invert)
    return pairs


def _say_guess(frames: Sequence[NDArray[np.uint8]], invert: bool) -> None:
    from fluorosynth.io.polarity import guess_polarity

    found = guess_polarity(frames)
    if found.suspicious:
        way_out = "leave --invert out" if invert else "add --invert"
        click.echo(
            f"Warning: dense material seems to be bright in these frames (confidence "
            f"{found.confidence:.2f}), where it should be dark: look at one, and if so {way_out}",
            err=True,
        )


def values_of(instrument: tuple[int, ...], ignore: int | None, threshold: int | None) -> MaskValues:
    """Return the options as the library takes them."""
    from fluorosynth.io.mask_values import MaskValues

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
