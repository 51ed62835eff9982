"""Other programs' files: round trips to .01 px, independent readers, exports made by hand."""

import json
import xml.etree.ElementTree as ET
from importlib import import_module

import cv2
import numpy as np
import pytest
from PIL import Image

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.geometry.raster import rasterise
from fluorosynth.labels import FrameLabels, Instrument, Labels, Region, Source
from fluorosynth.labels.formats import Conversion, guess_format, read_format, write_format
from fluorosynth.labels.formats.build import outlines

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SOURCE = Source("run.dcm", 20, 64, 80, "0" * 32)
CATHETER = Instrument(
    np.float32([[0, 20.125], [30.3, 22], [55.55, 40.01]]), np.float32([5, 4.5, 4]), "catheter_0"
)
WIRE = Instrument(
    np.float32([[10, 60], [30, 50], [79.4, 45]]),
    np.float32([2, 2, 2]),
    "wire",
    "guidewire",
    tip_in_view=False,
    origin="tracked",
)
HOLE = Region(np.float32([[5.5, 5.5], [15.5, 5.5], [15.5, 12.5], [5.5, 12.5]]))
LABELS = Labels(
    SOURCE, (FrameLabels(3, (CATHETER, WIRE), ignore=(HOLE,)), FrameLabels(4, (CATHETER,)))
)
EXACT = {"cvat": "l.xml", "cvat-video": "l.xml", "labelme": "l", "coco": "l.json"}
EXACT |= {"label-studio": "l.json", "labels": "l.json"}


@pytest.mark.parametrize(("name", "file"), EXACT.items())
def test_round_trips_are_exact(name, file, tmp_path):
    write_format(LABELS, tmp_path / file, name)
    back = read_format(tmp_path / file, "", Conversion(source=SOURCE))
    assert [f.index for f in back.frames] == [3, 4]
    for one, two in zip(LABELS.frames, back.frames, strict=True):
        assert len(one.instruments) == len(two.instruments)
        for i in one.instruments:
            j = two.get(i.id)
            assert np.abs(i.points - j.points).max() < 0.01
            assert np.abs(i.width - j.width).max() < 0.01
            assert (i.label, i.tip_in_view, i.origin) == (j.label, j.tip_in_view, j.origin)
        assert (LABELS.mask(one.index) == back.mask(one.index)).all()


@pytest.mark.parametrize("file", ["c.json", "c.csv"])
def test_round_trips_of_the_projects_own_forms(file, tmp_path):
    write_format(LABELS, tmp_path / file, "curves")
    back = read_format(tmp_path / file, "", Conversion(source=SOURCE))
    for one, two in zip(LABELS.frames, back.frames, strict=True):
        for i, j in zip(one.instruments, two.instruments, strict=True):
            assert np.abs(i.points - j.points).max() < 0.01
            assert np.abs(i.width - j.width).max() < 0.01


@pytest.mark.parametrize("name", ["masks", "davis"])
def test_pixels_are_the_exact_masks_and_can_be_traced_back(name, tmp_path):
    labels = Labels(SOURCE, (FrameLabels(3, (CATHETER,)), FrameLabels(7, empty=True)))
    write_format(labels, tmp_path / "out", name)
    for index, file in zip((3, 7), sorted((tmp_path / "out").rglob("*.png")), strict=True):
        with Image.open(file) as picture:
            assert ((np.asarray(picture) > 0) == (labels.mask(index) == 1)).all()
    back = read_format(tmp_path / "out", "", Conversion(source=SOURCE))
    assert back.at(7).empty
    (found,) = back.at(3).instruments
    overlap = (rasterise([found.device], SOURCE.shape) & labels.mask(3)).sum()
    assert overlap > 0.9 * labels.mask(3).sum()


def test_pycocotools_reads_the_masks(tmp_path):
    from pycocotools.coco import COCO

    write_format(LABELS, tmp_path / "l.json", "coco")
    coco = COCO(str(tmp_path / "l.json"))
    names = {c["id"]: c["name"] for c in coco.dataset["categories"]}
    for annotation in coco.loadAnns(coco.getAnnIds(imgIds=[3], iscrowd=False)):
        i = CATHETER if names[annotation["category_id"]] == "catheter" else WIRE
        mask = rasterise([i.device], SOURCE.shape)
        assert (coco.annToMask(annotation) == mask).all()
        assert annotation["area"] == mask.sum()
        corner = np.array(annotation["keypoints"]).reshape(-1, 3)[:, :2]
        assert np.abs(corner - 0.5 - i.points).max() < 0.01
    (crowd,) = coco.loadAnns(coco.getAnnIds(imgIds=[3], iscrowd=True))
    assert (coco.annToMask(crowd).astype(bool) == HOLE.mask(SOURCE.shape)).all()


def test_coco_is_read_in_each_of_its_ways(tmp_path):
    from pycocotools import mask as rle

    mask = rasterise([CATHETER.device], SOURCE.shape)
    encoded = rle.encode(np.asfortranarray(mask))
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[2], mask.ravel(order="F"), [2]]))))
    runs = runs.tolist() if mask[0, 0] == 0 else [0, *runs.tolist()]
    ring = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0][0]
    line = np.column_stack([CATHETER.points + 0.5, np.full(3, 2)])
    ways = {
        "rle": {"segmentation": {"size": [64, 80], "counts": encoded["counts"].decode()}},
        "runs": {"segmentation": {"size": [64, 80], "counts": runs}},
        "polygon": {"segmentation": [(ring.astype(float) + 0.5).ravel().tolist()]},
        "keypoints": {"keypoints": line.ravel().tolist()},
    }
    for name, way in ways.items():
        content = {
            "images": [{"id": 9, "file_name": "run_003.png", "height": 64, "width": 80}],
            "annotations": [{"id": 1, "image_id": 9, "category_id": 4, **way}],
            "categories": [{"id": 4, "name": "catheter"}],
        }
        (tmp_path / "l.json").write_text(json.dumps(content))
        (found,) = read_format(tmp_path / "l.json", "", Conversion(width=5.0)).at(3).instruments
        away = np.linalg.norm(found.points[:, None] - CATHETER.points, axis=2)
        assert rasterise([found.device], SOURCE.shape)[20:23, 10:25].any(), name
        if name == "keypoints":
            assert away.min(axis=1).max() < 0.01


