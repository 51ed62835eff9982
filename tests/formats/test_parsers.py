"""Files of annotation programs, read once: against pycocotools, OpenCV, PIL, and by hand."""

import base64
import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image
from sets import curve, drawn, outline, save

from fluorosynth.errors import BadDataError
from fluorosynth.formats import read_coco, read_cvat, read_labelme
from fluorosynth.labels.formats import Conversion, read_format, write_format
from fluorosynth.learn.data import open_dataset

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SHAPE = 64, 80
SQUARE = [
    [10, 20],
    [30, 20],
    [30, 35],
    [10, 35],
]  # rows 20 to 34, columns 10 to 29


def square():
    mask = np.zeros(SHAPE, bool)
    mask[20:35, 10:30] = True
    return mask


def labelme(path, shapes, **more):
    path.write_text(json.dumps({"shapes": shapes, "imagePath": "a.png", **more}))
    return read_labelme(path).marks


def cvat(path, inner):
    path.write_text(f'<annotations><image id="0" name="a.png">{inner}</image></annotations>')
    return read_cvat(path).pictures[0].marks


def coco(path, annotation, **image):
    content = {
        "images": [{"id": 1, "file_name": "a.png", **image}],
        "annotations": [{"image_id": 1, "category_id": 1, **annotation}],
        "categories": [{"id": 1, "name": "catheter"}],
    }
    path.write_text(json.dumps(content))
    return read_coco(path).pictures[0].marks


class TestPixels:
    """All three say the same pixels for the same corners."""

    def test_polygons_are_those_of_pycocotools(self, tmp_path):
        from pycocotools import mask as runs

        rng = np.random.default_rng(3)
        for _ in range(10):
            angles = np.sort(rng.random(9)) * 2 * np.pi
            reach = rng.uniform(8, 28, 9)
            ring = np.column_stack([40 + reach * np.cos(angles), 32 + reach * np.sin(angles)])
            (mark,) = coco(tmp_path / "a.json", {"segmentation": [ring.ravel().tolist()]})
            true = runs.decode(runs.frPyObjects([ring.ravel().tolist()], *SHAPE))[..., 0]
            found = mark.pixels(SHAPE)
            contour = ring.astype(np.float32)[:, None]
            for y, x in np.argwhere(found != (true > 0)):  # only on the line itself
                assert abs(cv2.pointPolygonTest(contour, (x + 0.5, y + 0.5), True)) < 1

    def test_compressed_runs_are_those_of_pycocotools(self, tmp_path):
        from pycocotools import mask as runs

        rng = np.random.default_rng(5)
        for size in (0.0, 0.5, 2.0, 5.0):
            noise = rng.random(SHAPE)
            true = (cv2.GaussianBlur(noise, (0, 0), size) if size else noise) > 0.5
            for mask in (true, ~true, true & False, true | True):
                counts = runs.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
                segmentation = {"size": list(SHAPE), "counts": counts}
                (mark,) = coco(tmp_path / "a.json", {"segmentation": segmentation})
                assert (mark.pixels(SHAPE) == mask).all()

    def test_a_square_of_whole_pixels_is_exact_in_all_three(self, tmp_path):
        flat = np.ravel(SQUARE).tolist()
        (one,) = coco(tmp_path / "a.json", {"segmentation": [flat]})
        corners = ";".join(f"{x},{y}" for x, y in SQUARE)
        (two,) = cvat(tmp_path / "a.xml", f'<polygon label="c" points="{corners}"/>')
        (three,) = labelme(tmp_path / "b.json", [{"label": "c", "points": SQUARE}])
        for mark in (one, two, three):
            assert (mark.pixels(SHAPE) == square()).all()

    def test_boxes(self, tmp_path):
        (one,) = cvat(tmp_path / "a.xml", '<box label="c" xtl="10" ytl="20" xbr="30" ybr="35"/>')
        shape = {"label": "c", "points": [[30, 35], [10, 20]], "shape_type": "rectangle"}
        (two,) = labelme(tmp_path / "b.json", [shape])
        assert (one.pixels(SHAPE) == square()).all()
        assert (two.pixels(SHAPE) == square()).all()

    def test_a_turned_box_turns_clockwise(self, tmp_path):
        text = '<box label="c" xtl="20" ytl="30" xbr="60" ybr="34" rotation="30"/>'
        (mark,) = cvat(tmp_path / "a.xml", text)
        corners = cv2.boxPoints(((40 - 0.5, 32 - 0.5), (40, 4), 30))
        true = cv2.fillPoly(np.zeros(SHAPE, np.uint8), [np.rint(corners).astype(int)], 1)
        found = mark.pixels(SHAPE)
        assert (found & (true > 0)).sum() > 0.9 * found.sum()
        assert found[40, 54]  # down to the right
        assert not found[24, 54]

    def test_circles_and_ellipses(self, tmp_path):
        y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
        shape = {"label": "c", "points": [[40, 30], [52, 30]], "shape_type": "circle"}
        (one,) = labelme(tmp_path / "b.json", [shape])
        round_ = np.hypot(x - 40, y - 30) < 12
        assert (one.pixels(SHAPE) ^ round_).sum() < 0.02 * round_.sum()
        (two,) = cvat(tmp_path / "a.xml", '<ellipse label="c" cx="40" cy="30" rx="20" ry="9"/>')
        flat = np.hypot((x - 40) / 20, (y - 30) / 9) < 1
        assert (two.pixels(SHAPE) ^ flat).sum() < 0.02 * flat.sum()

    def test_masks_in_boxes(self, tmp_path):
        crop = np.random.default_rng(0).random((15, 20)) > 0.4
        true = np.zeros(SHAPE, bool)
        true[20:35, 10:30] = crop
        steps = np.flatnonzero(np.diff(np.concatenate([[0], crop.ravel(), [1 - crop[-1, -1]]])))
        runs = np.diff(np.concatenate([[0], steps]))
        text = ", ".join(map(str, runs))
        about = 'left="10" top="20" width="20" height="15"'
        (one,) = cvat(tmp_path / "a.xml", f'<mask label="c" rle="{text}" {about}/>')
        assert (one.pixels(SHAPE) == true).all()
        png = io.BytesIO()
        Image.fromarray(crop).save(png, format="PNG")
        shape = {"label": "c", "points": [[10, 20], [29, 34]], "shape_type": "mask"}
        shape["mask"] = base64.b64encode(png.getvalue()).decode()
        (two,) = labelme(tmp_path / "b.json", [shape])
        assert (two.pixels(SHAPE) == true).all()
        for mark in (one, two):
            with pytest.raises(BadDataError, match="does not fit its picture of 20 x 20"):
                mark.pixels((20, 20))

    @pytest.mark.parametrize(
        "counts", [[5], [-1, 5121], [10**12], "", "x", "PPYo0", "\x00", "é" * 9, "o" * 99], ids=repr
    )
    def test_runs_that_are_no_mask(self, tmp_path, counts):
        segmentation = {"size": [64, 80], "counts": counts}
        (mark,) = coco(tmp_path / "a.json", {"segmentation": segmentation})
        with pytest.raises(BadDataError, match=r"runs of|run lengths"):
            mark.pixels(SHAPE)


