"""The lines that use one component alone, as data: what a page shows, draws and the tests run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from fluorosynth.backgrounds import BackgroundSource, Bundled
from fluorosynth.core.check import concrete
from fluorosynth.core.component import Component, kinds
from fluorosynth.devices import DeviceSource, Spline
from fluorosynth.ranges import Constant
from fluorosynth.stages import (
    Attenuate,
    Expose,
    Flip,
    Geometry,
    Render,
    Rotate,
    Shift,
    Stage,
    Zoom,
)
from fluorosynth.stages import Field as EdgeOfField

FAMILIES: dict[str, Any] = {
    "stages": Stage,
    "backgrounds": BackgroundSource,
    "devices": DeviceSource,
}

# What an example sets, where the defaults would mostly show nothing.
SETTINGS: dict[str, dict[str, Any]] = {
    "attenuate": {"strength": Constant(0.6), "markers": 1.0},
    "bedside": {"table": 1.0, "letters": 1.0, "cables": 1.0},
    "blur": {"sigma": Constant(2.0)},
    "bones": {"ribs": 1.0, "folds": 1.0, "strength": Constant(0.3)},
    "clutter": {"clips": 1.0, "sternal_wires": 1.0, "lead": 1.0},
    "coaxial": {"chance": 1.0, "beyond": Constant(60.0)},
    "compress": {"span": Constant(0.4), "frames": True},
    "compose": {"stages": (Rotate(), Zoom())},
    "ct": {"path": Path("chest.nii.gz"), "count": 4},
    "deform": {"chance": 1.0, "amount": Constant(28.0), "spacing": 128.0},
    "display": {"inverted": 0.0},
    "engage": {"chance": 1.0},
    "field": {"circle": 1.0},
    "folder": {"path": Path("patches")},
    "foreshorten": {"chance": 1.0, "factor": Constant(0.2)},
    "masks": {"path": Path("masks")},
    "noise": {"photons": Constant(1000.0)},
    "one_of": {"stages": (Rotate(), Zoom(), Shift(), Flip())},
    "overlay": {"chance": 1.0},
    "polylines": {"path": Path("traced.json"), "frame_size": (256, 256)},
    "route": {"routes": ("arch",), "counts": (1.0,)},
    "scatter": {"share": Constant(0.5)},
    "sharpen": {"amount": Constant(1.5), "sigma": Constant(4.0)},
    "spline": {"counts": (0.0, 1.0)},
    "vessels": {"chance": 1.0, "from_tip": 1.0},
    "walk": {"counts": (0.0, 1.0)},
}
MEMORY = {  # the lines that make what is held
    "backgrounds": "images = Bundled().open(300, seed=0).images[::8]  # or your own",
    "devices": "curves = [Device(np.float32([[0, 90], [140, 60], [255, 9]]), np.float32([5] * 3))]",
}
MEMORY_IMPORTS = {
    "backgrounds": ["import numpy as np", "from fluorosynth.backgrounds import Bundled, Memory"],
    "devices": [
        "import numpy as np",
        "from fluorosynth import Device",
        "from fluorosynth.devices import Memory",
    ],
}
WITH_DEVICES = {"attenuate", "coaxial", "engage", "foreshorten", "jitter", "render", "vessels"}
BEFORE: dict[str, tuple[Stage, ...]] = {  # what must have happened
    "display": (Expose(),),
    "jitter": (Render(),),
    "visible": (Render(), Attenuate(strength=Constant(0.2)), EdgeOfField(circle=1.0)),
}
FRAME, SHAFT = 31, 27  # seeds that show much: of ribs, heart and lung; of a long shaft, a bent tip
FRAMES: dict[str, tuple[Bundled, int]] = {  # of stages that act on what lies behind
    "deform": (Bundled("contrast"), FRAME),
    "engage": (Bundled("contrast"), 36),
}
SPLINE = Spline(counts=(1.0,), catheter_width=Constant(5.0))


@dataclass(frozen=True)
class StageExample:
    """A stage on a frame, with the fewest others that it needs."""

    before: tuple[Stage, ...]
    stage: Stage
    after: tuple[Stage, ...]
    frames: Bundled
    seed: int

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All of them, in order."""
        return (*self.before, self.stage, *self.after)

    @property
    def moves(self) -> bool:
        """Whether curves are shown, not pixels."""
        return isinstance(self.stage, Geometry) or bool(self.after)

    @property
    def with_devices(self) -> bool:
        """Whether there is an instrument in the picture."""
        return self.moves or self.stage.kind in WITH_DEVICES | {"visible"}


