"""What the documentation shows is run: blocks, examples, doctests, install lines."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import os
import pkgutil
import re
import runpy
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from fluorosynth_cli.main import COMMANDS, main
from makers import write_weiss

import fluorosynth
from fluorosynth.dataset.generation import generate
from fluorosynth.io import read_frames
from fluorosynth.recipe import Recipe

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*/*.py"))
READS_A_SET = {"numpy_loader", "torch_loader"}
SMALLER = {
    "--n 9000": "--n 4",
    "--n 1500": "--n 8",
    "--n 100 ": "--n 2 ",
    "runs/quick --quick": "runs/quick --quick --epochs 1 --crop 64",
    "patches run.dcm --out patches  ": "patches run.dcm --out patches --count 4 --size 64 ",
    "--out runs/tuned": "--out runs/tuned --epochs 1 --size 64 --mix 0",
    "predicted/masks --out patches": "predicted/masks --out patches --count 2 --size 32",
    "--out patches-weiss": "--out patches-weiss --count 2 --size 16",
    "--out predicted-weiss": "--out predicted-weiss --size 32 --no-overlays",
    "--out reports/weiss": "--out reports/weiss --limit 3",
    "--out adapted": "--out adapted --samples 8 --epochs 1 --size 64",
}
SHORTEST = {"backgrounds": "bundled", "devices": "spline", "stages": "render"}
BLOCK = re.compile(r"^(?:<!-- (\w+) -->\n)?```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
MODULES = [module.name for module in pkgutil.walk_packages(fluorosynth.__path__, "fluorosynth.")]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small set, a DICOM sequence and a mask, by the names that the pages use."""
    folder = tmp_path_factory.mktemp("inputs")
    generate(Recipe.preset("paper"), folder / "data/synthetic", n=4)
    sequences = replace(Recipe.preset("paper"), frames=2, size=64)
    generate(sequences, folder / "data/sequences", n=2)
    make_sequence = runpy.run_path(str(ROOT / "examples/howto/dicom_to_dataset.py"))[
        "make_sequence"
    ]
    make_sequence(folder / "run.dcm", size=160)
    frames = np.stack([frame.image for frame in read_frames(folder / "run.dcm")])
    (folder / "labels").mkdir()
    for index in (2, 5):
        catheter = frames[index] < 0.7 * frames.max(axis=0)  # it swings over a still chest
        cv2.imwrite(str(folder / f"labels/run_{index:05}.png"), frames[index])
        cv2.imwrite(str(folder / f"labels/run_{index:05}_mask.png"), catheter * np.uint8(255))
    mask = Recipe.preset("paper").sample(seed=0, index=1).mask
    (folder / "weiss").mkdir()
    write_weiss(folder / "weiss", size=32)
    (folder / "masks").mkdir()
    cv2.imwrite(str(folder / "masks/0.png"), mask)
    return folder


