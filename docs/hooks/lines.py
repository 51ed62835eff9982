"""The lines that use one component alone, as data: what a page shows, draws and the tests run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.bundled import Bundled
from fluorosynth.core.component import Component, kinds
from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.spline import Spline
from fluorosynth.ranges import Constant
from fluorosynth.sample import Sample
from fluorosynth.stages.attenuate import Attenuate
from fluorosynth.stages.base import Geometry, Stage
from fluorosynth.stages.display import Display
from fluorosynth.stages.expose import Expose
from fluorosynth.stages.flip import Flip
from fluorosynth.stages.render import Render
from fluorosynth.stages.rotate import Rotate
from fluorosynth.stages.shift import Shift
from fluorosynth.stages.zoom import Zoom

FAMILIES: dict[str, tuple[type[Component], str]] = {
    "stages": (Stage, "fluorosynth.stages"),
    "backgrounds": (BackgroundSource, "fluorosynth.backgrounds"),
    "devices": (DeviceSource, "fluorosynth.devices"),
}
SEED = 4  # of instruments: a long shaft with a bent tip
SPLINE = Spline(counts=(1.0,), catheter_width=Constant(5.0))
FRAMES: dict[str, tuple[Bundled, int]] = {  # of examples: a source, and the seed of a draw
    "": (Bundled(), 31),  # ribs, heart and lung
    "engage": (Bundled("contrast"), 36),  # a right coronary artery, a long catheter
}

# What an example sets, where the defaults would mostly show nothing.
SETTINGS: dict[str, dict[str, Any]] = {
    "attenuate": {"strength": Constant(0.6), "markers": 1.0},
    "bedside": {"table": 1.0, "cables": 1.0, "letters": 1.0},
    "blur": {"sigma": Constant(2.0)},
    "bones": {"ribs": 1.0, "folds": 1.0, "strength": Constant(0.3)},
    "clutter": {"clips": 1.0, "sternal_wires": 1.0, "lead": 1.0},
    "coaxial": {"chance": 1.0, "beyond": Constant(60.0)},
    "compose": {"stages": (Rotate(), Zoom())},
    "ct": {"path": Path("chest.nii.gz"), "count": 4},
    "engage": {"chance": 1.0},
    "field": {"circle": 1.0},
    "folder": {"path": Path("patches")},
    "foreshorten": {"chance": 1.0, "factor": Constant(0.2)},
    "masks": {"path": Path("masks")},
    "noise": {"photons": Constant(1000.0)},
    "one_of": {"stages": (Rotate(), Zoom(), Shift(), Flip())},
    "overlay": {"chance": 1.0},
    "polylines": {"path": Path("traced.json"), "frame_size": (256, 256)},
    "scatter": {"share": Constant(0.5)},
    "sharpen": {"amount": Constant(1.5), "sigma": Constant(4.0)},
    "spline": {"counts": (0.0, 1.0)},
    "vessels": {"chance": 1.0, "from_tip": 1.0},
    "visible": {"depth": Constant(30.0)},
    "walk": {"counts": (0.0, 1.0)},
}
AT_REST = {"engage", "foreshorten", "coaxial"}  # stages beside Geometry that stand before render
ON_GREY_LEVELS = {"field", "jitter", "overlay"}
WITH_DEVICES = {"attenuate", "jitter", "render", "vessels", "visible"} | AT_REST


@dataclass(frozen=True)
class StageExample:
    """A stage between the fewest others that it needs."""

    before: tuple[Stage, ...]
    stage: Stage
    after: tuple[Stage, ...]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All of them, in order."""
        return (*self.before, self.stage, *self.after)

    @property
    def devices(self) -> bool:
        """Whether there is an instrument in the picture."""
        kind = self.stage.kind
        return isinstance(self.stage, Geometry) or kind in WITH_DEVICES | {"one_of", "compose"}


@cache
def components(family: str) -> dict[str, type[Component]]:
    """Return the built-in components of a family, by kind."""
    found = kinds(*FAMILIES[family])
    own = {kind: cls for kind, cls in found.items() if cls.__module__.startswith("fluorosynth.")}
    return dict(sorted(own.items()))


def example(kind: str, cls: type[Component]) -> Component:
    """Return the component of an example."""
    return cls(**SETTINGS.get(kind, {}))


