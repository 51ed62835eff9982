"""Other tools' layouts, read back by their own libraries; and the sheets that people look at."""

import io
import json
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as rle
from pycocotools.coco import COCO
from small import device, fluorosynth, rendered, small_recipe

from fluorosynth.dataset.generation import generate
from fluorosynth.dataset.manifest import read_samples
from fluorosynth.dataset.preview import (
    IGNORE_COLOUR,
    LABEL_COLOUR,
    outlined,
    preview_sheet,
    write_preview,
)
from fluorosynth.errors import UsageError
from fluorosynth.exporters.base import Exporter, export
from fluorosynth.exporters.instrument_ids import instrument_ids
from fluorosynth.geometry.raster import rasterise
from fluorosynth.io.contact_sheet import GAP
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Device, Sample
from fluorosynth.stages.render import Render

COUNT, SIZE = 6, 64
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def unclear():
    """Two instruments; part of one cannot be seen, and no index is the place in the file."""
    one = rendered()
    mask = one.mask.copy()
    mask[:, 20:30] = 255
    labelled = (device(0.0, id="a", label="catheter"), device(2.0, width=5.0, label="guidewire"))
    return [(7, replace(one, devices=labelled, mask=mask)), (12, replace(one, devices=()))]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    generate(small_recipe(folder, size=SIZE), folder / "set", COUNT, shard_size=4)
    return folder / "set"


def png(path):
    """Read a picture as it is stored, by another library than the one that wrote it."""
    with Image.open(path) as image:
        return np.asarray(image)


# ---------------------------------------------------------------- COCO


def opened(folder):
    with redirect_stdout(io.StringIO()):
        return COCO(folder / "annotations.json")


def instances(coco, index):
    return coco.loadAnns(coco.getAnnIds(imgIds=[index]))


def test_coco_masks_decode_to_the_sets_masks(made, tmp_path):
    export(read_samples(made), "coco", tmp_path / "coco")
    coco = opened(tmp_path / "coco")
    assert coco.getImgIds() == list(range(COUNT))
    for index, sample in read_samples(made):
        found = instances(coco, index)
        assert len(found) == len(sample.devices)
        union = np.bitwise_or.reduce([coco.annToMask(one) for one in found])
        np.testing.assert_array_equal(union, sample.mask == 1)
        for one in found:
            region = coco.annToMask(one)
            rows, columns = np.nonzero(region)
            low, high = (columns.min(), rows.min()), (columns.max() + 1, rows.max() + 1)
            assert one["bbox"] == [*low, high[0] - low[0], high[1] - low[1]]
            assert one["area"] == region.sum() == rle.area(one["segmentation"])
        (about,) = coco.loadImgs([index])
        assert (about["width"], about["height"]) == (SIZE, SIZE)
        picture = png(tmp_path / "coco" / "images" / about["file_name"])
        np.testing.assert_array_equal(picture, sample.image)