@pytest.fixture
def workplace(inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of one's own with the inputs; what a command changes in the process is undone."""
    shutil.copytree(inputs, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    threads, handler = cv2.getNumThreads(), signal.getsignal(signal.SIGTERM)
    yield tmp_path
    cv2.setNumThreads(threads)
    signal.signal(signal.SIGTERM, handler)


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return (what, text) of the blocks of a page: what its mark says, else its language."""
    found = BLOCK.findall(page.read_text("utf-8"))
    return [(mark or language, text) for mark, language, text in found]


def shell(script: str) -> None:
    """Run lines such as ``fluorosynth info x > file  # why``, each of which must succeed."""
    for line in script.splitlines():
        for long, short in SMALLER.items():
            line = line.replace(long, short)
        command, _, file = line.partition("#")[0].partition(" > ")
        program, *words = shlex.split(command)
        assert program == "fluorosynth", line
        with contextlib.ExitStack() as stack:
            if file:
                output = stack.enter_context(Path(file.strip()).open("w", encoding="utf-8"))
                stack.enter_context(contextlib.redirect_stdout(output))
            main(words)


def own_distribution(folder: Path) -> str:
    """Install the examples' components as a package would, and return its place."""
    info = folder / "own-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 0.1\n")
    groups = []
    for path in EXAMPLES:
        groups += re.findall(
            r"^    \[project\.entry-points\.\"(.*)\"\]\n    (.*)$", path.read_text(), re.M
        )
    assert len(groups) == 3
    text = "".join(f"[{group}]\n{entry}\n".replace('"', "") for group, entry in groups)
    (info / "entry_points.txt").write_text(text)
    return os.pathsep.join([str(folder), str(ROOT / "examples/howto")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_run(page: Path, workplace: Path) -> None:
    for what, text in blocks(page):
        if what == "run":
            shell(text)
        elif what == "python":
            exec(compile(text, str(page), "exec"), {"__name__": "docs"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_recipes_are_read(page: Path) -> None:
    rest = {key: [{"kind": kind}] for key, kind in SHORTEST.items()}
    for what, text in blocks(page):
        plain = tomllib.loads(text) if what == "toml" else {"project": None}
        if "project" not in plain:
            assert Recipe.from_plain(rest | plain).stages


def test_blocks_are_found() -> None:
    kinds = [what for page in PAGES for what, _ in blocks(page)]
    assert kinds.count("install") == 2
    assert kinds.count("run") >= 8
    assert kinds.count("python") >= 6
    assert kinds.count("toml") >= 6


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_example_runs(example: Path, workplace: Path) -> None:
    arguments = ["data/synthetic"] if example.stem in READS_A_SET else []
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("loader", sorted(READS_A_SET))
def test_loaders_do_without_the_package(loader: str) -> None:
    text = (ROOT / f"examples/howto/{loader}.py").read_text()
    assert "import fluorosynth" not in text
    assert "from fluorosynth" not in text


def test_own_components_work_from_toml_and_on_the_command_line(workplace: Path) -> None:
    recipe = """
        size = 64
        [[backgrounds]]
        kind = "bundled"
        [[devices]]
        kind = "arcs"
        [[stages]]
        kind = "render"
        [[stages]]
        kind = "grain"
        sigma = { kind = "constant", value = 3.0 }
    """
    Path("own.toml").write_text(recipe)
    places = [own_distribution(workplace / "site"), str(ROOT), str(ROOT / "cli")]
    commands = (
        "generate --recipe own.toml --n 3 --out own --quiet",
        "verify own --deep --quiet",
        "export own --to npz --out npz --quiet",
    )
    for command in commands:
        subprocess.run(
            [sys.executable, "-m", "fluorosynth_cli.main", *command.split()],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
            check=True,
            timeout=120,
        )
    assert sorted(path.name for path in Path("npz").glob("*.npz")) == [
        f"00000{i}.npz" for i in range(3)
    ]
    with np.load("npz/000002.npz") as sample:
        assert sample["image"].shape == (64, 64)
        assert sample["curve_0"][0, 1] == 63.5  # enters at the bottom


@pytest.mark.parametrize("module", MODULES)
def test_doctests(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))
    assert results.failed == 0


def test_ci_runs_the_install_lines_of_the_readme() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    for what, text in blocks(ROOT / "README.md"):
        if what == "install":
            assert text.strip() in lines


def test_pre_commit_runs_what_ci_runs() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    entries = re.findall(r"entry: ([^,\n]+)", (ROOT / ".pre-commit-config.yaml").read_text())
    assert len(entries) == 5
    for entry in entries:
        if "pytest" not in entry:
            assert f".venv/bin/{entry}" in lines


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", [p for p in PAGES if p.stem != "CHANGELOG"], ids=lambda p: p.stem)
def test_names_of_files_and_modules_are_those_of_today(page: Path) -> None:
    text = page.read_text("utf-8")
    for path in re.findall(r"\b((?:fluorosynth|tests|examples|benchmarks|docs)/[\w/]+\.\w+)", text):
        assert (ROOT / path).exists(), f"{page.name} names {path}"
    for name in re.findall(r"\bfluorosynth(?:\.\w+)+", text):
        assert pkgutil.resolve_name(name), f"{page.name} names {name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_the_documentation(name: str) -> None:
    page = (ROOT / "docs/commands.md").read_text("utf-8")
    assert f"`{name}`" in page
    command = importlib.import_module(f"fluorosynth_cli.{name}").command
    parts = getattr(command, "commands", {"": command}).values()
    options = {option for part in parts for parameter in part.params for option in parameter.opts}
    missing = {option for option in options if option.startswith("--") and option not in page}
    assert not missing
