"""The shard format: one HDF5 file of samples, written once, checked for ever. See docs/format.md.

Nothing else in the generator imports h5py.
"""

from fluorosynth.shards.info import (
    FORMAT,
    FORMAT_VERSION,
    RUNS_VERSION,
    ShardInfo,
    digest,
    file_digest,
    software,
)
from fluorosynth.shards.read import Shard, damage, open_shard
from fluorosynth.shards.write import BATCH, FULL, write_shard

__all__ = [
    "BATCH",
    "FORMAT",
    "FORMAT_VERSION",
    "FULL",
    "RUNS_VERSION",
    "Shard",
    "ShardInfo",
    "damage",
    "digest",
    "file_digest",
    "open_shard",
    "software",
    "write_shard",
]
