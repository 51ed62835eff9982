"""Which classes of a set are instruments, which have no truth, and which are background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.layouts.base import Layout, Values
from fluorosynth.sample import BACKGROUND, IGNORE, INSTRUMENT, Mask

SHOWN = 12  # values that a message lists


@dataclass(frozen=True)
class ClassMap:
    """What is an instrument, by name or number.

    Parameters
    ----------
    instrument
        Names or numbers of classes, such as ``("catheter", "3")``; empty: the set's default.
    ignore
        Those without truth; empty: the set's default. Every other known class is background.

    Examples
    --------
    >>> ClassMap(("2", "3"), ("4",)).ignore
    ('4',)
    """

    instrument: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True)
class Meant:
    """A class map for one set.

    Parameters
    ----------
    instrument
        Values of instruments.
    ignore
        Values without truth.
    known
        All values with a meaning.
    open_ended
        Whether any other value is an instrument too.
    """

    instrument: frozenset[int]
    ignore: frozenset[int]
    known: Mapping[int, str]
    open_ended: bool = False

    def mask(self, values: Values, name: object) -> Mask:
        """Return ``(H, W)`` uint8 {0, 1, 255}.

        Parameters
        ----------
        values
            Class of each pixel, ``(H, W)``.
        name
            Name of the picture, for the message.

        Raises
        ------
        BadDataError
            Naming the values that have no meaning.
        """
        found = np.flatnonzero(np.bincount(values.ravel())).tolist()
        unknown = [v for v in found if v not in self.known]
        if unknown and not self.open_ended:
            listed = ", ".join(map(str, unknown[:SHOWN])) + ", ..." * (len(unknown) > SHOWN)
            raise BadDataError(
                f"{name} holds {listed}, which no class has (known: {_listed(self.known)}): say "
                "what each is by `instrument` or `ignore`"
            )
        mask = np.full(values.shape, BACKGROUND, np.uint8)
        instrument = [*self.instrument, *unknown] if self.open_ended else [*self.instrument]
        mask[np.isin(values, instrument)] = INSTRUMENT
        mask[np.isin(values, list(self.ignore))] = IGNORE
        return mask

    def to_plain(self) -> dict[str, list[str]]:
        """Return names of classes by what they are, JSON-compatible."""
        other = self.known.keys() - self.instrument - self.ignore
        kinds = {"instrument": self.instrument, "ignore": self.ignore, "background": other}
        return {kind: [self.known[v] for v in sorted(found)] for kind, found in kinds.items()}


def meaning(layout: Layout, given: ClassMap) -> Meant:
    """Return a class map for a set.

    A name must be one of the set's, and so must a number where the layout numbers the classes
    itself; else a number that no class has becomes one. Where neither is given and the set has no
    default, its only class but the background is the instrument.

    Parameters
    ----------
    layout
        Set in question.
    given
        Classes as the user states them.

    Raises
    ------
    UsageError
        For an unknown name or number, the background as an instrument, a class that would be both,
        or where nothing says which of several classes are instruments.
    """
    classes = {0: "background", **layout.classes}
    instrument = _values(given.instrument, classes, layout, "instrument")
    ignore = _values(given.ignore, classes, layout, "ignore")
    if not given.instrument:
        instrument = _default(layout.instrument, classes) - ignore
        others = classes.keys() - {0} - ignore - _default(layout.ignored, classes)
        if not instrument and len(others) == 1:
            instrument = frozenset(others)
        if not others and layout.closed:
            raise UsageError(f"{layout.root} names no class: nothing is marked in it")
        if not instrument and not layout.open_ended:
            raise UsageError(
                f"{layout.root} has the classes {_listed(classes)}: say which are instruments by "
                "`instrument`"
            )
    if 0 in instrument:
        raise UsageError("0 is the background of every set: it cannot be `instrument`")
    if not given.ignore:
        ignore = _default(layout.ignored, classes) - instrument
    if both := instrument & ignore:
        raise UsageError(f"{classes[min(both)]!r} cannot be both `instrument` and `ignore`")
    return Meant(instrument, ignore, classes, layout.open_ended and not given.instrument)


def _default(names: Sequence[str], classes: Mapping[int, str]) -> frozenset[int]:
    return frozenset(v for v, word in classes.items() if word.lower() in names)


def _values(
    words: Sequence[str], classes: dict[int, str], layout: Layout, field: str
) -> frozenset[int]:
    by_name = {name.lower(): value for value, name in classes.items()}
    found = set()
    for word in words:
        value = int(word) if word.isascii() and word.isdigit() else -1
        if word.lower() in by_name:  # first: people call classes "1" and "2", too
            found.add(by_name[word.lower()])
        elif value in classes or (value >= 0 and not layout.closed):
            classes.setdefault(value, f"class {value}")
            found.add(value)
        else:
            raise UsageError(
                f"`{field}`: no class {word!r} in {layout.root}; it has {_listed(classes)}"
            )
    return frozenset(found)


def _listed(classes: Mapping[int, str]) -> str:
    return ", ".join(f"{value} {name}" for value, name in sorted(classes.items()))
