"""Programs and ONNX files as segmenters."""

import shlex
import sys

import numpy as np
import pytest

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.stress.command import Command
from fluorosynth.stress.onnx_file import OnnxFile
from fluorosynth.stress.segmenters import Ridge

PROGRAM = """
import pathlib, sys
import cv2, numpy as np
src, out = map(pathlib.Path, sys.argv[1:3])
for path in sorted(src.iterdir()):
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture.dtype == np.uint8 and picture.ndim == 2
    cv2.imwrite(str(out / path.name), {answer})
"""
ANSWERS = {
    "a mask of 0 and 1": "(picture < 100).astype(np.uint8)",
    "a mask of 0 and 255": "255 * (picture < 100).astype(np.uint8)",
    "a map of 8 bit": "(np.clip(2 * (164 - picture.astype(int)), 0, 255)).astype(np.uint8)",
    "a map of 16 bit": "(np.clip(2 * (164 - picture.astype(int)), 0, 255) * 257).astype(np.uint16)",
    "nothing": "np.zeros_like(picture)",
}


def line(folder, answer):
    program = folder / "tool.py"
    program.write_text(PROGRAM.replace("{answer}", answer))
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(program))} {{src}} {{out}}"


def pictures():
    rng = np.random.default_rng(0)
    return [
        rng.integers(0, 256, shape).astype(np.uint8) for shape in ((40, 40), (40, 40), (50, 60))
    ]


@pytest.mark.parametrize("what", ANSWERS)
def test_a_program_is_asked_by_files(tmp_path, what):
    shown = pictures()
    found = list(Command(line(tmp_path, ANSWERS[what])).masks(iter(shown)))
    limit = 101 if "map" in what else 0 if what == "nothing" else 100
    for picture, mask in zip(shown, found, strict=True):
        expected = picture < 100 if limit == 100 else picture < limit
        assert mask.dtype == np.uint8
        assert np.array_equal(mask, expected)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("picture); sys.exit(3", "ended with exit code 3"),
        ("picture); (out / path.name).unlink(", r"wrote no 000000\.png"),
        ("picture); raise ValueError('no licence'", "no licence"),
        ("picture); import os; os.kill(os.getpid(), 9", "ended by the signal SIGKILL: no words"),
        ("picture[:20, :20]", r"command's 000000\.png is 20 x 20, its picture 40 x 40"),
        ("picture % 3", "hold 0, 1, 2: neither masks .* nor maps"),
        ("picture); path.rename(out / 'a.png'); (out / path.name).unlink(", "it wrote 'a.png'"),
    ],
)
def test_a_program_that_fails_is_named_with_its_words(tmp_path, answer, said):
    with pytest.raises(BadDataError, match=said):
        list(Command(line(tmp_path, answer)).masks(iter(pictures())))


def test_a_map_that_happens_to_hold_two_values_is_a_map(tmp_path):
    """Beside maps, a picture in which a network is .4 % sure of something holds 0 and 1."""
    answer = "picture if picture.shape == (50, 60) else (picture < 100).astype(np.uint8)"
    *faint, last = Command(line(tmp_path, answer)).masks(iter(pictures()))
    assert not np.any(faint)
    assert last.any()


def test_what_is_there_is_told_while_a_program_runs(tmp_path):
    told = []
    answer = "0 * picture); import time; time.sleep(0.6"
    command = Command(line(tmp_path, answer), told=lambda *said: told.append(said))
    assert len(list(command.masks(iter(pictures())))) == 3
    assert told
    assert all(0 <= done <= total == 3 for done, total in told)


def test_a_program_that_is_not_there():
    with pytest.raises(UsageError, match="cannot be split: No closing quotation"):
        Command("'tool {src} {out}")
    with pytest.raises(UsageError, match="'no-such-tool' cannot be run"):
        list(Command("no-such-tool {src} {out}").masks(iter(pictures())))
    with pytest.raises(UsageError, match=r"names no \{out\}"):
        Command("tool {src}")


def test_the_ridge_filter_finds_dark_lines_only():
    picture = np.full((64, 64), 128, np.uint8)
    picture[:, 20:23], picture[:, 40:43] = 100, 156
    (mask,) = Ridge().masks([picture])
    assert mask[10:-10, 21].all()
    assert not mask[10:-10, 41].any()


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory):
    """A float network: the share of black, as a map."""
    import onnx
    from onnx import TensorProto, helper

    path = tmp_path_factory.mktemp("onnx") / "black.onnx"
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    node = helper.make_node("Sub", ["one", "picture"], ["map"])
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 1, "h", "w"])
        for name in ("picture", "map")
    ]
    graph = helper.make_graph([node], "black", ends[:1], ends[1:], [one])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path


def test_maps_are_cut_at_the_threshold(onnx_file):
    for threshold in (0.5, 0.25):
        found = list(OnnxFile(onnx_file, threshold).masks(iter(pictures())))
        for picture, mask in zip(pictures(), found, strict=True):
            black = 1 - (picture / 255).astype(np.float32)
            assert np.array_equal(mask, black > threshold)


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "x.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(BadDataError, match=r"x\.onnx cannot be read as ONNX"):
        OnnxFile(path)
    with pytest.raises(BadDataError, match=r"missing\.onnx cannot be read"):
        OnnxFile(tmp_path / "missing.onnx")
