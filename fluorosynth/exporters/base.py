"""What an exporter is: it writes a set's samples in somebody else's layout."""

from __future__ import annotations

import shutil
from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path

from fluorosynth.component import Component, kinds
from fluorosynth.errors import UsageError
from fluorosynth.sample import Sample
from fluorosynth.spec import did_you_mean


class Exporter(Component):
    """A layout of files. A subclass is a frozen dataclass in a file of its own."""

    @abstractmethod
    def write(self, samples: Iterable[tuple[int, Sample]], out: Path) -> None:
        """Write ``(index, sample)`` pairs into the empty folder ``out``."""


def export(samples: Iterable[tuple[int, Sample]], to: str | Exporter, out: str | Path) -> None:
    """Write samples in the layout ``to``, a kind or an exporter; ``out`` appears when complete.

    Raises
    ------
    UsageError
        For an unknown layout, or a folder that exists.
    """
    out = Path(out)
    exporter = to if isinstance(to, Exporter) else _find(to)
    if out.exists():
        raise UsageError(f"{out} exists: choose a new --out")
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        exporter.write(samples, part)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _find(kind: str) -> Exporter:
    known = kinds(Exporter, "fluorosynth.exporters")  # type: ignore[type-abstract]
    if kind not in known:
        raise UsageError(f"no exporter {kind!r}{did_you_mean(kind, known)}")
    return known[kind]()