def stage_example(kind: str) -> StageExample:
    """Return a stage with the fewest others that make it work."""
    stage: Any = example(kind, components("stages")[kind])
    if isinstance(stage, Geometry) or kind in AT_REST | {"one_of", "compose"}:
        return StageExample((), stage, (Render(),))
    if kind == "render":
        return StageExample((), stage, ())
    if kind in ON_GREY_LEVELS:
        return StageExample((Render(),), stage, ())
    if kind == "expose":
        return StageExample((Render(),), stage, (Display(),))
    if kind == "display":
        return StageExample((Render(), Expose()), stage, ())
    if kind == "visible":
        return StageExample((Render(), Expose(), Attenuate(), Display()), stage, ())
    return StageExample((Render(), Expose()), stage, (Display(),))


def frame(shown: StageExample) -> tuple[Bundled, int]:
    """Return where an example's frame is from, and the seed that draws it."""
    return FRAMES.get(shown.stage.kind, FRAMES[""])


def start(shown: StageExample) -> Sample:
    """Return the sample that an example begins with."""
    source, seed = frame(shown)
    background = source.open(256, seed=0).draw(np.random.default_rng(seed))
    devices = SPLINE.open(256, seed=0).draw(np.random.default_rng(SEED))
    return Sample(background.image, devices if shown.devices else (), {}, paths=background.paths)


def stage_lines(shown: StageExample) -> str:
    """Return the Python that runs a stage on a frame."""
    source, seed = frame(shown)
    sources: list[Component] = [source]
    lines = [f"background = {drawn(source, seed)}"]
    arguments = "background.image"
    if shown.devices:
        sources.append(SPLINE)
        lines.append(f"devices = {drawn(SPLINE, SEED)}")
        arguments += ", devices"
    if shown.stage.kind == "engage":
        arguments += ", paths=background.paths"
    stages = ", ".join(map(written, shown.stages))
    lines += [
        f"sample, rng = Sample({arguments}), np.random.default_rng(0)",
        f"for stage in ({stages}{',' * (len(shown.stages) == 1)}):",
        "    sample = stage(sample, rng)",
    ]
    return imports([*sources, *shown.stages], ["from fluorosynth import Sample"]) + "\n".join(lines)


def drawn(source: Component, seed: int) -> str:
    """Return the Python that draws once from a source."""
    return f"{written(source)}.open(256, seed=0).draw(np.random.default_rng({seed}))"


def source_lines(source: Component, family: str) -> str:
    """Return the Python that draws from a source."""
    name = "background" if family == "backgrounds" else "devices"
    opened = "backgrounds" if family == "backgrounds" else "source"
    lines = [
        f"{opened} = {written(source)}.open(size=256, seed=0)",
        f"{name} = {opened}.draw(np.random.default_rng(0))",
    ]
    return imports([source]) + "\n".join(lines)


def written(value: Any) -> str:
    """Return the Python that makes a component: its class, and the fields that are set."""
    if isinstance(value, Component):
        given = [f for f in fields(value) if getattr(value, f.name) != default(f)]  # type: ignore[arg-type]
        plain = all(default(f) is MISSING for f in given)
        parts = [("" if plain else f"{f.name}=") + written(getattr(value, f.name)) for f in given]
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(written, value)) + ("," if len(value) == 1 else "") + ")"
    return repr(str(value)).replace("'", '"') if isinstance(value, Path | str) else repr(value)


def default(field: Field[Any]) -> Any:
    """Return a field's default, or ``MISSING``."""
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def imports(used: Iterable[Component], more: Sequence[str] = ()) -> str:
    """Return the import lines of components, with those inside them."""
    found: set[str] = set()
    for component in used:
        found.add(f"from {type(component).__module__} import {type(component).__name__}")
        for field in fields(component):  # type: ignore[arg-type]
            value = getattr(component, field.name)
            if value != default(field):
                inner = value if isinstance(value, tuple) else (value,)
                found |= set(imports([v for v in inner if isinstance(v, Component)]).split("\n"))
    names = sorted({*found, *more} - {"", "import numpy as np"})
    return "\n".join(["import numpy as np", "", *names, "", ""])
