"""The publication's in-vivo and phantom data: the UCL WEISS catheter segmentation files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.published import RUNS, Run, eight_bits, label_file
from fluorosynth.learn.data.base import LabelledDataset, Subset
from fluorosynth.sample import Image, Mask

IN_VIVO = ("T1", "T2", "T3", "T4", "T5", "T6")
_S1 = {"T1": 55, "T2": 30, "T3": 40, "T4": 40, "T5": 30, "T6": 45}
_BY_RUN = {"S2": ("T1", "T4", "T6"), "S3": ("T1", "T2", "T5")}


class WeissDataset(LabelledDataset):
    """Sequences of the WEISS files: images ``(N, H, W, 3)``, labels ``(N, H, W, 2)``.

    The catheter is channel 0 of the labels; of the images, whose channels are equal, channel 0
    is read. Values that are not uint8 are taken as 0..1 where the first frame is, else 0..255.

    Parameters
    ----------
    folder
        Folder of the files.
    names
        Sequences, in this order.
    labels
        File of labels, and its key, of an image file where they differ from ``RUNS``; files that
        end in ``_label.hdf5`` and ``_labels.hdf5`` are found by themselves. ``{"T1T2.hdf5":
        ("labels.hdf5", "label")}``.

    Raises
    ------
    BadDataError
        When a file or key is missing or holds too little.
    """

    def __init__(
        self,
        folder: str | Path,
        names: Sequence[str] = IN_VIVO,
        labels: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self._folder = Path(folder)
        self._names = list(names)
        self._runs = [_run(name, labels or {}, self._folder) for name in names]
        self._starts = np.cumsum([0, *(run.last - run.first for run in self._runs)])
        self._process, self._open_files = -1, dict[str, Any]()
        for run in self._runs:
            self._verify(run)
        self._scales = [self._scale(run) for run in self._runs]
        sizes = [(self._folder / run.images).stat().st_size for run in self._runs]
        self.fingerprint = xxh3_128(repr((self._runs, sizes)).encode()).hexdigest()

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        number = self._number(index)
        run = self._runs[number]
        row = run.first + index - int(self._starts[number])
        image = self._array(run.images, run.key)[row, :, :, 0]
        label = self._array(run.labels, run.label_key)[row, :, :, 0]
        return eight_bits(image, self._scales[number]), (label > 0.5).astype(np.uint8)

    def sequence(self, index: int) -> str:
        """Return T1, T2, ..."""
        return self._names[self._number(index)]

    def name(self, index: int) -> str:
        """Return the frame's number in its sequence."""
        return f"{index - int(self._starts[self._number(index)]):04d}"

    def split(self, name: str, seed: int = 0) -> tuple[Subset, Subset]:
        """Return the fine-tuning and the test part of a split of the publication.

        S1 draws 240 frames of all sequences, S2 and S3 take whole sequences, LOO leaves one out for
        the test.

        Parameters
        ----------
        name
            Name of the split: ``S1``, ``S2``, ``S3``, ``LOO-T1``, ...
        seed
            Seed of the frames that S1 draws.

        Raises
        ------
        UsageError
            For another name.
        """
        run_of = np.array([self.sequence(index) for index in range(len(self))])
        if name == "S1":
            rng = np.random.default_rng(seed)
            picked = [rng.choice(np.flatnonzero(run_of == run), n, False) for run, n in _S1.items()]
            chosen = np.isin(np.arange(len(self)), np.concatenate(picked))
        elif name in _BY_RUN:
            chosen = np.isin(run_of, _BY_RUN[name])
        elif name.removeprefix("LOO-") in self._names and name.startswith("LOO-"):
            chosen = run_of != name.removeprefix("LOO-")
        else:
            raise UsageError(f"no split {name!r}: S1, S2, S3 or LOO-T1 to LOO-T6")
        return Subset(self, np.flatnonzero(chosen)), Subset(self, np.flatnonzero(~chosen))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_process": -1, "_open_files": {}}

    def _number(self, index: int) -> int:
        return int(np.searchsorted(self._starts, index, side="right")) - 1

    def _array(self, file: str, key: str) -> Any:
        import h5py

        if self._process != os.getpid():  # HDF5 handles do not survive a fork
            self._process, self._open_files = os.getpid(), {}
        path = self._folder / file
        try:
            if file not in self._open_files:
                self._open_files[file] = h5py.File(path, "r", locking=False)
            return self._open_files[file][key]
        except KeyError:
            raise BadDataError(f"{path} has no array at key {key!r}") from None
        except OSError as error:
            wrong = os.strerror(error.errno) if error.errno else "no HDF5 file, or cut short"
            raise BadDataError(f"{path} cannot be read: {wrong}") from None

    def _verify(self, run: Run) -> None:
        images, labels = self._array(run.images, run.key), self._array(run.labels, run.label_key)
        for file, array, channels in ((run.images, images, 3), (run.labels, labels, 2)):
            shape: tuple[int, ...] = getattr(array, "shape", ())
            if len(shape) != 4 or shape[3] != channels:
                raise BadDataError(
                    f"{self._folder / file} holds {shape}, expected (frames, H, W, {channels})"
                )
            whole = max(other.last for other in RUNS.values() if other.images == run.images)
            if shape[0] < run.last:
                raise BadDataError(
                    f"{self._folder / file} holds {shape[0]} frames; as published it has {whole}"
                )
        if images.shape[1:3] != labels.shape[1:3]:
            raise BadDataError(f"{run.images} and {run.labels} differ in size")

    def _scale(self, run: Run) -> float:
        first = self._array(run.images, run.key)[run.first]
        return 255.0 if first.dtype != np.uint8 and first.max() <= 1 else 1.0


def _run(name: str, labels: Mapping[str, tuple[str, str]], folder: Path) -> Run:
    if name not in RUNS:
        raise UsageError(f"no sequence {name!r}: {', '.join(RUNS)}")
    run = RUNS[name]
    beside = label_file(folder / run.images)
    file = run.labels if beside is None else beside.name
    file, key = labels.get(run.images, (file, run.label_key))
    return replace(run, labels=file, label_key=key)