@cache
def components(family: str) -> dict[str, type[Component]]:
    """Return the built-in components of a family, by kind."""
    root = FAMILIES[family]
    kinds(root, root.package)  # imports them
    own = [cls for cls in concrete(root) if cls.__module__.startswith(root.package)]
    return {cls.kind: cls for cls in sorted(own, key=lambda cls: cls.kind)}


def example(family: str, kind: str) -> Any:
    """Return the component of an example."""
    cls = components(family)[kind]
    if cls.writable:
        return cls(**SETTINGS.get(kind, {}))
    names: dict[str, Any] = {}
    exec("\n".join([*MEMORY_IMPORTS[family], MEMORY[family]]), names)  # noqa: S102
    return cls(names.get("images", names.get("curves")))  # type: ignore[call-arg]


def stage_example(kind: str) -> StageExample:
    """Return a stage with the fewest others that make it work."""
    stage: Stage = example("stages", kind)
    moves = stage.gives != "rendered" and ("moved" in stage.takes or "at rest" in stage.takes)
    after = (Render(),) if moves and kind not in FRAMES else ()
    return StageExample(BEFORE.get(kind, ()), stage, after, *FRAMES.get(kind, (Bundled(), FRAME)))


def stage_lines(shown: StageExample) -> str:
    """Return the Python that runs a stage on a frame."""
    used: list[Component] = [shown.frames, *shown.stages]
    background = drawn(shown.frames, shown.seed)
    lines = ["# or your own: (H, W) uint8", f"frame = {background}.image"]
    arguments = "frame"
    if shown.with_devices:
        used.append(SPLINE)
        lines[0] += ", Device(points, widths)"
        lines.append(f"devices = {drawn(SPLINE, SHAFT)}")
        arguments += ", devices"
    if shown.stage.kind == "engage":  # reads what comes with the background
        lines[:2] = [f"background = {background}"]
        lines += [
            "sample = Sample(background.image, devices, paths=background.paths)",
            f"sample = {written(shown.stage)}(sample, np.random.default_rng(0))",
        ]
        return imports(used, "from fluorosynth import Sample") + "\n".join(lines)
    stages = ", ".join(map(written, shown.stages))
    if len(shown.stages) > 1:
        lines.append(f"stages = [{stages}]")
        stages = "stages"
    lines.append(f"sample = fluorosynth.apply({stages}, {arguments})")
    return imports(used, "import fluorosynth") + "\n".join(lines)


def source_lines(family: str, kind: str) -> str:
    """Return the Python that draws from a source."""
    cls = components(family)[kind]
    name, lines, more = family.rstrip("s") if family == "backgrounds" else family, [], []
    if cls.writable:
        source = example(family, kind)
        used, made = [source], written(source)
    else:
        lines.append(MEMORY[family])
        used, made = [], f"{cls.__name__}({MEMORY[family].partition(' ')[0]})"
        more = MEMORY_IMPORTS[family][1:]
    lines += [
        f"source = {made}.open(size=256, seed=0)",
        f"{name} = source.draw(np.random.default_rng(0))",
    ]
    return imports(used, *more) + "\n".join(lines)


def drawn(source: Component, seed: int) -> str:
    """Return the Python that draws once from a source."""
    return f"{written(source)}.open(256, seed=0).draw(np.random.default_rng({seed}))"


def written(value: Any) -> str:
    """Return the Python that makes a component: its class, and the fields that are set."""
    if isinstance(value, Component):
        given = changed(value)
        plain = all(default(f) is MISSING for f in given)
        parts = [("" if plain else f"{f.name}=") + written(getattr(value, f.name)) for f in given]
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(written, value)) + ("," if len(value) == 1 else "") + ")"
    return f'"{value}"' if isinstance(value, Path | str) else repr(value)


def changed(component: Component) -> list[Field[Any]]:
    """Return the fields that are not as their defaults are."""
    found = fields(component)  # type: ignore[arg-type]
    return [field for field in found if getattr(component, field.name) != default(field)]


def default(field: Field[Any]) -> Any:
    """Return a field's default, or ``MISSING``."""
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def imports(used: Iterable[Component], *more: str) -> str:
    """Return the import lines of components, with those inside them."""
    names: dict[str, set[str]] = {}
    waiting = list(used)
    while waiting:
        component = waiting.pop()
        names.setdefault(component.package, set()).add(type(component).__name__)
        for field in changed(component):
            value = getattr(component, field.name)
            inner = value if isinstance(value, tuple) else (value,)
            waiting += [part for part in inner if isinstance(part, Component)]
    found = [f"from {package} import {', '.join(sorted(n))}" for package, n in names.items()]
    ordered = sorted({*found, *more}, key=lambda line: (line.split()[0] != "import", line))
    return "\n".join(["import numpy as np", "", *ordered, "", ""])
