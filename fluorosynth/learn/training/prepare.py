"""From data and settings to what the loop takes: training and validation part, batches."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from tqdm import tqdm

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.learn.data import (
    Augmented,
    Crops,
    EpochBatches,
    LabelledDataset,
    Resized,
    Squared,
    Windows,
    WithSynthetic,
    longer_side,
    open_recipe,
    require_foreground,
    split_validation,
)
from fluorosynth.learn.networks import build
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.loading import BatchLoader
from fluorosynth.learn.training.parallel import Process
from fluorosynth.sample import Image, Mask


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
    synthetic
        Fingerprint of the synthetic pictures among the training items; empty for none.
    given
        Longer side of the pictures in pixels, as they were given.
    size
        Longer side in pixels at which the network learns.
    """

    whole: LabelledDataset
    training: LabelledDataset
    validation: LabelledDataset
    batches: EpochBatches
    loader: BatchLoader
    synthetic: str
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
        When there are fewer images than processes, or than a batch norm needs.
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
    size = config.size or given
    training, synthetic = as_met(pairs, config, size)
    side = config.crop or size
    with torch.device("meta"):
        least = build(config.network, {"channels": config.channels}).least_batch(
            side, config.layers
        )
    if min(config.batch_size, len(training)) < least:
        raise UsageError(
            f"single pictures of {side} px leave a batch norm of {config.network!r} one value: "
            "raise `batch_size` to 2 or more, and have as many pictures, or make `crop` larger"
        )
    batches = EpochBatches(
        len(training),
        config.batch_size,
        config.seed,
        training.endless,
        process.rank,
        process.world,
        least,
    )
    if len(training) < process.world:
        raise UsageError(f"{len(training)} images are too few for {process.world} processes")
    loader = BatchLoader(training, batches, config.workers, process.device.type == "cuda")
    return TrainingData(pairs, training, validation, batches, loader, synthetic, given, size)


def as_met(pairs: LabelledDataset, config: TrainConfig, size: int) -> tuple[LabelledDataset, str]:
    """Return the training items as the network meets them: changed, mixed, cropped.

    Beside them comes the fingerprint of the synthetic pictures; it is empty for none.

    Parameters
    ----------
    pairs
        Training items as they are.
    config
        Settings of the run.
    size
        Side of synthetic pictures in pixels.

    Raises
    ------
    UsageError
        When synthetic pictures are to be mixed with sequences, or there is no such recipe.
    """
    synthetic = ""
    if config.augment:
        pairs = Augmented(pairs, config.seed)
    if (config.size or config.mix) and not config.crop:
        pairs = Squared(pairs, size)
    if config.mix:
        if config.channels > 1:
            raise UsageError("`mix` must be 0 for networks of several frames: samples are single")
        samples = open_recipe(config.mix_recipe, config.seed, len(pairs), size)
        pairs, synthetic = WithSynthetic(pairs, samples, config.mix), samples.fingerprint
    return Crops(pairs, config.crop, config.seed) if config.crop else pairs, synthetic


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
    require_foreground(shown(training, "looking for instruments", quiet))


def shown(pairs: LabelledDataset, what: str, quiet: bool) -> Iterable[tuple[Image, Mask]]:
    """Return the items of an epoch behind a progress bar.

    Parameters
    ----------
    pairs
        Labelled data.
    what
        Words for what is done with them.
    quiet
        No progress bar.
    """
    bar: Iterable[tuple[Image, Mask]] = tqdm(
        pairs, what, len(pairs), unit="image", leave=False, file=sys.stderr, disable=quiet
    )
    return bar
