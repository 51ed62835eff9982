import csv
import pickle
import tracemalloc

import cv2
import numpy as np
import pytest
from dicom_files import dataset, save

from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.backgrounds.pool import BackgroundPool
from fluorosynth.core.component import kinds
from fluorosynth.errors import BadDataError

NOISE = np.random.default_rng(0).integers(0, 256, (6, 64, 96)).astype(np.uint8)


def png(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


@pytest.fixture
def three(tmp_path):
    """A folder of three pictures, one of them deeper."""
    for name, image in zip(("a.png", "b.png", "sub/c.png"), NOISE, strict=False):
        png(tmp_path / name, image)
    return tmp_path


def test_is_discovered():
    assert kinds(BackgroundSource, "fluorosynth.backgrounds")["folder"] is Folder


def test_central_square_area_averaged(three):
    pool = Folder(str(three)).open(16, seed=0)
    assert pool.ids == ("a.png", "b.png", "sub/c.png")
    blocks = NOISE[:3, :, 16:80].reshape(3, 16, 4, 16, 4).mean(axis=(2, 4))
    assert pool.images.shape == (3, 16, 16)
    assert pool.images.dtype == np.uint8
    assert np.abs(pool.images - blocks).max() <= 0.5


def test_full_size_is_unchanged_and_larger_is_interpolated(three):
    assert np.array_equal(Folder(str(three)).open(64, 0).images, NOISE[:3, :, 16:80])
    flat = png(three / "flat.png", np.full((20, 40), 90, np.uint8))
    assert (Folder(str(flat)).open(50, 0).images == 90).all()


def test_draw_is_uniform_and_read_only(three):
    pool = Folder(str(three)).open(32, seed=0)
    rng = np.random.default_rng(3)
    drawn = [pool.draw(rng) for _ in range(3000)]
    counts = [sum(background.id == name for background in drawn) for name in pool.ids]
    assert min(counts) > 900  # 1000 expected, standard deviation 26
    assert len(pool) == 3
    for background in drawn[:20]:
        assert np.array_equal(background.image, pool.images[pool.ids.index(background.id)])
        assert background.ignore is None
        with pytest.raises(ValueError, match="read-only"):
            background.image[0, 0] = 1


def test_same_for_any_seed_and_after_pickling(three):
    source = Folder(str(three))
    opened = [
        source.open(32, 0),
        source.open(32, 9),
        pickle.loads(pickle.dumps(source)).open(32, 0),
    ]
    assert len({pool.fingerprint for pool in opened}) == 1


def test_fingerprint_names_the_content(three):
    prints = [
        Folder(str(three)).open(32, 0).fingerprint,
        Folder(str(three)).open(33, 0).fingerprint,
    ]
    (three / "a.png").rename(three / "aa.png")
    prints.append(Folder(str(three)).open(32, 0).fingerprint)
    changed = NOISE[0].copy()
    changed[30:34, 40:44] ^= 128
    png(three / "aa.png", changed)
    prints.append(Folder(str(three)).open(32, 0).fingerprint)
    assert len(set(prints)) == 4
    assert all(len(bytes.fromhex(text)) == 16 for text in prints)


def test_file_and_glob_ids(three):
    assert Folder(str(three / "sub/c.png")).open(32, 0).ids == ("c.png",)
    assert Folder(str(three / "**/*.png")).open(32, 0).ids == ("a.png", "b.png", "sub/c.png")


def test_frames_of_a_run_are_numbered(tmp_path):
    np.save(tmp_path / "run.npy", NOISE)
    png(tmp_path / "x.png", NOISE[0])
    pool = Folder(str(tmp_path)).open(32, 0)
    assert pool.ids == (*(f"run.npy#{k}" for k in range(6)), "x.png")


def test_max_frames_are_spread_evenly(tmp_path):
    levels = np.arange(100, dtype=np.uint8)
    np.save(tmp_path / "a.npy", np.repeat(levels, 16 * 16).reshape(100, 16, 16))
    np.save(tmp_path / "b.npy", np.repeat(levels + 100, 16 * 16).reshape(100, 16, 16))
    pool = Folder(str(tmp_path), max_frames=8).open(16, 0)
    assert pool.images[:, 0, 0].tolist() == [12, 37, 62, 87, 112, 137, 162, 187]
    assert pool.ids[0] == "a.npy#12"
    assert pool.ids[7] == "b.npy#87"


def test_memory_is_bounded_whatever_max_frames(tmp_path):
    np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.uint8, (100, 1024, 1024))  # sparse
    tracemalloc.start()
    pool = Folder(str(tmp_path), max_frames=10**6).open(1024, 0)
    assert tracemalloc.get_traced_memory()[1] < 150 * 2**20
    tracemalloc.stop()
    assert len(pool) == 64


