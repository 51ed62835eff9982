"""What a prediction writes of one source: masks, overlays, films, maps and curves."""

from __future__ import annotations

import json
import math
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.io.film import FPS, Film
from fluorosynth.io.frames import Frame, frame_rate, frames_together, read_frames
from fluorosynth.labels.file import write_labels
from fluorosynth.learn.overlay import overlay
from fluorosynth.learn.prediction.behind import behind
from fluorosynth.learn.prediction.centrelines import Traced, centrelines, traced
from fluorosynth.learn.prediction.dicom_out import write_dicom
from fluorosynth.learn.prediction.segment import Segmented
from fluorosynth.learn.prediction.suggestions import suggested
from fluorosynth.learn.prediction.table import read_rows, summary
from fluorosynth.sample import Mask


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to write beside the masks.

    Parameters
    ----------
    probabilities
        Whether the maps are written, as 16-bit PNG: value / 65535.
    overlays
        Whether pictures with the mask outlined are written; of sequences, films.
    centrelines
        Whether the instruments are written as curves in JSON; see ``learn.prediction.centrelines``.
    dicom
        Whether the masks of DICOM files are written as DICOM too: Segmentations that refer to them,
        ``segmentations/NAME.dcm``; see ``learn.prediction.dicom_out``.
    fps
        Frames a second of films, > 0; None: the file's own, and 15 where it does not say.
    """

    probabilities: bool = False
    overlays: bool = True
    centrelines: bool = False
    dicom: bool = False
    fps: float | None = None

    def __post_init__(self) -> None:
        if self.fps is not None and not 0 < self.fps <= 1000:
            raise UsageError(f"`fps` must be above 0 and at most 1000, not {self.fps}")


class Outputs:
    """The files of one source, written as its frames come; what needs all of them, at the end.

    Parameters
    ----------
    source
        File of frames.
    out
        Folder of the prediction.
    name
        Name of the source in it.
    sequence
        Whether the source has several frames.
    wanted
        Files to write beside the masks.
    quiet
        Whether no progress bar is shown.
    invert
        Whether dense material is bright in the frames.
    """

    def __init__(
        self,
        source: Path,
        out: Path,
        name: str,
        sequence: bool,
        wanted: Wanted,
        quiet: bool,
        invert: bool,
    ) -> None:
        self.source, self.quiet, self.invert = source, quiet, invert
        self.out, self.name, self.sequence, self.wanted = out, name, sequence, wanted
        self.timeless = False
        self._picture: tuple[Frame, Mask] | None = None  # of a file of one
        self._traced: list[Traced] = []
        self._frames: list[dict[str, Any]] = []

    def __enter__(self) -> Outputs:
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        if kind is not None:
            return
        step = frames_together(self.source)
        parts = [self._traced[k : k + step] for k in range(0, len(self._traced), step)]
        curves = [curve for part in parts for curve in centrelines(part)]
        of_frame = defaultdict(list)
        for curve in curves:
            of_frame[curve["frame"]].append(curve)
        for row in self._frames:
            row["instruments"] = [summary(curve) for curve in of_frame[row["frame"]]]
        _write(self._path("frames", ".json"), json.dumps(self._frames).encode())
        if self.wanted.centrelines:
            _write(self._path("centrelines", ".json"), json.dumps(curves).encode())
            write_labels(self._path("labels", ".json"), suggested(curves, self.source))
        if self.wanted.overlays:
            self._draw(of_frame)

    def add(self, frame: Frame, result: Segmented) -> None:
        """Write what belongs to one frame.

        Parameters
        ----------
        frame
            Frame that was read.
        result
            Masks, maps and presence found in it.
        """
        found, mask, presence = result
        self._frames.append(
            {
                "frame": frame.index,
                "frame_size": list(mask.shape),
                "presence": None if math.isnan(presence) else round(presence, 4),
                "pixels": int(np.count_nonzero(mask)),
            }
        )
        _write(self._still("masks", frame.index), png_bytes(mask * np.uint8(255), flat=True))
        if self.wanted.probabilities:
            deep = np.rint(found * 65535).astype(np.uint16)
            _write(self._still("probabilities", frame.index), png_bytes(deep))
        self._traced.append(traced(frame, mask, found))
        self._picture = None if self.sequence else (frame, mask)

    def write_dicom(self, kind: str, weights: str) -> None:
        """Write the masks as DICOM too.

        Parameters
        ----------
        kind
            Kind of the network that made them.
        weights
            Hash of its weights.

        Raises
        ------
        BadDataError
            When they do not fit the source.
        """
        masks = [self._path("masks", ".png")]
        if self.sequence:
            masks = sorted(self._path("masks", "").glob("*.png"))
        write_dicom(self.source, masks, self._path("segmentations", ""), kind, weights)

    def _draw(self, curves: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
        """Draw masks and tips on the frames: only now it is known which ends are tips."""
        if self._picture is not None:
            _write(self._path("overlays", ".png"), png_bytes(_outlined(*self._picture, curves)))
        if not self.sequence:
            return
        own = self.wanted.fps or frame_rate(self.source)
        self.timeless = own is None
        indices = [row["frame"] for row in self._frames]
        bar = tqdm(indices, "film", leave=False, file=sys.stderr, disable=self.quiet)
        with (
            Film(self._path("overlays", ""), own or FPS) as film,
            behind(film.add) as add,
        ):
            frames = read_frames(self.source, indices, self.invert)
            for _, frame in zip(bar, frames, strict=False):
                coded = np.fromfile(self._still("masks", frame.index), np.uint8)
                mask = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)) // np.uint8(255)
                add(_outlined(frame, mask, curves))

    def _still(self, what: str, frame: int) -> Path:
        return self._path(what, _ending(frame, self.sequence))

    def _path(self, what: str, ending: str) -> Path:
        path = self.out / what / (self.name + ending)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _ending(frame: int, sequence: bool) -> str:
    """Return how the name of a frame's picture ends after that of its source."""
    return f"/{frame:05d}.png" if sequence else ".png"


def is_there(out: Path, name: str) -> bool:
    """Tell whether what is found in a source is there, rows and masks: a crash may lose files.

    Parameters
    ----------
    out
        Folder of the prediction.
    name
        Name of the source in it.
    """
    try:
        rows = read_rows(out, name)
    except BadDataError:
        return False
    folder = out / "masks"
    sequence = (folder / name).is_dir()
    masks = [folder / (name + _ending(row.frame, sequence)) for row in rows]
    return bool(rows) and all(mask.is_file() and mask.stat().st_size for mask in masks)


def _outlined(
    frame: Frame, mask: Mask, curves: Mapping[int, Sequence[Mapping[str, Any]]]
) -> NDArray[np.uint8]:
    tips = [curve["tip"] for curve in curves.get(frame.index, ()) if curve["tip"]]
    return overlay(frame.image, mask, tips)


def _write(path: Path, content: bytes) -> None:
    with replacing(path, sync=False) as part:  # a lost one is made again
        part.write_bytes(content)
