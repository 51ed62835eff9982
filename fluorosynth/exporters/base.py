"""What an exporter is: it writes a set's samples in somebody else's layout."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import ClassVar

from fluorosynth.core.component import Component, kinds
from fluorosynth.core.spec import did_you_mean, dump
from fluorosynth.errors import UsageError
from fluorosynth.io.whole_folder import made_before, whole_folder
from fluorosynth.sample import Sample


class Exporter(Component):
    """A layout of files. A subclass is a frozen dataclass in a file of its own.

    ``sequences = True`` says that it takes these too: their frames come one by one, by the same
    index, numbered by ``meta["frame"]``.
    """

    sequences: ClassVar[bool] = False

    @abstractmethod
    def write(self, samples: Iterable[tuple[int, Sample]], out: Path) -> None:
        """Write samples into an empty folder.

        Parameters
        ----------
        samples
            Pairs of index and sample, in order.
        out
            Folder that they go to.
        """


def export(
    samples: Iterable[tuple[int, Sample]], to: str | Exporter, out: str | Path, source: str = ""
) -> bool:
    """Write samples in another layout; ``out`` appears when complete.

    Parameters
    ----------
    samples
        Pairs of index and sample.
    to
        Layout: a kind or an exporter.
    out
        Folder to write, missing or empty, or with the same export in it.
    source
        Digest of what the samples are, by which the same export is known again.

    Returns
    -------
    bool
        Whether something was written; False where the same export was there already.

    Raises
    ------
    UsageError
        For an unknown layout, a folder that holds anything else, or sequences in a layout of
        pictures alone.
    """
    out = Path(out)
    exporter = to if isinstance(to, Exporter) else find_exporter(to)
    made_from = {
        "export": dump(exporter) if is_dataclass(exporter) else exporter.kind,
        "source": source,
    }
    if made_before(out, made_from):
        return False
    with whole_folder(out, made_from) as folder:
        exporter.write(samples if exporter.sequences else _stills(samples, exporter), folder)
    return True


def stem(index: int, sample: Sample) -> str:
    """Return the name of a picture: of its sample, and of its frame where that is of a sequence.

    Parameters
    ----------
    index
        Number of the sample.
    sample
        Sample whose ``meta`` may name a frame.

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
                f"the exporter {exporter.kind!r} does not take sequences: use folder, nnunet or "
                "coco, or a set of one frame"
            )
        yield index, sample


def find_exporter(kind: str) -> Exporter:
    """Return the exporter of a layout.

    Parameters
    ----------
    kind
        Name of the layout.

    Raises
    ------
    UsageError
        For an unknown one.
    """
    known = kinds(Exporter, "fluorosynth.exporters")  # type: ignore[type-abstract]
    if kind not in known:
        raise UsageError(f"no exporter {kind!r}{did_you_mean(kind, known)}")
    return known[kind]()
