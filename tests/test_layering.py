"""The rooms of the house, by its imports: who may use what, and what nobody may."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "fluorosynth").rglob("*.py"))
COMMANDS = sorted((ROOT / "cli").rglob("*.py"))

# Import -> the places in the library that may have it: a folder, a file, or none at all.
ALLOWED = {
    "torch": ["fluorosynth/learn/"],
    "onnxruntime": ["fluorosynth/learn/"],
    "matplotlib": ["fluorosynth/learn/"],
    "h5py": ["fluorosynth/shards/", "fluorosynth/learn/data/weiss.py"],
    "pydicom": ["fluorosynth/io/dicom"],
    "pycocotools": ["fluorosynth/exporters/coco.py"],
    "fluorosynth.learn": ["fluorosynth/learn/"],
    "fluorosynth_cli": ["fluorosynth/__main__.py"],  # python -m fluorosynth
    "click": [],
    "tqdm": ["fluorosynth/learn/"],
    "pickle": ["fluorosynth/learn/checkpoint.py"],  # the name of an error that torch raises
    "marshal": [],
    "shelve": [],
    "socket": [],
    "urllib": [],
    "requests": [],
    "random": [],
    "numpy.random": [],
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "print", "input"}
GLOBAL_RANDOM = {"seed", "rand", "randn", "randint", "choice", "shuffle", "uniform", "normal"}


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@cache
def nodes(path):
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"), name_of(path))))


@cache
def imports(path):
    """Return the full names that a file imports, wherever in it."""
    found = []
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: write imports in full"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def begins(name, prefix):
    return name == prefix or name.startswith(prefix + ".")


def calls(path, wanted):
    """Yield (dotted name, call) where the last part of the name is wanted."""
    for node in nodes(path):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in wanted or name.rpartition(".")[2] in wanted:
                yield name, node


def test_there_is_something_to_look_at():
    assert len(LIBRARY) > 80
    assert len(COMMANDS) > 10
    assert any("torch" in imports(path) for path in LIBRARY)


@pytest.mark.parametrize("module", ALLOWED)
def test_imports_stay_in_their_rooms(module):
    users = [name_of(p) for p in LIBRARY if any(begins(name, module) for name in imports(p))]
    assert [user for user in users if not user.startswith(tuple(ALLOWED[module]))] == []
    for place in ALLOWED[module]:
        assert any(user.startswith(place) for user in users), f"{place} needs no {module} any more"


def test_central_types_know_numpy_only():
    plain = ["fluorosynth.core.component", "fluorosynth.errors"]
    core = {"sample": [], "core/rng": [], "ranges": plain}
    for name, allowed in core.items():
        own = [i for i in imports(ROOT / f"fluorosynth/{name}.py") if begins(i, "fluorosynth")]
        assert [i for i in own if not any(begins(i, a) for a in allowed)] == []


def test_commands_import_torch_only_when_called():
    for path in COMMANDS:
        for node in ast.parse(path.read_text("utf-8")).body:  # the top level
            heavy = {"torch", "scipy", "skimage", "matplotlib", "h5py", "pydicom"}
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None) or node.names[0].name]
                assert not heavy & {name.partition(".")[0] for name in names}, name_of(path)


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_no_code_from_data(path):
    found = [name for name, _ in calls(path, FORBIDDEN_CALLS)]
    assert [name for name in found if name in FORBIDDEN_CALLS] == []


def test_arrays_and_checkpoints_are_read_without_pickle():
    for path in [*LIBRARY, *COMMANDS]:
        for name, call in calls(path, {"torch.load", "pickle.load", "pickle.loads"}):
            options = {k.arg: ast.unparse(k.value) for k in call.keywords}
            assert options.get("weights_only") == "True", f"{name_of(path)}:{call.lineno} {name}"
        for node in nodes(path):
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert ast.unparse(node.value) == "False", name_of(path)


def test_chance_is_an_argument():
    for path in LIBRARY:
        for name, call in calls(path, GLOBAL_RANDOM):
            assert not name.startswith(("np.random.", "random.")), f"{name_of(path)}:{call.lineno}"
