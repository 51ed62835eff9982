"""Prediction: frames of any kind in, masks, overlays, films, maps and curves out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from tqdm import tqdm

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import count_frames
from fluorosynth.io.lock import locked
from fluorosynth.io.names import stem
from fluorosynth.io.place import local
from fluorosynth.io.sources import find_sources, refuse_within, root_of
from fluorosynth.learn.checkpoint import Model, as_model, weights_hash
from fluorosynth.learn.prediction.behind import behind
from fluorosynth.learn.prediction.dicom_out import check_dicom, is_dicom
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.journal import Journal, refuse_foreign
from fluorosynth.learn.prediction.outputs import Outputs, Wanted, is_there
from fluorosynth.learn.prediction.segment import SegmentConfig, segment
from fluorosynth.learn.prediction.table import write_table
from fluorosynth.learn.prediction.windows import Clip, read_clips


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
    refuse_within(out, src)
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
        done = {
            source
            for source, name in zip(sources, names, strict=True)
            if journal.has(source) and is_there(out, name)
        }
        counts = _counts([source for source in sources if source not in done], quiet)
        made, readable = list[Outcome](), list[Path]()
        total = sum(counts.values())
        bar = held.enter_context(tqdm(total=total, unit="frame", file=sys.stderr, disable=quiet))
        for source, name in zip(sources, names, strict=True):
            if source not in done:
                clips = read_clips([*readable, source], len(readable), inference.channels, invert)
                try:
                    several = (counts[source] or count_frames(source)) > 1
                    outputs = Outputs(source, out, name, several, wanted, quiet, invert)
                    made.append(_predict_file(clips, inference, config, outputs, bar))
                except BadDataError as error:
                    if on_bad is None:
                        raise
                    on_bad(error)
                    continue
                if wanted.dicom and is_dicom(source):
                    bar.set_postfix_str("writing DICOM")
                    outputs.write_dicom(inference.model.network.kind, weights)
                    bar.set_postfix_str("")
                if not journal.has(source):
                    journal.add(source)
            readable.append(source)
        places = {source: source.relative_to(root).as_posix() for source in readable}
        named = zip(sources, names, strict=True)
        write_table(out, [(places[source], name) for source, name in named if source in places])
    return Outcome(
        sum(one.frames for one in made),
        sum(one.found for one in made),
        len(done),
        sum(one.timeless for one in made),
    )


def _predict_file(
    clips: Iterator[Clip],
    inference: Inference,
    config: SegmentConfig,
    outputs: Outputs,
    bar: tqdm[Any],
) -> Outcome:
    """Segment the frames of a file, and write what was found while the next ones are computed."""
    frames = found = 0
    with outputs, behind(outputs.add) as add:
        while batch := list(islice(clips, inference.batch)):
            results = segment(np.stack([clip for _, clip in batch]), inference, config)
            for (frame, _), result in zip(batch, results, strict=True):
                add(frame, result)
                found += bool(result.mask.any())
            frames += len(batch)
            bar.update(len(batch))
    return Outcome(frames, found, 0, int(outputs.timeless))


def _counts(sources: Sequence[Path], quiet: bool) -> dict[Path, int]:
    """Return the number of frames of each file; 0 where it cannot be read."""
    counts = dict.fromkeys(sources, 0)
    bar = tqdm(sources, "counting frames", leave=False, file=sys.stderr, disable=quiet)
    for source in bar:
        with suppress(BadDataError):  # said when its turn has come
            counts[source] = count_frames(source)
    return counts


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