def test_one_broken_file_is_named_or_skipped(three):
    (three / "b.png").write_bytes((three / "b.png").read_bytes()[:500])
    with pytest.raises(BadDataError, match=r"b\.png"):
        Folder(str(three)).open(32, 0)
    pool = Folder(str(three), skip_bad=True).open(32, 0)
    assert pool.ids == ("a.png", "sub/c.png")
    assert np.array_equal(pool.images, Folder(str(three / "[as]*")).open(32, 0).images)
    assert len(pool.skipped) == 1
    assert "b.png" in pool.skipped[0]


def test_a_run_broken_in_the_middle_is_left_out_whole(three):
    run = NOISE.astype(np.float32)
    run[3, 0, 0] = np.nan
    np.save(three / "run.npy", run)
    pool = Folder(str(three), skip_bad=True).open(32, 0)
    assert pool.ids == ("a.png", "b.png", "sub/c.png")
    assert "run.npy" in pool.skipped[0]


def test_nothing_usable(tmp_path):
    (tmp_path / "a.png").write_bytes(b"bad")
    with pytest.raises(BadDataError, match=r"no usable picture.*a\.png"):
        Folder(str(tmp_path), skip_bad=True).open(32, 0)


def test_outside_of_a_stated_field(tmp_path):
    shutter = {
        "ShutterShape": "RECTANGULAR",
        "ShutterLeftVerticalEdge": 11,
        "ShutterRightVerticalEdge": 50,
        "ShutterUpperHorizontalEdge": 5,
        "ShutterLowerHorizontalEdge": 44,
    }
    save(dataset(NOISE[:1], **shutter), tmp_path / "x.dcm")
    assert np.array_equal(Folder(str(tmp_path)).open(40, 0).images[0], NOISE[0, 4:44, 10:50])
    circle = {"CenterOfCircularShutter": [25, 31], "RadiusOfCircularShutter": 20}
    save(dataset(NOISE[:1] | 1, ShutterShape="CIRCULAR", **circle), tmp_path / "x.dcm")
    image = Folder(str(tmp_path)).open(41, 0).images[0]
    rows, columns = np.mgrid[-20:21, -20:21]
    assert np.array_equal(image > 0, rows**2 + columns**2 <= 400)


def manifest(folder, *names):
    with (folder / "patches.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "source", "frame", "x", "y", "width", "height", "score"])
        writer.writerows([name, "run.dcm", 0, 0, 0, 64, 64, 0.5] for name in names)


def test_only_what_the_manifest_lists(three):
    png(three / "contact_sheet.png", NOISE[5])
    manifest(three, "a.png", "sub/c.png")
    assert Folder(str(three)).open(32, 0).ids == ("a.png", "sub/c.png")
    assert Folder(str(three / "*.png")).open(32, 0).ids == ("a.png", "b.png")  # not the sheet


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"file\ngone.png\n", r"patches\.csv.*gone\.png"),
        (b"file\n../secret.png\n", r"patches\.csv.*secret\.png"),
        (b"name\na.png\n", r"patches\.csv.*column named file"),
        (b"", r"patches\.csv.*column named file"),
        (b"file\n", r"patches\.csv.*no file"),
        (b"file\n\xff\xfe\n", r"patches\.csv"),
    ],
)
def test_broken_manifest(three, content, words):
    (three / "patches.csv").write_bytes(content)
    with pytest.raises(BadDataError, match=words):
        Folder(str(three)).open(32, 0)


