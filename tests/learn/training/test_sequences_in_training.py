"""Training on generated runs: frames with those before them, runs never split."""

import dataclasses

import numpy as np
import pytest
import torch
from makers import recipe

from fluorosynth.dataset.generation import generate
from fluorosynth.errors import BadDataError
from fluorosynth.learn.checkpoint import load_model
from fluorosynth.learn.data import Windows, collate, open_dataset, split_validation
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.train import train


@pytest.fixture(scope="module", params=[None, "gzip"])
def runs(request, tmp_path_factory):
    """Five runs of six frames, in two shards."""
    folder = tmp_path_factory.mktemp("runs")
    made = dataclasses.replace(recipe(32), frames=6)
    generate(made, folder, n=5, shard_size=3, compression=request.param)
    return made, folder


def test_every_frame_is_an_item_of_its_run(runs):
    made, folder = runs
    pairs = open_dataset(folder)
    assert len(pairs) == 30
    for run in (0, 3, 4):
        for t, frame in enumerate(made.sequence(0, run)):
            image, mask = pairs[6 * run + t]
            np.testing.assert_array_equal(image, frame.image)
            np.testing.assert_array_equal(mask, frame.mask)
            assert pairs.sequence(6 * run + t) == f"{run:06d}"
            assert pairs.name(6 * run + t) == f"{t:06d}"


def test_four_frames_go_in_with_the_mask_of_the_last(runs):
    made, folder = runs
    clips = Windows(open_dataset(folder), 4)
    run = made.sequence(0, 2)
    images, mask = clips[2 * 6 + 5]
    np.testing.assert_array_equal(images, [frame.image for frame in run[2:6]])
    np.testing.assert_array_equal(mask, run[5].mask)
    images, _ = clips[2 * 6 + 1]  # at the start the first stands for those before
    np.testing.assert_array_equal(images, [run[i].image for i in (0, 0, 0, 1)])
    assert collate([clips[0], clips[1]]).images.shape == (2, 4, 32, 32)


def test_validation_takes_whole_runs(runs):
    clips = Windows(open_dataset(runs[1]), 4)
    training, validation = split_validation(clips, 0.4, seed=1)
    of = [{part.sequence(i) for i in range(len(part))} for part in (training, validation)]
    assert [len(part) for part in (training, validation)] == [18, 12]
    assert [len(names) for names in of] == [3, 2]
    assert not of[0] & of[1]


def test_one_run_cannot_be_split(tmp_path):
    generate(dataclasses.replace(recipe(32), frames=3), tmp_path, n=1)
    with pytest.raises(BadDataError, match="at least 2 labelled sequences, got 1"):
        split_validation(open_dataset(tmp_path), 0.5, seed=0)


def test_the_network_of_four_frames_trains_on_runs(tmp_path):
    generate(dataclasses.replace(recipe(32), frames=4), tmp_path / "set", n=3)
    config = TrainConfig(network="ambrosini", channels=4, epochs=1, batch_size=4, seed=1)
    result = train(open_dataset(tmp_path / "set"), config, tmp_path / "run", quiet=True)
    model = load_model(result.path)
    assert model.network.channels == 4
    maps = model.network.maps(torch.zeros(1, 4, 32, 32))
    assert maps.shape == (1, 2, 32, 32)  # background and instrument
    assert torch.isfinite(maps).all()
