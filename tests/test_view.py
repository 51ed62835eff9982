"""One scale and one voltage a picture: who says them, and who reads them."""

import csv
import math
import warnings
from dataclasses import replace

import cv2
import numpy as np
import pytest
from dicom_files import dataset, save

from fluorosynth import Recipe, View, ViewLaw, apply
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.backgrounds.limbs import Limbs
from fluorosynth.backgrounds.memory import Memory
from fluorosynth.backgrounds.procedural import Procedural
from fluorosynth.errors import BadDataError, DataWarning, UsageError
from fluorosynth.older import read_older
from fluorosynth.ranges import Constant
from fluorosynth.sample import Background, Device, Sample
from fluorosynth.stages import Attenuate, Clutter, Rotate, Vessels, Zoom

LAW = ViewLaw(Constant(0.5), Constant(70.0))
TUBE = Device(np.float32([[-9, 64], [140, 64]]), np.float32([8, 8]))
BARE = Attenuate(
    strength=Constant(1.0),
    catheters=("pebax_baso4_20",),
    catheter_odds=(),
    lumen=Constant(0.0),
    markers=0.0,
    electrodes=0.0,
    core=0.0,
    filled=0.0,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def drawn(law, background=None, side=256):
    return law.draw(side, background, rng())


# ---------------------------------------------------------------- who says it


def test_what_a_background_knows_is_not_drawn():
    picture = np.zeros((32, 32), np.uint8)
    assert drawn(LAW) == View(0.5, 70.0)
    assert drawn(LAW, side=512) == View(0.25, 70.0)
    assert drawn(LAW, Background(picture, "a", mm_per_px=0.3)) == View(0.3, 70.0)
    assert drawn(LAW, Background(picture, "a", kvp=82.0)) == View(0.5, 82.0)
    assert drawn(LAW, Background(picture, "a", kvp=120.0)).kvp == 90.0  # where the tables end


def test_impossible_views_are_refused():
    for law in (ViewLaw(mm_per_px=Constant(0.0)), ViewLaw(kvp=Constant(120.0))):
        with pytest.raises(UsageError, match=r"view: .* was drawn as"):
            drawn(law)


def test_procedural_anatomy_says_the_field_it_was_drawn_at():
    opened = Procedural(count=4).open(64, 3)
    scales = [opened.draw(rng(k)).mm_per_px * 64 for k in range(8)]
    assert all(85 <= scale < 150 for scale in scales)
    assert len(set(scales)) > 2
    again = {b.id: b.mm_per_px for b in map(opened.draw, map(rng, range(8)))}
    finer = {
        b.id: b.mm_per_px for b in map(Procedural(count=4).open(128, 3).draw, map(rng, range(8)))
    }
    assert finer == {name: pytest.approx(scale / 2) for name, scale in again.items()}
    assert Limbs(count=1).open(128, 0).draw(rng()).mm_per_px == pytest.approx(1.4)


def test_a_sample_has_one_view_and_says_it():
    physics = replace(
        Recipe.preset("physics"), size=64, backgrounds=(Limbs(count=1),), background_odds=()
    )
    for index in range(6):
        sample = physics.sample(1, index)
        assert sample.meta["view"] == {
            "mm_per_px": sample.view.mm_per_px,
            "kvp": sample.view.kvp,
        }
        zooms = [s for s in sample.meta["steps"] if s["kind"] == "zoom"]
        factor = math.prod(math.sqrt(s["factor_x"] * s["factor_y"]) for s in zooms)
        assert sample.view.mm_per_px * factor == pytest.approx(0.7 * 256 / 64)
        assert not any({"spacing", "kvp"} & s.keys() for s in sample.meta["steps"])


def test_zoom_magnifies_and_rotation_does_not():
    sample = Sample(np.zeros((64, 64), np.uint8), view=View(0.5, 70.0))
    assert Zoom(Constant(2.0))(sample, rng()).view == View(pytest.approx(0.25), 70.0)
    assert Rotate(Constant(30.0))(sample, rng()).view == View(pytest.approx(0.5), 70.0)
    assert Zoom(Constant(2.0))(sample.with_(view=None), rng()).view is None


def test_a_recipe_without_exposure_says_no_view():
    """The bytes of a sample of ``paper`` hold what it always said."""
    assert "view" not in Recipe.preset("paper").sample(0, 5).meta


# ---------------------------------------------------------------- who reads it


@pytest.mark.parametrize(
    ("mm", "kvp", "mu"), [(0.5, 60.0, 0.23), (0.25, 60.0, 0.23), (0.5, 90.0, 0.15)]
)
def test_shadows_follow_scale_and_voltage(mm, kvp, mu):
    frame = np.full((128, 128), 0.8, np.float32)
    after = apply(BARE, frame, (TUBE,), view=View(mm, kvp)).image
    assert after[64, 50] == pytest.approx(0.8 * math.exp(-mu * mm * 8), rel=0.01)


@pytest.mark.parametrize("stage", [Clutter(dots=1.0), Clutter(screw=1.0), Vessels(1.0, free=1.0)])
def test_all_that_is_drawn_is_of_one_scale(stage):
    frame = np.ones((128, 128), np.float32)
    shallow, deep = (
        -np.log(apply(stage, frame, view=View(mm, 70.0)).image.min()) for mm in (0.05, 0.1)
    )
    assert deep == pytest.approx(2 * shallow, rel=0.02)


def test_tips_are_as_large_as_the_picture_says():
    physics = Recipe.preset("physics")
    spline = replace(
        physics.devices[0], catheter_tips=("pigtail",), catheter_tip_odds=(), wires=0.0
    )
    opened = spline.open(256, 0)
    lengths = []
    for mm_per_px in (0.5, 0.25):
        (device, *_) = opened.draw_at(View(mm_per_px, 70.0), rng(4))
        steps = np.hypot(*np.diff(device.centreline, axis=0).T)
        tip = steps[::-1].cumsum()
        turned = np.abs(np.diff(np.unwrap(np.arctan2(*np.diff(device.centreline, axis=0).T))))
        lengths.append(tip[np.flatnonzero(turned[::-1] < 0.02)[0]])
    assert lengths[1] == pytest.approx(2 * lengths[0], rel=0.15)


# ---------------------------------------------------------------- frames


@pytest.fixture
def pack(tmp_path):
    """Two pictures of 64 px; the manifest knows one of them."""
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.full((64, 64), 99, np.uint8))

    def written(*rows):
        with (tmp_path / "patches.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["file", "mm_per_px", "kvp"], *rows])
        return Folder(tmp_path)

    return written


def test_a_manifest_says_scales(pack):
    pool = pack(["a.png", "0.5", "75"], ["b.png", "", ""]).open(32, 0)
    assert pool.views == ((1.0, 75.0, None), (None, None, None))
    other = pack(["a.png", "0.6", "75"], ["b.png", "", ""]).open(32, 0)
    assert other.fingerprint != pool.fingerprint


def test_a_broken_scale_is_named(pack):
    with pytest.raises(BadDataError, match=r"patches\.csv.*mm_per_px of 'b\.png' .*not '-1'"):
        pack(["a.png", "", ""], ["b.png", "-1", ""]).open(32, 0)


@pytest.mark.parametrize(
    ("stated", "mm_per_px"),
    [
        ({}, 0.282 / 1.41),
        ({"EstimatedRadiographicMagnificationFactor": 1.5}, 0.188),
        ({"DistanceSourceToDetector": 1000, "DistanceSourceToPatient": 500}, 0.141),
        ({"DistanceSourceToDetector": 0, "DistanceSourceToPatient": 0}, 0.2),
    ],
)
def test_dicom_says_scale_and_voltage(tmp_path, stated, mm_per_px):
    frames = np.full((2, 64, 64), 99, np.uint8)
    header = {"ImagerPixelSpacing": [0.282, 0.282], "KVP": "81", **stated}
    save(dataset(frames, **header), tmp_path / "run.dcm")
    save(dataset(frames[:1]), tmp_path / "silent.dcm")
    pool = Folder(tmp_path).open(32, 0)
    known = (pytest.approx(2 * mm_per_px, rel=1e-3), 81.0, None)
    assert pool.views == (known, known, (None, None, None))


# ---------------------------------------------------------------- older recipes

OLDER = """
size = 64
[[backgrounds]]
kind = "procedural"
count = 2
[[devices]]
kind = "walk"
mm = { kind = "constant", value = 1.5 }
[[stages]]
kind = "render"
[[stages]]
kind = "expose"
[[stages]]
kind = "compose"
[[stages.stages]]
kind = "vessels"
spacing = { kind = "constant", value = 0.5 }
[[stages]]
kind = "attenuate"
spacing = { kind = "constant", value = 0.5 }
kvp = { kind = "constant", value = 66.0 }
[[stages]]
kind = "display"
"""


def test_older_recipes_are_read():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recipe = Recipe.from_toml(OLDER)
    assert recipe.view == ViewLaw(Constant(0.5), Constant(66.0))
    assert recipe.devices[0].px_per_mm == Constant(1.5)
    assert recipe.sample(0, 0).meta["view"]["kvp"] == 66.0
    assert Recipe.from_toml(recipe.to_toml()) == recipe


def test_older_recipes_of_two_scales_get_one_and_a_sentence():
    with pytest.warns(DataWarning, match=r"2 laws .* `mm_per_px` of the table `view`"):
        recipe = Recipe.from_toml(OLDER.replace("value = 0.5", "value = 0.4", 1))
    assert recipe.view.mm_per_px == Constant(0.5)  # of the instruments


def test_a_stage_has_no_scale_of_its_own():
    with pytest.raises(UsageError, match=r"set `view\.kvp`"):
        Recipe.preset("physics").with_values("attenuate.kvp=70")
    changed = Recipe.preset("physics").with_values("view.kvp.low=75")
    assert changed.view.kvp.low == 75


def test_recipes_of_now_are_left_alone():
    plain = Recipe.preset("strong").to_plain()
    assert read_older(plain) is plain


def test_pictures_in_memory_get_a_drawn_view():
    frames = Memory(np.full((1, 64, 64), 99, np.uint8))
    recipe = replace(Recipe.preset("physics"), size=64, backgrounds=(frames,), background_odds=())
    views = {recipe.sample(0, index).view.kvp for index in range(4)}
    assert len(views) == 4