def test_tracks_of_cvat_have_key_frames_and_ends(tmp_path):
    write_format(LABELS, tmp_path / "l.xml", "cvat-video")
    root = ET.parse(tmp_path / "l.xml").getroot()
    tracks = {t.get("label"): t for t in root.findall("track")}
    shapes = tracks["catheter"].findall("polyline")
    told = [(s.get("frame"), s.get("keyframe"), s.get("outside")) for s in shapes]
    assert told == [("3", "1", "0"), ("4", "1", "0"), ("5", "1", "1")]
    assert tracks["guidewire"].find("polyline").get("keyframe") == "0"
    x, y = shapes[0].get("points").split(";")[0].split(",")
    assert (float(x), float(y)) == (0.5, 20.625)  # counted from the corner
    assert root.findtext("meta/task/size") == "20"


CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version>
<meta><task><size>30</size><original_size><width>80</width><height>64</height></original_size></task>
</meta>
<track id="0" label="Katheter" source="manual">
<polyline frame="2" keyframe="1" outside="0" occluded="0" points="1.5,2.5;40.5,30.5" z_order="0"/>
<polyline frame="3" keyframe="0" outside="0" occluded="0" points="2.5,2.5;41.5,30.5" z_order="0"/>
<polyline frame="4" keyframe="1" outside="1" occluded="0" points="2.5,2.5;41.5,30.5" z_order="0"/>
</track></annotations>"""


def test_an_export_of_cvat_made_by_others(tmp_path):
    (tmp_path / "annotations.xml").write_text(CVAT)
    conversion = Conversion({"Katheter": "catheter"}, width=4.0)
    labels = read_format(tmp_path / "annotations.xml", "", conversion)
    assert labels.source.shape == (64, 80)
    assert labels.source.frames == 30
    assert [f.index for f in labels.frames] == [2, 3]
    assert [f.instruments[0].origin for f in labels.frames] == ["drawn", "suggested"]
    assert labels.at(2).instruments[0].points.tolist() == [[1, 2], [40, 30]]
    assert labels.ids == ("Katheter_0",)


def test_a_class_that_nobody_mapped_is_named(tmp_path):
    (tmp_path / "a.xml").write_text(CVAT)
    with pytest.raises(UsageError, match="class 'Katheter' is not mapped"):
        read_format(tmp_path / "a.xml", "", Conversion(width=4.0))
    skipped = read_format(tmp_path / "a.xml", "", Conversion({"Katheter": "skip"}, 4.0))
    assert skipped.frames == ()


def test_a_curve_without_a_width_is_refused(tmp_path):
    (tmp_path / "a.xml").write_text(CVAT)
    with pytest.raises(BadDataError, match="without a width"):
        read_format(tmp_path / "a.xml", "", Conversion({"Katheter": "catheter"}))


def test_entity_bombs_are_refused(tmp_path):
    bomb = '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]><annotations>&c;</annotations>'
    (tmp_path / "a.xml").write_text(bomb)
    with pytest.raises(BadDataError, match="declares entities"):
        read_format(tmp_path / "a.xml", "cvat")


@pytest.mark.parametrize("name", ["coco", "label-studio", "labelme", "cvat", "labels"])
@pytest.mark.parametrize("text", ["", "{}", "[]", "<a/>", '{"annotations": 3}', '[{"data": 4}]'])
def test_broken_files_are_refused(name, text, tmp_path):
    (tmp_path / "x").write_text(text)
    with pytest.raises((BadDataError, UsageError)) as error:
        read_format(tmp_path / "x", name)
    assert "\n" not in str(error.value)


def test_the_layout_is_told_by_the_content(tmp_path):
    for name, file in EXACT.items():
        out = tmp_path / name / file
        out.parent.mkdir()
        write_format(LABELS, out, name)
        assert guess_format(out) == ("cvat" if name == "cvat-video" else name)


@pytest.mark.parametrize("name", ["davis", "masks", "labelme"])
def test_a_folder_half_written_is_written_again(name, tmp_path, monkeypatch):
    out = tmp_path / "out"
    layout = import_module(f"fluorosynth.labels.formats.{name}")
    with monkeypatch.context() as patched:
        whole, kept = layout.write, []

        def half(labels, folder):
            whole(labels, folder)
            kept.append(folder)
            raise MemoryError

        patched.setattr(layout, "write", half)
        with pytest.raises(MemoryError):
            write_format(LABELS, out, name)
    assert kept != [out]
    assert not out.exists()
    for _ in range(2):  # the second finds it done
        write_format(LABELS, out, name)
    assert guess_format(out) == name


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="holds other files"):
        write_format(LABELS, tmp_path, "masks")


def test_outlines_hold_exactly_their_pixels():
    rng = np.random.default_rng(0)
    for _ in range(5):
        blob = cv2.GaussianBlur(rng.random((40, 50)), (0, 0), 2) > 0.52
        blob[10:30, 10:40] = True
        blob[15:25, 20:30] = False  # a hole
        found = np.zeros_like(blob)
        for region in outlines(blob):
            found ^= region.mask(blob.shape)
        assert (found == blob).all()
