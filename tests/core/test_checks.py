"""What is built is what its hints say: refused from Python as from TOML, in one sentence."""

import subprocess
import sys
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import curve, environment, small_recipe

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.ct import Ct
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.backgrounds.procedural import Procedural
from fluorosynth.core.check import fitted
from fluorosynth.core.component import kinds
from fluorosynth.devices.base import DeviceSource
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.motion.laws import Motion
from fluorosynth.patches.search import Search
from fluorosynth.ranges import Choice, Constant, Range, Uniform
from fluorosynth.sample import Background, Device
from fluorosynth.stages.attenuate import Attenuate
from fluorosynth.stages.base import Stage
from fluorosynth.stages.compose import Compose
from fluorosynth.stages.display import Display
from fluorosynth.stages.flip import Flip
from fluorosynth.stages.jitter import Jitter
from fluorosynth.stages.noise import Noise
from fluorosynth.stages.render import Render


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: Noise(photons=1000), "Noise: `photons` should be a Range such as .*, not 1000"),
        (lambda: Attenuate(overlap=7), "Attenuate: `overlap` should be at most 1, not 7"),
        (lambda: Attenuate(overlap=float("nan")), "Attenuate: `overlap` .* finite .*, not nan"),
        (lambda: Attenuate(wires=("steel", "wood")), r"Attenuate: `wires`\[1\] .*'steel'.*'wood'"),
        (lambda: Flip("up"), "Flip: `axis` should be 'horizontal', .* not 'up'"),
        (lambda: Jitter(amount=0.5), "Jitter: `amount` should be a valid integer, not 0.5"),
        (lambda: Jitter(amount=True), "Jitter: `amount` should be a valid integer, not True"),
        (lambda: Compose((Flip(), 3)), r"Compose: `stages`\[1\] .* Stage such as .*, not 3"),
        (lambda: Compose(Flip()), "Compose: `stages` should be a list or tuple, not Flip"),
        (lambda: Compose((Flip(),), chance=-1), "Compose: `chance` should be at least 0, not -1"),
        (lambda: Display(log="often"), "Display: `log` should be a valid number, not 'often'"),
        (lambda: Uniform("a", 1), "Uniform: `low` should be a valid number, not 'a'"),
        (lambda: Uniform(0, float("inf")), "Uniform: `high` should be a finite number, not inf"),
        (lambda: Choice([1, "b"]), r"Choice: `values`\[1\] .* number, not 'b'"),
        (lambda: Procedural(count=-1), "Procedural: `count` should be at least 0, not -1"),
        (lambda: Ct("a.nii", centre=(0, 0, 2)), r"Ct: `centre`\[2\] should be at most 1, not 2"),
        (lambda: Folder(3), "Folder: `path` should be .*, not 3"),
        (lambda: Motion(rate=15), "Motion: `rate` should be a Range such as .*, not 15"),
        (lambda: Search(count=0), "Search: `count` should be at least 1, not 0"),
    ],
)
def test_what_does_not_fit_is_refused_when_built(build, said):
    with pytest.raises(UsageError, match=said) as caught:
        build()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"size": 1}, "Recipe: `size` should be at least 32, not 1"),
        ({"frames": 0}, "Recipe: `frames` should be at least 1, not 0"),
        (
            {"stages": (Render(), "jitter")},
            r"Recipe: `stages`\[1\] .* Stage such as .*, not 'jitter'",
        ),
        ({"motion": 3}, "Recipe: `motion` should be a Motion, not 3"),
        ({"devices": (Flip(),)}, r"Recipe: `devices`\[0\] .* DeviceSource such as .*, not Flip"),
    ],
)
def test_a_recipe_is_checked_like_its_parts(tmp_path, changes, said):
    with pytest.raises(UsageError, match=said):
        small_recipe(tmp_path, **changes)


