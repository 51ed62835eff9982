"""A model knows the size of the pictures it was trained on, and everything that uses it does."""

import dataclasses
import json

import cv2
import numpy as np
import pytest
import torch
from makers import Lines, picture, recipe, write_set

from fluorosynth.learn import (
    Inference,
    Model,
    RecipeDataset,
    SegmentConfig,
    TrainConfig,
    evaluate_model,
    finetune,
    finetune_config,
    load_model,
    open_dataset,
    predict,
    save_model,
    segment,
    train,
)
from fluorosynth.learn.data import Normalisation, Resized, longer_side
from fluorosynth.learn.evaluation.predictors import AS_TRAINED
from fluorosynth.learn.networks import build
from fluorosynth.learn.prediction.export_onnx import export_onnx
from fluorosynth.stress.onnx_file import OnnxFile

PLAIN = {"augment": False, "mix": 0.0}
TINY = TrainConfig(network="light_plain", epochs=1, batch_size=2, loss="dice_ce", start_bias=2.0)


@pytest.fixture(scope="module", params=[128, 384])
def run(request, tmp_path_factory):
    """A run folder whose model was trained at one size, and the size."""
    out = tmp_path_factory.mktemp("run")
    train(RecipeDataset(recipe(request.param), 0, 2), TINY, out, quiet=True)
    return out, request.param


def frame():
    """A dark line of width 14 in a frame of 512 x 384 px, and its mask."""
    mask = cv2.line(np.zeros((384, 512), np.uint8), (40, 350), (400, 30), 1, 14)
    noise = np.random.default_rng(0).normal(150, 12, mask.shape)
    return np.uint8(np.clip(noise - 60 * mask, 0, 255)), mask


@pytest.fixture
def frames(tmp_path):
    """Two labelled frames of 512 x 384 px."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for name in "ab":
        image, mask = frame()
        cv2.imwrite(str(folder / f"{name}.png"), image)
        cv2.imwrite(str(folder / f"{name}_mask.png"), mask)
    return folder


def watched(model):
    """Let the network of a model note the heights and widths it meets."""
    met = []
    model.network.register_forward_pre_hook(lambda _, inputs: met.append(inputs[0].shape[-2:]))
    return met


def test_the_checkpoint_names_it(run):
    out, size = run
    assert load_model(out).size == size
    header = torch.load(out / "last.pt", weights_only=True)["header"]
    assert json.loads(header)["size"] == size
    assert SegmentConfig.of(load_model(out)).size == size


def test_evaluate_scores_what_predict_writes(run, frames, tmp_path):
    out, size = run
    model = load_model(out)
    met = watched(model)
    found = evaluate_model(model, frames, tmp_path / "report")
    assert {tuple(shape) for shape in met} == {(size * 3 // 4, size)}
    inference = Inference(load_model(out), "cpu", AS_TRAINED)
    predict(frames / "a.png", inference, tmp_path / "predicted")
    written = cv2.imread(str(tmp_path / "predicted/masks/a.png"), 0) > 0
    _, mask = frame()
    assert written.shape == mask.shape == (384, 512)
    dice = 2 * (written & (mask > 0)).sum() / (written.sum() + mask.sum())
    assert found.over_images(found.own)["dice"] == pytest.approx(dice, abs=1e-12)
    summary = json.loads((tmp_path / "report/summary.json").read_text())
    assert summary["longer_side_px"] == "as they are"
    assert summary["longer_side_for_network_px"] == size


def test_evaluate_at_another_size_measures_there(run, frames, tmp_path):
    model = load_model(run[0])
    met = watched(model)
    evaluate_model(model, frames, tmp_path / "a", size=64)
    evaluate_model(model, frames, tmp_path / "b", size=0)
    assert {tuple(shape) for shape in met} == {(48, 64), (384, 512)}


def test_finetuning_resizes_frames_to_it_and_says_so(run, frames, tmp_path, capfd):
    out, size = run
    config = finetune_config(out, epochs=1, validation=0.5, **PLAIN)
    assert config.size == size
    finetune(open_dataset(frames), out, config, tmp_path / "tuned")
    said = f"pictures of 512 px are resized to {size}"
    assert said in capfd.readouterr().err
    assert said in (tmp_path / "tuned/log.txt").read_text()
    assert load_model(tmp_path / "tuned/last.pt").size == size
    own = finetune_config(out, epochs=1, validation=0.5, size=0, **PLAIN)
    finetune(open_dataset(frames), out, own, tmp_path / "own", quiet=True)
    assert load_model(tmp_path / "own/last.pt").size == 512


def test_training_on_frames_of_several_sizes_takes_the_middle_one(tmp_path):
    lines = Lines(3, 64)
    lines.items[0] = picture(0, 32)
    assert longer_side(lines) == 64
    assert longer_side(Resized(lines, 48)) == 48
    config = dataclasses.replace(TINY, size=48)
    train(lines, config, tmp_path, quiet=True)
    assert load_model(tmp_path).size == 48


def test_a_set_of_files_has_its_size(tmp_path):
    config = dataclasses.replace(TINY, crop=32)
    train(open_dataset(write_set(tmp_path / "set", [4], 64)), config, tmp_path / "run", quiet=True)
    assert load_model(tmp_path / "run").size == 64  # not of the crops


def test_files_that_do_not_say_were_trained_at_256(tmp_path):
    save_model(tmp_path / "m.pt", Model(build("light_plain"), Normalisation(1.0, 1.0), size=99))
    content = torch.load(tmp_path / "m.pt", weights_only=True)
    header = json.loads(content["header"])
    del header["size"]
    torch.save({**content, "header": json.dumps(header)}, tmp_path / "old.pt")
    assert load_model(tmp_path / "old.pt").size == 256
    assert load_model("default").size == 256


def test_a_run_from_before_there_was_a_size_goes_on(tmp_path):
    lines = Lines(6, 32)
    train(lines, TINY, tmp_path, quiet=True)
    content = torch.load(tmp_path / "last.pt", weights_only=True)
    identity = json.loads(content["training"]["config"])
    del identity["size"]
    content["training"]["config"] = json.dumps(identity)
    torch.save(content, tmp_path / "last.pt")
    assert train(lines, TINY, tmp_path, quiet=True).epoch == 1


def test_an_onnx_file_names_it_and_is_run_at_it(run, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    out, size = run
    model, (image, _) = load_model(out), frame()
    export_onnx(model, tmp_path / "m.onnx", [image[None]])
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map["size"] == str(size)
    (mask,) = OnnxFile(tmp_path / "m.onnx").masks([image])
    inference = Inference(model, "cpu", AS_TRAINED)
    (found,) = segment(image[None, None], inference, SegmentConfig.of(model))
    assert np.count_nonzero(mask != found.mask) <= 0.001 * mask.size
