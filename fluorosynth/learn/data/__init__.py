"""Labelled images for training and evaluation, one reader per layout behind one interface."""

from fluorosynth.learn.data.base import Pairs, Subset, require_foreground, split_validation
from fluorosynth.learn.data.batches import Batch, Order, collate, collate_by_size
from fluorosynth.learn.data.clips import Clips
from fluorosynth.learn.data.crops import Crops
from fluorosynth.learn.data.folder import FolderPairs
from fluorosynth.learn.data.normalise import Normalisation, measure_normalisation
from fluorosynth.learn.data.open import open_pairs
from fluorosynth.learn.data.recipe import RecipePairs
from fluorosynth.learn.data.resized import Resized
from fluorosynth.learn.data.shards import ShardPairs
from fluorosynth.learn.data.weiss import WeissPairs

__all__ = [
    "Batch",
    "Clips",
    "Crops",
    "FolderPairs",
    "Normalisation",
    "Order",
    "Pairs",
    "RecipePairs",
    "Resized",
    "ShardPairs",
    "Subset",
    "WeissPairs",
    "collate",
    "collate_by_size",
    "measure_normalisation",
    "open_pairs",
    "require_foreground",
    "split_validation",
]
