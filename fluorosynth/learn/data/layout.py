"""Sets in a known layout, as labelled data."""

from __future__ import annotations

from xxhash import xxh3_128

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.guard import quoted
from fluorosynth.layouts.base import Item, Layout
from fluorosynth.layouts.classes import ClassMap, meaning
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.sample import Image, Mask


class LayoutDataset(LabelledDataset):
    """The labelled pictures of a set, or of one of its parts.

    Parameters
    ----------
    layout
        Set on disk.
    classes
        Classes that are instruments; by default what the set's layout says.
    part
        Name of a part, such as ``"test"``; empty: all of them.

    Raises
    ------
    UsageError
        For a part that the set does not have, or classes that it does not have.
    """

    def __init__(self, layout: Layout, classes: ClassMap | None = None, part: str = "") -> None:
        self.layout, self.given, self.part = layout, classes, part
        self.meant = meaning(layout, classes or ClassMap())
        self.items = [item for item in layout.items if part in ("", item.part)]
        if not self.items:
            parts = ", ".join(sorted({item.part for item in layout.items if item.part}))
            raise UsageError(
                f"{layout.root} has no `part` {part!r}; it has {parts or 'no parts at all'}"
            )
        self.fingerprint = self._fingerprint()

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        item = self.items[index]
        image = self.layout.image(item)
        try:
            values = self.layout.values(item, image.shape)
        except BadDataError as error:
            raise BadDataError(f"{quoted(item.image)}: {error}") from None
        truth = self.layout.truth_of(item)
        if values.shape != image.shape:
            raise BadDataError(
                f"{quoted(truth)} is {values.shape}, its picture {quoted(item.image)} {image.shape}"
            )
        return image, self.meant.mask(values, f"{quoted(truth)}, {item.sequence}/{item.name},")

    def sequence(self, index: int) -> str:
        """Return the name of the sequence."""
        return self.items[index].sequence

    def name(self, index: int) -> str:
        """Return the picture's name."""
        return self.items[index].name

    def _fingerprint(self) -> str:
        """Digest names and sizes of all files, and what the classes mean."""
        state = xxh3_128(repr((self.layout.kind, self.meant, self.part)).encode())
        sizes: dict[str, int] = {}
        for item in self.items:
            state.update(repr((self._place(item), item.image.stat().st_size)).encode())
            truth = self.layout.truth_of(item)
            if truth.as_posix() not in sizes:
                sizes[truth.as_posix()] = truth.stat().st_size
            state.update(repr(sizes[truth.as_posix()]).encode())
        return state.hexdigest()

    def _place(self, item: Item) -> str:
        return item.image.relative_to(self.layout.root).as_posix()
