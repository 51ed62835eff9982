"""What the steps of a reproduction do, each in a folder of its own."""

from __future__ import annotations

import csv
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.learn.checkpoint import BEST, Model, load_model
from fluorosynth.learn.data import (
    LabelledDataset,
    Normalisation,
    Resized,
    Subset,
    WeissDataset,
)
from fluorosynth.learn.device import pick_device
from fluorosynth.learn.evaluation.evaluate import evaluate
from fluorosynth.learn.evaluation.predictors import plain_predictor
from fluorosynth.learn.evaluation.results import mean
from fluorosynth.learn.networks import build
from fluorosynth.learn.reproduce import data, published
from fluorosynth.learn.reproduce.pictures import (
    examples,
    film,
    loss_curves,
    making,
    synthetic_and_phantom,
)
from fluorosynth.learn.reproduce.surrogate import write_surrogate
from fluorosynth.learn.reproduce.tasks import Run
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.finetune import finetune, finetune_config
from fluorosynth.learn.training.train import train

TIMED = 20  # pictures
FILMED = 60  # frames of T1
EXAMPLES, DATA, MAKING, CURVES = "examples.png", "data.png", "making.png", "curves.png"
FILM = "T1"  # with the suffix of what can be written here
COLUMNS = "train_loss", "validation_loss", "train_dice", "validation_dice"
Parents = Mapping[str, Path]
Options = Mapping[str, Any]


