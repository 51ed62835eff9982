"""Batches from worker processes: what fails there is raised here as it was there."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch.utils.data import DataLoader, Dataset, get_worker_info

from fluorosynth.errors import FluorosynthError, InterruptedRunError
from fluorosynth.learn.data import Batch, EpochBatches, LabelledDataset, collate
from fluorosynth.sample import Image, Mask

Item = tuple[Image, Mask]


class BatchLoader:
    """The batches of a training, as often as it is iterated.

    PyTorch raises an error of a worker with a traceback for its message; ours come as values.

    Parameters
    ----------
    pairs
        Items.
    batches
        Order of the items in batches.
    workers
        Number of processes that read them; 0: this one does.
    pin_memory
        Whether batches lie in memory from which a GPU copies faster.
    """

    def __init__(
        self, pairs: LabelledDataset, batches: EpochBatches, workers: int, pin_memory: bool
    ) -> None:
        self._loader: DataLoader[Batch | FluorosynthError] = DataLoader(
            _Carried(pairs),  # type: ignore[arg-type]  # of items; collate makes batches of them
            batch_sampler=batches,
            collate_fn=_collated,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=pin_memory,
        )

    def __iter__(self) -> Iterator[Batch]:
        for batch in self._loader:
            if isinstance(batch, FluorosynthError):
                raise batch
            yield batch


@contextmanager
def killed_readers_said() -> Iterator[None]:
    """Turn PyTorch's error on a killed worker into what its user can do about it.

    It is raised wherever this process is when it learns of that, be it in the middle of a file.

    Raises
    ------
    InterruptedRunError
        When a worker of a loader is killed.
    """
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker"):
            raise
        raise InterruptedRunError(
            "a process that reads the data was killed (out of memory?); run the same command "
            "to go on, with fewer `workers` if memory was short"
        ) from None


class _Carried(Dataset[Item | FluorosynthError]):
    """Items, or the errors in their places."""

    def __init__(self, pairs: LabelledDataset) -> None:
        self.pairs = pairs

    def __getitem__(self, index: int) -> Item | FluorosynthError:
        try:
            return self.pairs[index]
        except FluorosynthError as error:
            if error.__cause__ is not None and get_worker_info() is not None:
                traceback.print_exception(error.__cause__)  # it does not travel
            return error


def _collated(items: Sequence[Item | FluorosynthError]) -> Batch | FluorosynthError:
    for item in items:
        if isinstance(item, FluorosynthError):
            return item
    try:
        return collate(items)  # type: ignore[arg-type]  # there is no error among them
    except FluorosynthError as error:
        return error
