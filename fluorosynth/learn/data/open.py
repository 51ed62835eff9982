"""One function that finds out what a path holds."""

from __future__ import annotations

from pathlib import Path

from fluorosynth.dataset.virtual import virtual_set
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.mask_values import MaskValues
from fluorosynth.io.place import url_of
from fluorosynth.io.published import RUNS
from fluorosynth.layouts.classes import ClassMap
from fluorosynth.layouts.find import find_layout
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.folder import LabelledFolder
from fluorosynth.learn.data.layout import LayoutDataset
from fluorosynth.learn.data.sequence import LabelledSequence, is_label_file
from fluorosynth.learn.data.shards import ShardDataset
from fluorosynth.learn.data.virtual import VirtualDataset
from fluorosynth.learn.data.weiss import WeissDataset

LABELS = "labels.json"


def open_dataset(
    path: str | Path,
    masks: str | Path | None = None,
    values: MaskValues | None = None,
    skip_bad: bool = False,
    layout: str = "",
    classes: ClassMap | None = None,
) -> LabelledDataset:
    """Open labelled data: shards, the WEISS files, label files, public sets, images and masks.

    Parameters
    ----------
    path
        Generated set, its URL in object storage, or a virtual one (``physics@7[0:10**9]``, or
        the TOML file of one), or one ``.h5`` shard; one of the WEISS
        ``.hdf5`` files of images or a folder of them (all sequences whose images are there); a
        label file with its frames beside it; a set in one of ``layouts.LAYOUTS``; or a folder of
        images with masks.
    masks
        Folder of masks elsewhere, named like the frames below ``path``.
    values
        Values of the masks, where they do not tell.
    skip_bad
        Whether pairs of a folder that cannot be read are left out, with a ``DataWarning``.
    layout
        Name of a layout, where a folder does not tell its own.
    classes
        Classes of a layout that are instruments, and those without truth; None: its default.

    Raises
    ------
    BadDataError
        When nothing is there, or it is not one of these or broken.
    UsageError
        When masks are given to data that has its own.
    """
    own = masks is None and not layout and not classes and (values or MaskValues()) == MaskValues()
    generated = _generated(path)
    if generated is not None and not own:
        raise UsageError(f"{generated.source} is a generated set, which has its own masks")
    if generated is not None:
        return generated
    path = Path(path)
    if path.is_dir() and is_label_file(path / LABELS):
        path = path / LABELS
    if not path.exists():
        raise BadDataError(f"{path} does not exist")
    pairs = None if layout else _reader(path)
    if pairs is None and masks is None:
        found = find_layout(path, layout)
        pairs = None if found is None else LayoutDataset(found, classes or _as_classes(values))
        values = None if pairs is not None else values
    if classes is not None and not isinstance(pairs, LayoutDataset):
        raise UsageError(f"{path} has no classes by name: say `instrument` and `ignore` by number")
    if pairs is None:
        pairs = LabelledFolder(path, masks, values, skip_bad)
    elif masks is not None or (values or MaskValues()) != MaskValues():
        raise UsageError(f"{path} holds its own masks: masks and their values are for folders")
    pairs.source = str(path)
    return pairs


def _generated(place: str | Path) -> LabelledDataset | None:
    """Return a set that is in object storage, or nowhere."""
    if url := url_of(place):
        remote = ShardDataset(url)
        remote.source = url
        return remote
    if samples := virtual_set(place):
        return VirtualDataset(samples)
    if str(place).endswith(".toml") and Path(place).is_file():
        raise UsageError(f"{place} is a recipe: name seed and range too, as in {place}@0[0:9000]")
    return None


def _as_classes(values: MaskValues | None) -> ClassMap:
    """Return values as classes by number."""
    values = values or MaskValues()
    if values.threshold >= 0:
        raise UsageError("a set of classes takes no `threshold`")
    ignore = () if values.ignore < 0 else (str(values.ignore),)
    return ClassMap(tuple(map(str, values.instrument)), ignore)


def _reader(path: Path) -> LabelledDataset | None:
    if is_label_file(path):
        return LabelledSequence(path)
    if path.suffix == ".h5" or (path.is_dir() and any(path.glob("shard-*.h5"))):
        return ShardDataset(path)
    folder, file = (path, "") if path.is_dir() else (path.parent, path.name)
    weiss = [
        name
        for name, run in RUNS.items()
        if (folder / run.images).exists() and file in ("", run.images)
    ]
    return WeissDataset(folder, weiss) if weiss else None
