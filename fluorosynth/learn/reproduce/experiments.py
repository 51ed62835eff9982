"""The publication's experiments as steps: what is trained on what, and measured on what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluorosynth.learn.data import WeissDataset
from fluorosynth.learn.reproduce import published
from fluorosynth.learn.reproduce.config import ReproduceConfig
from fluorosynth.learn.reproduce.tasks import Task
from fluorosynth.learn.reproduce.work import FILMED, TIMED, Work, point

LAYERS = {"7": "", "13": "13", "19": "19"}  # "" stands for the chosen reading
FROZEN = 0.7  # of a training's cost: layers that stay need no gradients
SPLITS = {"S1": 240, "S2": 714, "S3": 579}  # frames for fine-tuning


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
        self.config, self._work = config, Work(config.device, config.size, quiet)
        if weiss is None:
            frames = published.IN_VIVO + published.PHANTOM
            run = self._work.of("make_surrogate")
            self._weiss = Task("surrogate", {"size": config.size}, run, frames=frames)
        else:
            found = {"fingerprint": WeissDataset(weiss, ["T1", "T3", "phantom"]).fingerprint}
            self._weiss = Task("weiss", found, lambda out, *_: point(out, weiss))

    def synthetic(self, seed: int) -> Task:
        """Make Dataset-1.

        Parameters
        ----------
        seed
            Seed of the pictures.
        """
        options = {"size": self.config.size, "count": self.config.synthetic, "seed": seed}
        run, count = self._work.of("make_synthetic"), self.config.synthetic
        return Task("synthetic", options, run, {"weiss": self._weiss}, frames=count)

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
        images = count * c.pretrain_epochs
        name = f"train-exp{experiment}"
        return Task(name, options, self._work.of("train"), parents, images, network=network)

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
        parents = {"weiss": self._weiss}
        return Task(f"train-loo-{sequence}", options, self._work.of("train"), parents, images)

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
            "data": c.split(split),
            **self._training(c.finetune_epochs, c.finetune_batch, seed, str(start.options["loss"])),
            "layers": chosen,
        }
        count = published.PHANTOM if split == "phantom" else SPLITS[split]
        images = round(FROZEN * c.share * count * c.finetune_epochs)
        parents = {"weiss": self._weiss, "start": start}
        name, run = f"finetune-{split}", self._work.of("finetune")
        return Task(name, options, run, parents, images, network=start.network)

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
        options = {"split": c.split(split), "size": c.size, "limit": c.tested, "seed": seed}
        options |= {"threshold": c.cut}
        parents = {"weiss": self._weiss, "model": model}
        images = 6 * (c.tested or 160) // 3  # forwards alone, a third of a training's cost
        name, run = f"test-{split}", self._work.of("score")
        return Task(name, options, run, parents, images, network=model.network)

    def counts(self, seed: int) -> Task:
        """Count the frames of every split.

        Parameters
        ----------
        seed
            Seed of the split S1.
        """
        c = self.config
        names = [*map(c.split, SPLITS), *(f"LOO-{s}" for s in published.SEQUENCES)]
        options = {"splits": names, "seed": seed}
        return Task("counts", options, self._work.of("count"), {"weiss": self._weiss})

    def examples(self, seed: int) -> Task:
        """Draw what both experiments, fine-tuned on S1, find in each sequence.

        Parameters
        ----------
        seed
            Seed of the trainings.
        """
        c = self.config
        options = {"split": c.split("S1"), "size": c.size, "limit": c.tested, "seed": seed}
        options |= {"threshold": c.cut}
        parents = {"weiss": self._weiss}
        for exp in (1, 2):
            parents[f"Exp. {exp}"] = self.finetuned(self.pretrained(exp, seed), "S1", seed)
        return Task("examples", options, self._work.of("draw_examples"), parents, 12)

    def film(self, seed: int) -> Task:
        """Draw the film of T1.

        Parameters
        ----------
        seed
            Seed of the trainings.
        """
        options = {"size": self.config.size, "threshold": self.config.cut}
        tuned = self.finetuned(self.pretrained(1, seed), "S1", seed)
        parents = {"weiss": self._weiss, "Exp. 1": tuned}
        return Task("film", options, self._work.of("draw_film"), parents, FILMED)

    def data_pictures(self, seed: int) -> Task:
        """Draw the data, and how a synthetic picture is made.

        Parameters
        ----------
        seed
            Seed of the synthetic pictures.
        """
        parents = {"weiss": self._weiss, "synthetic": self.synthetic(seed)}
        options = {"size": self.config.size, "seed": seed}
        return Task("data-pictures", options, self._work.of("draw_data"), parents)

    def curves(self, trainings: Mapping[str, Task]) -> Task:
        """Draw loss and Dice of trainings by epoch.

        Parameters
        ----------
        trainings
            Steps that train, by name.
        """
        return Task("curves", {}, self._work.of("draw_curves"), trainings)

    def timing(self) -> Task:
        """Count parameters and time both networks here."""
        return Task(
            "timing", {"size": self.config.size, "images": TIMED}, self._work.of("time_networks")
        )

    def _training(self, epochs: int, batch: int, seed: int, loss: str) -> dict[str, Any]:
        c = self.config
        found = {"epochs": epochs, "batch_size": batch, "seed": seed, "loss": loss}
        return {**found, "size": c.size, "share": c.share}
