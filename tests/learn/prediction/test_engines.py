"""Every engine gives PyTorch's maps; what was converted is kept, whole, or made again."""

import subprocess
import sys

import numpy as np
import pytest
from makers import picture

from fluorosynth.errors import UsageError
from fluorosynth.learn.device import has_bf16
from fluorosynth.learn.prediction import converted as module
from fluorosynth.learn.prediction.converted import converted
from fluorosynth.learn.prediction.engines import ENGINES, open_engine
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.predict import predict
from fluorosynth.learn.prediction.torch_engine import Mode

for package in ("onnx", "onnxscript", "onnxruntime", "openvino"):
    pytest.importorskip(package, reason="needs the extras onnx and openvino (part of test)")

OTHERS = [name for name in ENGINES if name != "torch"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache of this module: one conversion does."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(cache, monkeypatch):
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(cache))


@pytest.fixture
def no_conversion(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network is converted again")

    monkeypatch.setattr(module, "write_onnx", refuse)


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("averaged", [{}, {"tta": True, "scales": (0.8, 1.0)}, {"turned": True}])
@pytest.mark.parametrize("size", [(64, 64), (37, 50)])
def test_maps_are_those_of_pytorch(trained, engine, averaged, size):
    images = np.stack([picture(k, 64)[0][: size[0], : size[1]] for k in range(3)])
    own = Inference(trained, "cpu", Mode(False, False)).predict_maps(images, **averaged)
    inference = Inference(trained, engine=engine, batch=2)
    found = inference.predict_maps(images, **averaged)
    assert found.shape == own.shape
    assert own.max() > 0.9  # something is there
    if "bf16" in str(inference.engine):
        assert ((found > 0.5) != (own > 0.5)).mean() < 2e-3
    else:
        np.testing.assert_allclose(found, own, atol=1e-4)


def test_maps_stay_when_the_next_are_made(trained):
    images = np.stack([picture(k, 64)[0] for k in range(2)])
    for engine in OTHERS:
        inference = Inference(trained, engine=engine)
        first = inference.predict_maps(images[:1])
        kept = first.copy()
        inference.predict_maps(images[1:])
        assert np.array_equal(first, kept)


def test_a_cache_that_cannot_be_written_is_done_without(trained, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "file" / "cache"))
    images = np.stack([picture(0, 64)[0]])
    found = Inference(trained, engine="onnx").predict_maps(images)
    own = Inference(trained, "cpu", Mode(False, False)).predict_maps(images)
    np.testing.assert_allclose(found, own, atol=1e-4)


def test_what_is_converted_is_kept(trained, no_conversion):
    for engine in OTHERS:
        open_engine(engine, trained.network, "auto")


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_one_is_made_again(trained, cache, damage, monkeypatch):
    whole = converted(trained.network)
    (path,) = cache.glob("*.network")
    content = bytearray(whole)
    content[len(content) // 2] ^= 1
    broken = {"cut": whole[:-200], "flipped": bytes(content), "empty": b""}[damage]
    path.write_bytes(broken)
    made = []

    def write(*arguments):
        made.append(1)
        arguments[-1].write_bytes(whole)

    monkeypatch.setattr(module, "write_onnx", write)
    assert converted(trained.network) == whole
    assert made
    assert path.read_bytes() == whole


def test_a_folder_names_its_engine(trained, tmp_path):
    np.save(tmp_path / "run.npy", np.stack([picture(k, 64)[0] for k in range(2)]))
    inference = Inference(trained, engine="onnx")
    assert predict(tmp_path / "run.npy", inference, tmp_path / "out").frames == 2
    with pytest.raises(UsageError, match="with mode = ONNX Runtime, not "):
        predict(tmp_path / "run.npy", Inference(trained, "cpu"), tmp_path / "out")


def test_no_engine_asks_the_network():
    code = """
import socket, sys
def refuse(*_):
    print("asked", flush=True)
    raise OSError
socket.getaddrinfo = socket.socket.connect = refuse
from fluorosynth.learn.prediction import openvino_engine
with openvino_engine._no_telemetry():
    import openvino
import threading
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join(5)
print(sorted(name for name in sys.modules if "telemetry" in name and "openvino_tel" in name))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_precision_is_that_of_the_processor(trained):
    engine = open_engine("openvino", trained.network, "cpu")
    assert str(engine) == f"OpenVINO, {'bf16' if has_bf16(engine.device) else 'f32'}"


def test_what_an_engine_does_not_have_is_refused(trained):
    with pytest.raises(UsageError, match="`engine` must be one of torch, onnx, openvino, not 'x'"):
        open_engine("x", trained.network, "cpu")
    for engine in OTHERS:
        with pytest.raises(UsageError, match=f"`engine` {engine} computes on the processor"):
            open_engine(engine, trained.network, "cuda")
