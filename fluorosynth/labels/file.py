"""Label files: read with every check, written whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from fluorosynth.errors import BadDataError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.guard import quoted, validated
from fluorosynth.labels.model import FrameLabels, Instrument, Labels, Source
from fluorosynth.labels.region import Region
from fluorosynth.labels.schema import (
    FORMAT,
    VERSION,
    FrameTable,
    InstrumentTable,
    LabelFile,
    RegionTable,
)

MAX_BYTES = 512 * 2**20


def read_labels(path: str | Path) -> Labels:
    """Read a label file.

    Parameters
    ----------
    path
        JSON as ``docs/labels.md`` states it.

    Returns
    -------
    Labels
        With float32 curves, one width per point, frames in order.

    Raises
    ------
    BadDataError
        Naming the file, the frame, the instrument and the value that is wrong.
    """
    path = Path(path)
    if not path.is_file():
        raise BadDataError(f"{quoted(path)} is not a file")
    if path.stat().st_size > MAX_BYTES:
        raise BadDataError(f"{quoted(path)} is over {MAX_BYTES >> 20} MB: too large for labels")
    return parse_labels(path.read_bytes(), quoted(path))


def parse_labels(content: bytes | str, name: str = "the labels") -> Labels:
    """Return the labels that a text holds; as ``read_labels``, which names the file.

    Parameters
    ----------
    content
        Text of a label file.
    name
        Beginning of messages.

    Raises
    ------
    BadDataError
        Naming the frame, the instrument and the value that is wrong.
    """
    try:
        plain = from_json(content)
    except ValueError as error:
        raise BadDataError(f"{name} is not valid JSON: {error}") from None
    return from_plain(plain, name)


def from_plain(plain: Any, name: str = "the labels") -> Labels:
    """Return the labels that dicts and lists hold; see ``parse_labels``.

    Parameters
    ----------
    plain
        Content of a label file: dicts, lists, numbers.
    name
        Name of the file, for messages.

    Examples
    --------
    >>> from_plain({"format": "fluorosynth-labels", "version": 9})
    Traceback (most recent call last):
    fluorosynth.errors.BadDataError: the labels: version 9 is unknown; this program reads version 1
    """
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise BadDataError(f'{name}: no label file, which begins with "format": "{FORMAT}"')
    if plain.get("version") != VERSION:
        raise BadDataError(
            f"{name}: version {plain.get('version')!r} is unknown; "
            f"this program reads version {VERSION}"
        )
    with validated(name):
        # JSON's lists are pydantic's tuples only in JSON mode, which a text alone has.
        table = LabelFile.model_validate(plain, strict=False)
    size = table.source.frame_size
    source = Source(
        table.source.name,
        table.source.frames,
        *size,
        table.source.digest,
        tuple(table.source.files),
    )
    if source.files and len(source.files) != source.frames:
        raise BadDataError(f"{name}: {len(source.files)} files for {source.frames} frames")
    frames: dict[int, FrameLabels] = {}
    for frame in table.frames:
        if frame.index >= source.frames:
            raise BadDataError(
                f"{name}: frame {frame.index} of a sequence of {source.frames} frames"
            )
        if frame.index in frames:
            raise BadDataError(f"{name}: frame {frame.index} is there twice")
        frames[frame.index] = _frame(frame, source, f"{name}: frame {frame.index}")
    return Labels(source, tuple(frames[index] for index in sorted(frames)))


class FrameTexts:
    """Frames as they stand in a label file, each written down once while it stays the same."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[FrameLabels, str]] = {}

    def of(self, frame: FrameLabels) -> str:
        """Return a frame as JSON.

        Parameters
        ----------
        frame
            Frame to write down.
        """
        known = self._known.get(frame.index)
        if known is None or known[0] is not frame:
            known = frame, json.dumps(_plain_frame(frame), separators=(",", ":"))
            self._known[frame.index] = known
        return known[1]

    def of_all(self, labels: Labels) -> str:
        """Return labels as JSON: the content of a label file.

        Parameters
        ----------
        labels
            Labels to write down.
        """
        head = json.dumps(to_plain(Labels(labels.source)), separators=(",", ":"))
        return head.removesuffix("]}") + ",".join(map(self.of, labels.frames)) + "]}"


def write_labels(path: str | Path, labels: Labels, texts: FrameTexts | None = None) -> None:
    """Write a label file, whole or not at all; what ``read_labels`` returns of it is equal.

    Parameters
    ----------
    path
        File to write or replace.
    labels
        Labels to write.
    texts
        Frames that were written before, for who writes one file time and again.
    """
    text = (texts or FrameTexts()).of_all(labels)
    with replacing(Path(path)) as part:
        part.write_text(text + "\n", "utf-8")


