"""From one run without labels to a model of one's own, step by step."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm
from xxhash import xxh3_128

from fluorosynth.errors import UsageError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.io.place import local
from fluorosynth.io.sources import find_sources, refuse_within
from fluorosynth.io.spread import spread_frames
from fluorosynth.learn.adaptation.compare import agreement, before_after, scores, verdict
from fluorosynth.learn.adaptation.config import AdaptConfig
from fluorosynth.learn.adaptation.sure import Sure, keep_sure, predicted_frames, recipes
from fluorosynth.learn.checkpoint import (
    ADAPTED,
    Model,
    as_model,
    load_model,
    save_model,
    weights_hash,
)
from fluorosynth.learn.data import Inverted, LabelledDataset, Mixed, RecipeDataset, open_dataset
from fluorosynth.learn.prediction.outputs import Wanted
from fluorosynth.learn.prediction.predict import predict
from fluorosynth.learn.reproduce.tasks import Task, in_order, result_of, run_tasks
from fluorosynth.learn.training.finetune import finetune, finetune_config
from fluorosynth.recipe import Recipe

STEPS, REPORT, PICTURE = "steps", "adapt.json", "overlays.png"
SHOWN = 4  # frames in the picture
Told = Callable[[Task, int, int], None]  # the step that begins, its number, and how many there are


@dataclass(frozen=True)
class Adapted:
    """What an adaptation came to.

    Parameters
    ----------
    kept
        Whether ``model`` is the new one; otherwise it is the old one, which did better.
    worse
        Sentences on where the new model is worse.
    report
        Content of ``adapt.json``.
    model
        File of the better model.
    """

    kept: bool
    worse: list[str]
    report: dict[str, Any]
    model: Path


def adapt(
    src: str | Path,
    model: Model | str | Path,
    out: str | Path,
    config: AdaptConfig | None = None,
    labels: LabelledDataset | str | Path | None = None,
    *,
    device: str = "auto",
    told: Told | None = None,
    quiet: bool = True,
) -> Adapted:
    """Adapt a model to a run that nobody has labelled, and measure whether that has helped.

    Written are ``model.pt`` (the better of old and new), ``adapt.json`` (all figures),
    ``overlays.png`` (before and after), and ``steps/``, which makes an interrupted adaptation go on
    where it was.

    Parameters
    ----------
    src
        File, folder or glob.
    model
        Model to begin with, or a checkpoint, a run folder or ``"default"``.
    out
        Folder of the results.
    config
        Settings; None: the defaults.
    labels
        Labelled frames on which both models are measured, never trained; None: there are none.
    device
        Name of a PyTorch device; ``"auto"``: CUDA, else MPS, else CPU.
    told
        Called before each step.
    quiet
        No progress bars.

    Raises
    ------
    BadDataError
        When a file cannot be read, or the model is sure of no instrument.
    UsageError
        When ``out`` is a file or lies in ``src``.
    InterruptedRunError
        When stopped by the user while it trains.
    """
    out, config = local(out), config or AdaptConfig()
    if out.exists() and not out.is_dir():
        raise UsageError(f"`out` {out} is a file: name a folder")
    refuse_within(out, src)
    if labels is not None and not isinstance(labels, LabelledDataset):
        labels = open_dataset(labels)
    if labels is not None and config.invert:
        labels = Inverted(labels)
    out.mkdir(parents=True, exist_ok=True)
    work = _Work(src, as_model(model), config, labels, device, quiet)
    steps, place = work.tasks(), out / STEPS
    todo = [task for task in in_order(steps.values()) if not task.done(place)]
    for number, task in enumerate(run_tasks(steps.values(), place), 1):
        if told:
            told(task, number, len(todo))
    return _finish(work, steps, place, out)


class _Work:
    """The steps: predict, tune, predict again, measure."""

    def __init__(
        self,
        src: str | Path,
        model: Model,
        config: AdaptConfig,
        labels: LabelledDataset | None,
        device: str,
        quiet: bool,
    ) -> None:
        self.src, self.old, self.config, self.labels = src, model, config, labels
        self.device, self.quiet = device, quiet
        self.size = config.size or model.size
        self._learnt: tuple[Sure, Recipe, Recipe] | None = None

    def tasks(self) -> dict[str, Task]:
        """Return the steps by name."""
        model = {"weights": weights_hash(self.old.network), "masks": asdict(self.old.masks)}
        settings = asdict(self.config)
        facts = {"source": _stamp(self.src), **model, "threshold": self.old.threshold}
        facts["invert"] = settings.pop("invert")
        own = {"held_out": settings.pop("held_out")}
        before = Task("before", facts, self._before)
        tuned = Task("tuned", settings, self._tune, {"before": before})
        after = Task("after", {}, self._after, {"tuned": tuned})
        truth = self.labels.fingerprint if self.labels is not None else ""
        both = {"before": before, "tuned": tuned}
        measured = Task("measured", {**own, "labels": truth}, self._measure, both)
        return {"before": before, "tuned": tuned, "after": after, "measured": measured}

    def learnt(self, before: Path) -> tuple[Sure, Recipe, Recipe]:
        """Return what the old model is sure of, the recipe of that, and the plain one."""
        if self._learnt is None:  # kept: their sources are dear to open
            total = sum(len(frames) for _, frames in spread_frames(self.src, self.config.frames))
            with tqdm(total=total, unit="frame", file=sys.stderr, disable=self.quiet) as bar:
                sure = keep_sure(
                    self.src,
                    before / "predicted",
                    self.config.frames,
                    bar.update,
                    self.config.invert,
                )
            self._learnt = sure, *recipes(sure, self.size)
        return self._learnt

    def new(self, tuned: Path) -> Model:
        """Return the tuned model with the old one's threshold and size, which still hold."""
        found = load_model(tuned / "run")
        old = self.old
        return replace(found, threshold=old.threshold, masks=old.masks, size=old.size)

    def _before(self, folder: Path, parents: Mapping[str, Path], options: Any) -> Any:  # noqa: ARG002
        return self._predict(self.old, folder)

    def _after(self, folder: Path, parents: Mapping[str, Path], options: Any) -> Any:  # noqa: ARG002
        return self._predict(self.new(parents["tuned"]), folder)

    def _predict(self, model: Model, folder: Path) -> dict[str, int]:
        wanted = Wanted(probabilities=True, overlays=False)
        done = predict(
            self.src,
            model,
            folder / "predicted",
            None,
            wanted,
            device=self.device,
            invert=self.config.invert,
            quiet=self.quiet,
        )
        return {"frames": done.frames, "found": done.found}

    def _tune(self, folder: Path, parents: Mapping[str, Path], options: Any) -> Any:  # noqa: ARG002
        (sure, own, plain), config = self.learnt(parents["before"]), self.config
        half = config.samples // 2
        pairs = Mixed([RecipeDataset(recipe, config.seed, half) for recipe in (own, plain)])
        settings = finetune_config(
            self.old,
            config.layers,
            synthetic=True,
            epochs=config.epochs,
            batch_size=config.batch_size,
            lr=config.lr,
            size=self.size,
            seed=config.seed,
            checkpoint_every=10,
            device=self.device,
        )
        run = folder / "run"  # whether it is better, all that is measured here decides
        done = finetune(pairs, self.old, settings, run, quiet=self.quiet, keep_better=False)
        kept = {"frames": sure.frames, "kept": sure.kept, "curves": sure.found}
        return {**kept, "best_epoch": done.epoch}

    def _measure(self, folder: Path, parents: Mapping[str, Path], options: Any) -> Any:  # noqa: ARG002
        _, own, plain = self.learnt(parents["before"])
        seed, count = self.config.seed, self.config.held_out
        data: dict[str, LabelledDataset] = {
            what: RecipeDataset(recipe, seed, count).held_out(count)
            for what, recipe in (("plain", plain), ("own", own))
        }
        if self.labels is not None:
            data["labels"] = self.labels
        models = {"before": self.old, "after": self.new(parents["tuned"])}
        return {
            what: {
                when: scores(model, pairs, self.device, self.quiet)
                for when, model in models.items()
            }
            for what, pairs in data.items()
        }


