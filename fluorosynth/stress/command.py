"""Any program as a segmenter: a folder of PNG files in, a folder of masks or maps out."""

from __future__ import annotations

import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.io.labels import read_labels
from fluorosynth.sample import Image, Mask

TAIL = 400  # characters of a program's last words in a message
FEW = 8  # values below: numbers of classes, no map


@dataclass(frozen=True)
class Command:
    """A program that segments a folder.

    It finds ``000000.png``, ``000001.png``, ... (8-bit grey) in ``{src}``, and writes files of the
    same names and sizes to ``{out}``, which is there and empty. Where all files hold no more than 0
    and one other value they are masks; else they are maps whose largest possible value (255, or
    65535 of 16 bit) stands for 1.

    Parameters
    ----------
    line
        Words of the command line, with ``{src}`` and ``{out}``; run without a shell.
    threshold
        Threshold on maps, in [0, 1).
    told
        Function of the number of files that are there and of all, called each second while the
        program runs; None: nobody is told.

    Raises
    ------
    UsageError
        When ``{src}`` or ``{out}`` is missing, or a quotation mark.
    """

    line: str
    threshold: float = 0.5
    told: Callable[[int, int], object] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        try:
            words = shlex.split(self.line)
        except ValueError as error:
            raise UsageError(f"the command {self.line!r} cannot be split: {error}") from None
        for place in ("{src}", "{out}"):
            if not any(place in word for word in words):
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
            shapes: list[tuple[int, ...]] = []
            for picture in pictures:
                (src / f"{len(shapes):06d}.png").write_bytes(png_bytes(picture))
                shapes.append(picture.shape)
            self._run(src, out, len(shapes))
            files = [out / f"{number:06d}.png" for number in range(len(shapes))]
            _refuse_missing(files, out)
            masks = _are_masks(files)
            for file, shape in zip(files, shapes, strict=True):
                yield self.mask_of(_read(file, shape), masks)

    def _run(self, src: Path, out: Path, count: int) -> None:
        words = [
            word.replace("{src}", str(src)).replace("{out}", str(out))
            for word in shlex.split(self.line)
        ]
        with (src.parent / "said").open("w+b") as said:
            try:
                process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=said)  # noqa: S603
            except OSError as error:
                raise UsageError(f"{words[0]!r} cannot be run: {error.strerror or error}") from None
            with process:
                try:
                    while process.poll() is None:
                        self._wait(process, out, count)
                finally:  # stopped by the user
                    process.kill()
            if process.returncode:
                said.seek(0)
                text = said.read().decode("utf-8", "replace").strip()[-TAIL:]
                raise BadDataError(
                    f"{words[0]!r} {_ended(process.returncode)}: {text or 'no words'}"
                )

    def _wait(self, process: subprocess.Popen[bytes], out: Path, count: int) -> None:
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            if self.told:
                self.told(sum(1 for _ in out.iterdir()), count)

    def mask_of(self, values: NDArray[Any], mask: bool) -> Mask:
        """Return the ``(H, W)`` uint8 {0, 1} mask of what a file holds.

        Parameters
        ----------
        values
            Content of a file, ``(H, W)``.
        mask
            Whether it is a mask and not a map.
        """
        most = 0 if mask else self.threshold * np.iinfo(values.dtype).max
        return (values > most).astype(np.uint8)


def _ended(code: int) -> str:
    if code > 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    return f"was ended by the signal {name}"


def _refuse_missing(files: list[Path], out: Path) -> None:
    missing = [file for file in files if not file.is_file()]
    if missing:
        others = sorted(path.name for path in set(out.rglob("*")) - set(files))
        wrote = f"; it wrote {others[0]!r}" if others else ""
        raise BadDataError(
            f"the command wrote no {missing[0].name} to {{out}}, nor {len(missing) - 1} others of "
            f"{len(files)} files{wrote}"
        )


def _are_masks(files: list[Path]) -> bool:
    """Tell by the values of all files: one map alone may happen to hold two values."""
    found = np.zeros(2**16, bool)
    for file in files:
        found |= np.bincount(read_labels(file).values.ravel(), minlength=2**16) > 0
    values = np.flatnonzero(found)
    if len(values) > 2 and values[-1] < FEW:
        listed = ", ".join(map(str, values))
        raise BadDataError(
            f"the command's files hold {listed}: neither masks of 0 and one other value nor maps "
            "up to 255; write all instruments as one value"
        )
    return len(values) <= 2 and bool(found[0])


def _read(path: Path, shape: tuple[int, ...]) -> NDArray[Any]:
    values = read_labels(path).values
    if values.shape != shape:
        raise BadDataError(
            f"the command's {path.name} is {values.shape[1]} x {values.shape[0]}, its picture "
            f"{shape[1]} x {shape[0]}"
        )
    return values