@pytest.mark.parametrize("name", ["coco", "cvat", "labelme"])
def test_labels_and_sets_read_one_file_alike(tmp_path, name):
    """The half pixel, the widths and the order are those of one parser."""
    from fluorosynth.labels import FrameLabels, Instrument, Labels, Source

    frames = []
    for number in range(2):
        save(tmp_path / "set/images" / f"run_{number}.png", np.full((96, 96), 90, np.uint8))
        points = curve(number).astype(np.float32)
        width = np.linspace(3, 6, len(points)).astype(np.float32)
        frames.append(FrameLabels(number, (Instrument(points, width, "catheter_0"),)))
    names = tuple(f"run_{number}.png" for number in range(2))
    labels = Labels(Source("run", 2, 96, 96, "", names), tuple(frames))
    out = {"coco": "annotations.json", "cvat": "annotations.xml", "labelme": "images"}[name]
    if name == "labelme":  # its files lie beside the pictures
        write_format(labels, tmp_path / "json", name)
        for file in (tmp_path / "json").iterdir():
            file.rename(tmp_path / "set/images" / file.name)
    else:
        write_format(labels, tmp_path / "set" / out, name)
    pairs = open_dataset(tmp_path / "set", layout=name)
    back = read_format(tmp_path / "set" / out, name, Conversion(source=labels.source))
    for number in range(2):
        assert (pairs[number][1] == labels.mask(number)).all()
        assert (back.mask(number) == labels.mask(number)).all()


@pytest.mark.parametrize("kind", ["point", "points"])
def test_a_point_is_said_to_be_no_mask(tmp_path, kind):
    about = {"shapes": [{"label": "catheter", "points": [[3, 3]], "shape_type": kind}]}
    about |= {"imagePath": "a.png", "imageHeight": 64, "imageWidth": 80}
    (tmp_path / "a.json").write_text(json.dumps(about))
    save(tmp_path / "a.png", np.full(SHAPE, 90, np.uint8))
    with pytest.raises(BadDataError, match="no curve, no outline and no mask"):
        open_dataset(tmp_path, layout="labelme")[0]
    with pytest.raises(BadDataError, match="neither a curve nor an outline nor a mask"):
        read_format(tmp_path, "labelme")
    assert read_format(tmp_path, "labelme", Conversion({"catheter": "skip"})).frames == ()


def test_a_box_alone_is_no_mask(tmp_path):
    (mark,) = coco(tmp_path / "a.json", {"bbox": [1, 2, 3, 4], "segmentation": []})
    assert mark.line is None
    assert mark.areas == ()


def test_higher_marks_come_later(tmp_path):
    low = '<polygon label="low" points="0,0;9,0;9,9" z_order="-2"/>'
    high = '<polygon label="high" points="0,0;9,0;9,9" z_order="7"/>'
    flat = '<polygon label="flat" points="0,0;9,0;9,9"/>'
    marks = cvat(tmp_path / "a.xml", f'{high}{low}<tag label="x"/>{flat}')
    assert [mark.label for mark in marks] == ["low", "flat", "high"]


def test_outlines_of_pixels_are_exact(tmp_path):
    shape = {"label": "c", "points": outline(1).tolist()}
    (mark,) = labelme(tmp_path / "a.json", [shape])
    assert (mark.pixels((96, 96)) == (drawn(1) > 0)).all()
