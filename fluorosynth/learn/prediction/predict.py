"""Prediction: frames of any kind in, masks, overlays, films, maps and curves out."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.io.film import FPS, Film
from fluorosynth.io.frames import (
    Frame,
    count_frames,
    find_sources,
    frame_rate,
    frames_together,
    read_frames,
    root_of,
)
from fluorosynth.io.lock import locked
from fluorosynth.io.names import stem
from fluorosynth.io.place import local
from fluorosynth.labels.file import write_labels
from fluorosynth.learn.checkpoint import Model, as_model, weights_hash
from fluorosynth.learn.overlay import overlay
from fluorosynth.learn.prediction.behind import behind
from fluorosynth.learn.prediction.centrelines import Traced, centrelines, traced
from fluorosynth.learn.prediction.dicom_out import check_dicom, is_dicom, write_dicom
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.journal import Journal, refuse_foreign
from fluorosynth.learn.prediction.segment import SegmentConfig, Segmented, segment
from fluorosynth.learn.prediction.suggestions import suggested
from fluorosynth.learn.prediction.table import summary, write_table
from fluorosynth.learn.prediction.windows import Clip, read_clips
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


@dataclass(frozen=True)
class Outcome:
    """What a prediction did.

    Parameters
    ----------
    frames
        Number of frames predicted now.
    found
        Number of those with an instrument.
    skipped
        Number of files done before.
    timeless
        Number of films of files that do not say their frame rate: 15 frames a second.
    """

    frames: int
    found: int
    skipped: int
    timeless: int = 0


def predict(
    src: str | Path,
    model: Inference | Model | str | Path,
    out: str | Path,
    config: SegmentConfig | None = None,
    wanted: Wanted | None = None,
    *,
    device: str = "auto",
    invert: bool = False,
    on_bad: Callable[[BadDataError], None] | None = None,
    quiet: bool = True,
) -> Outcome:
    """Segment the frames of files and write what was found; go on where it was interrupted.

    Written are ``masks/NAME.png`` (0 and 255, at the frame's resolution), ``overlays/NAME.png``
    and so on, NAME being the file's place below ``src`` without suffix. A file of several frames
    is a sequence: it has a folder ``masks/NAME`` with ``00012.png`` for its frame 12, and a film.
    ``frames/NAME.json`` lists the frames: how many pixels are marked, the probability that
    there is an instrument at all (``presence``, null for a model that does not know it), and the
    instruments, each with a number that it keeps in the sequence. ``predictions.csv`` holds the
    same of all files as a table.

    A network of several channels sees the frames before in the sequence; pictures of one folder and
    size follow one another by name.

    Parameters
    ----------
    src
        File, folder or glob.
    model
        Network ready to predict, a model, or a checkpoint, a run folder or ``"default"``.
    out
        New folder, or one with predictions of this model and these settings: what is complete
        there, and of a file that did not change, is not made again.
    config
        Settings by which frames become masks; None: as the model says.
    wanted
        Files to write beside the masks; None: overlays.
    device
        PyTorch device of a model that is not ready yet; ``"auto"``: CUDA, else MPS, else CPU.
    invert
        Whether dense material is bright in the frames, so that their grey values are turned round.
    on_bad
        Function of the error of a file that cannot be read, which is then left out; None: the
        error is raised.
    quiet
        Whether no progress bar is shown.

    Returns
    -------
    Outcome
        How many frames were predicted.

    Raises
    ------
    BadDataError
        When a file cannot be read.
    UsageError
        When ``out`` holds something else, or lies in ``src``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/run.npy", np.full((3, 64, 64), 120, np.uint8))
    ...     predict(f"{folder}/run.npy", "default", f"{folder}/out").frames
    3
    """
    wanted, out = wanted or Wanted(), local(out)
    sources, root = find_sources(src), root_of(src)
    if root.resolve() in [out.resolve(), *out.resolve().parents] and Path(src).is_dir():
        raise UsageError(f"`out` {out} lies in {src}, and would be read as input: name another")
    if wanted.dicom:
        check_dicom(sources)
    inference = model if isinstance(model, Inference) else Inference(as_model(model), device)
    config = config or SegmentConfig.of(inference.model)
    weights = weights_hash(inference.model.network)
    settings = {
        "weights": weights,
        "mode": str(inference.engine),
        **asdict(config),
        **asdict(wanted),
    }
    settings["invert"] = invert
    refuse_foreign(out)
    with ExitStack() as held:
        busy = f"another process is predicting into {out}: wait for it"
        held.enter_context(locked(out, busy, stays=False))
        journal = Journal(out, settings)
        names = _names(sources, root)
        done = {source for source in sources if journal.has(source)}
        counts = _counts([source for source in sources if source not in done], quiet)
        frames = found = timeless = 0
        readable = list[Path]()
        total = sum(counts.values())
        bar = held.enter_context(tqdm(total=total, unit="frame", file=sys.stderr, disable=quiet))
        for source, name in zip(sources, names, strict=True):
            if source in done:
                readable.append(source)
                continue
            clips = read_clips([*readable, source], len(readable), inference.channels, invert)
            try:
                several = (counts[source] or count_frames(source)) > 1
                with (
                    _Writer(source, out, name, several, wanted, quiet, invert) as writer,
                    behind(writer.add) as add,
                ):
                    for batch in _batches(clips, inference.batch):
                        stack = np.stack([clip for _, clip in batch])
                        results = segment(stack, inference, config)
                        for (frame, _), result in zip(batch, results, strict=True):
                            add(frame, result)
                            found += bool(result.mask.any())
                        frames += len(batch)
                        bar.update(len(batch))
                timeless += writer.timeless
            except BadDataError as error:
                if on_bad is None:
                    raise
                on_bad(error)
                continue
            if wanted.dicom and is_dicom(source):
                masks = [out / "masks" / f"{name}.png"]
                if several:
                    masks = sorted((out / "masks" / name).glob("*.png"))
                place = out / "segmentations" / name
                bar.set_postfix_str("writing DICOM")
                write_dicom(source, masks, place, inference.model.network.kind, weights)
                bar.set_postfix_str("")
            readable.append(source)
            journal.add(source)
        places = {source: source.relative_to(root).as_posix() for source in readable}
        named = zip(sources, names, strict=True)
        write_table(out, [(places[source], name) for source, name in named if source in places])
    return Outcome(frames, found, len(done), timeless)


def _counts(sources: Sequence[Path], quiet: bool) -> dict[Path, int]:
    """Return the number of frames of each file; 0 where it cannot be read."""
    counts = dict.fromkeys(sources, 0)
    bar = tqdm(sources, "counting frames", leave=False, file=sys.stderr, disable=quiet)
    for source in bar:
        with suppress(BadDataError):  # said when its turn has come
            counts[source] = count_frames(source)
    return counts


class _Writer:
    """Writes the outputs of one source; what needs all frames when left without an error."""

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

    def __enter__(self) -> _Writer:
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
        """Write what belongs to one frame."""
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
        return self._path(what, f"/{frame:05d}.png" if self.sequence else ".png")

    def _path(self, what: str, ending: str) -> Path:
        path = self.out / what / (self.name + ending)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _outlined(
    frame: Frame, mask: Mask, curves: Mapping[int, Sequence[Mapping[str, Any]]]
) -> NDArray[np.uint8]:
    tips = [curve["tip"] for curve in curves.get(frame.index, ()) if curve["tip"]]
    return overlay(frame.image, mask, tips)


def _names(sources: Sequence[Path], root: Path) -> list[str]:
    """Return each file's place below ``root`` without suffix, or with it where two would be one."""
    whole = [path.relative_to(root).as_posix() for path in sources]
    short = [stem(name) for name in whole]
    often = Counter(short)
    # A sequence has a folder of masks: not that of pictures which lie in a folder of its name
    folders = {parent.as_posix() for name in short for parent in PurePosixPath(name).parents}
    return [
        s if often[s] == 1 and s not in folders else w for s, w in zip(short, whole, strict=True)
    ]


def _batches(clips: Iterator[Clip], size: int) -> Iterator[list[Clip]]:
    while batch := list(islice(clips, size)):
        yield batch


def _write(path: Path, content: bytes) -> None:
    with replacing(path, sync=False) as part:  # a lost one is made again
        part.write_bytes(content)