@dataclass(frozen=True)
class Work:
    """The steps' functions.

    Parameters
    ----------
    device
        Name of a PyTorch device, or ``"auto"``.
    size
        Side of all pictures, px.
    quiet
        Whether no progress bars are shown.
    """

    device: str
    size: int
    quiet: bool = True

    def of(self, name: str) -> Run:
        """Return a function that takes a step's folder, those of its parents, and its options.

        Parameters
        ----------
        name
            Name of what the step does.
        """
        runs: dict[str, Run] = {
            "make_surrogate": self._make_surrogate,
            "make_synthetic": self._make_synthetic,
            "count": self._count,
            "train": self._train,
            "finetune": self._finetune,
            "score": self._score,
            "draw_examples": self._draw_examples,
            "draw_film": self._draw_film,
            "draw_data": self._draw_data,
            "draw_curves": self._draw_curves,
            "time_networks": self._time_networks,
        }
        return runs[name]

    def _make_surrogate(self, out: Path, parents: Parents, o: Options) -> None:  # noqa: ARG002
        with self._bar("frame", published.IN_VIVO + published.PHANTOM) as bar:
            write_surrogate(out, o["size"], progress=bar.update)
        point(out, out)

    def _make_synthetic(self, out: Path, parents: Parents, o: Options) -> None:
        data.make_synthetic(files(parents["weiss"]), out, **o)

    def _count(self, out: Path, parents: Parents, o: Options) -> dict[str, list[dict[str, int]]]:  # noqa: ARG002
        weiss, found = files(parents["weiss"]), {}
        for split in o["splits"]:
            parts = data.split_of(weiss, split, o["seed"])
            found[split] = [dict(Counter(p.sequence(i) for i in range(len(p)))) for p in parts]
        return found

    def _train(self, out: Path, parents: Parents, o: Options) -> dict[str, list[float]]:
        pairs = (
            data.synthetic(parents["synthetic"])
            if o["data"] == "synthetic"
            else data.real(files(parents["weiss"]), o["data"], o["size"], o["share"], o["seed"])
        )
        keys = ("network", "epochs", "batch_size", "seed", "loss")
        settings = TrainConfig(**{key: o[key] for key in keys}, device=self.device)
        train(pairs, settings, out / "run", quiet=self.quiet)
        return curves(out)

    def _finetune(self, out: Path, parents: Parents, o: Options) -> dict[str, list[float]]:
        model = load_model(parents["start"] / "run" / BEST)
        keys = ("epochs", "batch_size", "seed", "loss")
        settings = finetune_config(
            model,
            o["layers"],
            **{key: o[key] for key in keys},
            augment=False,
            mix=0.0,
            device=self.device,
        )
        weiss = files(parents["weiss"])
        pairs = data.real(weiss, o["data"], o["size"], o["share"], o["seed"])
        finetune(pairs, model, settings, out / "run", quiet=self.quiet, keep_better=False)
        return curves(out)

    def _score(
        self,
        out: Path,  # noqa: ARG002
        parents: Parents,
        o: Options,
    ) -> dict[str, dict[str, float]]:
        device = pick_device(self.device)
        model = load_model(parents["model"] / "run" / BEST, device)
        pairs = data.tested(files(parents["weiss"]), o["split"], o["size"], o["limit"], o["seed"])
        found = evaluate(pairs, plain_predictor(model), {o["threshold"]: "chosen"}, quiet=True)
        names = ("dice", "fp_percent_of_image", "fp_percent_of_background")
        measured = {name: found.by_sequence(o["threshold"], name) for name in names}
        return {
            sequence: {name: mean(measured[name][sequence]) for name in names}
            for sequence in measured["dice"]
        }

    def _draw_examples(self, out: Path, parents: Parents, o: Options) -> None:
        weiss = files(parents["weiss"])
        models = {name: parents[name] for name in ("Exp. 1", "Exp. 2")}
        pairs = data.tested(weiss, o["split"], o["size"], o["limit"], o["seed"])
        sheet = examples(models, pairs, o["threshold"], self.device)
        (out / EXAMPLES).write_bytes(png_bytes(sheet))

    def _draw_film(self, out: Path, parents: Parents, o: Options) -> None:
        pairs = Subset(WeissDataset(files(parents["weiss"]), ["T1"]), np.arange(FILMED))
        frames = Resized(pairs, o["size"])
        film(parents["Exp. 1"], frames, o["threshold"], self.device, out / FILM)

    def _draw_data(self, out: Path, parents: Parents, o: Options) -> None:
        weiss, made = files(parents["weiss"]), parents["synthetic"]
        shown = synthetic_and_phantom(data.synthetic(made), phantom(weiss, o["size"]))
        (out / DATA).write_bytes(png_bytes(shown))
        patches = made / data.PATCHES
        recipe = data.recipe_of(weiss, patches, o["size"])
        with data.stubs_expected():
            (out / MAKING).write_bytes(png_bytes(making(recipe, patches, o["seed"])))

    def _draw_curves(self, out: Path, parents: Parents, o: Options) -> None:  # noqa: ARG002
        (out / CURVES).write_bytes(loss_curves({k: curves(v) for k, v in parents.items()}))

    def _time_networks(self, out: Path, parents: Parents, o: Options) -> dict[str, float]:  # noqa: ARG002
        device, size, found = pick_device(self.device), self.size, {}
        pictures = np.random.default_rng(0).integers(0, 255, (TIMED, size, size)).astype(np.uint8)
        for name, kind in (("light", "light"), ("Ambrosini", "ambrosini")):
            network = build(kind).to(device).eval()
            count = sum(p.numel() for p in network.parameters())
            found[f"{name}, parameters"] = float(count)
            predict = plain_predictor(Model(network, Normalisation(128.0, 50.0)))
            predict(pictures[0])
            times = []
            for picture in pictures:
                began = time.perf_counter()
                predict(picture)
                times.append(time.perf_counter() - began)
            found[f"{name}, ms an image"] = 1000 * float(np.median(times))
        return found

    def _bar(self, unit: str, total: int) -> Any:
        from tqdm import tqdm

        return tqdm(total=total, unit=unit, leave=False, file=sys.stderr, disable=self.quiet)


def point(out: Path, weiss: Path) -> None:
    """Note in a step's folder where the WEISS files lie.

    Parameters
    ----------
    out
        Folder of the step.
    weiss
        Folder of the files.
    """
    (out / "where.txt").write_text(str(weiss.resolve()), "utf-8")


def files(step: Path) -> Path:
    """Return where the WEISS files lie.

    Parameters
    ----------
    step
        Folder of the step that noted it.
    """
    return Path((step / "where.txt").read_text("utf-8"))


def curves(step: Path) -> dict[str, list[float]]:
    """Return loss and Dice of each epoch of a training.

    Parameters
    ----------
    step
        Folder of the step that trained.
    """
    with (step / "run" / "metrics.csv").open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return {name: [float(row[name]) for row in rows] for name in COLUMNS}


def phantom(weiss: Path, size: int) -> LabelledDataset:
    """Return the phantom's frames.

    Parameters
    ----------
    weiss
        Folder of the WEISS files.
    size
        Side of the pictures, px.
    """
    return Resized(WeissDataset(weiss, ["phantom"]), size)
