import numpy as np
import pytest
import torch
from makers import picture

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import Normalisation
from fluorosynth.learn.networks import build
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.torch_engine import Mode, modes

CPU = torch.device("cpu")
EVERY_MODE = [*modes(CPU), Mode(bf16=True)]


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def pictures(n, size=64):
    images, masks = zip(*(picture(100 + i, size) for i in range(n)), strict=True)
    return np.stack(images), np.stack(masks) == 1


@pytest.mark.parametrize("mode", EVERY_MODE, ids=str)
def test_every_mode_agrees_with_float32(trained, mode):
    images, truth = pictures(12)
    plain = Inference(trained, "cpu", Mode(False, False)).predict_maps(images)
    found = Inference(trained, "cpu", mode).predict_maps(images)
    assert dice(plain > 0.5, truth) > 0.9
    assert dice(found > 0.5, plain > 0.5) > 0.995
    if not mode.bf16:
        np.testing.assert_allclose(found, plain, atol=1e-4)


def test_the_best_mode_is_chosen(trained):
    assert str(Inference(trained, "cpu").engine) == str(modes(CPU)[-1])
    assert [str(mode) for mode in EVERY_MODE][:2] == ["as trained", "folded"]


@pytest.mark.parametrize("size", [(64, 64), (37, 50), (16, 200)])
def test_maps_are_those_of_the_network(trained, size):
    images = np.random.default_rng(0).integers(0, 256, (3, *size), np.uint8)
    with torch.no_grad():
        truth = trained.network.maps(trained.normalisation(torch.from_numpy(images[:, None])))
    inference = Inference(trained, "cpu", Mode(), batch=2)
    found = inference.predict_maps(images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, truth[:, 0].numpy(), atol=1e-4)
    np.testing.assert_allclose(inference.predict_maps(images[1:2]), found[1:2], atol=1e-4)


def test_several_frames_go_in_as_channels():
    torch.manual_seed(0)
    model = Model(build("light", {"channels": 2}), Normalisation(128.0, 50.0, True))
    clips = np.random.default_rng(0).integers(0, 256, (2, 2, 32, 40), np.uint8)
    inference = Inference(model, "cpu")
    found = inference.predict_maps(clips)
    assert np.abs(found - inference.predict_maps(clips[:, ::-1])).max() > 1e-3  # order counts
    brighter = inference.predict_maps(clips // 2)
    np.testing.assert_allclose(brighter, found, atol=0.05)  # each clip by its own mean
    with pytest.raises(BadDataError, match=r"takes uint8 of \(n, 2, height, width\)"):
        inference.predict_maps(clips[:, 0])


@pytest.mark.parametrize("size", [(48, 48), (41, 54)])
def test_averaging_over_turns_follows_the_turns(trained, size):
    image = np.random.default_rng(1).integers(0, 256, size, np.uint8)
    inference = Inference(trained, "cpu", Mode())

    def found(image):
        return inference.predict_maps(np.ascontiguousarray(image)[None], turned=True)[0]

    for turn in (np.rot90, np.fliplr, np.flipud, np.transpose):
        np.testing.assert_allclose(found(turn(image)), turn(found(image)), atol=1e-5)
    symmetric = np.maximum(image[:41, :41], image[:41, :41].T)
    np.testing.assert_allclose(found(symmetric), found(symmetric).T, atol=1e-5)
    assert np.abs(found(image) - inference.predict_maps(image[None])[0]).max() > 1e-3


def test_averaging_with_the_mirror_image_follows_the_mirror_alone(trained):
    image = np.random.default_rng(1).integers(0, 256, (41, 54), np.uint8)
    inference = Inference(trained, "cpu", Mode())

    def found(image):
        return inference.predict_maps(np.ascontiguousarray(image)[None], tta=True)[0]

    np.testing.assert_allclose(found(np.fliplr(image)), np.fliplr(found(image)), atol=1e-5)
    assert np.abs(found(np.flipud(image)) - np.flipud(found(image))).max() > 1e-3
    alone = [inference.predict_maps(view[None])[0] for view in (image, np.fliplr(image).copy())]
    mean = (alone[0] + np.fliplr(alone[1])) / 2
    np.testing.assert_allclose(found(image), mean, atol=1e-5)


def test_averaging_over_scales(trained):
    images, truth = pictures(4)
    inference = Inference(trained, "cpu", Mode())
    alone = [inference.predict_maps(images, scales=(scale,)) for scale in (0.8, 1, 1.25)]
    found = inference.predict_maps(images, scales=(0.8, 1, 1.25))
    np.testing.assert_allclose(found, np.mean(alone, axis=0), atol=1e-5)
    assert all(dice(each > 0.5, truth) > 0.6 for each in alone)


@pytest.mark.parametrize("scales", [(), (0.0,), (1.0, float("nan")), (100.0,)])
def test_impossible_scales_are_refused(trained, scales):
    with pytest.raises(UsageError, match="`scales` must be numbers from 1/8 to 8"):
        Inference(trained, "cpu").predict_maps(np.zeros((1, 32, 32), np.uint8), scales=scales)


@pytest.mark.parametrize("images", [np.zeros((1, 32, 32)), np.zeros((32, 32), np.uint8)])
def test_other_arrays_are_refused(trained, images):
    with pytest.raises(BadDataError, match="this network takes uint8"):
        Inference(trained, "cpu").predict_maps(images)


def test_pictures_that_cannot_be_written_to_are_no_trouble(trained):
    images = picture(3)[0][None]
    images.setflags(write=False)
    Inference(trained, "cpu").predict_maps(images)  # a warning of PyTorch would be an error
