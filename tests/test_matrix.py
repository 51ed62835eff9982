"""What one command writes, every other reads: pair by pair."""

import json
import shutil

import cv2
import numpy as np
import pytest
from dicom_files import dataset, save
from makers import write_weiss
from small import fluorosynth

from fluorosynth.backgrounds.folder import Folder
from fluorosynth.dataset.generation import generate
from fluorosynth.dataset.manifest import read_samples
from fluorosynth.devices.source_of import device_sources
from fluorosynth.errors import BadDataError, FluorosynthError
from fluorosynth.exporters.base import export
from fluorosynth.io.frames import count_frames, frames_together, read_frames
from fluorosynth.io.sources import find_masks, find_sources
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import Normalisation, open_dataset
from fluorosynth.learn.networks import build
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.outputs import Wanted
from fluorosynth.learn.prediction.predict import predict
from fluorosynth.learn.prediction.segment import SegmentConfig
from fluorosynth.learn.prediction.windows import read_clips
from fluorosynth.patches.extract import extract_patches
from fluorosynth.patches.search import Search
from fluorosynth.recipe import Recipe


def device_source(src, **named):
    """Return the one source that a path stands for."""
    (source,) = device_sources(src, **named)
    return source


COUNT, SIZE = 4, 96
WIDTH = 6.7  # of what cv2.polylines draws for 5
EXPORTS = ("folder", "nnunet", "coco")
STILL = {"folder": "images", "nnunet": "imagesTr", "coco": "images"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A generated set, and what every exporter makes of it."""
    root = tmp_path_factory.mktemp("matrix")
    generate(Recipe.preset("physics"), root / "set", COUNT, seed=4)
    for kind in EXPORTS:
        export(read_samples(root / "set"), kind, root / kind)
    return root


def truth(made):
    return [sample for _, sample in read_samples(made / "set")]


class Darkness:
    """An inference that finds what is dark: predictions without a trained network."""

    def __new__(cls):
        inference = Inference(Model(build("light"), Normalisation(128.0, 50.0)), "cpu")
        inference.predict_maps = lambda clips, *_: np.float32(clips[:, -1] < 90)
        return inference


@pytest.fixture(scope="module")
def predicted(tmp_path_factory):
    """Frames of every kind, and what predict writes of them: masks, curves, overlays."""
    root = tmp_path_factory.mktemp("predicted")
    frames = []
    for k in range(11):
        frame = np.random.default_rng(k).normal(150, 6, (SIZE, SIZE))
        line = np.array([[0, 20 + 4 * k], [40, 30 + 3 * k], [80, 50]], np.int32)
        cv2.polylines(frame, [line], False, 40, 5)
        frames.append(frame.clip(0, 255).astype(np.uint8))
    (root / "src/stills").mkdir(parents=True)
    for k in (1, 2, 10):
        cv2.imwrite(str(root / f"src/stills/frame{k}.png"), frames[k])
    save(dataset(np.stack(frames)), root / "src/run.dcm")
    save(dataset(np.stack(frames[:1])), root / "src/1.2.840.99.1")
    wanted = Wanted(centrelines=True, overlays=True, probabilities=True)
    config = SegmentConfig(threshold=0.5, size=0)
    predict(root / "src", Darkness(), root / "out", config, wanted)
    return root


# ------------------------------------------------ what export writes


@pytest.mark.parametrize("kind", EXPORTS)
def test_exports_are_labelled_data(made, kind):
    pairs = open_dataset(made / kind)
    assert len(pairs) == COUNT
    for (image, mask), sample in zip(pairs, truth(made), strict=True):
        np.testing.assert_array_equal(image, sample.image)
        np.testing.assert_array_equal(mask, sample.mask)


def test_generated_sets_are_frames(made, tmp_path):
    truths = [sample.image for sample in truth(made)]
    (shard,) = find_sources(made / "set")
    assert shard.suffix == ".h5"
    np.testing.assert_array_equal([f.image for f in read_frames(shard)], truths)
    assert len(Folder(made / "set").open(64, 0)) == COUNT
    search = Search(count=2, size=48, smallest=48, ceiling=0.99)
    assert len(extract_patches(made / "set", search)) == 2
    done = predict(made / "set", Darkness(), tmp_path / "out", SegmentConfig(threshold=0.5, size=0))
    assert done.frames == COUNT
    assert len(list((tmp_path / "out/masks").glob("shard-*/*.png"))) == COUNT


def test_generated_sequences_are_frames_in_order(tmp_path):
    generate(Recipe.preset("paper").with_values("frames=3", "size=64"), tmp_path / "set", 2, seed=1)
    (shard,) = find_sources(tmp_path / "set")
    assert (count_frames(shard), frames_together(shard)) == (6, 3)
    made = [sample.image for _, sample in read_samples(tmp_path / "set")]
    np.testing.assert_array_equal([f.image for f in read_frames(shard)], made)
    np.testing.assert_array_equal([f.image for f in read_frames(shard, [1, 4])], made[1::3])
    clips = [clip for _, clip in read_clips([shard], 0, 2)]
    np.testing.assert_array_equal(clips[3], np.stack([made[3], made[3]]))  # a new sequence
    np.testing.assert_array_equal(clips[4], np.stack([made[3], made[4]]))


@pytest.mark.parametrize("suffix", [".tif", ".jpg"])
def test_masks_of_other_formats_belong_to_frames(tmp_path, suffix):
    mask = np.zeros((96, 96), np.uint8)
    cv2.line(mask, (20, 0), (60, 80), 255, 6)
    frame = np.random.default_rng(0).integers(90, 120, mask.shape, dtype=np.uint8)
    (tmp_path / "masks").mkdir()
    cv2.imwrite(str(tmp_path / "a.png"), frame)
    cv2.imwrite(str(tmp_path / f"masks/a{suffix}"), mask)
    ((_, found),) = open_dataset(tmp_path)
    assert ((found > 0) != (mask > 0)).mean() < 0.01
    assert [path.suffix for path in find_masks(tmp_path)] == [suffix]
    (device,) = device_source(tmp_path / "masks").open(96, 0).draw(np.random.default_rng(0))
    assert near(device.centreline[2:-2], np.linspace([20, 0], [60, 80], 200)) < 1
    search = Search(count=3, size=32, smallest=32, masks=str(tmp_path / "masks"))
    for patch in extract_patches(tmp_path, search):
        window = patch.window
        cut = mask[window.y : window.y + window.height, window.x : window.x + window.width]
        assert not cut.any()


@pytest.mark.parametrize("kind", EXPORTS)
def test_exports_are_frames(made, kind):
    found = find_sources(made / kind)
    assert [path.parent.name for path in found] == [STILL[kind]] * COUNT
    shown = [next(iter(read_frames(path))).image for path in found]
    np.testing.assert_array_equal(shown, [sample.image for sample in truth(made)])
    assert len(Folder(made / kind).open(64, 0)) == COUNT


def test_exported_masks_are_seen_in_a_viewer(made):
    grey = [cv2.imread(str(path), 0) for path in sorted((made / "folder/masks").iterdir())]
    assert {0, 255} <= set(np.unique(grey)) <= {0, 128, 255}
    for picture, sample in zip(grey, truth(made), strict=True):
        assert np.array_equal(picture == 255, sample.mask == 1)
        assert np.array_equal(picture == 128, sample.mask == 255)


def test_exports_of_before_are_read_as_they_were(made, tmp_path):
    old = tmp_path / "copy"
    shutil.copytree(made / "folder", old)
    (old / "masks.json").unlink()
    for k, sample in enumerate(truth(made)):
        cv2.imwrite(str(old / f"masks/{k:06d}.png"), sample.mask)
    for (_, mask), sample in zip(open_dataset(old), truth(made), strict=True):
        np.testing.assert_array_equal(mask, sample.mask)


def test_exported_masks_without_what_says_their_values_are_not_guessed(made, tmp_path):
    shutil.copytree(made / "folder", tmp_path / "bare")
    for name in ("masks.json", "instruments.json"):
        (tmp_path / "bare" / name).unlink()
    if any((sample.mask == 255).any() for sample in truth(made)):
        with pytest.raises(BadDataError, match="holds 128"):
            open_dataset(tmp_path / "bare")
    (tmp_path / "bare/masks.json").write_text('{"instrument": "all"}')
    with pytest.raises(FluorosynthError, match=r"masks\.json"):
        open_dataset(tmp_path / "bare")


def near(curve, line):
    """Return the mean distance of a curve's points to another's."""
    gaps = np.linalg.norm(curve[:, None] - line[None], axis=2)
    return gaps.min(axis=1).mean()


@pytest.mark.parametrize(
    "where",
    ["folder", "folder/masks", "folder/instruments.json", "nnunet", "coco/annotations.json"],
)
def test_exports_are_devices(made, where):
    pool = device_source(str(made / where)).open(256, 0)
    true = [device.centreline for sample in truth(made) for device in sample.devices]
    drawn = [device for devices in pool.sets for device in devices]
    assert drawn
    for device in drawn:
        inside = (device.centreline > 2).all(1) & (device.centreline < 253).all(1)
        if inside.sum() > 20:
            assert min(near(device.centreline[inside], line) for line in true) < 2
    if where.endswith(".json"):
        assert len(drawn) == len(true)


def test_exported_masks_go_into_patches(made, tmp_path):
    search = Search(count=4, size=32, masks=str(made / "folder/masks"))
    patches = extract_patches(made / "folder/images", search)
    masks = {f"{k:06d}.png": sample.mask for k, sample in enumerate(truth(made))}
    for patch in patches:
        w = patch.window
        assert not masks[w.source][w.y : w.y + w.height, w.x : w.x + w.width].any()


def test_a_set_as_exported_is_found_again_by_every_command(made):
    for kind in EXPORTS:
        code, _, error = fluorosynth(
            "evaluate", made / kind, "--model", "default", "--out", made / f"report-{kind}",
            "--device", "cpu", "--quiet", "--limit", 1,
        )  # fmt: skip
        assert code == 0, error


# ------------------------------------------------ what predict writes


def test_predicted_masks_of_every_kind_of_frame(predicted):
    masks = predicted / "out/masks"
    names = sorted(path.relative_to(masks).as_posix() for path in masks.rglob("*.png"))
    runs = [f"run/{k:05d}.png" for k in range(11)]
    stills = [f"stills/frame{k}.png" for k in (1, 10, 2)]
    assert names == ["1.2.840.99.1.png", *runs, *stills]


def test_predicted_masks_are_labels(predicted):
    pairs = open_dataset(predicted / "src", masks=predicted / "out/masks")
    names = [(pairs.sequence(i), pairs.name(i)) for i in range(len(pairs))]
    assert names[1:12] == [("run", f"{k:05d}") for k in range(11)]
    assert [name for _, name in names[12:]] == ["frame1", "frame2", "frame10"]
    for image, mask in pairs:
        assert image.shape == mask.shape
        assert np.array_equal(mask == 1, image < 90)


def test_predicted_masks_beside_the_frames(predicted, tmp_path):
    (tmp_path / "masks").symlink_to(predicted / "out/masks")
    for source in (predicted / "src").iterdir():
        (tmp_path / source.name).symlink_to(source)
    pairs = open_dataset(tmp_path)
    assert len(pairs) == 15
    assert all(np.array_equal(mask == 1, image < 90) for image, mask in pairs)


def test_predicted_masks_go_into_patches_and_ignore(predicted):
    search = Search(count=6, size=16, masks=str(predicted / "out/masks"))
    frames = {
        path.name: [f.image for f in read_frames(path)] for path in find_sources(predicted / "src")
    }
    for patch in extract_patches(predicted / "src", search):
        w = patch.window
        frame = frames[w.source.split("/")[-1]][w.frame]
        assert frame[w.y : w.y + w.height, w.x : w.x + w.width].min() > 90
    pool = Folder(predicted / "src", ignore=predicted / "out/masks").open(SIZE, 0)
    for image, unknown in zip(pool.images, pool.ignore, strict=True):
        np.testing.assert_array_equal(unknown, image < 90)


@pytest.mark.parametrize("where", ["out", "out/masks", "out/masks/run", "out/centrelines"])
def test_predictions_are_devices(predicted, where):
    pool = device_source(str(predicted / where)).open(SIZE, 0)
    assert len(pool) == (11 if where.endswith("run") else 15)
    for devices in pool.sets:
        (device,) = devices
        assert np.median(device.width) == pytest.approx(WIDTH, abs=1)
        assert (device.centreline[:, 0] > -6).all()
        assert (device.centreline < SIZE).all()


def test_predicting_again_takes_no_output_for_a_frame(predicted):
    (predicted / "both").mkdir()
    for name in ("out", "src"):
        (predicted / "both" / name).symlink_to(predicted / name)
    assert len(find_sources(predicted / "both")) == 5
    assert len(find_masks(predicted / "both")) == 15


@pytest.mark.parametrize("size", [48, 96, 384])
def test_curves_know_their_frame(predicted, tmp_path, size):
    """The same picture at other sizes gives the same instrument."""
    picture = next(iter(read_frames(predicted / "src/run.dcm"))).image
    (tmp_path / "src").mkdir()
    how = cv2.INTER_AREA if size < SIZE else cv2.INTER_CUBIC
    cv2.imwrite(str(tmp_path / "src/a.png"), cv2.resize(picture, (size, size), interpolation=how))
    config = SegmentConfig(threshold=0.5, size=0)
    predict(tmp_path / "src", Darkness(), tmp_path / "out", config, Wanted(centrelines=True))
    (device,) = device_source(str(tmp_path / "out/centrelines/a.json")).open(256, 0).sets[0]
    assert np.median(device.width) == pytest.approx(WIDTH * 256 / SIZE, rel=0.2)
    assert device.centreline[-1] == pytest.approx(np.array([80, 50]) * 256 / SIZE, abs=8)


# ------------------------------------------------ the publication's files


def test_published_files_go_everywhere(tmp_path):
    data = write_weiss(tmp_path / "data" if (tmp_path / "data").mkdir() is None else None, size=32)
    assert [path.name for path in find_sources(data)] == ["T1T2.hdf5", "T3-T6.hdf5"]
    assert len(open_dataset(data)) == 1207
    assert len(open_dataset(data / "T1T2.hdf5")) == 436
    frames = list(read_frames(data / "T3-T6.hdf5", [3, 543]))  # floats in 0..1
    assert [int(frame.image[0, 0]) for frame in frames] == [3, 543 % 251]
    patches = extract_patches(data, Search(count=3, size=16, masks=str(data)))
    assert all(patch.window.y > 4 for patch in patches)  # clear of the catheter in rows 2 and 3
    source = device_source(str(data / "T1T2_label.hdf5"))
    pool = device_source(str(data), skip_bad=True)
    assert type(source) is type(pool)
    config = SegmentConfig(threshold=0.5, size=0)
    outcome = predict(
        data / "T1T2.hdf5", Darkness(), tmp_path / "out", config, Wanted(overlays=False)
    )
    assert outcome.frames == 436
    assert json.loads((tmp_path / "out/predictions.jsonl").read_text().splitlines()[1])
