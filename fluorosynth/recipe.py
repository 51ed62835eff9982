"""A recipe: sources and stages, as TOML or Python, and the samples that follow from it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Interval

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.core import spec
from fluorosynth.core.check import Checked
from fluorosynth.core.settings import change
from fluorosynth.devices.base import DeviceSource
from fluorosynth.devices.none import NoInstrument
from fluorosynth.errors import UsageError
from fluorosynth.motion.laws import Motion
from fluorosynth.older import read_older
from fluorosynth.ranges import check_odds
from fluorosynth.sample import Sample
from fluorosynth.sampler import OpenRecipe
from fluorosynth.stages.base import Stage
from fluorosynth.stages.order import check_recipe, passage
from fluorosynth.view import ViewLaw

MAX_SEQUENCE = 2**30  # bytes of one sequence at work
BYTES_PER_PIXEL = 24  # of a frame at work: picture, contrast, before and after a stage


@dataclass(frozen=True)
class Recipe(Checked):
    """Everything a sample depends on but seed and index.

    Parameters
    ----------
    backgrounds
        Sources of pictures; one is drawn for every sample.
    devices
        Sources of instruments; one is drawn for every sample.
    stages
        Steps in order: geometry, ``render``, intensity.
    size
        Side of the square pictures, px, 32 to 4096.
    background_odds
        Weights of the sources of pictures, in order; empty: equally likely.
    device_odds
        Weights of the sources of instruments, in order; empty: equally likely.
    frames
        Number of pictures of each sample: 1, or a sequence of so many.
    motion
        Laws of what moves in a sequence.
    view
        Laws of the scale and the voltage of pictures whose background does not know them.

    Examples
    --------
    >>> sample = Recipe.preset("paper").sample(seed=0, index=5)
    >>> sample.image.shape, sample.mask.dtype
    ((256, 256), dtype('uint8'))
    """

    backgrounds: tuple[BackgroundSource, ...]
    devices: tuple[DeviceSource, ...]
    stages: tuple[Stage, ...]
    size: Annotated[int, Interval(ge=32, le=4096)] = 256
    background_odds: tuple[float, ...] = ()
    device_odds: tuple[float, ...] = ()
    frames: Annotated[int, Interval(ge=1)] = 1
    motion: Motion = field(default_factory=Motion)
    view: ViewLaw = field(default_factory=ViewLaw)

    def __post_init__(self) -> None:
        _check_memory(self.frames, self.size)
        check_odds("backgrounds", self.backgrounds, self.background_odds, "background_odds")
        check_odds("devices", self.devices, self.device_odds, "device_odds")
        check_recipe(self.stages)

    @staticmethod
    def presets() -> list[str]:
        """Return the names of the built-in recipes."""
        folder = files("fluorosynth") / "presets"
        return sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml"))

    @classmethod
    def preset(cls, name: str) -> Recipe:
        """Return a built-in recipe.

        Parameters
        ----------
        name
            Name of the preset; ``presets`` lists them.

        Raises
        ------
        UsageError
            For an unknown one.
        """
        return cls.from_toml(preset_text(name), f"preset {name!r}")

    @classmethod
    def read(cls, path: str | Path) -> Recipe:
        """Read a recipe file; relative paths in it are relative to the file.

        Parameters
        ----------
        path
            File of TOML.

        Raises
        ------
        UsageError
            Naming the file, the key and what was expected.
        """
        path = Path(path)
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read the recipe {str(path)!r}: {error}") from None
        return cls.from_toml(text, str(path), path.parent)

    @classmethod
    def from_toml(cls, text: str, name: str = "recipe", folder: Path | None = None) -> Recipe:
        """Parse a recipe.

        Parameters
        ----------
        text
            Recipe as TOML.
        name
            Name of the text, for messages.
        folder
            Folder that relative paths are relative to; None leaves them as they are.

        Raises
        ------
        UsageError
            Naming the text, the key and what was expected.
        """
        try:
            return cls.from_plain(tomllib.loads(text), folder)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{name}: not valid TOML: {error}") from None
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from None

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], folder: Path | None = None) -> Recipe:
        """Build a recipe from what a TOML reader returns; keys of older versions are known.

        Parameters
        ----------
        plain
            Recipe as dicts, lists and scalars.
        folder
            Folder that relative paths are relative to; None leaves them as they are.
        """
        recipe: Recipe = spec.build(cls, read_older(plain), "", folder)
        return recipe

    def to_plain(self) -> dict[str, Any]:
        """Return the recipe as dicts, lists and scalars; what sequences need only where used."""
        plain = spec.dump_fields(self)
        if self.frames == 1 and self.motion == Motion():
            del plain["frames"], plain["motion"]
        return plain

    def to_toml(self) -> str:
        """Return the recipe as TOML; ``from_toml`` gives back an equal one.

        Raises
        ------
        UsageError
            For a recipe that holds arrays (``Memory``).
        """
        for source in (*self.backgrounds, *self.devices):
            if not source.writable:
                raise UsageError(
                    f"a recipe with {type(source).__name__!r}, {source.package.rpartition('.')[2]} "
                    "from memory, cannot be written as TOML: write the arrays to files and name "
                    "these"
                )
        return self.describe()

    def describe(self) -> str:
        """Return what ``to_toml`` does, with a fingerprint where the recipe holds arrays."""
        import tomli_w

        scalars = {k: v for k, v in self.to_plain().items() if not _is_tables(v)}
        return tomli_w.dumps({**scalars, **self.to_plain()})

    def with_sources(
        self,
        backgrounds: str | Path | BackgroundSource | Sequence[BackgroundSource] | None = None,
        devices: str | Path | DeviceSource | Sequence[DeviceSource] | None = None,
        skip_bad: bool = False,
        frame_size: tuple[int, int] | None = None,
        invert: bool = False,
    ) -> Recipe:
        """Return the recipe with other sources, equally likely, and as many empty pictures.

        Pictures without any instrument stay as frequent as they are.

        Parameters
        ----------
        backgrounds
            Frames or patches (a file, a folder, a glob), a CT (NIfTI), a source, or several
            sources; None: those of this recipe.
        devices
            Centrelines (JSON, CSV), masks (a folder, a glob), a source, or several sources; None:
            those of this recipe. Its share of ``NoInstrument`` stays.
        skip_bad
            Whether files that cannot be read are left out; otherwise the first is refused by name.
        frame_size
            Height and width in pixels of the frames that centrelines are in, where their file does
            not say.
        invert
            Whether dense material is bright in frames that ``backgrounds`` names by a path.

        Returns
        -------
        A new recipe; nothing is read yet.

        Raises
        ------
        UsageError
            For what is no path and no source.

        Examples
        --------
        >>> Recipe.preset("paper").with_sources(devices="traced.json").devices[0].path.name
        'traced.json'
        """
        new: dict[str, Any] = {}
        if backgrounds is not None:
            from fluorosynth.backgrounds.source_of import background_sources

            new |= {
                "backgrounds": background_sources(backgrounds, skip_bad, invert),
                "background_odds": (),
            }
        if devices is not None:
            from fluorosynth.devices.source_of import device_sources

            new |= self._with_empty(device_sources(devices, skip_bad, frame_size))
        return replace(self, **new)

    def _with_empty(self, devices: tuple[DeviceSource, ...]) -> dict[str, Any]:
        """Return the fields of other devices beside as many pictures without any."""
        odds = self.device_odds or (1.0,) * len(self.devices)
        empty = sum(
            o for s, o in zip(self.devices, odds, strict=True) if isinstance(s, NoInstrument)
        )
        if not empty or any(isinstance(source, NoInstrument) for source in devices):
            return {"devices": devices, "device_odds": ()}
        each = (sum(odds) - empty) / len(devices)
        return {
            "devices": (*devices, NoInstrument()),
            "device_odds": (*[each] * len(devices), empty),
        }

    def with_values(self, *settings: str) -> Recipe:
        """Return the recipe with values changed by name.

        Parameters
        ----------
        *settings
            Each ``kind.key=value``, which changes all parts of that kind, or ``key=value`` for the
            recipe's own. Values are TOML.

        Returns
        -------
        A new recipe.

        Raises
        ------
        UsageError
            For a setting that names nothing, or a value that does not fit.

        Examples
        --------
        >>> Recipe.preset("paper").with_values("jitter.amount=20", "size=128").stages[-1]
        Jitter(amount=20, reference='image')
        """
        plain = spec.dump_fields(self)
        for setting in settings:
            change(plain, setting)
        return self.from_plain(plain) if settings else self

    def passage(self) -> list[tuple[str, str, str]]:
        """Return what each stage is given and gives; see ``stages.order.passage``."""
        return passage(self.stages)

    def open(self, seed: int) -> OpenRecipe:
        """Open all sources for one seed.

        Parameters
        ----------
        seed
            Seed of all draws, 0 <= seed < 2**64.
        """
        return OpenRecipe(self, seed)

    def sample(self, seed: int, index: int) -> Sample:
        """Return one sample: a pure function of the recipe and these two numbers.

        The sources stay open for the next call with the same seed.

        Parameters
        ----------
        seed
            Seed of all draws, 0 <= seed < 2**64.
        index
            Number of the sample, 0 <= index < 2**62.
        """
        sampler: OpenRecipe = self._opened(seed)
        return sampler.sample(index)

    def sequence(self, seed: int, index: int) -> tuple[Sample, ...]:
        """Return the pictures of one sample, ``frames`` of them: as pure a function.

        Parameters
        ----------
        seed
            Seed of all draws, 0 <= seed < 2**64.
        index
            Number of the sample, 0 <= index < 2**62.
        """
        sampler: OpenRecipe = self._opened(seed)
        return sampler.sequence(index)

    def __iter__(self) -> Iterator[Sample]:
        """Iterate over the samples of seed 0, without end."""
        return iter(self.open(0))

    @cached_property
    def _opened(self) -> Any:
        return lru_cache(maxsize=1)(self.open)

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _check_memory(frames: int, size: int) -> None:
    needed = frames * size**2 * BYTES_PER_PIXEL
    if frames > 1 and needed > MAX_SEQUENCE:
        most = MAX_SEQUENCE // (size**2 * BYTES_PER_PIXEL)
        raise UsageError(
            f"a sequence of {frames} frames of {size} px needs {needed / 2**30:.2f} GiB of memory, "
            f"over the limit of {MAX_SEQUENCE / 2**30:.0f} GiB: at most {most} frames, or a "
            "smaller size"
        )


def preset_text(name: str) -> str:
    """Return the commented TOML of a built-in recipe.

    Parameters
    ----------
    name
        Name of the preset.
    """
    if name not in Recipe.presets():
        raise UsageError(f"no preset {name!r}{spec.did_you_mean(name, Recipe.presets())}")
    return (files("fluorosynth") / "presets" / f"{name}.toml").read_text("utf-8")


def preset_lines() -> dict[str, str]:
    """Return the built-in recipes by name, each with the line that its file begins with."""
    return {
        name: preset_text(name).partition("\n")[0].lstrip("# ").rstrip(".")
        for name in Recipe.presets()
    }


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
