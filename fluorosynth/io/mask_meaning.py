"""What the values of a set of masks mean: one rule for all that read masks.

A value is taken as meant where that is certain, else the file and the way out are named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.io.mask_file import MaskFile
from fluorosynth.io.mask_values import MaskValues, Meaning
from fluorosynth.io.soft_masks import are_rims, hardened, is_fringed
from fluorosynth.sample import IGNORE, INSTRUMENT

MAX_LABELS = 64  # more values than this are grey levels
_WAY_OUT = "say which value is what by `instrument`, `ignore` or `threshold`"


def meaning_of(
    masks: Collection[MaskFile],
    given: MaskValues | None = None,
    *,
    several: bool = False,
) -> Meaning:
    """Find out what the values of masks mean that belong together.

    0 is background. A single other value is the instrument, whatever it is. Where a mask holds
    both 1 and 255, 255 is ignored. Grey rims of a drawing (anti-aliased, once a JPEG) are cut at
    half its brightest value.

    Parameters
    ----------
    masks
        Files of masks.
    given
        Values as the user states them.
    several
        Whether values other than 1 and 255 number instruments.

    Raises
    ------
    BadDataError
        Naming the files whose values leave two readings.
    """
    given = given or MaskValues()
    held: dict[MaskFile, frozenset[int]] = {}
    if not (given.threshold >= 0 or given.instrument):
        held = {mask: _values(mask) - {given.ignore} for mask in masks}
    ignore = given.ignore
    if ignore < 0:
        _refuse_fringes(held)
        if _holds_ignored(held):
            held = {mask: values - {IGNORE} for mask, values in held.items()}
            ignore = IGNORE
    return Meaning(given, _instruments(held, several), ignore)


def readable(masks: Collection[MaskFile], problems: list[str]) -> Iterator[MaskFile]:
    """Yield the masks that can be read.

    Parameters
    ----------
    masks
        Masks to try.
    problems
        List that gets a sentence for each of the others.
    """
    for mask in masks:
        try:
            _values(mask)
        except BadDataError as error:
            problems.append(str(error))
        else:
            yield mask


def _instruments(held: Mapping[MaskFile, frozenset[int]], several: bool) -> frozenset[int]:
    """Return the value of instruments; none stands for all."""
    first: dict[int, MaskFile] = {}
    for mask, values in held.items():
        for value in values:
            first.setdefault(value, mask)
    if len(first) < 2 or (several and set(first) != {INSTRUMENT, IGNORE}):
        return frozenset() if several else frozenset(first)
    if set(first) == {INSTRUMENT, IGNORE}:
        raise BadDataError(
            f"{first[INSTRUMENT]} holds 1 and {first[IGNORE]} holds 255 alone, which may be "
            f"instrument or ignored: {_WAY_OUT}"
        )
    odd = max(set(first) - {INSTRUMENT, IGNORE})
    raise BadDataError(
        f"{first[odd]} holds {odd}: a mask holds 0, 1 and 255 (ignore), or 0 and one value; "
        f"{_WAY_OUT}"
    )


def _refuse_fringes(held: Mapping[MaskFile, frozenset[int]]) -> None:
    """Raise BadDataError where the 1s of a mask are but a fringe of its 255s."""
    for mask, values in held.items():
        if values == {INSTRUMENT, IGNORE} and is_fringed(mask.labels().values):
            raise BadDataError(
                f"{mask} holds 255 with a fringe of 1s: are they an instrument and what is "
                f"ignored, or a drawing that was once a JPEG? {_WAY_OUT[0].upper()}{_WAY_OUT[1:]}"
            )


def _holds_ignored(held: Mapping[MaskFile, frozenset[int]]) -> bool:
    """Tell whether 255 is ignored for certain.

    It is where every mask that holds it holds 1 as well, or is full of it: nothing is known there.
    """
    if not {INSTRUMENT, IGNORE} <= frozenset[int]().union(*held.values()):
        return False
    alone = [m for m, values in held.items() if IGNORE in values and INSTRUMENT not in values]
    return all((m.labels().values == IGNORE).all() for m in alone)


def _values(mask: MaskFile) -> frozenset[int]:
    """Return the values of a mask other than 0; none where the file tells itself."""
    values, drawn = hardened(mask.labels())
    if drawn:
        return frozenset()
    found = np.unique(values)
    if len(found) > MAX_LABELS:
        raise BadDataError(
            f"{mask} holds {len(found)} values, so it is no label image: name the masks alone, or "
            "give a `threshold`"
        )
    if len(found) > 3 and found[-1] >= 128 and are_rims(values):
        raise BadDataError(
            f"{mask} holds {len(found)} values that are rims of one another, so they are no "
            "labels: give a `threshold`"
        )
    return frozenset(int(value) for value in found if value)
