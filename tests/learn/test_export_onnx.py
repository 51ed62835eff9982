import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from click.testing import CliRunner
from fluorosynth_cli import model as model_command
from makers import picture

from fluorosynth.errors import BadDataError
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.clips import first_clips, made_clips
from fluorosynth.learn.data import Normalisation
from fluorosynth.learn.export_onnx import export_onnx
from fluorosynth.learn.inference import Inference, Mode
from fluorosynth.learn.networks import build


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "lines.onnx"
    clips = [picture(i)[0][None] for i in range(3)]
    return path, export_onnx(trained, path, clips)


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_the_difference_is_stated(exported):
    path, difference = exported
    assert 0 < difference < 1e-4
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
    assert {p.key: p.value for p in file.metadata_props} == {
        "network": "light_plain", "threshold": "0.45"
    }  # fmt: skip


def test_several_frames_normalised_each_by_itself(tmp_path):
    torch.manual_seed(0)
    model = Model(build("light", {"channels": 2}), Normalisation(0.0, 1.0, True))
    clips = made_clips(2, 2)
    assert export_onnx(model, tmp_path / "x.onnx", clips) < 1e-4
    (found,) = session(tmp_path / "x.onnx").run(None, {"images": np.stack(clips)})
    truth = Inference(model, "cpu").predict_maps(np.stack(clips))
    np.testing.assert_allclose(found, truth, atol=1e-4)


def test_a_network_that_is_no_number_is_not_written(trained, tmp_path):
    model = Model(build("light_plain"), Normalisation(float("nan"), 1.0))
    with pytest.raises(BadDataError, match="was not written: its maps differ"):
        export_onnx(model, tmp_path / "x.onnx", [picture(0)[0][None]])
    assert not list(tmp_path.iterdir())


def test_the_command(trained_file, tmp_path):
    np.save(tmp_path / "run.npy", np.stack([picture(i)[0] for i in range(5)]))
    assert len(first_clips(tmp_path / "run.npy", 3, 1)) == 3
    arguments = ["export", trained_file, "--out", tmp_path / "x.onnx"]
    arguments += ["--frames", tmp_path / "run.npy", "--count", 3]
    done = CliRunner().invoke(
        model_command.command, [str(a) for a in arguments], catch_exceptions=False
    )
    assert done.exit_code == 0
    assert "x.onnx: on 3 frames, maps differ by at most " in done.stdout
    assert (tmp_path / "x.onnx").exists()
