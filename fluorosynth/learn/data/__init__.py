"""Labelled images for training and evaluation, one reader per layout behind one interface."""

from fluorosynth.learn.data.base import Pairs, Subset, split_validation
from fluorosynth.learn.data.batches import Batch, Order, collate
from fluorosynth.learn.data.clips import Clips
from fluorosynth.learn.data.folder import FolderPairs
from fluorosynth.learn.data.normalise import Normalisation, measure_normalisation
from fluorosynth.learn.data.open import open_pairs
from fluorosynth.learn.data.recipe import RecipePairs
from fluorosynth.learn.data.shards import ShardPairs
from fluorosynth.learn.data.weiss import WeissPairs

__all__ = [
    "Batch",
    "Clips",
    "FolderPairs",
    "Normalisation",
    "Order",
    "Pairs",
    "RecipePairs",
    "ShardPairs",
    "Subset",
    "WeissPairs",
    "collate",
    "measure_normalisation",
    "open_pairs",
    "split_validation",
]
