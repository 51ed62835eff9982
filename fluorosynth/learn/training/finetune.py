"""Fine-tuning: the deepest layers learn from real frames, everything else stays as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fluorosynth.errors import UsageError
from fluorosynth.learn.checkpoint import Model, as_model
from fluorosynth.learn.data import LabelledDataset
from fluorosynth.learn.networks import Network
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.train import Result, train

BATCH_SIZE, EPOCHS, LAYERS = 10, 50, "7"
MIX = 0.5


def finetune_config(
    model: Model | str | Path, layers: str = LAYERS, synthetic: bool = False, **settings: Any
) -> TrainConfig:
    """Return settings for fine-tuning ``model``.

    As published: batches of 10, 50 epochs, Adam as in training. Network, channels, the way of
    normalising and, unless it is given, the size of the pictures are the model's. Not as
    published, for few frames teach little and let a network forget much: real pictures are
    augmented, and as many synthetic ones mixed in; with ``augment=False, mix=0`` they are not.

    Parameters
    ----------
    model
        Model to fine-tune, or a checkpoint, a run folder or ``"default"``.
    layers
        Layers that train, see ``parse_layers``.
    synthetic
        Whether the data is: then nothing is augmented or mixed in unless asked for.
    **settings
        Fields of ``TrainConfig`` that differ; None: the default of fine-tuning.

    Raises
    ------
    UsageError
        For layers or settings that do not exist.
    """
    model = as_model(model)
    network = model.network
    defaults = {
        "batch_size": BATCH_SIZE,
        "epochs": EPOCHS,
        "size": model.size,
        "augment": not synthetic,
        "mix": 0.0 if synthetic or network.channels > 1 else MIX,  # samples are no sequences
    }
    settings = {name: value for name, value in settings.items() if value is not None}
    fixed = {
        "network": network.kind,
        "channels": network.channels,
        "per_image": model.normalisation.per_image,
        "layers": parse_layers(layers, network),
    }
    return TrainConfig(**{**defaults, **settings, **fixed})


def parse_layers(text: str, network: Network) -> tuple[int, int] | None:
    """Return the first and last layer to train; None for all.

    Parameters
    ----------
    text
        Name of the layers: ``"7"``, ``"13"``, ``"19"`` or any odd number, so many layers about the
        deepest one; ``"23-29"``, these layers; ``"all"``.
    network
        Network that they are layers of.

    Raises
    ------
    UsageError
        When they do not exist, or none of them has weights.

    Examples
    --------
    >>> from fluorosynth.learn.networks import build
    >>> [parse_layers(text, build("light")) for text in ("7", "13", "19", "5-9", "all")]
    [(23, 29), (20, 32), (17, 35), (5, 9), None]
    """
    if text == "all":
        return None
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text.strip())
    if not match:
        raise UsageError(f"`layers` are a number, a range like 23-29, or all, not {text!r}")
    first, last = match.groups()
    span = (int(first), int(last)) if last else network.deepest(int(first))
    if not any(p.numel() for module in network.layer_modules(*span) for p in module.parameters()):
        raise UsageError(f"layers {span[0]}-{span[1]} of {network.kind} have no weights to train")
    return span


def finetune(
    pairs: LabelledDataset,
    model: Model | str | Path,
    config: TrainConfig,
    out: str | Path,
    validation: LabelledDataset | None = None,
    quiet: bool = False,
    keep_better: bool = True,
    log: str = "",
) -> Result:
    """Go on training ``model`` on other data; it is not changed itself.

    Its normalisation stays: the frozen layers have learnt from it. Weights outside
    ``config.layers``, and the running statistics of their batch norms, end as they began. Where
    no epoch is better on the validation images, the model is kept as it is; where these are
    fewer than 10, its threshold is.

    Parameters
    ----------
    pairs
        Labelled data.
    model
        Model to begin with, or a checkpoint, a run folder or ``"default"``.
    config
        Settings, from ``finetune_config``.
    out
        Run folder; resumes like ``train``.
    validation
        Labelled data for validation; by default a seeded share of ``pairs``.
    quiet
        No progress bar.
    keep_better
        Measure the model that the run goes on from, too, and keep it where no epoch is better.
    log
        Name of a tracker, as for ``train``; empty: none.

    Raises
    ------
    FluorosynthError
        As ``train``.
    """
    return train(pairs, config, out, validation, as_model(model), quiet, keep_better, log)
