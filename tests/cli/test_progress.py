"""Nothing but a sentence where nothing was done, and words where nothing can be counted."""

import io
import subprocess
import sys

import pytest
from fluorosynth_cli.progress import progress
from small import environment, fluorosynth, frames_file, small_recipe

from fluorosynth.dataset.generation import generate


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_an_unknown_exporter_is_all_that_is_said(tmp_path):
    generate(small_recipe(tmp_path), tmp_path / "set", n=2, seed=0)
    code, out, error = fluorosynth("export", tmp_path / "set", "--to", "cocoa", "--out", "o")
    assert (code, out) == (2, "")
    assert error.startswith("Error: no exporter 'cocoa'")


def stopped_after(done):
    with progress(5, "image", quiet=False, ncols=60) as bar:
        bar.update(done)
        raise KeyError


@pytest.mark.parametrize(("done", "stays"), [(0, False), (2, True)])
def test_a_bar_that_did_nothing_goes(monkeypatch, done, stays):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with pytest.raises(KeyError):
        stopped_after(done)
    assert screen.getvalue().rstrip(" \r").endswith("\n") == stays


def test_the_first_run_says_that_it_compiles_and_the_second_does_not(tmp_path):
    (tmp_path / "small.toml").write_text(small_recipe(tmp_path).to_toml())
    options = ["--recipe", tmp_path / "small.toml", "--out", tmp_path / "x.png", "--index", 0]
    said = [
        subprocess.run(
            [sys.executable, "-m", "fluorosynth_cli.main", "sample", *map(str, options)],
            env={**environment(), "NUMBA_CACHE_DIR": str(tmp_path / "numba")},
            check=True, capture_output=True, text=True,
        ).stderr
        for _ in range(2)
    ]  # fmt: skip
    assert "compiling for this machine, once: 100%" in said[0]
    assert said[1] == ""


@pytest.mark.parametrize(
    "line",
    [
        "train nowhere --out o",
        "finetune nowhere --from default --out o",
        "evaluate nowhere --model default --out o",
        "predict nowhere --model default --out o",
        "adapt nowhere --out o",
        "bench nowhere --model default --out o",
        "reproduce --surrogate --quick --only nothing --out o",
        "model list",
        "model show nothing",
        "model export nowhere --out o.onnx",
        "benchmark --networks nothing",
        "doctor",
    ],
    ids=lambda line: line.split(" --")[0],
)
def test_commands_that_load_pytorch_say_so_first(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, _, error = fluorosynth(*line.split())
    assert error.startswith("loading PyTorch ...\n")


def test_nothing_to_do_is_said_without_a_rate(tmp_path):
    path = frames_file(tmp_path)
    line = ["predict", path, "--model", "default", "--device", "cpu", "--out", tmp_path / "out"]
    assert fluorosynth(*line)[0] == 0
    code, said, _ = fluorosynth(*line)
    assert (code, said) == (0, f"1 file done before: {tmp_path / 'out'}\n")