def to_plain(labels: Labels) -> dict[str, Any]:
    """Return labels as what stands in a label file: dicts, lists, numbers.

    Parameters
    ----------
    labels
        Labels to write down.

    Examples
    --------
    >>> empty = FrameLabels(3, empty=True)
    >>> to_plain(Labels(Source("run.dcm", 96, 512, 512), (empty,)))["frames"]
    [{'index': 3, 'empty': True}]
    """
    source = labels.source
    about: dict[str, Any] = {
        "name": source.name,
        "digest": source.digest,
        "frames": source.frames,
        "frame_size": [source.height, source.width],
    }
    if source.files:
        about["files"] = list(source.files)
    frames = [_plain_frame(frame) for frame in labels.frames]
    return {"format": FORMAT, "version": VERSION, "source": about, "frames": frames}


def _frame(table: FrameTable, source: Source, where: str) -> FrameLabels:
    ids = [instrument.id for instrument in table.instruments]
    for name in ids:
        if ids.count(name) > 1 or name in table.lost:
            what = "both here and lost" if name in table.lost else "there twice"
            raise BadDataError(f"{where}: instrument {name!r} is {what}")
    if table.empty and (ids or table.lost):
        raise BadDataError(f"{where} is said to be empty, and holds {(ids or table.lost)[0]!r}")
    instruments = [_instrument(i, source, f"{where}, {i.id!r}") for i in table.instruments]
    ignore = [_region(r, f"{where}, ignore region {n}") for n, r in enumerate(table.ignore)]
    return FrameLabels(
        table.index, tuple(instruments), table.empty, tuple(table.lost), tuple(ignore)
    )


def _instrument(table: InstrumentTable, source: Source, where: str) -> Instrument:
    points = np.array(table.points, np.float32)
    _check_place(points, source, where)
    handles = None if table.handles is None else np.array(table.handles, np.float32)
    return Instrument(
        points,
        _each(table.width, len(points), where, "widths"),
        table.id,
        table.label,
        table.tip_in_view,
        table.origin,
        None
        if table.confidence is None
        else _each(table.confidence, len(points), where, "confidences"),
        handles,
    )


def _each(values: float | list[float], count: int, where: str, what: str) -> NDArray[np.float32]:
    if isinstance(values, list) and len(values) != count:
        raise BadDataError(f"{where}: {len(values)} {what} for {count} points")
    return np.broadcast_to(np.asarray(values, np.float32), count).copy()


def _check_place(points: NDArray[np.float32], source: Source, where: str) -> None:
    """Refuse a curve that is a point, lies outside the frame, or reaches a frame's side beyond."""
    size = np.array([source.width, source.height])
    if not np.any(points != points[0]):
        raise BadDataError(f"{where}: all points are {points[0].tolist()}")
    far = np.any((points < -size - 0.5) | (points > 2 * size - 0.5), axis=1)
    frame = f"the frame of {source.width} x {source.height} px"
    if far.any():
        n = int(np.argmax(far))
        raise BadDataError(f"{where}: point {n} = {points[n].tolist()} is far outside {frame}")
    if not np.any(np.all((points >= -0.5) & (points <= size - 0.5), axis=1)):
        raise BadDataError(f"{where}: no point lies in {frame}")


def _region(table: RegionTable, where: str) -> Region:
    points = np.array(table.points, np.float32)
    if table.width is None and len(points) < 3:
        raise BadDataError(f"{where}: a polygon of {len(points)} points; it has 3 or more")
    return Region(points, table.width)


def _plain_frame(frame: FrameLabels) -> dict[str, Any]:
    plain: dict[str, Any] = {"index": frame.index}
    if frame.instruments:
        plain["instruments"] = [_plain_instrument(i) for i in frame.instruments]
    if frame.empty:
        plain["empty"] = True
    if frame.lost:
        plain["lost"] = list(frame.lost)
    if frame.ignore:
        plain["ignore"] = [
            {"points": _numbers(r.points)} | ({} if r.width is None else {"width": r.width})
            for r in frame.ignore
        ]
    return plain


def _plain_instrument(instrument: Instrument) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "id": instrument.id,
        "label": instrument.label,
        "points": _numbers(instrument.points),
        "width": _one_or_all(instrument.width),
        "tip_in_view": instrument.tip_in_view,
        "origin": instrument.origin,
    }
    if instrument.confidence is not None:
        plain["confidence"] = _one_or_all(instrument.confidence)
    if instrument.handles is not None:
        plain["handles"] = _numbers(instrument.handles)
    return plain


def _one_or_all(values: NDArray[np.float32]) -> Any:
    return _numbers(values) if np.any(values != values[0]) else _numbers(values[:1])[0]


def _numbers(values: NDArray[np.float32]) -> Any:
    """Return float32 values as the shortest numbers that are read back equal."""
    flat = np.asarray(values, np.float32)
    short = [float(str(v)) for v in flat.ravel()]
    return short if flat.ndim == 1 else [list(row) for row in zip(*[iter(short)] * 2, strict=True)]
