"""Which items count as one sequence, where their names do not tell."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from fluorosynth.core.spec import did_you_mean
from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted, untrusted
from fluorosynth.io.names import stem
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.derived import Derived
from fluorosynth.sample import Image, Mask

BY_NAME, EACH = "name", "none"
COLUMNS = "image", "sequence"
MAX_BYTES = 2**26


class Grouped(Derived):
    """The items of another dataset in other sequences.

    Parameters
    ----------
    pairs
        Dataset that the items are of.
    sequences
        Name of the sequence of each item, in order.
    """

    def __init__(self, pairs: LabelledDataset, sequences: Sequence[str]) -> None:
        super().__init__(pairs)
        self.sequences = list(sequences)

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        return self.pairs[index]

    def sequence(self, index: int) -> str:
        """Return the name of the sequence."""
        return self.sequences[index]


def grouped(pairs: LabelledDataset, by: str | Path = BY_NAME) -> LabelledDataset:
    """Return labelled data whose sequences are those that are meant.

    Parameters
    ----------
    pairs
        Labelled data, not endless.
    by
        Rule of sequences. ``"name"``: as folders and names tell; ``"none"``: each item by itself;
        else a CSV file with the columns ``image`` and ``sequence``. An image is named as it is, or
        with its sequence before it (``run/00012``), with or without suffix. Rows of other images
        count in nothing.

    Raises
    ------
    BadDataError
        When the file cannot be read, lacks an image, or has one twice.

    Examples
    --------
    >>> from fluorosynth import Recipe
    >>> from fluorosynth.learn.data import RecipeDataset
    >>> pairs = RecipeDataset(Recipe.preset("paper"), seed=0, n=2)
    >>> [pairs.sequence(1), grouped(pairs, "none").sequence(1)]
    ['all', 'all/000001']
    """
    if by == BY_NAME:
        return pairs
    places = [(pairs.sequence(index), pairs.name(index)) for index in range(len(pairs))]
    if by == EACH:
        return Grouped(pairs, ["/".join(place) for place in places])
    path = Path(by)
    listed = _read(path)
    alike: dict[str, set[str]] = defaultdict(set)
    for sequence, name in places:
        alike[name].add(sequence)
    return Grouped(pairs, [_listed(place, listed, alike, path) for place in places])


def _read(path: Path) -> dict[str, str]:
    """Return the sequence of each image that a file lists."""
    with untrusted(path):
        if path.stat().st_size > MAX_BYTES:
            raise BadDataError(f"{quoted(path)} is over {MAX_BYTES >> 20} MB: too large for a list")
        with path.open(newline="", encoding="utf-8-sig") as file:
            head = file.readline()
            file.seek(0)
            rows = csv.DictReader(file, delimiter=max(",;\t", key=head.count))  # as spreadsheets do
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise BadDataError(
                    f"{quoted(path)} has no column {missing[0]!r}: its first line is "
                    f"{','.join(COLUMNS)}"
                )
            found: dict[str, str] = {}
            for row in rows:
                image, sequence = ((row[name] or "").strip() for name in COLUMNS)
                image = stem(image)
                where = f"{quoted(path)}, line {rows.line_num}"
                if not image or not sequence:
                    raise BadDataError(f"{where}: needs an image and a sequence, not {row}")
                if found.setdefault(image, sequence) != sequence:
                    raise BadDataError(
                        f"{where}: {image!r} is in {sequence!r}, before it was in {found[image]!r}"
                    )
    return found


def _listed(
    place: tuple[str, str],
    listed: Mapping[str, str],
    alike: Mapping[str, set[str]],
    path: Path,
) -> str:
    sequence, name = place
    whole = f"{sequence}/{name}"
    if whole in listed:
        return listed[whole]
    if name not in listed:
        hint = did_you_mean(name, list(listed)[:1000])
        raise BadDataError(f"{quoted(path)} lacks the image {whole!r}: add its row{hint}")
    if len(alike[name]) > 1:
        several = ", ".join(sorted(alike[name])[:3])
        raise BadDataError(f"{quoted(path)}: {name!r} is an image of {several}: name it {whole!r}")
    return listed[name]
