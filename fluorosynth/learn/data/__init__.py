"""Labelled images for training and evaluation, one reader per layout behind one interface."""

from fluorosynth.learn.data.augmented import Augmented, augment
from fluorosynth.learn.data.base import (
    LabelledDataset,
    Subset,
    require_foreground,
    split_validation,
)
from fluorosynth.learn.data.batches import Batch, EpochBatches, collate, collate_by_size
from fluorosynth.learn.data.crops import Crops
from fluorosynth.learn.data.derived import Derived
from fluorosynth.learn.data.folder import LabelledFolder
from fluorosynth.learn.data.grouped import Grouped, grouped
from fluorosynth.learn.data.inverted import Inverted
from fluorosynth.learn.data.layout import LayoutDataset
from fluorosynth.learn.data.mixed import Mixed
from fluorosynth.learn.data.normalise import Normalisation, measure_normalisation
from fluorosynth.learn.data.open import open_dataset
from fluorosynth.learn.data.recipe import RecipeDataset, open_recipe
from fluorosynth.learn.data.resized import Resized, longer_side
from fluorosynth.learn.data.shards import ShardDataset
from fluorosynth.learn.data.squared import Squared
from fluorosynth.learn.data.stream import RecipeStream
from fluorosynth.learn.data.virtual import VirtualDataset
from fluorosynth.learn.data.weiss import WeissDataset
from fluorosynth.learn.data.windows import Windows
from fluorosynth.learn.data.with_synthetic import WithSynthetic

__all__ = [
    "Augmented",
    "Batch",
    "Crops",
    "Derived",
    "EpochBatches",
    "Grouped",
    "Inverted",
    "LabelledDataset",
    "LabelledFolder",
    "LayoutDataset",
    "Mixed",
    "Normalisation",
    "RecipeDataset",
    "RecipeStream",
    "Resized",
    "ShardDataset",
    "Squared",
    "Subset",
    "VirtualDataset",
    "WeissDataset",
    "Windows",
    "WithSynthetic",
    "augment",
    "collate",
    "collate_by_size",
    "grouped",
    "longer_side",
    "measure_normalisation",
    "open_dataset",
    "open_recipe",
    "require_foreground",
    "split_validation",
]
