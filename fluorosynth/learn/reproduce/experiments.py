"""The publication's experiments as steps: what is trained on what, and measured on what."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.learn.checkpoint import BEST, Model, load_model
from fluorosynth.learn.data import Normalisation, Resized, Subset, WeissDataset
from fluorosynth.learn.device import pick_device
from fluorosynth.learn.evaluation.evaluate import evaluate, mean, plain_predictor
from fluorosynth.learn.networks import build
from fluorosynth.learn.reproduce import data, published
from fluorosynth.learn.reproduce.config import ReproduceConfig
from fluorosynth.learn.reproduce.pictures import examples, film
from fluorosynth.learn.reproduce.surrogate import write_surrogate
from fluorosynth.learn.reproduce.tasks import Task
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.finetune import finetune, finetune_config
from fluorosynth.learn.training.train import train

LAYERS = {"7": "", "13": "13", "19": "19"}  # "" stands for the chosen reading
SPLITS = {"S1": 240, "S2": 714, "S3": 579}  # frames for fine-tuning
TIMED = 20  # pictures
FILMED = 60  # frames of T1
Parents = Mapping[str, Path]
Options = Mapping[str, Any]


class Experiments:
    """Steps for one set of options; equal ones are one step, whoever asks.

    Parameters
    ----------
    config
        Settings: how much, and which readings.
    weiss
        Folder of the WEISS files; None: a surrogate is made.
    quiet
        Whether no progress bars are shown.
    """

    def __init__(self, config: ReproduceConfig, weiss: Path | None, quiet: bool = True) -> None:
        self.config, self.quiet = config, quiet
        if weiss is None:
            self._weiss = Task("surrogate", {"size": config.size}, self._make_surrogate)
        else:
            found = {"fingerprint": WeissDataset(weiss, ["T1", "T3", "phantom"]).fingerprint}
            self._weiss = Task("weiss", found, lambda out, *_: _point(out, weiss))

    def synthetic(self, seed: int) -> Task:
        """Make Dataset-1.

        Parameters
        ----------
        seed
            Seed of the pictures.
        """
        options = {"size": self.config.size, "count": self.config.synthetic, "seed": seed}

        def run(out: Path, parents: Parents, options: Options) -> None:
            data.make_synthetic(_files(parents["weiss"]), out, **options)

        return Task("synthetic", options, run, {"weiss": self._weiss})

    def pretrained(
        self, experiment: int, seed: int, loss: str = "dice", network: str = "light"
    ) -> Task:
        """Train end to end: Experiment 1 on synthetic pictures, 2 on the phantom.

        Parameters
        ----------
        experiment
            Number of the experiment, 1 or 2.
        seed
            Seed of the training.
        loss
            Name of the loss.
        network
            Kind of network.
        """
        c = self.config
        count = c.synthetic if experiment == 1 else round(c.share * published.PHANTOM)
        options = {
            "data": "synthetic" if experiment == 1 else "phantom",
            **self._training(c.pretrain_epochs, c.pretrain_batch, seed, loss),
            "network": network,
        }
        parents = {"weiss": self._weiss}
        if experiment == 1:
            parents["synthetic"] = self.synthetic(seed)
        images = count * c.pretrain_epochs * _weight(network)
        return Task(f"train-exp{experiment}", options, self._train, parents, images)

    def left_out(self, sequence: str, seed: int) -> Task:
        """Train from scratch on five sequences.

        Parameters
        ----------
        sequence
            Name of the sequence that is left out.
        seed
            Seed of the training.
        """
        c = self.config
        options = {
            "data": f"LOO-{sequence}",
            **self._training(c.pretrain_epochs, c.pretrain_batch, seed, "dice"),
            "network": "light",
        }
        count = published.IN_VIVO - published.FRAMES[sequence]
        images = round(c.share * count) * c.pretrain_epochs
        return Task(f"train-loo-{sequence}", options, self._train, {"weiss": self._weiss}, images)

    def finetuned(self, start: Task, split: str, seed: int, layers: str = "7") -> Task:
        """Fine-tune the deepest layers on a split, or on the phantom.

        Parameters
        ----------
        start
            Step that trained the network.
        split
            Name of the split, or ``"phantom"``.
        seed
            Seed of the training.
        layers
            Layers that train, see ``parse_layers``.
        """
        c = self.config
        chosen = LAYERS[layers] or c.layers
        if not LAYERS[layers] and start.options["network"] != "light":
            chosen = "7"  # the reading is of the light network's numbers
        options = {
            "data": split,
            **self._training(c.finetune_epochs, c.finetune_batch, seed, str(start.options["loss"])),
            "layers": chosen,
        }
        count = published.PHANTOM if split == "phantom" else SPLITS[split]
        images = round(c.share * count) * c.finetune_epochs * _weight(start.options["network"])
        parents = {"weiss": self._weiss, "start": start}
        return Task(f"finetune-{split}", options, self._finetune, parents, images)

    def scores(self, model: Task, split: str, seed: int) -> Task:
        """Measure by sequence on a split's test frames.

        Parameters
        ----------
        model
            Step that trained the network.
        split
            Name of the split.
        seed
            Seed of the split S1.
        """
        c = self.config
        options = {"split": split, "size": c.size, "limit": c.tested, "seed": seed}
        options |= {"threshold": c.cut}
        parents = {"weiss": self._weiss, "model": model}
        each = c.tested or 160
        images = 6 * each * _weight(model.options.get("network", "light")) // 3
        return Task(f"test-{split}", options, self._test, parents, images)

    def pictures(self, seed: int) -> Task:
        """Draw the examples and the film of T1, of both experiments fine-tuned on S1.

        Parameters
        ----------
        seed
            Seed of the trainings.
        """
        c = self.config
        options = {"size": c.size, "limit": c.tested, "seed": seed, "threshold": c.cut}
        parents = {"weiss": self._weiss}
        for exp in (1, 2):
            parents[f"Exp. {exp}"] = self.finetuned(self.pretrained(exp, seed), "S1", seed)
        return Task("pictures", options, self._draw, parents, 300)

    def timing(self) -> Task:
        """Count parameters and time both networks here."""
        return Task("timing", {"size": self.config.size, "images": TIMED}, self._time)

    # ------------------------------------------------------------------ what the steps do

    def _training(self, epochs: int, batch: int, seed: int, loss: str) -> dict[str, Any]:
        c = self.config
        found = {"epochs": epochs, "batch_size": batch, "seed": seed, "loss": loss}
        return {**found, "size": c.size, "share": c.share}

    def _make_surrogate(self, out: Path, parents: Parents, o: Options) -> None:  # noqa: ARG002
        write_surrogate(out, self.config.size)
        _point(out, out)

    def _train(self, out: Path, parents: Parents, o: Options) -> dict[str, list[float]]:
        pairs = (
            data.synthetic(parents["synthetic"])
            if o["data"] == "synthetic"
            else data.real(_files(parents["weiss"]), o["data"], o["size"], o["share"], o["seed"])
        )
        keys = ("network", "epochs", "batch_size", "seed", "loss")
        settings = TrainConfig(**{key: o[key] for key in keys}, device=self.config.device)
        train(pairs, settings, out / "run", quiet=self.quiet)
        return _curves(out)

    def _finetune(self, out: Path, parents: Parents, o: Options) -> dict[str, list[float]]:
        model = load_model(parents["start"] / "run" / BEST)
        keys = ("epochs", "batch_size", "seed", "loss")
        settings = finetune_config(
            model,
            o["layers"],
            **{key: o[key] for key in keys},
            augment=False,
            mix=0.0,
            device=self.config.device,
        )
        weiss = _files(parents["weiss"])
        pairs = data.real(weiss, o["data"], o["size"], o["share"], o["seed"])
        finetune(pairs, model, settings, out / "run", quiet=self.quiet, keep_better=False)
        return _curves(out)

    def _test(
        self,
        out: Path,  # noqa: ARG002
        parents: Parents,
        o: Options,
    ) -> dict[str, dict[str, float]]:
        device = pick_device(self.config.device)
        model = load_model(parents["model"] / "run" / BEST, device)
        pairs = data.tested(_files(parents["weiss"]), o["split"], o["size"], o["limit"], o["seed"])
        found = evaluate(pairs, plain_predictor(model), {o["threshold"]: "chosen"}, quiet=True)
        names = ("dice", "fp_percent_of_image", "fp_percent_of_background")
        measured = {name: found.by_sequence(o["threshold"], name) for name in names}
        return {
            sequence: {name: mean(measured[name][sequence]) for name in names}
            for sequence in measured["dice"]
        }

    def _draw(self, out: Path, parents: Parents, o: Options) -> None:
        weiss, device = _files(parents["weiss"]), self.config.device
        models = {name: parents[name] for name in ("Exp. 1", "Exp. 2")}
        pairs = data.tested(weiss, "S1", o["size"], o["limit"], o["seed"])
        sheet = examples(models, pairs, o["threshold"], device)
        (out / "examples.png").write_bytes(png_bytes(sheet))
        run = Resized(Subset(WeissDataset(weiss, ["T1"]), np.arange(FILMED)), o["size"])
        film(models["Exp. 1"], run, o["threshold"], device, out / "T1")

    def _time(self, out: Path, parents: Parents, o: Options) -> dict[str, float]:  # noqa: ARG002
        device, size, found = pick_device(self.config.device), self.config.size, {}
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


def _point(out: Path, weiss: Path) -> None:
    (out / "where.txt").write_text(str(weiss.resolve()), "utf-8")


def _files(step: Path) -> Path:
    return Path((step / "where.txt").read_text("utf-8"))


def _curves(out: Path) -> dict[str, list[float]]:
    """Return the validation and training Dice of each epoch."""
    with (out / "run" / "metrics.csv").open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return {name: [float(row[name]) for row in rows] for name in ("validation_dice", "train_dice")}


def _weight(network: Any) -> int:
    """Return how much more a network costs than the light one."""
    return 8 if network == "ambrosini" else 1
