"""From data and settings to what the loop takes: parts, batches, a model to begin with."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
from torch.utils.data import DataLoader
from tqdm import tqdm

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import (
    Batch,
    Crops,
    EpochBatches,
    LabelledDataset,
    Resized,
    Subset,
    Windows,
    collate,
    longer_side,
    measure_normalisation,
    require_foreground,
    split_validation,
)
from fluorosynth.learn.networks import build
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.parallel import Process
from fluorosynth.sample import Image, Mask

SAMPLES = 1000  # of endless data, for its mean and deviation


@dataclass(frozen=True)
class TrainingData:
    """What a run learns from and is validated on.

    Parameters
    ----------
    whole
        Training items as they are, uncropped.
    training
        Training items as the network meets them.
    validation
        Validation items.
    batches
        Order of the training items in batches.
    loader
        Loader of these batches.
    given
        Longer side of the pictures in pixels, as they were given.
    size
        Longer side in pixels at which the network learns.
    """

    whole: LabelledDataset
    training: LabelledDataset
    validation: LabelledDataset
    batches: EpochBatches
    loader: DataLoader[Batch]
    given: int
    size: int


def prepare_data(
    pairs: LabelledDataset,
    validation: LabelledDataset | None,
    config: TrainConfig,
    process: Process,
) -> TrainingData:
    """Resize, split, crop and batch the data.

    Parameters
    ----------
    pairs
        Labelled data.
    validation
        Labelled data for validation; None: a seeded share of ``pairs``.
    config
        Settings of the run.
    process
        Process that takes its part of each batch.

    Raises
    ------
    BadDataError
        When there are too few images.
    UsageError
        When there are fewer images than processes.
    """
    if not len(pairs):
        raise BadDataError("training needs at least 2 labelled images, got 0")
    given = longer_side(pairs)
    if config.size:
        pairs = Resized(pairs, config.size)
        validation = validation and Resized(validation, config.size)
    if config.channels > 1:
        pairs = Windows(pairs, config.channels)
        validation = validation and Windows(validation, config.channels)
    if validation is None:
        pairs, validation = split_validation(pairs, config.validation, config.seed)
    training = Crops(pairs, config.crop, config.seed) if config.crop else pairs
    batches = EpochBatches(
        len(pairs), config.batch_size, config.seed, training.endless, process.rank, process.world
    )
    if not batches.steps:
        raise UsageError(f"{len(pairs)} images are too few for {process.world} processes")
    loader: DataLoader[Batch] = DataLoader(
        training,  # type: ignore[arg-type]  # of items; collate makes batches of them
        batch_sampler=batches,
        collate_fn=collate,
        num_workers=config.workers,
        persistent_workers=config.workers > 0,
        pin_memory=process.device.type == "cuda",
    )
    return TrainingData(pairs, training, validation, batches, loader, given, config.size or given)


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
    if training.endless:
        sample = Subset(training, range(min(SAMPLES, len(training))))
    seen = _shown(sample, "measuring grey values", quiet)
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
    network = copy.deepcopy(initial.network)
    return replace(initial, network=network)


def check_data(pairs: LabelledDataset, training: LabelledDataset, quiet: bool) -> None:
    """Raise BadDataError when a file is damaged or no mask holds an instrument.

    Parameters
    ----------
    pairs
        Labelled data.
    training
        Training part of it.
    quiet
        No progress bar.
    """
    pairs.verify(quiet)
    require_foreground(_shown(training, "looking for instruments", quiet))


def _shown(pairs: LabelledDataset, what: str, quiet: bool) -> Iterable[tuple[Image, Mask]]:
    """Return the items of an epoch behind a progress bar."""
    bar: Iterable[tuple[Image, Mask]] = tqdm(
        pairs, what, len(pairs), unit="image", leave=False, file=sys.stderr, disable=quiet
    )
    return bar
