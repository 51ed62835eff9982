"""The commands as users meet them: help, mistakes, exit codes, odd names, what is imported."""

import contextlib
import io
import json
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
from fluorosynth_cli.main import COMMANDS
from small import curve, environment, fluorosynth, small_recipe

from fluorosynth.dataset.manifest import read_manifest
from fluorosynth.io.contact_sheet import png_bytes

ODD = "spaces, ümläute\nand a newline"


def picture(seed=0, size=80):
    rng = np.random.default_rng(seed)
    return rng.integers(90, 170, (size, size)).astype(np.uint8)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder: pictures in ``good``, one broken among ``mixed``, ``empty``, a recipe."""
    for name, count in (("good", 3), ("mixed", 3), ("empty", 0)):
        (tmp_path / name).mkdir()
        for k in range(count):
            (tmp_path / name / f"{k}.png").write_bytes(png_bytes(picture(k)))
    broken = tmp_path / "mixed" / "broken.png"
    broken.write_bytes(png_bytes(picture())[:200])
    (tmp_path / "small.toml").write_text(small_recipe(tmp_path).to_toml())
    text = (tmp_path / "small.toml").read_text()
    (tmp_path / "wrong.toml").write_text(text.replace("amount = 50", "amuont = 50"))
    (tmp_path / "none.toml").write_text("size = \n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---------------------------------------------------------------- help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(name):
    code, said, error = fluorosynth(name, "--help")
    assert (code, error) == (0, "")
    assert said.startswith(f"Usage: fluorosynth {name}")
    examples = re.search(r"^ *Examples?:\n(.*)", said, re.MULTILINE | re.DOTALL)[1]
    assert f"  fluorosynth {name}" in examples


def test_the_group_lists_every_command():
    code, said, _ = fluorosynth("--help")
    assert code == 0
    for name, about in COMMANDS.items():
        assert f"  {name}" in said
        assert about in " ".join(said.split())


def loaded(*words):
    """Names of the modules that a run of the command has imported."""
    code = (
        "import sys\nfrom fluorosynth_cli.main import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit as stop: assert not stop.code\n"
        "finally: print(*sorted(sys.modules), file=sys.stderr)"
    )
    line = [sys.executable, "-c", code, *map(str, words)]
    done = subprocess.run(line, env=environment(), capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_imports_nothing_heavy():
    names = {"torch", "scipy", "skimage", "pydicom", "h5py", "numpy", "cv2", "numba", "matplotlib"}
    assert not names & loaded("--help")


def test_generating_needs_no_torch(place):
    modules = loaded("generate", "--n", 2, "--out", "set", "--workers", 1, "--quiet")
    assert not {"torch", "matplotlib", "pydicom", "skimage"} & modules
    assert "h5py" in modules


# ---------------------------------------------------------------- mistakes

GENERATE = "generate --quiet --out out --recipe small.toml --workers 1"


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (f"{GENERATE} --n 3 --backgrounds absent", 3, ["'absent'", "does not exist"]),
        (f"{GENERATE} --n 3 --backgrounds empty", 3, ["'empty'", "no files"]),
        (f"{GENERATE} --n 3 --backgrounds mixed", 3, ["broken.png"]),
        (f"{GENERATE} --n 3 --devices absent", 3, ["'absent'"]),
        (f"{GENERATE} --n 3 --devices empty", 3, ["'empty'", "no files"]),
        (f"{GENERATE} --n 3 --devices good/0.png", 3, ["0.png"]),
        (f"{GENERATE} --n 0", 2, ["--n", "0 is not in the range"]),
        (f"{GENERATE} --n -5", 2, ["--n", "-5 is not in the range"]),
        (f"{GENERATE} --n many", 2, ["--n", "'many'"]),
        ("generate --quiet --out out", 2, ["--n"]),
        (f"{GENERATE} --n 3 --size 7", 2, ["size", "32", "7"]),
        (f"{GENERATE} --n 3 --size 100000", 2, ["size", "4096", "100000"]),
        (f"{GENERATE} --n 3 --seed -1", 2, ["--seed", "-1"]),
        (f"{GENERATE} --n 3 --workers 0", 2, ["--workers", "0"]),
        (f"{GENERATE} --n 3 --set jiter.amount=3", 2, ["'jiter'", "did you mean 'jitter'?"]),
        (f"{GENERATE} --n 3 --set jitter.amont=3", 2, ["amont", "did you mean 'amount'?"]),
        (f"{GENERATE} --n 3 --set jitter.amount=x", 2, ["amount", "'x'"]),
        (f"{GENERATE} --n 3 --set sise=128", 2, ["'sise'"]),
        (f"{GENERATE} --n 3 --set jitter", 2, ["'jitter'", "stage.key=value"]),
        ("generate --n 3 --out out --recipe papper", 2, ["'papper'", "did you mean 'paper'?"]),
        ("generate --n 3 --out out --recipe absent.toml", 2, ["absent.toml"]),
        ("generate --n 3 --out out --recipe wrong.toml", 2, ["wrong.toml", "amuont", "'amount'"]),
        ("generate --n 3 --out out --recipe none.toml", 2, ["none.toml", "not valid TOML"]),
        ("generate --n 3 --out small.toml --recipe small.toml --quiet", 3, ["small.toml"]),
        ("generate --mumber 3", 2, ["--mumber"]),
        ("genrate", 2, ["genrate"]),
        ("sample --recipe small.toml --index -1 --out x.png", 2, ["--index", "-1"]),
        ("sample --recipe small.toml --index 1 --out absent/x.png", 3, ["absent"]),
        ("recipe show papper", 2, ["'papper'", "did you mean 'paper'?"]),
        ("info absent", 3, ["absent", "missing"]),
        ("verify empty", 3, ["empty", "missing"]),
        (f"{GENERATE} --n 3 --out good", 2, ["good", "0.png, 1.png, 2.png", "new or empty"]),
        ("sample --recipe small.toml --index 1 --out good", 2, ["good", ".png"]),
        ("sample --recipe small.toml --index 1 --out x.jpg", 2, ["x.jpg", ".png"]),
        ("preview empty --out x.png", 3, ["empty", "missing"]),
        ("export empty --to folder --out x", 3, ["empty", "missing"]),
        ("patches absent --out out", 3, ["'absent'", "does not exist"]),
        ("patches s3://b/run --out out", 3, ["s3://b/run is not on this machine: copy it"]),
        ("sample --backgrounds s3://b/run --index 0 --out x", 3, ["s3://b/run is not on this"]),
        ("labels convert s3://b/l.json --out x", 3, ["s3://b/l.json is not on this"]),
        ("info small.toml", 2, ["small.toml is a file", "small.toml@0[0:9000]"]),
        ("verify good/0.png", 2, ["good/0.png is a file: a set is a folder"]),
        ("patches empty --out out", 3, ["'empty'", "no files"]),
        ("patches mixed --out out --quiet", 3, ["broken.png"]),
        ("patches good --out out --count 0", 2, ["count", "0"]),
        ("patches good --out mixed --quiet", 2, ["mixed", "exists"]),
        ("patches good --out out --masks absent --quiet", 3, ["absent", "masks"]),
    ],
)
def test_a_mistake_is_named_with_its_exit_code(place, line, code, said):
    before = sorted(place.rglob("*"))
    got, _, error = fluorosynth(*line.split())
    assert got == code, error
    for word in said:
        assert word in error
    assert "Traceback" not in error
    assert [p for p in place.rglob("*") if p not in before and p.name not in ("out", ".lock")] == []


def test_a_folder_of_somebody_keeps_its_files(place):
    mine = {"README.md": "notes", "preview.png": "p", "dataset.json": '{"x": 1}'}
    for name, text in mine.items():
        folder = place / f"mine {name}"
        folder.mkdir()
        (folder / name).write_text(text)
        code, _, said = fluorosynth(*GENERATE.split(), "--n", 2, "--out", folder)
        assert (code, name in said) == (2, True)
        assert [(p.name, p.read_text()) for p in folder.iterdir()] == [(name, text)]


def test_skip_bad_leaves_out_the_broken_one_and_says_so(place):
    line = ["generate", "--recipe", "small.toml", "--n", 9, "--workers", 1, "--out", "set"]
    code, _, said = fluorosynth(*line, "--backgrounds", "mixed", "--skip-bad")
    assert code == 0
    assert "left out:" in said
    assert "broken.png" in said
    assert "Traceback" not in said
    ids = set()
    for index in range(9):
        _, meta, _ = fluorosynth(
            "sample", "--recipe", "small.toml", "--backgrounds", "mixed", "--skip-bad",
            "--index", index, "--out", "x.png",
        )  # fmt: skip
        ids.add(json.loads(meta)["background"])
    assert ids <= {"0.png", "1.png", "2.png"}
    code, _, said = fluorosynth(
        "patches", "mixed", "--out", "cut", "--count", 2, "--size", 32, "--skip-bad"
    )
    assert (code, "broken.png" in said) == (0, True)


def test_odd_names_work(place):
    odd = place / ODD
    odd.mkdir()
    (odd / f"{ODD}.png").write_bytes(png_bytes(picture()))
    curves = odd / f"{ODD}.csv"
    rows = [f"0,{x},{y},3" for x, y in curve().tolist()]
    curves.write_text("\n".join(["device,x,y,width", *rows]) + "\n")
    (odd / f"{ODD}.toml").write_text((place / "small.toml").read_text(), "utf-8")
    out, sheet = odd / "a set", odd / f"{ODD} sheet.png"
    steps = (
        ("generate", "--n", 4, "--recipe", odd / f"{ODD}.toml", "--backgrounds", odd / f"{ODD}.png",
         "--devices", curves, "--out", out, "--workers", 1, "--quiet"),
        ("verify", out, "--deep", "--quiet"),
        ("preview", out, "--out", sheet, "--quiet"),
        ("export", out, "--to", "folder", "--out", odd / "as png", "--quiet"),
        ("patches", odd / f"{ODD}.png", "--out", odd / "cut", "--count", 1, "--size", 32),
    )  # fmt: skip
    for step in steps:
        code, _, said = fluorosynth(*step)
        assert code == 0, said
    assert read_manifest(out).n == 4
    assert cv2.imdecode(np.fromfile(sheet, np.uint8), cv2.IMREAD_COLOR) is not None


def test_quiet_is_quiet_and_progress_is_no_result(place):
    line = ["generate", "--recipe", "small.toml", "--n", 3, "--workers", 1]
    assert fluorosynth(*line, "--out", "a", "--quiet") == (0, "", "")
    code, said, progress = fluorosynth(*line, "--out", "b")
    assert (code, "3 samples in b" in said) == (0, True)
    assert "image" in progress
    assert "%" not in said


def test_runs_as_a_module():
    line = [sys.executable, "-m", "fluorosynth", "recipe", "list"]
    done = subprocess.run(line, env=environment(), capture_output=True, text=True, check=True)
    assert "paper" in done.stdout.split()


def test_a_bug_shows_its_traceback(monkeypatch):
    """Only what a user can mend becomes a sentence; what is ours must not be hidden."""
    monkeypatch.setattr("fluorosynth.recipe.Recipe.presets", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError), contextlib.redirect_stdout(io.StringIO()):
        fluorosynth("recipe", "list")