@pytest.mark.parametrize("root", [Range, BackgroundSource, DeviceSource, Stage])
def test_every_component_is_checked(root):
    """No field of any component takes an object of no kind."""
    for cls in kinds(root, root.package).values():
        for field in fields(cls):
            with pytest.raises(UsageError, match=f"{cls.__name__}: `{field.name}`"):
                cls(**{field.name: object()}, **_others(cls, field.name))


def _others(cls, name):
    """Values for the fields without a default, but ``name``."""
    known = {"path": "x", "low": 0.5, "high": 1.0, "values": (1.0,), "value": 1.0}
    known["stages"] = (Flip(),)
    needed = {field.name for field in fields(cls) if field.default is MISSING}
    return {key: value for key, value in known.items() if key in needed - {name}}


def test_other_ways_of_writing_give_the_values_of_toml():
    chest = Ct("a.nii", centre=[0, 1, 0.5], noise=1, count=np.int64(4))
    assert (chest.path, chest.centre) == (Path("a.nii"), (0.0, 1.0, 0.5))
    assert (type(chest.noise), type(chest.count)) == (float, int)
    assert isinstance(Choice([1, 2]).values, tuple)
    assert Attenuate(overlap=np.float32(0.5)).overlap == 0.5
    assert hash(Compose([Flip()])) == hash(Compose((Flip(),)))


@given(st.floats(0, 1) | st.integers(0, 1))
def test_what_fits_is_kept(value):
    kept = Attenuate(overlap=value).overlap
    assert (type(kept), kept) == (float, value)


@given(st.one_of(st.text(), st.integers(2), st.floats(1.001), st.binary(), st.booleans()))
def test_nothing_else_passes(value):
    with pytest.raises(UsageError, match="`overlap`"):
        Attenuate(overlap=value)


def test_a_component_of_ones_own_is_checked_before_its_own_check():
    @dataclass(frozen=True)
    class Veil(Stage, kind="own_veil"):
        share: Range = Constant(0.5)
        law: Literal["log", "gamma"] = "log"

        def __post_init__(self):
            self.share.draw(np.random.default_rng(0))  # may rely on its type

        def __call__(self, sample, rng):
            return sample

    assert Veil(Uniform(0, 1)).law == "log"
    with pytest.raises(UsageError, match="Veil: `share` should be a Range"):
        Veil(0.5)
    with pytest.raises(UsageError, match="Veil: `law` should be 'log' or 'gamma', not 3"):
        Veil(law=3)


def test_fitted_says_where_in_a_tuple():
    with pytest.raises(ValueError, match=r"^\[2\] should be a valid number, not None$"):
        fitted(tuple[float, ...], (1, 2, None))


LINE = curve()
WIDTH = np.full(len(LINE), 3, np.float32)


@pytest.mark.parametrize(
    ("centreline", "width", "said"),
    [
        (LINE, 5, "5"),
        (LINE, WIDTH[:-1], r"\(29,\) float32"),
        (LINE, WIDTH[:, None], r"\(30, 1\) float32"),
        (LINE.astype(float), WIDTH, r"\(30, 2\) float64"),
        (LINE[:1], WIDTH[:1], r"\(1, 2\) float32"),
        (LINE.T, WIDTH, r"\(2, 30\) float32"),
        (LINE.tolist(), WIDTH, r"\[\[0.0"),
        (None, None, "None and None"),
    ],
)
def test_a_device_of_the_wrong_form_is_refused_when_built(centreline, width, said):
    with pytest.raises(BadDataError, match=rf"Device: `centreline` should be .*{said}"):
        Device(centreline, width)


@pytest.mark.parametrize("image", [np.zeros((4, 4)), np.zeros((4, 4, 3), np.uint8), "x.png", None])
def test_a_background_of_the_wrong_form_is_refused_when_built(image):
    with pytest.raises(BadDataError, match=r"Background: `image` should be \(H, W\) uint8, not"):
        Background(image, "mine")


def test_importing_the_library_needs_no_checks():
    """Its defaults are built at import; pydantic takes a tenth of a second."""
    program = "import sys, fluorosynth; assert 'pydantic' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], env=environment(), check=True)
