"""A label file with the frames that it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xxhash import xxh3_128

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted
from fluorosynth.labels.file import read_labels
from fluorosynth.labels.frames import FrameSequence, check_source
from fluorosynth.labels.schema import FORMAT
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.sample import Image, Mask


class LabelledSequence(LabelledDataset):
    """The frames of a sequence that are completely labelled, with the masks that the curves make.

    Parameters
    ----------
    path
        File of labels (``docs/labels.md``). The frames, by the name that it states, lie beside it
        or beside its folder.

    Raises
    ------
    BadDataError
        When the file is broken, no frame is labelled completely, or the frames are missing or
        others.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._labels = read_labels(self._path)
        self._indices = [frame.index for frame in self._labels.frames if frame.complete]
        if not self._indices:
            raise BadDataError(f"{quoted(path)} labels no frame completely")
        self._place = self._found()
        self._frames: FrameSequence | None = FrameSequence(self._place)
        check_source(self._labels, self._frames.source, quoted(path))
        digest = xxh3_128(self._path.read_bytes())
        digest.update(self._frames.source.digest.encode())
        self.fingerprint = digest.hexdigest()

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        if self._frames is None:  # in another process
            self._frames = FrameSequence(self._place)
        frame = self._indices[index]
        return self._frames[frame], self._labels.mask(frame)

    def sequence(self, index: int) -> str:  # noqa: ARG002 - there is one
        """Return the name of the frames' file or folder."""
        return Path(self._labels.source.name).stem

    def name(self, index: int) -> str:
        """Return the frame's number in the sequence."""
        return f"{self._indices[index]:05d}"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_frames": None}

    def _found(self) -> Path:
        folder, name = self._path.resolve().parent, self._labels.source.name
        for place in (folder / name, folder.parent / name):
            if place.exists() and place != self._path.resolve():
                return place
        raise BadDataError(
            f"{quoted(self._path)} belongs to {name!r}, which lies neither beside it nor beside "
            f"its folder: put the frames there"
        )


def is_label_file(path: Path) -> bool:
    """Tell whether a file says that it is a label file.

    Parameters
    ----------
    path
        File in question.
    """
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        return FORMAT.encode() in file.read(4096)
