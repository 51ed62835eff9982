import numpy as np
import pytest
import torch
from click.testing import CliRunner
from fluorosynth_cli import model as model_command
from makers import picture

from fluorosynth.errors import BadDataError
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import Normalisation
from fluorosynth.learn.networks import build
from fluorosynth.learn.networks.base import Network
from fluorosynth.learn.prediction.export_onnx import export_onnx
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.torch_engine import Mode
from fluorosynth.learn.prediction.windows import first_clips, made_clips
from fluorosynth.stress.onnx_file import OnnxFile

EXTRA = "needs the extra onnx (part of test): pip install -c constraints.txt '.[test]'"
onnx = pytest.importorskip("onnx", reason=EXTRA)
onnxruntime = pytest.importorskip("onnxruntime", reason=EXTRA)
pytest.importorskip("onnxscript", reason=EXTRA)


class Small(Network):
    """One convolution: quick to export."""

    centre = 1

    def draw(self, graph):
        graph.conv(graph.input, 2)


@pytest.fixture(scope="module")
def exported(trained_file, tmp_path_factory):
    """What the command writes, and what it says."""
    folder = tmp_path_factory.mktemp("onnx")
    np.save(folder / "run.npy", np.stack([picture(i)[0] for i in range(5)]))
    arguments = ["export", trained_file, "--out", folder / "new" / "lines.onnx"]
    arguments += ["--frames", folder / "run.npy", "--count", 3]
    done = CliRunner().invoke(
        model_command.command, [str(a) for a in arguments], catch_exceptions=False
    )
    assert done.exit_code == 0
    return folder / "new" / "lines.onnx", done.stdout


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_the_difference_is_stated(exported):
    path, said = exported
    assert "lines.onnx: on 3 frames, maps differ by at most " in said
    assert 0 < float(said.split()[-1]) < 1e-4
    assert [file.name for file in path.parent.iterdir()] == [path.name]  # no weights beside it


@pytest.mark.parametrize("shape", [(1, 64, 64), (3, 37, 50), (2, 16, 101)])
def test_any_number_and_size_of_images(exported, trained, shape):
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    (found,) = session(exported[0]).run(["catheter"], {"images": images[:, None]})
    truth = Inference(trained, "cpu", Mode(False, False)).predict_maps(images)
    np.testing.assert_allclose(found, truth, atol=1e-4)


def test_metadata_and_standard(exported):
    file = onnx.load(exported[0])
    onnx.checker.check_model(file, full_check=True)
    stated = {p.key: p.value for p in file.metadata_props}
    assert len(stated.pop("xxh3_128")) == 32
    assert stated == {"network": "light_plain", "threshold": "0.45", "size": "64"}


def test_several_frames_normalised_each_by_itself(tmp_path):
    torch.manual_seed(0)
    model = Model(build("light", {"channels": 2}), Normalisation(0.0, 1.0, True))
    clips = made_clips(2, 2)
    assert export_onnx(model, tmp_path / "x.onnx", clips) < 1e-4
    (found,) = session(tmp_path / "x.onnx").run(None, {"images": np.stack(clips)})
    truth = Inference(model, "cpu", Mode(False, False)).predict_maps(np.stack(clips))
    np.testing.assert_allclose(found, truth, atol=1e-4)


def test_a_network_that_is_no_number_is_not_written(tmp_path):
    model = Model(Small(), Normalisation(float("nan"), 1.0))
    with pytest.raises(BadDataError, match="was not written: its maps differ"):
        export_onnx(model, tmp_path / "x.onnx", [picture(0)[0][None]])
    assert not list(tmp_path.iterdir())


def test_no_more_frames_are_read_than_asked_for(tmp_path):
    np.save(tmp_path / "run.npy", np.stack([picture(i)[0] for i in range(5)]))
    assert len(first_clips(tmp_path / "run.npy", 3, 1)) == 3


def test_a_changed_weight_is_noticed(exported, tmp_path):
    path, _ = exported
    content = bytearray(path.read_bytes())
    OnnxFile(path)
    content[len(content) // 2] ^= 4
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(BadDataError, match=r"bad.onnx' is damaged: it differs from its checksum"):
        OnnxFile(tmp_path / "bad.onnx")
