"""What an exporter is: it writes a set's samples in somebody else's layout."""

from __future__ import annotations

import shutil
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from fluorosynth.core.component import Component, kinds
from fluorosynth.core.spec import did_you_mean
from fluorosynth.errors import UsageError
from fluorosynth.sample import Sample


class Exporter(Component):
    """A layout of files. A subclass is a frozen dataclass in a file of its own.

    ``runs = True`` says that it takes runs too: their frames come one by one, by the same index,
    numbered by ``meta["frame"]``.
    """

    runs: ClassVar[bool] = False

    @abstractmethod
    def write(self, samples: Iterable[tuple[int, Sample]], out: Path) -> None:
        """Write ``(index, sample)`` pairs into the empty folder ``out``."""


def export(samples: Iterable[tuple[int, Sample]], to: str | Exporter, out: str | Path) -> None:
    """Write samples in the layout ``to``, a kind or an exporter; ``out`` appears when complete.

    Raises
    ------
    UsageError
        For an unknown layout, a folder that exists, or runs in a layout of pictures alone.
    """
    out = Path(out)
    exporter = to if isinstance(to, Exporter) else _find(to)
    if out.exists():
        raise UsageError(f"{out} exists: choose a new `out`")
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        exporter.write(samples if exporter.runs else _stills(samples, exporter), part)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def stem(index: int, sample: Sample) -> str:
    """Return the name of a picture: of its sample, and of its frame where that is a run.

    Examples
    --------
    >>> import numpy as np
    >>> stem(12, Sample(np.zeros((8, 8), np.uint8), meta={"frame": 3}))
    '000012_003'
    """
    frame = sample.meta.get("frame")
    return f"{index:06d}" if frame is None else f"{index:06d}_{frame:03d}"


def _stills(
    samples: Iterable[tuple[int, Sample]], exporter: Exporter
) -> Iterator[tuple[int, Sample]]:
    for index, sample in samples:
        if "frame" in sample.meta:
            raise UsageError(
                f"the exporter {exporter.kind!r} does not take runs: use folder, nnunet or coco, "
                "or a set of one frame"
            )
        yield index, sample


def _find(kind: str) -> Exporter:
    known = kinds(Exporter, "fluorosynth.exporters")  # type: ignore[type-abstract]
    if kind not in known:
        raise UsageError(f"no exporter {kind!r}{did_you_mean(kind, known)}")
    return known[kind]()
