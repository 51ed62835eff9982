"""Backgrounds and devices that a program holds, in a recipe."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from fluorosynth import Device, Recipe, backgrounds, devices, generate
from fluorosynth.backgrounds import Folder
from fluorosynth.core.component import kinds
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.sample import IGNORE
from fluorosynth.stages import Render

FRAMES = np.random.default_rng(0).integers(0, 256, (3, 64, 64)).astype(np.uint8)
LINE = Device(np.float32([[0, 30], [63, 40]]), np.float32([4, 3]), id="mine")
OTHER = Device(np.float32([[9, 0], [9, 63]]), np.float32([2, 2]), "guidewire")


def recipe(images=FRAMES, curves=(LINE, (LINE, OTHER)), **settings):
    return Recipe(
        (backgrounds.Memory(images, **settings),), (devices.Memory(curves),), (Render(),), size=64
    )


def test_samples_show_what_is_held():
    made = recipe(ids=("a", "b", "c"))
    samples = [made.sample(0, index) for index in range(40)]
    for sample in samples:
        frame = FRAMES["abc".index(sample.meta["background"])]
        np.testing.assert_array_equal(sample.image, frame)
        assert sample.devices[0].centreline.tolist() == LINE.centreline.tolist()
    assert {sample.meta["background"] for sample in samples} == {"a", "b", "c"}
    assert {len(sample.devices) for sample in samples} == {1, 2}


def test_pictures_are_fitted_as_those_of_a_folder(tmp_path):
    images = [np.random.default_rng(n).integers(0, 256, s).astype(np.uint8) for n, s in
              enumerate([(64, 64), (300, 200), (33, 70)])]  # fmt: skip
    for number, image in enumerate(images):
        np.save(tmp_path / f"{number}.npy", image)
    read = Folder(tmp_path).open(64, seed=0)
    held = backgrounds.Memory(images, ids=read.ids).open(64, seed=0)
    np.testing.assert_array_equal(held.images, read.images)
    assert held.fingerprint == read.fingerprint


def test_curves_of_larger_frames_are_scaled():
    (line,) = devices.Memory([LINE], frame=(32, 64)).open(128, seed=0).sets[0]
    x, y = LINE.centreline.T  # 64 px become 128, and 32 rows are centred
    np.testing.assert_allclose(line.centreline[:, 0], 2 * x + 0.5)
    np.testing.assert_allclose(line.centreline[:, 1], 2 * y + 0.5 + 32)
    np.testing.assert_allclose(line.width, 2 * LINE.width)


def test_what_nobody_labelled_is_ignored():
    ignore = np.zeros((64, 64), bool)
    ignore[:20] = True
    made = recipe(FRAMES[:2], ignore=(ignore, None))
    for index in range(8):
        sample = made.sample(0, index)
        known = sample.mask[:20] != IGNORE
        assert known.all() == (sample.meta["background"] == "memory:1")


def test_no_toml_but_a_description_by_content():
    made, same, other = recipe(), recipe(FRAMES.copy()), recipe(FRAMES[::-1])
    with pytest.raises(UsageError, match="backgrounds from memory, cannot be written as TOML"):
        made.to_toml()
    with pytest.raises(UsageError, match="devices from memory, cannot be written as TOML"):
        replace(Recipe.preset("paper"), devices=made.devices, device_odds=()).to_toml()
    assert made.describe() == same.describe() != other.describe()
    assert made.describe() != recipe(curves=[LINE, OTHER]).describe()
    assert made.describe() != recipe(ignore=np.zeros((3, 64, 64), bool)).describe()
    paper = Recipe.preset("paper")
    assert paper.describe() == paper.to_toml()


TOML = """
[[backgrounds]]
kind = "memory"
[[devices]]
kind = "none"
[[stages]]
kind = "render"
"""


def test_toml_does_not_know_them():
    for root in (backgrounds.BackgroundSource, devices.DeviceSource):
        assert "memory" not in kinds(root, root.package)
    with pytest.raises(UsageError, match=r"backgrounds\[0\].kind: 'memory' holds arrays"):
        Recipe.from_toml(TOML)


def test_a_set_on_disk_needs_a_recipe_that_can_be_written(tmp_path):
    with pytest.raises(UsageError, match="cannot be written as TOML: write the arrays to files"):
        generate(recipe(), tmp_path / "set", n=2)
    assert not list(tmp_path.rglob("*.h5"))


def test_workers_get_the_arrays():
    made = recipe()
    there = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(there.sample(3, 4).image, made.sample(3, 4).image)


def test_nothing_writes_to_them():
    before = FRAMES.copy(), LINE.centreline.copy()
    paper = Recipe.preset("paper")
    replace(recipe(), stages=paper.stages).sample(0, 1)
    np.testing.assert_array_equal(FRAMES, before[0])
    np.testing.assert_array_equal(LINE.centreline, before[1])


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: backgrounds.Memory([]), "`images` should hold at least one picture"),
        (lambda: backgrounds.Memory(FRAMES[0]), r"`images`\[0\] should be \(H, W\), not \(64,\)"),
        (lambda: backgrounds.Memory(FRAMES / 255), r"`images`\[0\] .* not float64"),
        (lambda: backgrounds.Memory(FRAMES / np.float32(255)), ".* should be uint8, not float32"),
        (lambda: backgrounds.Memory([FRAMES[0], None]), r"`images`"),
        (lambda: backgrounds.Memory(FRAMES[:, :8]), ".* sides of 16 to 4096 px"),
        (lambda: backgrounds.Memory(FRAMES, ids=("a",)), "`ids` should be one for each picture, 3"),
        (lambda: backgrounds.Memory(FRAMES, ignore=[None]), "`ignore` should be one for each"),
        (
            lambda: backgrounds.Memory(FRAMES, ignore=np.zeros((3, 64, 63), bool)),
            r"`ignore`\[0\] should be \(64, 64\) bool as its picture, not \(64, 63\) bool",
        ),
        (lambda: backgrounds.Memory(FRAMES, ignore=FRAMES), r"`ignore`\[0\] .* uint8"),
        (lambda: devices.Memory([]), "`curves` should hold at least one device"),
        (lambda: devices.Memory(LINE), "`curves` should be"),
        (lambda: devices.Memory([LINE.centreline]), "`curves`"),
        (lambda: devices.Memory([LINE], frame=(0, 9)), r"`frame`\[0\] .* at least 1, not 0"),
        (
            lambda: devices.Memory([LINE, (OTHER, replace(LINE, width=-LINE.width))]),
            r"`curves`\[1\].width should be above 0",
        ),
        (
            lambda: devices.Memory([replace(LINE, centreline=LINE.centreline * np.nan)]),
            r"`curves`\[0\].centreline holds 4 NaN",
        ),
    ],
)
def test_what_is_no_picture_or_curve_is_refused(build, said):
    with pytest.raises((BadDataError, UsageError), match=f"Memory: {said}") as caught:
        build()
    assert "\n" not in str(caught.value)
