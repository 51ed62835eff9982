"""The rooms of the house, by its imports: who may use what, and what nobody may."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "fluorosynth").rglob("*.py"))
COMMANDS = sorted((ROOT / "cli").rglob("*.py"))
FACES = sorted((ROOT / "fluorosynth").rglob("*.pyi"))  # what each room re-exports, lazily
TABLE = ROOT / "docs/architecture.md"
ROW = re.compile(r"^\| `([^`|]+)` \|[^|]+\|([^|]*)\|$", re.MULTILINE)

# Import -> the places in the library that may have it: a folder, a file, or none at all.
ALLOWED = {
    "torch": ["fluorosynth/learn/"],
    "onnxruntime": ["fluorosynth/learn/", "fluorosynth/stress/"],
    "openvino": ["fluorosynth/learn/"],
    "matplotlib": ["fluorosynth/learn/", "fluorosynth/reports/"],
    "h5py": [
        "fluorosynth/shards/",
        "fluorosynth/io/generated.py",
        "fluorosynth/io/published.py",
        "fluorosynth/io/generated.py",
        "fluorosynth/learn/data/weiss.py",
        "fluorosynth/learn/reproduce/surrogate.py",
    ],
    "pydicom": ["fluorosynth/io/dicom", "fluorosynth/learn/prediction/dicom_out"],
    "pycocotools": [
        "fluorosynth/exporters/coco.py",
        "fluorosynth/labels/formats/coco.py",
    ],
    "fluorosynth.learn": ["fluorosynth/learn/", "fluorosynth/annotate/suggest.py"],
    "fluorosynth_cli": ["fluorosynth/__main__.py"],  # python -m fluorosynth
    "click": [],
    "tqdm": ["fluorosynth/learn/"],
    "marshal": [],
    "shelve": [],
    "socket": ["fluorosynth/annotate/server.py"],
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


@cache
def rooms():
    """Return the table of rooms: what each may import, in the table's order."""
    rows = ROW.findall(TABLE.read_text("utf-8"))
    assert len(rows) == len({name for name, _ in rows}), "a room stands twice in the table"
    return {name: set(re.findall("`([^`]+)`", allowed)) for name, allowed in rows}


@cache
def modules():
    """Return the room of each module and package, by full name."""
    return {full_name(path): room_of(path) for path in [*LIBRARY, *COMMANDS]}


def full_name(path):
    inside = path.relative_to(ROOT / ("cli" if path in COMMANDS else "."))
    parts = [part for part in inside.with_suffix("").parts if part != "__init__"]
    return ".".join(parts)


def room_of(path):
    """Return the row that holds a file: its own, else that of the innermost folder with one."""
    place = name_of(path).removeprefix("fluorosynth/")
    own = re.sub(r"\.pyi?$", ".py", place)
    folders = [f"{folder.as_posix()}/" for folder in Path(place).parents]
    found = [row for row in (own, *folders) if row in rooms()]
    assert found, f"{name_of(path)} is in no room: add a row to {name_of(TABLE)}"
    return found[0]


def used_modules(path):
    """Return the modules of this project that a file names: in imports, stubs and strings."""
    names = []
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = node.module
            if node.level:  # of stubs alone: lazy_loader reads them so
                parts = (full_name(path.with_suffix(".py")), node.module)
                start = ".".join(part for part in parts if part)
            names += [f"{start}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and re.fullmatch(r"\w+[.][\w.]+", str(node.value)):
            names.append(str(node.value))  # import_module's
    found = {innermost(name) for name in names if begins(name.partition("_cli")[0], "fluorosynth")}
    return found - {None}


def innermost(name):
    """Return the longest part of a dotted name that is a module."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name or None


@cache
def used_rooms():
    """Return, by room, the rooms that it imports and one file that does so."""
    found = {room: {} for room in rooms()}
    for path in [*LIBRARY, *COMMANDS, *FACES]:
        room = room_of(path)
        for module in used_modules(path):
            if modules()[module] != room:
                found[room].setdefault(modules()[module], f"{name_of(path)} imports {module}")
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


def test_rooms_import_what_the_table_says():
    against = [
        f"{why}, but the row `{room}` does not name `{used}`"
        for room, found in used_rooms().items()
        for used, why in found.items()
        if used not in rooms()[room]
    ]
    assert against == [], f"mend the import, or the table in {name_of(TABLE)}"


def test_the_table_says_nothing_that_is_not_so():
    for room, allowed in rooms().items():
        place = ROOT / room if room.startswith("cli/") else ROOT / "fluorosynth" / room
        assert place.is_file() or any(place.iterdir()), f"the row `{room}` is of nothing"
        stale = allowed - used_rooms()[room].keys()
        assert not stale, f"the room `{room}` imports {sorted(stale)} no more"


def test_rooms_import_only_what_stands_above_them():
    order = list(rooms())  # so there is no ring
    for room, allowed in rooms().items():
        below = [used for used in allowed if order.index(used) >= order.index(room)]
        assert not below, f"`{room}` stands above {below}"


@pytest.mark.parametrize("module", ALLOWED)
def test_imports_stay_in_their_rooms(module):
    users = [name_of(p) for p in LIBRARY if any(begins(name, module) for name in imports(p))]
    assert [user for user in users if not user.startswith(tuple(ALLOWED[module]))] == []
    for place in ALLOWED[module]:
        assert any(user.startswith(place) for user in users), f"{place} needs no {module} any more"


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
