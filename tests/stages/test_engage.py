"""Instruments led along the paths of a background: `engage`, and where the paths come from."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from small import background, unrendered

from fluorosynth import Recipe
from fluorosynth.backgrounds.bundled import Bundled
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.ranges import Constant
from fluorosynth.sample import Sample
from fluorosynth.stages.engage import Engage
from fluorosynth.stages.rotate import Rotate

PATH = np.float32([[30, 0], [32, 40], [50, 90], [100, 120]])


def rng(seed=0):
    return np.random.Generator(np.random.Philox(seed))


def pending(*paths, size=256):
    return replace(unrendered(size), paths=paths)


def distances(points, path):
    """Of each point to the polyline, px."""
    dense = np.concatenate([np.linspace(a, b, 400) for a, b in pairwise(path)])
    return np.sqrt(((points[:, None] - dense) ** 2).sum(2)).min(1)


def test_without_sway_it_follows_the_path_to_its_end():
    stage = Engage(chance=1.0, sway=Constant(0.0), tip=Constant(0.0))
    for seed in range(20):
        after = stage(pending(PATH), rng(seed))
        first = after.devices[0].centreline
        inside = first[first[:, 1] > 0]
        assert distances(inside, PATH).max() < 6  # a jitter of one px, and rounded corners
        assert np.abs(first[-1] - PATH[-1]).max() < 4
        assert first[0, 1] < -20, "it does not enter from outside"
        assert after.devices[1].id == "b"
        assert after.devices[0].width.tolist() == [3.5] * len(first)


def test_sway_grows_from_the_tip():
    stage = Engage(chance=1.0, sway=Constant(20.0), tip=Constant(0.0))
    ends = [stage(pending(PATH), rng(seed)).devices[0].centreline for seed in range(60)]
    at_tip = np.std([curve[-1] for curve in ends])
    at_entry = np.std([curve[len(curve) // 3] - PATH[1] for curve in ends])
    assert at_entry > 5 * np.std([curve[-1] - PATH[-1] for curve in ends])
    assert at_tip < 40


def test_beyond_moves_the_tip_along_the_path():
    stages = (Engage(chance=1.0, sway=Constant(0.0), tip=Constant(by)) for by in (0.0, 10.0))
    near, far = (stage(pending(PATH), rng()).devices[0].centreline[-1] for stage in stages)
    assert np.linalg.norm(far - near) == pytest.approx(10, abs=0.01)
    assert (far > near).all()  # the path ends to the lower right


def test_every_path_is_taken_and_chance_is_kept():
    stage, other = Engage(chance=0.5), PATH[:, ::-1].copy()
    steps = [stage(pending(PATH, other), rng(k)).meta.get("steps", ()) for k in range(400)]
    taken = [step[0]["path"] for step in steps if step]
    assert 160 < len(taken) < 240
    assert 0.4 < np.mean(taken) < 0.6


def test_no_path_no_instrument_nothing_happens():
    sample = unrendered()
    assert Engage(chance=1.0)(sample, rng()) is sample
    empty = Sample(background().image, (), {}, paths=(PATH,))
    assert Engage(chance=1.0)(empty, rng()) is empty


def test_it_must_stand_first():
    with pytest.raises(UsageError, match="put it first"):
        Engage()(Rotate()(pending(PATH), rng()), rng())


@pytest.mark.parametrize(
    "path", [[[5, 5], [6, 5]], [[0, 0], [1, 0], [1, 1]], [[-9, 3], [500, 3]], [[3, 3], [3, 40]]]
)
def test_short_and_long_paths_make_finite_curves(path):
    for size in (32, 256, 512):
        after = Engage(chance=1.0)(pending(np.float32(path), size=size), rng())
        assert np.isfinite(after.devices[0].centreline).all()
        assert len(after.devices[0].centreline) >= 4


def test_in_the_preset_tips_meet_real_arteries():
    recipe = replace(
        Recipe.preset("physics"), backgrounds=(Bundled(pack="contrast"),), background_odds=()
    )
    samples = [recipe.sample(0, index) for index in range(60)]
    engaged = [s for s in samples if any(d.endswith("/engaged") for d in s.meta["devices"])]
    assert 20 < len(engaged) < 50
    assert all(s.paths == () for s in samples)


# Where paths come from


@pytest.fixture
def pictures(tmp_path):
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.full((80, 120), 90, np.uint8))
    return tmp_path


def points(folder, *rows, header="file,instrument,x,y"):
    (folder / "points.csv").write_text("\n".join([header, *rows]) + "\n")
    return folder / "points.csv"


def test_points_follow_the_picture_into_its_square(pictures):
    file = points(pictures, "a.png,1,20,0", "a.png,1,20,0", "a.png,1,99,79", "a.png,2,3,3")
    pool = Folder(pictures, instruments=file).open(40, 0)
    assert pool.ids == ("a.png", "b.png")
    [line] = pool.paths[0]  # an instrument of one point is none; b has no instrument
    assert pool.paths[1] == ()
    # the central square is columns 20 to 99: its corners' centres, at half the size
    np.testing.assert_allclose(line, [[-0.25, -0.25], [39.25, 39.25]])
    assert pool.draw(rng(3)).paths in (pool.paths[0], ())


def test_paths_are_part_of_the_content(pictures):
    before = Folder(pictures).open(40, 0).fingerprint
    file = points(pictures, "a.png,1,20,0", "a.png,1,99,79")
    assert Folder(pictures, instruments=file).open(40, 0).fingerprint != before


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        (
            ["a.png,1,2,3", "a.png,1,nan,3"],
            "file,instrument,x,y",
            "row 2, x should be a finite number, not 'nan'",
        ),
        (["a.png,1,2"], "file,instrument,x", "no column 'y'"),
        (["a.png,1,2,3"], "file,inst,x,y", "no column 'instrument'.*file, instrument, x, y"),
        (["a.png;1;2;3"], "file;instrument;x;y", "no column 'file'"),
        (["a.png,1,2,5,3,5"], "file,instrument,x,y", "more than 4 values"),
        ([], "file,instrument,x,y", "no instrument of two or more points"),
        (["a.png,1,2,3", "a.png,1,2,3"], "file,instrument,x,y", "no instrument of two or more"),
        (["c.png,1,2,3", "c.png,1,9,3"], "file,instrument,x,y", "no file in"),
        ([",1,2,3"], "file,instrument,x,y", "row 1, file .*, not ''"),
        (["a.png,1,2,1e9"], "file,instrument,x,y", "row 1, y should be at most 1000000, not '1e9'"),
    ],
)
def test_bad_points_are_named(pictures, rows, header, said):
    file = points(pictures, *rows, header=header)
    with pytest.raises(BadDataError, match=said):
        Folder(pictures, instruments=file).open(40, 0)


def test_points_that_are_missing_or_no_text(pictures):
    with pytest.raises(BadDataError, match=r"none\.csv"):
        Folder(pictures, instruments=pictures / "none.csv").open(40, 0)
    with pytest.raises(BadDataError, match=r"a\.png"):
        Folder(pictures, instruments=pictures / "a.png").open(40, 0)


def test_the_pack_has_a_path_in_every_frame():
    pool = Bundled(pack="contrast").open(256, 0)
    assert len(pool.paths) == 49
    assert sum(bool(lines) for lines in pool.paths) >= 48
    for lines, ignore in zip(pool.paths, pool.ignore, strict=True):
        for line in lines:
            x, y = np.rint(line[-1]).astype(int).clip(0, 255)
            assert ignore[y, x]
