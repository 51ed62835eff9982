"""The frames that labels belong to, by number: one file of many frames, or a folder of pictures."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import overload

from xxhash import xxh3_128

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.frames import count_frames, read_frames
from fluorosynth.io.guard import check_count, quoted
from fluorosynth.io.sources import find_sources
from fluorosynth.labels.model import Labels, Source
from fluorosynth.sample import Image

BLOCK = 16  # frames decoded at once: readers are quicker in order
KEPT_BYTES = 256 * 2**20  # of decoded frames


class FrameSequence(Sequence[Image]):
    """Frames of one size in order, decoded on demand; the latest stay in memory.

    Parameters
    ----------
    src
        File of any format that ``io.frames`` reads, a folder or a glob. A folder's pictures follow
        one another by name; so do several files of several frames.
    invert
        Whether dense material is bright in them, so that grey values are turned round.

    Raises
    ------
    BadDataError
        When nothing can be read, or a frame differs in size from the first.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/run.npy", np.zeros((3, 32, 48), np.uint8))
    ...     frames = FrameSequence(f"{folder}/run.npy")
    ...     len(frames), frames[2].shape, frames.source.name
    (3, (32, 48), 'run.npy')
    """

    def __init__(self, src: str | Path, invert: bool = False) -> None:
        path, self.invert = Path(src), invert
        self.paths = tuple(find_sources(src))
        self._places = [(p, i) for p in self.paths for i in range(count_frames(p))]
        check_count(path, len(self._places))
        self._blocks: OrderedDict[int, list[Image]] = OrderedDict()
        height, width = next(iter(read_frames(self.paths[0], [0]))).image.shape
        self._shape = height, width
        alone = len(self.paths) == 1
        single = not alone and len(self._places) == len(self.paths)
        self.source = Source(
            self.paths[0].name if alone else path.resolve().name,
            len(self._places),
            height,
            width,
            _digest(self.paths),
            tuple(p.name for p in self.paths) if single else (),
        )

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: slice) -> list[Image]: ...
    def __getitem__(self, index: int | slice) -> Image | list[Image]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"frame {index} of {len(self)}")
        block, place = divmod(index % len(self), BLOCK)
        if block not in self._blocks:
            self._blocks[block] = self._read(block)
            most = max(KEPT_BYTES // (BLOCK * self._shape[0] * self._shape[1]), 2)
            while len(self._blocks) > most:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(block)
        return self._blocks[block][place]

    def spare(self, *outputs: Path) -> None:
        """Refuse to write over the files that the frames come from.

        Parameters
        ----------
        *outputs
            Files that will be written.

        Raises
        ------
        UsageError
            Naming the file.
        """
        own = {path.resolve() for path in self.paths}
        for out in outputs:
            if out.resolve() in own:
                raise UsageError(f"{quoted(out)} is where the frames come from; name another file")

    def _read(self, block: int) -> list[Image]:
        places = self._places[block * BLOCK : (block + 1) * BLOCK]
        found: list[Image] = []
        for path in dict.fromkeys(path for path, _ in places):
            wanted = [index for p, index in places if p == path]
            frames = list(read_frames(path, wanted, self.invert))
            if len(frames) < len(wanted):  # a video's header may claim what is not there
                raise BadDataError(f"{quoted(path)} ends before its frame {wanted[len(frames)]}")
            for frame in frames:
                if frame.image.shape != self._shape:
                    height, width = frame.image.shape
                    raise BadDataError(
                        f"{quoted(path)}: frame {frame.index} is {width} x {height} px, the first "
                        f"is {self._shape[1]} x {self._shape[0]}: label frames of other sizes apart"
                    )
                found.append(frame.image)
        return found


def check_source(labels: Labels, source: Source, name: str = "the labels") -> None:
    """Refuse labels of other frames than these.

    Parameters
    ----------
    labels
        Labels to be used with the frames.
    source
        Frames at hand.
    name
        Beginning of the message.

    Raises
    ------
    BadDataError
        Saying what the labels belong to and what the frames are.
    """
    own = labels.source
    same = (own.frames, own.shape) == (source.frames, source.shape)
    if own.digest and source.digest:
        same = same and own.digest == source.digest
    if not same:
        raise BadDataError(f"{name} belongs to {_said(own)}, not to {_said(source)}")


def _said(source: Source) -> str:
    frames = f"{source.frames} frame{'s' * (source.frames != 1)}"
    digest = f", digest {source.digest[:8]}..." if source.digest else ""
    return f"{source.name!r} ({frames} of {source.width} x {source.height} px{digest})"


def _digest(paths: Sequence[Path]) -> str:
    state = xxh3_128()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                state.update(block)
    return state.hexdigest()
