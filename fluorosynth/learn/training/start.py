"""The model that a run begins with: fresh, or one to go on from, and how good that one is."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from fluorosynth.errors import UsageError
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import LabelledDataset, Subset, measure_normalisation
from fluorosynth.learn.data.shuffle import LISTED
from fluorosynth.learn.device import memory_format
from fluorosynth.learn.networks import build
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.parallel import Process
from fluorosynth.learn.training.prepare import prepare_data, shown
from fluorosynth.learn.training.scores import Scores
from fluorosynth.learn.training.validate import validate

SAMPLES = 1000  # of endless data, or very much, for its mean and deviation


def fresh_model(training: LabelledDataset, config: TrainConfig, quiet: bool) -> Model:
    """Return an untrained network, drawn from the seed, with the data's normalisation.

    Parameters
    ----------
    training
        Training items, uncropped.
    config
        Settings of the run.
    quiet
        No progress bar.
    """
    torch.manual_seed(config.seed)
    network = build(config.network, {"channels": config.channels})
    network.lean_to_background(config.start_bias)
    sample = training
    if training.endless or len(training) > LISTED:
        sample = Subset(training, range(min(SAMPLES, len(training))))
    seen = shown(sample, "measuring grey values", quiet)
    return Model(network, measure_normalisation(seen, config.per_image))


def continued_model(initial: Model, config: TrainConfig) -> Model:
    """Return a copy of a trained model to go on from; UsageError when it is another network.

    Parameters
    ----------
    initial
        Model, not changed.
    config
        Settings of the run.
    """
    if initial.network.kind != config.network:
        raise UsageError(f"the model is {initial.network.kind!r}, not {config.network!r}")
    masks = initial.masks
    if masks.presence and masks.presence_above is None:  # the threshold may change, the curve stays
        masks = replace(masks, presence_above=initial.threshold)
    return replace(initial, network=copy.deepcopy(initial.network), masks=masks)


def measure_before(
    initial: Model,
    pairs: LabelledDataset,
    validation: LabelledDataset | None,
    config: TrainConfig,
    process: Process,
) -> Scores:
    """Return how good a model is on a run's validation images, at the size it was trained at.

    Parameters
    ----------
    initial
        Model, not changed.
    pairs
        Labelled data of the run.
    validation
        Labelled data for validation; None: a seeded share of ``pairs``.
    config
        Settings of the run.
    process
        Process that takes its part of the items.
    """
    as_trained = replace(config, size=initial.size, augment=False, mix=0.0)
    data = prepare_data(pairs, validation, as_trained, process)
    network = copy.deepcopy(initial.network).to(process.device)
    network.to(memory_format=memory_format(process.device))  # type: ignore[call-overload]
    scores, _ = validate(
        network, initial.normalisation, data.validation, config, process, initial.threshold
    )
    return scores