def _finish(work: _Work, steps: dict[str, Task], place: Path, out: Path) -> Adapted:
    """Write the model, the report and the picture."""
    before, after = (steps[when].folder(place) / "predicted" for when in ("before", "after"))
    measured = result_of(steps["measured"], place)
    kept, worse = verdict(measured)
    on_run = agreement(before / "masks", after / "masks")
    report = {
        "kept": "new" if kept else "old",
        "worse": worse,
        "used": result_of(steps["tuned"], place),
        "run": {k: None if math.isnan(v) else v for k, v in on_run.items()},
        "measured": measured,
        "settings": asdict(work.config),
    }
    better = work.new(steps["tuned"].folder(place)) if kept else work.old
    save_model(out / ADAPTED, better)
    invert = work.config.invert
    shown = (predicted_frames(work.src, folder, SHOWN, invert) for folder in (before, after))
    with replacing(out / PICTURE) as part:
        part.write_bytes(png_bytes(before_after(*shown)))
    with replacing(out / REPORT) as part:
        part.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return Adapted(kept, worse, report, out / ADAPTED)


def _stamp(src: str | Path) -> str:
    """Return a digest of names, sizes and times of the files."""
    files = [(str(path), (s := path.stat()).st_size, s.st_mtime_ns) for path in find_sources(src)]
    return xxh3_128(json.dumps(files).encode()).hexdigest()
