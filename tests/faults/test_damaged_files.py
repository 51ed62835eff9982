"""Files cut short or changed in a byte, anywhere: read as they were, or refused in a sentence.

Files that people may write by hand, or that other programs write, have no checksum: a digit that
becomes another is another value, which nothing can tell. These are counted apart.
"""

import dataclasses
import json
import resource
import time

import cv2
import h5py
import numpy as np
import pytest
import torch
from faults_table import POSITIONS, row
from makers import Lines, picture, recipe
from small import curves_file
from tracked import bent, key

from fluorosynth import Recipe
from fluorosynth.core.check import Checked
from fluorosynth.dataset import generate, read_samples
from fluorosynth.errors import FluorosynthError
from fluorosynth.io.frames import read_frames
from fluorosynth.labels import read_labels, write_labels
from fluorosynth.labels.curve_files import read_curves
from fluorosynth.learn.checkpoint import load_model, load_training, save_model, weights_hash
from fluorosynth.learn.prediction.export_onnx import export_onnx
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.parallel import Process
from fluorosynth.learn.training.resume import resume
from fluorosynth.learn.training.train import train
from fluorosynth.shards import digest
from fluorosynth.stress.onnx_file import OnnxFile

pytestmark = pytest.mark.slow
SECONDS = 20  # for one file; none hangs
MEMORY = 8 << 30  # bytes of address space: what a damaged size asks for is not taken


@pytest.fixture(autouse=True)
def _little_memory():
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def damages(whole, seed=0):
    """Yield damaged copies: a bit turned, a byte overwritten, the end cut off."""
    rng = np.random.default_rng(seed)
    for number in range(POSITIONS):
        place = int(rng.integers(len(whole)))
        if number % 3 == 2:
            yield whole[:place]
            continue
        copy = bytearray(whole)
        copy[place] = copy[place] ^ (1 << rng.integers(8)) if number % 3 else rng.integers(256)
        yield bytes(copy)


def survive(what, path, read, checked=True):
    """Damage a file in many ways, and count how its reader ends."""
    whole = path.read_bytes()
    intact, count = plain(read()), row(what, "changed or cut short")
    unnamed = 0
    for damaged in damages(whole):
        path.write_bytes(damaged)
        started = time.monotonic()
        try:
            found = plain(read())
        except FluorosynthError as refusal:
            count.refused += 1
            unnamed += path.name not in str(refusal) and path.parent.name not in str(refusal)
        else:
            same = found == intact
            count.same += same
            count.other += not same and not checked
            count.lost += not same and checked
        assert time.monotonic() - started < SECONDS
    path.write_bytes(whole)
    assert count.lost == 0, count
    assert unnamed == 0
    return count


def plain(value):
    """Return something that compares equal where all bytes are."""
    if isinstance(value, np.ndarray | torch.Tensor):
        value = np.asarray(value)
        return value.shape, str(value.dtype), value.tobytes()
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Checked):
        return tuple(plain(getattr(value, f.name)) for f in dataclasses.fields(value))
    if isinstance(value, dict):
        return tuple((plain(k), plain(v)) for k, v in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(plain, value))
    return value if isinstance(value, str | bytes | int) else repr(value)


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_shards_and_manifests(tmp_path, compression):
    out = tmp_path / "set"
    generate(recipe(), out, 6, seed=1, compression=compression)

    def read():
        return [(index, digest(sample)) for index, sample in read_samples(out)]

    survive(f"shard, {compression or 'plain'}", out / "shard-00000.h5", read)
    if not compression:
        survive("manifest of a set", out / "dataset.json", read)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished training."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    config = TrainConfig(network="light", epochs=2, batch_size=4, validation=0.2, ema=0.9)
    train(Lines(10, 32), config, folder, quiet=True)
    return folder, config


def model_of(path):
    model = load_model(path)
    about = (model.normalisation, model.threshold, model.recipe, model.config, model.masks)
    return weights_hash(model.network), about, model.size


def test_checkpoints(run, tmp_path):
    folder, config = run
    save_model(tmp_path / "default.pt", load_model("default"), half=True)
    survive("model", tmp_path / "default.pt", lambda: model_of(tmp_path / "default.pt"))
    survive("`best.pt`", folder / "best.pt", lambda: model_of(folder))
    identity = json.loads(load_training(folder / "last.pt")[1]["config"])

    def read():
        state = resume(folder, identity, config, Process(torch.device("cpu")))
        weights = weights_hash(state.model.network), weights_hash(state.network)
        return weights, state.optimiser.state_dict(), state.sums, state.history, state.step

    survive("`last.pt`", folder / "last.pt", read)


def test_onnx(run, tmp_path):
    pytest.importorskip("onnxscript")
    export_onnx(load_model(run[0]), tmp_path / "m.onnx", [picture(0)[0][None]])
    shown = [picture(3)[0]]
    survive(
        "ONNX file", tmp_path / "m.onnx", lambda: list(OnnxFile(tmp_path / "m.onnx").masks(shown))
    )


def test_labels_and_curves(tmp_path):
    write_labels(tmp_path / "labels.json", key(bent(), 2, 5))
    survive(
        "label file", tmp_path / "labels.json", lambda: read_labels(tmp_path / "labels.json"), False
    )
    curves = curves_file(tmp_path)
    survive("centrelines, JSON", curves, lambda: read_curves(curves), False)


def test_recipes(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text(Recipe.preset("physics").to_toml())
    survive("recipe", path, lambda: Recipe.read(path).to_toml(), False)


def test_published_files(tmp_path):
    images = np.stack([np.repeat(picture(i)[0][..., None], 3, axis=2) for i in range(5)])
    with h5py.File(tmp_path / "some.hdf5", "w") as file:
        file["img"] = images
    path = tmp_path / "some.hdf5"
    survive("published HDF5", path, lambda: [f.image for f in read_frames(path)], False)


@pytest.mark.parametrize("suffix", ["png", "tif", "npy"])
def test_frames(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix == "npy":
        np.save(path, picture(0)[0])
    else:
        cv2.imwrite(str(path), picture(0)[0])
    survive(f"frame, {suffix}", path, lambda: [f.image for f in read_frames(path)], False)


def test_masks_of_backgrounds_in_the_cache(tmp_path, monkeypatch):
    from fluorosynth.backgrounds import Procedural

    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "cache"))

    def read():
        return Procedural(count=2).open(64, 0).image(1)

    read()
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    if not files:
        pytest.skip("no pool is kept on disk")
    survive("cached pool", files[0], read)
