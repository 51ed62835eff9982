"""Labels of a sequence of frames in memory: where each instrument lies, and what nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.raster import rasterise
from fluorosynth.labels.region import Region
from fluorosynth.sample import IGNORE, Device, Mask, Points

Floats = NDArray[np.float32]
Origin = Literal["drawn", "tracked", "suggested"]


@dataclass(frozen=True)
class Source:
    """The frames that labels belong to; nothing of a patient, and no path.

    Parameters
    ----------
    name
        Name of the file or folder, without the folders above it.
    frames
        Number of frames, >= 1.
    height
        Height of a frame, px.
    width
        Width of a frame, px.
    digest
        Hexadecimal XXH3-128 of the bytes of the file, or of the files in order; empty: unknown.
    files
        Names of the pictures, one per frame, where the frames are a folder of pictures.
    """

    name: str
    frames: int
    height: int
    width: int
    digest: str = ""
    files: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of a frame, px."""
        return self.height, self.width


@dataclass(frozen=True, eq=False)
class Instrument:
    """One instrument in one frame.

    Parameters
    ----------
    points
        Points, ``(n, 2)`` float32, ``(x, y)`` in pixels of the frame, n >= 2, from entry to tip.
        The centreline is the polyline through them.
    width
        Full width at each point, ``(n,)`` float32, px, > 0.
    id
        Name of the instrument in its sequence: equal in all frames that show it.
    label
        Class: ``"catheter"``, ``"guidewire"``, ...
    tip_in_view
        Whether the last point is the tip; False where the instrument leaves the picture there.
    origin
        Whether a person drew or corrected the curve, it was tracked, or a model suggests it.
    confidence
        Confidence at each point, ``(n,)`` float32 in [0, 1]; None: nobody measured it.
    handles
        Points set by hand that an editor ran the curve through, ``(k, 2)`` float32, or None.

    Examples
    --------
    >>> line = Instrument(np.float32([[0, 9], [40, 9]]), np.float32([5, 5]), "catheter_0")
    >>> line.label, line.tip_in_view, line.score
    ('catheter', True, 1.0)
    """

    points: Points
    width: Floats
    id: str
    label: str = "catheter"
    tip_in_view: bool = True
    origin: Origin = "drawn"
    confidence: Floats | None = None
    handles: Points | None = None

    @property
    def score(self) -> float:
        """Mean confidence along the curve, in [0, 1]; 1 where none was measured."""
        return 1.0 if self.confidence is None else float(np.mean(self.confidence))

    @property
    def device(self) -> Device:
        """The curve as the generator and the rasteriser take it."""
        return Device(self.points, self.width, self.label, self.id)


@dataclass(frozen=True)
class FrameLabels:
    """What is known of one frame.

    Parameters
    ----------
    index
        Number of the frame, from 0.
    instruments
        Instruments seen in it.
    empty
        Statement that the frame shows no instrument. Without it, no instruments means that
        nobody has looked.
    lost
        Ids of instruments whose place in this frame is unknown: the frame is not fully labelled.
    ignore
        Regions whose truth nobody knows.
    """

    index: int
    instruments: tuple[Instrument, ...] = ()
    empty: bool = False
    lost: tuple[str, ...] = ()
    ignore: tuple[Region, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether each pixel of the frame has a label: what training may use."""
        return (self.empty or bool(self.instruments)) and not self.lost

    def get(self, id: str) -> Instrument | None:  # noqa: A002 - it is the field's name
        """Return an instrument by its id, or None.

        Parameters
        ----------
        id
            Name of the instrument in the sequence.
        """
        return next((i for i in self.instruments if i.id == id), None)

    def with_instrument(self, instrument: Instrument) -> FrameLabels:
        """Return the frame with an instrument added, or put in place of that of its id.

        Parameters
        ----------
        instrument
            Instrument to add.
        """
        others = [i for i in self.instruments if i.id != instrument.id]
        found = tuple(sorted([*others, instrument], key=lambda i: i.id))
        lost = tuple(name for name in self.lost if name != instrument.id)
        return replace(self, instruments=found, lost=lost, empty=False)

    def with_lost(self, id: str) -> FrameLabels:  # noqa: A002
        """Return the frame with the statement that an instrument's place is unknown.

        Parameters
        ----------
        id
            Name of the instrument in the sequence.
        """
        kept = tuple(i for i in self.instruments if i.id != id)
        return replace(self, instruments=kept, lost=tuple(sorted({*self.lost, id})), empty=False)


@dataclass(frozen=True)
class Labels:
    """Labels of a sequence.

    Parameters
    ----------
    source
        Frames that they belong to.
    frames
        Knowledge of some of the frames, by ascending index; of a frame that is not among them
        nothing is known.

    Examples
    --------
    >>> line = Instrument(np.float32([[2, 9], [40, 9]]), np.float32([5, 5]), "catheter_0")
    >>> labels = Labels(Source("run.dcm", 96, 32, 64), (FrameLabels(5, (line,)),))
    >>> labels.mask(5).sum(axis=0)[20], labels.at(6)
    (np.uint64(5), None)
    """

    source: Source
    frames: tuple[FrameLabels, ...] = ()
    _by_index: dict[int, FrameLabels] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_index", {frame.index: frame for frame in self.frames})

    def at(self, index: int) -> FrameLabels | None:
        """Return what is known of a frame, or None.

        Parameters
        ----------
        index
            Number of the frame, from 0.
        """
        return self._by_index.get(index)

    def with_frames(self, frames: Iterable[FrameLabels]) -> Labels:
        """Return the labels with some frames added, or put in place of those of their index.

        Parameters
        ----------
        frames
            Frames to add.
        """
        merged = self._by_index | {frame.index: frame for frame in frames}
        return replace(self, frames=tuple(merged[index] for index in sorted(merged)))

    def without(self, index: int) -> Labels:
        """Return the labels with nothing known of a frame.

        Parameters
        ----------
        index
            Number of the frame, from 0.
        """
        return replace(self, frames=tuple(f for f in self.frames if f.index != index))

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all instruments, sorted."""
        named = {i.id for frame in self.frames for i in frame.instruments}
        return tuple(sorted(named | {name for frame in self.frames for name in frame.lost}))

    def mask(self, index: int) -> Mask:
        """Return the ``(H, W)`` uint8 mask of a frame: 0, 1 instrument, 255 ignore.

        It is exact: drawn from the curves by the rasteriser that labels generated samples.
        All of a frame of which nothing is known is 255, and of one that is not fully labelled
        all that is not instrument.

        Parameters
        ----------
        index
            Number of the frame, from 0.
        """
        frame = self.at(index)
        shape = self.source.shape
        if frame is None:
            return np.full(shape, IGNORE, np.uint8)
        mask = rasterise([i.device for i in frame.instruments], shape)
        if not frame.complete:
            mask[mask == 0] = IGNORE
        for region in frame.ignore:
            mask[region.mask(shape)] = IGNORE
        return mask
