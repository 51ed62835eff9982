"""One function that finds out what a path holds."""

from __future__ import annotations

from pathlib import Path

from fluorosynth.errors import BadDataError
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.folder import LabelledFolder
from fluorosynth.learn.data.shards import ShardDataset
from fluorosynth.learn.data.weiss import RUNS, WeissDataset


def open_dataset(path: str | Path) -> LabelledDataset:
    """Open labelled data: shards, the WEISS files or a folder of images and masks.

    Parameters
    ----------
    path
        A generated set or one ``.h5`` shard; a folder with WEISS ``.hdf5`` files (all sequences
        whose images are there); or a folder of images with masks.

    Raises
    ------
    BadDataError
        When nothing is there, or it is not one of these or broken.
    """
    path = Path(path)
    if not path.exists():
        raise BadDataError(f"{path} does not exist")
    pairs = _reader(path)
    pairs.source = str(path)
    return pairs


def _reader(path: Path) -> LabelledDataset:
    if path.suffix == ".h5" or (path.is_dir() and any(path.glob("shard-*.h5"))):
        return ShardDataset(path)
    weiss = [name for name, run in RUNS.items() if (path / run.images).exists()]
    return WeissDataset(path, weiss) if weiss else LabelledFolder(path)