def test_ignore_masks_follow_the_picture(three):
    unknown = np.zeros((64, 96), np.uint8)
    unknown[:20, 16:40] = 1
    png(three / "masks/sub/c.png", unknown)
    pool = Folder(str(three), ignore=str(three / "masks")).open(32, 0)
    assert pool.ids == ("a.png", "b.png", "sub/c.png")  # the masks are no pictures
    assert pool.ignore[:2] == (None, None)
    expected = np.zeros((32, 32), bool)
    expected[:10, :12] = True
    assert np.array_equal(pool.ignore[2], expected)
    drawn = {b.id: b for b in (pool.draw(np.random.default_rng(k)) for k in range(30))}
    assert np.array_equal(drawn["sub/c.png"].ignore, expected)
    assert drawn["a.png"].ignore is None
    assert pool.fingerprint != Folder(str(three / "[abs]*")).open(32, 0).fingerprint


def test_ignore_mask_of_one_frame(tmp_path):
    np.save(tmp_path / "runs.npy", NOISE)
    unknown = np.zeros((64, 96), np.uint8)
    unknown[:20] = 255
    png(tmp_path / "masks/runs.png", unknown)
    png(tmp_path / "masks/runs#2.png", unknown[::-1])
    pool = Folder(str(tmp_path / "runs.npy"), ignore=str(tmp_path / "masks")).open(64, 0)
    assert [mask[0, 0] for mask in pool.ignore] == [True, True, False, True, True, True]


def test_ignore_mask_of_another_size(three):
    png(three / "masks/b.png", np.eye(40, dtype=np.uint8))
    with pytest.raises(BadDataError, match=r"masks/b\.png' is 40 x 40.*b\.png' is 96 x 64"):
        Folder(str(three), ignore=str(three / "masks")).open(32, 0)


def test_ignore_masks_that_make_no_sense(three):
    with pytest.raises(BadDataError, match="masks"):
        Folder(str(three), ignore=str(three / "masks")).open(32, 0)
    png(three / "masks/other.png", np.eye(40, dtype=np.uint8))
    with pytest.raises(BadDataError, match=r"no mask in .*masks"):
        Folder(str(three), ignore=str(three / "masks")).open(32, 0)
    png(three / "masks/a.png", np.full((64, 96), 255, np.uint8))
    with pytest.raises(BadDataError, match=r"masks/a\.png' marks every pixel"):
        Folder(str(three), ignore=str(three / "masks")).open(32, 0)


def test_empty_ignore_mask_is_fine(three):
    png(three / "masks/a.png", np.zeros((64, 96), np.uint8))
    pool = Folder(str(three), ignore=str(three / "masks")).open(32, 0)
    assert not pool.ignore[0].any()


def test_missing_and_empty_folder(tmp_path):
    with pytest.raises(BadDataError, match="gone"):
        Folder(str(tmp_path / "gone")).open(32, 0)
    with pytest.raises(BadDataError, match="holds no files"):
        Folder(str(tmp_path)).open(32, 0)


def test_pool_refuses_what_does_not_fit_together():
    images = np.zeros((2, 8, 8), np.uint8)
    for wrong in (
        lambda: BackgroundPool(images, ("a",)),
        lambda: BackgroundPool(images, ("a", "b"), (None,)),
        lambda: BackgroundPool(images[:0], ()),
        lambda: BackgroundPool(images.astype(float), ("a", "b")),
    ):
        with pytest.raises(BadDataError):
            wrong()


def test_pool_leaves_the_callers_array_writeable():
    images = np.zeros((1, 8, 8), np.uint8)
    BackgroundPool(images, ("a",))
    images[0, 0, 0] = 1
