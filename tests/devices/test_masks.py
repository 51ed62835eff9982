import pickle

import numpy as np
import pytest
from oracles import centreline_error, dice, draw
from PIL import Image

from fluorosynth.devices.masks import Masks
from fluorosynth.errors import BadDataError, DataWarning, UsageError
from fluorosynth.sample import Device


def device(points, width):
    points = np.asarray(points, np.float32)
    return Device(points, np.broadcast_to(np.float32(width), len(points)).copy())


LINE = device([(20.3, -4), (22, 40), (60, 70)], 6)
OTHER = device([(100, 90), (70.5, 20)], 4)


def save(path, mask):
    Image.fromarray(mask.astype(np.uint8)).save(path)
    return path


@pytest.fixture
def folder(tmp_path):
    for i in range(5):
        save(
            tmp_path / f"m{i}.png",
            255 * draw([device([(20 * i + 12, -3), (60, 80)], 5)], (128, 128)),
        )
    return tmp_path


def test_a_mask_comes_back_at_its_own_size(tmp_path):
    mask = draw([LINE, OTHER], (128, 128))
    pool = Masks(save(tmp_path / "two ü.png", 255 * mask), label="guidewire").open(128, 0)
    (devices,) = pool.sets
    assert dice(draw(devices, mask.shape), mask) > 0.95
    assert {d.label for d in devices} == {"guidewire"}
    assert sorted(d.id for d in devices) == ["two ü.png#0", "two ü.png#1"]


@pytest.mark.parametrize("size", [64, 256])
def test_coordinates_and_widths_scale_with_the_picture(tmp_path, size):
    pool = Masks(save(tmp_path / "m.png", draw([LINE], (128, 128)))).open(size, 0)
    ((found,),) = pool.sets
    scale = size / 128
    assert centreline_error(found.centreline, (LINE.centreline + 0.5) * scale - 0.5) < 0.5 * scale
    assert np.median(found.width) == pytest.approx(6 * scale, rel=0.08)


def test_a_wide_mask_is_centred(tmp_path):
    pool = Masks(save(tmp_path / "m.png", draw([LINE], (80, 160)))).open(160, 0)
    ((found,),) = pool.sets
    assert centreline_error(found.centreline, LINE.centreline + np.float32([0, 40])) < 0.5


def test_labels_are_told_apart_and_255_beside_1_is_ignored(tmp_path):
    one, two = draw([LINE], (128, 128)), draw([OTHER], (128, 128))
    assert len(Masks(save(tmp_path / "a.png", one + 2 * two)).open(128, 0).sets[0]) == 2
    assert len(Masks(save(tmp_path / "b.png", one + 255 * two)).open(128, 0).sets[0]) == 1


def test_share_opens_only_the_drawn_files_and_repeats(folder):
    source = pickle.loads(pickle.dumps(Masks(folder, share=0.4)))
    ids = [[s[0].id for s in source.open(64, seed).sets] for seed in (1, 1, 2, 3)]
    assert ids[0] == ids[1]
    assert len({tuple(i) for i in ids}) > 1
    assert all(len(i) == 2 for i in ids)
    assert source.open(64, 1).fingerprint == source.open(64, 1).fingerprint
    assert source.open(64, 1).fingerprint != source.open(65, 1).fingerprint
    with pytest.raises(UsageError, match="share"):
        Masks(folder, share=0.0).open(64, 0)


def test_draw_is_uniform(folder):
    pool, rng = Masks(folder).open(64, 0), np.random.default_rng(0)
    counts = np.unique([pool.draw(rng)[0].id for _ in range(2000)], return_counts=True)[1]
    assert len(counts) == 5
    assert abs(counts - 400).max() < 80  # 4.5 standard deviations


def blob():
    y, x = np.indices((128, 128))
    return (x - 60) ** 2 + (y - 60) ** 2 < 30**2


BAD = {
    "empty": (np.zeros((64, 64)), "empty mask"),
    "ones": (np.ones((64, 64)), "100% of it"),
    "inverted": (1 - draw([LINE], (128, 128)), "invert"),
    "grey": (np.add.outer(np.arange(64), np.arange(64)), "no label image"),
    "blob": (blob(), "longer than it is wide"),
    "noise": (np.random.default_rng(0).random((200, 200)) < 0.4, "branches"),
    "tiny": (np.ones((1, 1)), "1 x 1"),
}


@pytest.mark.parametrize("case", BAD)
def test_masks_that_are_none_are_refused_by_name(tmp_path, case):
    mask, message = BAD[case]
    save(tmp_path / "not good.png", mask)
    with pytest.raises(BadDataError, match=message) as error:
        Masks(tmp_path).open(64, 0)
    assert "not good.png" in str(error.value)


def test_unreadable_and_missing_files(folder):
    (folder / "m2.png").write_bytes((folder / "m2.png").read_bytes()[:60])
    with pytest.raises(BadDataError, match=r"m2\.png"):
        Masks(folder).open(64, 0)
    with pytest.warns(DataWarning, match=r"left out: .*m2\.png"):
        assert len(Masks(folder, skip_bad=True).open(64, 0)) == 4
    with pytest.raises(BadDataError, match=r"no usable mask; .*m2"):
        Masks(folder / "m2.png", skip_bad=True).open(64, 0)
    with pytest.raises(BadDataError, match="does not exist"):
        Masks(folder / "nowhere").open(64, 0)
    with pytest.raises(BadDataError, match=r"\*\.tif' does not exist"):
        Masks(folder / "*.tif").open(64, 0)


def test_pictures_without_an_instrument_are_passed_over_among_others(folder):
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(folder / "none.png")
    assert len(Masks(folder).open(64, 0)) == 5
    for path in folder.glob("m*.png"):
        Image.fromarray(np.zeros((64, 64), np.uint8)).save(path)
    with pytest.raises(BadDataError, match="no usable mask; all are empty"):
        Masks(folder).open(64, 0)
