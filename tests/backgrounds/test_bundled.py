import csv

import cv2
import numpy as np
import pytest

from fluorosynth.backgrounds.bundled import CONTRAST, HERE, PACK, Bundled
from fluorosynth.patches.manifest import NAME, read_manifest

MEASURED = (3, 12, 33, 34, 38, 40, 43, 45, 61, 66, 67, 74, 77, 80)  # kept for measuring transfer


def test_every_patch_is_listed_and_attributed():
    listed = read_manifest(PACK / NAME)
    assert sorted(listed) == sorted(path.name for path in PACK.glob("*.png"))
    notice = (PACK.parents[2] / "NOTICE").read_text()
    origins = {window.source.split("/")[0] for window in listed.values()}
    assert all(f"\n{origin}/" in notice for origin in origins)


def test_pack_is_small_and_holds_nothing_else():
    assert sum(path.stat().st_size for path in PACK.iterdir()) < 4_000_000
    assert {path.suffix for path in PACK.iterdir()} == {".png", ".csv"}


def test_frames_kept_for_measuring_are_not_in_the_pack():
    held = {f"arcade/{i}.png" for i in MEASURED}
    for window in read_manifest(PACK / NAME).values():
        assert window.source not in held
        assert window.source.startswith(("arcade/", "danilov/14_021_1_"))


def test_source_opens_at_any_size_and_draws_its_patches():
    pool = Bundled().open(256, seed=0)
    first = cv2.imread(str(PACK / "0000.png"), cv2.IMREAD_UNCHANGED)
    assert first.shape == (256, 256)
    assert len(pool.ids) == 64
    np.testing.assert_array_equal(pool.images[0], first)
    assert Bundled().open(96, seed=0).draw(np.random.default_rng(0)).image.shape == (96, 96)


def test_the_pack_has_not_changed():
    assert Bundled().open(256, seed=0).fingerprint == "80f1cc8b2b422d5a27018558db6207f2"


def _contrast_points():
    with (CONTRAST / "instruments.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_contrast_pack_is_small_attributed_and_free_of_measured_frames():
    names = {point["file"] for point in _contrast_points()}
    assert names == {path.name for path in CONTRAST.glob("*.png")}
    assert names == {path.name for path in (CONTRAST / "ignore").iterdir()}
    assert names.isdisjoint(f"arcade_{number:02d}.png" for number in MEASURED)
    assert sum(path.stat().st_size for path in CONTRAST.rglob("*.*")) < 2_000_000
    assert "\narcade_N.png\n" in (CONTRAST.parents[2] / "NOTICE").read_text()


def test_every_contrast_frame_ignores_its_instruments_and_little_else():
    pool = Bundled(pack="contrast").open(256, seed=0)
    assert len(pool.ids) == 49
    masks = dict(zip(pool.ids, pool.ignore, strict=True))
    assert all(0.01 < mask.mean() < 0.05 for mask in masks.values())
    for point in _contrast_points():
        x, y = round(float(point["x"])), round(float(point["y"]))
        assert masks[point["file"]][max(y, 0), max(x, 0)]


def test_the_contrast_pack_has_not_changed():
    fingerprint = Bundled(pack="contrast").open(256, seed=0).fingerprint
    assert fingerprint == "05cbb6243979d5adc4e2dd53486479c2"


@pytest.mark.parametrize(("pack", "count"), [("ct_drr", 103), ("radiographs", 13)])
def test_later_packs_are_small_listed_and_attributed(pack, count):
    pool, folder = Bundled(pack=pack).open(256, seed=0), HERE / pack
    assert len(pool.ids) == count
    assert sorted(pool.ids) == sorted(path.name for path in folder.glob("*.jpg"))
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_500_000
    assert f"\nfluorosynth/backgrounds/{pack}\n" in (HERE.parents[1] / "NOTICE").read_text()
    assert all(image.std() > 5 for image in pool.images)


def test_frames_that_measure_silence_are_in_no_pack():
    clear = {"00001933_000", "00003211_000", "00004074_000", "00005892_001", "00007699_003"}
    assert clear.isdisjoint(path.stem for path in (HERE / "radiographs").glob("*.jpg"))
