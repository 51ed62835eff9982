"""The order of the items is that of the run: how many processes share it does not show."""

import itertools

import numpy as np
import pytest

from fluorosynth.learn.data import EpochBatches, shuffle

LENGTH, BATCH = 23, 8  # an epoch ends with a batch of 7; of 25 items with a batch of 1


def epoch(length, world, number=0, step=0, endless=False):
    """Return the global batches, put together from what each of the processes takes."""
    ranks = []
    for rank in range(world):
        batches = EpochBatches(length, BATCH, seed=3, endless=endless, rank=rank, world=world)
        batches.set_epoch(number, step)
        ranks.append(list(batches))
        assert len(ranks[-1]) == batches.steps - step
    joined = []
    for parts in zip(*ranks, strict=True):
        if all(part == parts[0] for part in parts):  # too few to be shared
            joined.append(parts[0])
            continue
        size = sum(map(len, parts))
        whole = np.empty(size, int)
        for rank, part in enumerate(parts):
            whole[rank::world] = part
        joined.append(whole.tolist())
    return joined


@pytest.mark.parametrize("length", [23, 24, 25, 26, 27])
@pytest.mark.parametrize("endless", [False, True])
def test_one_two_and_four_processes_have_one_order(length, endless):
    for number in (0, 1):
        one = epoch(length, 1, number, endless=endless)
        assert sorted(itertools.chain.from_iterable(one)) == [
            number * length * endless + i for i in range(length)
        ]
        assert epoch(length, 2, number, endless=endless) == one
        assert epoch(length, 4, number, endless=endless) == one


def test_another_number_of_processes_goes_on_at_any_step():
    one = epoch(25, 1)
    for step in range(len(one)):
        for world in (1, 2, 4):
            assert epoch(25, world, step=step) == one[step:]


def test_so_do_orders_that_are_no_list(monkeypatch):
    monkeypatch.setattr(shuffle, "LISTED", 10)
    one = epoch(LENGTH, 1)
    assert sorted(itertools.chain.from_iterable(one)) == list(range(LENGTH))
    assert epoch(LENGTH, 4) == one
    assert epoch(LENGTH, 1, number=1) != one


@pytest.mark.parametrize("world", [1, 2, 3, 4, 8])
def test_every_item_counts_once(world):
    for length in range(world, 30):
        ranks = [EpochBatches(length, BATCH, 0, rank=r, world=world) for r in range(world)]
        for step, parts in enumerate(zip(*ranks, strict=True)):
            batches = ranks[0]
            counted = sum(map(len, parts)) * batches.share(step)
            assert counted == pytest.approx(batches.size(step))
            assert min(map(len, parts)) > 0  # gradients are averaged: nobody may be missing
