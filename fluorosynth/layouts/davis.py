"""DAVIS: sequences with numbered objects, the layout of video object segmentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fluorosynth.io.text import read_text
from fluorosynth.io.walk import files_below
from fluorosynth.layouts.base import Item, Layout
from fluorosynth.layouts.listed import MASKS, PICTURES, by_stem, picture_of

SMALL = "480p"  # the benchmark's; "Full-Resolution" and "1080p" are the same frames


class Davis(Layout):
    """``JPEGImages/[480p/]SEQUENCE/NNNNN.jpg`` and ``Annotations/[480p/]SEQUENCE/NNNNN.png``.

    Labels number objects from 1; 255 is ignored. ``ImageSets/[2017/]{train,val,test}.txt`` name
    the sequences of each part, or its pairs of files. Where frames are there in several sizes,
    those of 480p are taken. All objects are instruments unless some are named.
    """

    kind = "davis"
    about = "sequences, objects by number"
    protocol = "val"
    open_ended = True

    @classmethod
    def matches(cls, root: Path) -> bool:
        """Tell by its two folders of sequences; a part of MOSXAV, of vessels, is none."""
        if (root / "Annotations_Semantic").is_dir():
            return False
        return (root / "JPEGImages").is_dir() and (root / "Annotations").is_dir()

    def find_items(self) -> list[Item]:
        """Return the labelled frames."""
        self.classes = {255: "ignore"}
        parts = dict(self._parts())
        images, labels = self.root / "JPEGImages", self.root / "Annotations"
        if (images / SMALL).is_dir() and (labels / SMALL).is_dir():
            images, labels = images / SMALL, labels / SMALL
        pictures, items = by_stem(images, PICTURES), []
        for place, file in by_stem(labels, MASKS).items():
            found, sequence = picture_of(file, place, pictures, images), file.parent.name
            items.append(Item(found, sequence, file.stem, parts.get(sequence, ""), file))
        return items

    def _parts(self) -> Iterator[tuple[str, str]]:
        for path in files_below(self.root / "ImageSets"):
            if path.suffix != ".txt":
                continue
            for line in read_text(path).splitlines():
                if words := line.split():  # of 2016: pairs of files
                    yield Path(words[0]).parent.name or words[0], path.stem
