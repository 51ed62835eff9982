"""Any program as a segmenter: a folder of PNG files in, a folder of masks or maps out."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.sample import Image, Mask

TAIL = 400  # characters of a program's last words in a message


@dataclass(frozen=True)
class Command:
    """A program that segments a folder.

    It finds ``000000.png``, ``000001.png``, ... (8-bit grey) in ``{src}``, and writes files of the
    same names and sizes to ``{out}``, which is there and empty. A file of two values, 0 and
    another, is a mask; any other is a map whose largest possible value (255, or 65535 of 16 bit)
    stands for 1.

    Parameters
    ----------
    line
        Words of the command line, with ``{src}`` and ``{out}``; run without a shell.
    threshold
        Threshold on maps, in [0, 1).

    Raises
    ------
    UsageError
        When ``{src}`` or ``{out}`` is missing.
    """

    line: str
    threshold: float = 0.5

    def __post_init__(self) -> None:
        for place in ("{src}", "{out}"):
            if place not in self.line:
                raise UsageError(
                    f"the command {self.line!r} names no {place}: write it as "
                    "'mytool {src} {out}', a folder of PNG files in and one out"
                )
        if not 0 <= self.threshold < 1:
            raise UsageError(f"`threshold` must be at least 0 and below 1, not {self.threshold}")

    @property
    def about(self) -> dict[str, Any]:
        """What it is."""
        return {"kind": "command", "command": self.line, "threshold": self.threshold}

    def masks(self, pictures: Iterable[Image]) -> Iterator[Mask]:
        """Write all pictures, run the program once, and yield the masks it wrote.

        Parameters
        ----------
        pictures
            Pictures, ``(H, W)`` uint8 each.
        """
        with tempfile.TemporaryDirectory(prefix="fluorosynth-") as place:
            src, out = Path(place) / "src", Path(place) / "out"
            src.mkdir()
            out.mkdir()
            count = 0
            for picture in pictures:
                (src / f"{count:06d}.png").write_bytes(png_bytes(picture))
                count += 1
            self._run(src, out)
            for number in range(count):
                yield self._read(out / f"{number:06d}.png")

    def _run(self, src: Path, out: Path) -> None:
        words = [
            word.replace("{src}", str(src)).replace("{out}", str(out))
            for word in shlex.split(self.line)
        ]
        try:
            done = subprocess.run(words, capture_output=True, check=False)  # noqa: S603
        except OSError as error:
            raise UsageError(f"{words[0]!r} cannot be run: {error.strerror or error}") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()[-TAIL:]
            raise BadDataError(f"{words[0]!r} ended with exit code {done.returncode}: {said}")

    def _read(self, path: Path) -> Mask:
        from fluorosynth.io.labels import read_labels

        if not path.is_file():
            raise BadDataError(f"the command wrote no {path.name} to {{out}}")
        return self.mask_of(read_labels(path).values)

    def mask_of(self, values: NDArray[Any]) -> Mask:
        """Return the ``(H, W)`` uint8 {0, 1} mask of what a file holds.

        Parameters
        ----------
        values
            Content of a file, ``(H, W)``.
        """
        if len(np.unique(values)) <= 2 and (values == 0).any():
            return (values > 0).astype(np.uint8)
        most = np.iinfo(values.dtype).max
        return (values > self.threshold * most).astype(np.uint8)