def test_coco_knows_kinds_and_what_nobody_knows(tmp_path):
    samples = unclear()
    export(iter(samples), "coco", tmp_path / "coco")
    coco = opened(tmp_path / "coco")
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == ["catheter", "guidewire"]
    catheter, wire, *unknown = instances(coco, 7)
    mask = samples[0][1].mask
    for one in unknown:
        np.testing.assert_array_equal(coco.annToMask(one), mask == 255)
    assert [one["iscrowd"] for one in (catheter, wire, *unknown)] == [0, 0, 1, 1]
    assert [one["category_id"] for one in unknown] == [1, 2]  # ignored whatever is scored
    assert {one["category_id"] for one in (catheter, wire)} == set(coco.getCatIds())
    assert not (coco.annToMask(wire) & (mask != 1)).any()
    np.testing.assert_allclose(catheter["centreline"], device(0.0).centreline, atol=0.006)
    ids = [one["id"] for one in coco.dataset["annotations"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("labels", ["cg", "gc", "g", "c", "sg", "gs", "asc"])
def test_coco_ids_do_not_depend_on_what_is_met_first(tmp_path, labels):
    names = {"c": "catheter", "g": "guidewire", "s": "sheath", "a": "angioscope"}
    one = rendered()
    samples = [
        (k, replace(one, devices=(replace(one.devices[0], label=names[letter]),)))
        for k, letter in enumerate(labels)
    ]
    export(iter(samples), "coco", tmp_path / "coco")
    coco = opened(tmp_path / "coco")
    found = {c["name"]: c["id"] for c in coco.loadCats(coco.getCatIds())}
    assert (found["catheter"], found["guidewire"]) == (1, 2)
    others = sorted(names[letter] for letter in labels if letter in "as")
    assert [name for name in found if found[name] > 2] == others
    for k, letter in enumerate(labels):
        assert {found[names[letter]]} == {i["category_id"] for i in instances(coco, k)} - {
            i["category_id"] for i in instances(coco, k) if i["iscrowd"]
        } | {found[names[letter]]}


@pytest.mark.parametrize("name", ["physics", "strong"])
def test_coco_agrees_with_labels_that_are_not_the_whole_device(tmp_path, name):
    sampler = Recipe.preset(name).open(1)
    samples = [(index, sampler.sample(index)) for index in range(6)]
    export(iter(samples), "coco", tmp_path / "coco")
    coco = opened(tmp_path / "coco")
    for index, sample in samples:
        drawn = np.zeros(sample.mask.shape, np.uint8)
        for one in instances(coco, index):
            drawn[coco.annToMask(one) > 0] = 255 if one["iscrowd"] else 1
        np.testing.assert_array_equal(drawn, sample.mask)


# ---------------------------------------------------------------- nnU-Net and folder


def test_nnunet_layout(made, tmp_path):
    """As nnU-Net v2's documentation/dataset_format.md states it."""
    out = tmp_path / "Dataset101_Catheter"
    export(read_samples(made), "nnunet", out)
    about = json.loads((out / "dataset.json").read_text())
    assert about["channel_names"] == {"0": "fluoroscopy"}
    assert about["labels"] == {"background": 0, "instrument": 1}
    assert (about["numTraining"], about["file_ending"]) == (COUNT, ".png")
    cases = sorted(path.name.removesuffix(".png") for path in (out / "labelsTr").iterdir())
    pictures = sorted(path.name for path in (out / "imagesTr").iterdir())
    assert pictures == [f"{case}_0000.png" for case in cases]
    for case, (_, sample) in zip(cases, read_samples(made), strict=True):
        np.testing.assert_array_equal(png(out / f"imagesTr/{case}_0000.png"), sample.image)
        np.testing.assert_array_equal(png(out / f"labelsTr/{case}.png"), sample.mask)


def test_nnunet_has_an_ignore_label_where_there_is_no_truth(tmp_path):
    samples = unclear()
    export(iter(samples), "nnunet", tmp_path / "nn")
    labels = json.loads((tmp_path / "nn/dataset.json").read_text())["labels"]
    values = sorted(labels.values())
    assert labels["ignore"] == values[-1]  # "the highest", and consecutive from 0
    assert values == list(range(len(values)))
    label = png(tmp_path / "nn/labelsTr/fluoro_000007.png")
    np.testing.assert_array_equal(label == labels["ignore"], samples[0][1].mask == 255)
    np.testing.assert_array_equal(label == 1, samples[0][1].mask == 1)


def test_folder_holds_pairs(tmp_path):
    samples = unclear()
    export(iter(samples), "folder", tmp_path / "png")
    for index, sample in samples:
        np.testing.assert_array_equal(png(tmp_path / f"png/images/{index:06d}.png"), sample.image)
        shown = np.select([sample.mask == 1, sample.mask == 255], [255, 128])
        np.testing.assert_array_equal(png(tmp_path / f"png/masks/{index:06d}.png"), shown)
    assert len(list((tmp_path / "png").rglob("*.png"))) == 6
    assert "255 instrument, 128" in (tmp_path / "png/README.txt").read_text()


def test_folder_numbers_instruments_and_marks_their_tips(tmp_path):
    shaft = Device(np.float32([[10, -4], [10, 30]]), np.full(2, 5, np.float32), "catheter")
    wire = Device(np.float32([[-4, 20], [70, 20]]), np.full(2, 3, np.float32), "guidewire")
    mask = rasterise([shaft, wire], (40, 60))
    mask[:, 40:][mask[:, 40:] == 1] = 255
    sample = Sample(np.full((40, 60), 99, np.uint8), (shaft, wire), {}, mask)
    export(iter([(7, sample)]), "folder", tmp_path / "png")
    ids = png(tmp_path / "png/instruments/000007.png")
    assert (ids[5, 10], ids[20, 10], ids[20, 30], ids[20, 50], ids[35, 30]) == (1, 2, 2, 0, 0)
    np.testing.assert_array_equal(ids > 0, mask == 1)
    first, second = json.loads((tmp_path / "png/instruments.json").read_text())["000007"]
    assert (first["id"], first["label"], first["tip"]) == (1, "catheter", [10, 30])
    assert (second["id"], second["label"], second["tip"]) == (2, "guidewire", None)
    assert second["points"] == [[-4, 20], [70, 20]]


# ---------------------------------------------------------------- all or nothing


def test_an_export_that_fails_leaves_nothing(made, tmp_path):
    def failing():
        yield next(read_samples(made))
        raise RuntimeError("boom")

    for kind in ("coco", "nnunet", "folder"):
        with pytest.raises(RuntimeError, match="boom"):
            export(failing(), kind, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_and_an_unknown_layout_are_refused(made, tmp_path):
    (tmp_path / "mine").write_text("keep")
    assert fluorosynth("export", made, "--to", "coco", "--out", tmp_path / "mine")[0] == 2
    assert (tmp_path / "mine").read_text() == "keep"
    with pytest.raises(UsageError, match=r"'cocoa'.*did you mean 'coco'"):
        export(read_samples(made), "cocoa", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_exporter_of_ones_own_needs_no_installation(made, tmp_path):
    class Count(Exporter, kind="count"):
        def write(self, samples, out):
            (out / "n.txt").write_text(str(sum(1 for _ in samples)))

    export(read_samples(made), Count(), tmp_path / "out")
    assert (tmp_path / "out/n.txt").read_text() == str(COUNT)


# ---------------------------------------------------------------- preview


def test_the_outline_runs_round_the_label_and_hides_nothing_of_it():
    image, mask = np.full((40, 50), 100, np.uint8), np.zeros((40, 50), np.uint8)
    mask[10:20, 15:30] = 1
    picture = outlined(image, mask, scale=2)
    assert picture.shape == (80, 100, 3)
    coloured = (picture != 100).any(axis=2)
    expected = np.zeros_like(coloured)
    expected[19:41, 29:61] = True
    expected[20:40, 30:60] = False
    np.testing.assert_array_equal(coloured, expected)


def test_the_sheet_shows_each_picture_plain_and_outlined(made, tmp_path):
    samples = [sample for _, sample in read_samples(made)]
    write_preview(samples, tmp_path / "sheet.png", columns=4)
    sheet = png(tmp_path / "sheet.png")
    pictures = 2 * (SIZE + GAP) + GAP
    legend = sheet[pictures:].reshape(-1, 3)
    for colour in (LABEL_COLOUR, IGNORE_COLOUR):
        assert (legend == colour).all(1).sum() > 50
    assert sheet[:pictures].shape == (pictures, 4 * (2 * SIZE + GAP) + GAP, 3)
    for number, sample in enumerate(samples):
        row, column = divmod(number, 4)
        y, x = GAP + row * (SIZE + GAP), GAP + column * (2 * SIZE + GAP)
        plain = sheet[y : y + SIZE, x : x + SIZE]
        marked = sheet[y : y + SIZE, x + SIZE : x + 2 * SIZE]
        np.testing.assert_array_equal(plain, np.repeat(sample.image[:, :, None], 3, axis=2))
        changed = (marked != plain).any(axis=2)
        touching = cv2.dilate(sample.mask, np.ones((3, 3), np.uint8)) > 0
        assert changed.any()
        assert not (changed & (sample.mask == 1)).any()
        assert not (changed & ~touching).any()


def test_the_preview_command(made, tmp_path):
    out = tmp_path / "sheet.png"
    code, said, _ = fluorosynth("preview", made, "--out", out, "--count", 5, "--columns", 3)
    assert (code, said) == (0, f"5 samples: {out}\n")
    samples = [sample for _, sample in read_samples(made, 5)]
    np.testing.assert_array_equal(png(out), preview_sheet(samples, 3))


def test_a_finished_set_carries_its_preview(made):
    samples = [sample for _, sample in read_samples(made)]
    np.testing.assert_array_equal(png(made / "preview.png"), preview_sheet(samples[:4]))


def test_samples_are_read_in_order_up_to_a_limit(made):
    assert [index for index, _ in read_samples(made, 5)] == [0, 1, 2, 3, 4]
    assert all(a < b for (a, _), (b, _) in pairwise(read_samples(made)))


def test_labels_wider_than_the_instruments_are_of_the_nearest():
    left, right = (
        Device(np.float32([[x, -9], [x, 73]]), np.float32([1, 1]), "guidewire") for x in (20, 30)
    )
    sample = Sample(np.full((64, 64), 90, np.uint8), (left, right), {})
    sample = Render(blur=8.0)(sample, np.random.default_rng(0))
    ids = instrument_ids(sample)
    np.testing.assert_array_equal(ids > 0, sample.mask == 1)
    assert (ids == 1).sum() > 64 * 3
    assert set(ids[:, 21:24].ravel()) <= {0, 1}
    assert set(ids[:, 27:30].ravel()) <= {0, 2}
