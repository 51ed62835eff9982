import csv
import json
import pickle

import numpy as np
import pytest
from PIL import Image

from fluorosynth.devices.polylines import Polylines
from fluorosynth.devices.pool import DevicePool, fit, take_share
from fluorosynth.errors import BadDataError, DataWarning, UsageError
from fluorosynth.labels.curve_files import read_curves
from fluorosynth.sample import Device

LINE = [[10.0, 0.0], [12.5, 20.0], [30.0, 40.0]]


def traced(**frames):
    return {
        name: {
            f"catheter_{i}": {"fwhm_px": w, "median_depth_grey": 20.0, "centreline_xy": points}
            for i, (w, points) in enumerate(devices)
        }
        for name, devices in frames.items()
    }


def sets_of(path):
    return [frame.devices for frame in read_curves(path)]


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_traced_json_is_read_as_written(tmp_path):
    file = write(tmp_path / "c.json", traced(a=[(6.5, LINE), (4.0, LINE[::-1])], b=[(3.0, LINE)]))
    first, second = sets_of(file)
    assert (len(first), len(second)) == (2, 1)
    np.testing.assert_array_equal(first[1].centreline, np.float32(LINE[::-1]))
    np.testing.assert_array_equal(first[0].width, np.float32([6.5] * 3))
    assert first[0].centreline.dtype == first[0].width.dtype == np.float32
    assert (first[0].label, first[0].id) == ("catheter", "c.json#a.catheter_0")


def test_plain_json_groups_by_frame_and_takes_widths_per_point(tmp_path):
    plain = [
        {"points": LINE, "width": [3, 2, 1], "label": "guidewire", "frame": 1},
        {"points": LINE, "width": 5, "frame": 1},
        {"points": LINE, "width": 5},
    ]
    together, alone = sets_of(write(tmp_path / "p.json", plain))
    assert [d.label for d in together] == ["guidewire", "catheter"]
    np.testing.assert_array_equal(together[0].width, np.float32([3, 2, 1]))
    assert len(alone) == 1


@pytest.mark.parametrize("frames", [True, False])
def test_csv_equals_json(tmp_path, frames):
    with (tmp_path / "c.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["device", "x", "y", "width"] + ["frame"] * frames)
        for name in ("catheter_0", "guidewire_1"):
            rows.writerows([name, *point, 4.5] + ["one"] * frames for point in LINE)
    sets = sets_of(tmp_path / "c.csv")
    assert [len(s) for s in sets] == ([2] if frames else [1, 1])
    devices = [device for s in sets for device in s]
    assert [d.label for d in devices] == ["catheter", "guidewire"]
    for device in devices:
        np.testing.assert_array_equal(device.centreline, np.float32(LINE))
        np.testing.assert_array_equal(device.width, np.float32([4.5] * 3))


def test_coordinates_scale_by_the_area_of_pixels():
    # The centre of pixel 0 of a 512 frame is a quarter into pixel 0 of a 256 picture.
    device = Device(np.float32([[0, 0], [511, 511]]), np.float32([6, 6]))
    (half,) = fit((device,), (512, 512), 256)
    np.testing.assert_allclose(half.centreline, [[-0.25, -0.25], [255.25, 255.25]])
    np.testing.assert_allclose(half.width, 3)


def test_a_frame_that_is_not_square_is_centred():
    corners = Device(np.float32([[-0.5, -0.5], [199.5, 99.5]]), np.float32([4, 4]))
    (placed,) = fit((corners,), (100, 200), 400)
    np.testing.assert_allclose(placed.centreline, [[-0.5, 99.5], [399.5, 299.5]])


def test_open_scales_draws_and_repeats(tmp_path):
    file = write(tmp_path / "c.json", traced(**{f"f{i}": [(6.0, LINE)] for i in range(10)}))
    source = pickle.loads(pickle.dumps(Polylines(file, share=0.3, frame_size=(512, 512))))
    pool, again = source.open(256, 1), source.open(256, 1)
    assert len(pool) == 3
    assert pool.fingerprint == again.fingerprint
    rng = np.random.default_rng(0)
    drawn = [pool.draw(rng) for _ in range(100)]
    assert {d[0].id for d in drawn} == {s[0].id for s in pool.sets}
    assert drawn[0][0].width[0] == 3


def test_share_depends_on_the_seed_alone():
    sets = [(Device(np.float32(LINE), np.float32([3] * 3), id=str(i)),) for i in range(40)]
    shares = [[s[0].id for s in take_share(sets, 0.2, seed)] for seed in (3, 3, 4)]
    assert shares[0] == shares[1] != shares[2]
    assert all(len(share) == 8 for share in shares)
    assert len(take_share(sets, 0.001, 0)) == 1
    assert take_share(sets, 1.0, 0) == tuple(sets)
    for share in (0.0, 1.1, float("nan")):
        with pytest.raises(UsageError, match="share"):
            take_share(sets, share, 0)


def test_fingerprint_tells_content_apart():
    line, width = np.float32(LINE), np.float32([3] * 3)
    sets = [
        [(Device(line, width),)],
        [(Device(line + 1e-5, width),)],
        [(Device(line, width * 2),)],
        [(Device(line, width, "guidewire"),)],
        [(Device(line, width), Device(line, width))],
        [(Device(line, width),), (Device(line, width),)],
    ]
    assert len({DevicePool(s).fingerprint for s in sets}) == len(sets)
    assert (
        DevicePool(sets[0]).fingerprint
        == DevicePool([(Device(line.copy(), width.copy()),)]).fingerprint
    )


BAD = {
    "nan": (traced(a=[(6.5, [[1, 2], [float("nan"), 4]])]), r"a\.catheter_0\..*1\.0.*nan"),
    "width": (traced(a=[(0, LINE)]), r"a\.catheter_0\.fwhm_px should be greater than 0, not 0"),
    "one point": (traced(a=[(6.5, [[1, 2]])]), r"a\.catheter_0\.centreline_xy"),
    "same point": (traced(a=[(6.5, [[1, 2], [1, 2]])]), r"a\.catheter_0: all points"),
    "three numbers": ([{"points": [[1, 2, 3], [4, 5, 6]], "width": 1}], r"0\.points\.0"),
    "widths": ([{"points": LINE, "width": [1, 2]}], "2 widths for 3 points"),
    "no width": ([{"points": LINE}], r"0\.width is missing"),
    "empty list": ([], "no centreline"),
    "empty": ({}, "no centreline"),
    "number": ("3", "in none of the forms"),
    "broken": ('{"a": ', "not valid JSON"),
    "deep": ("[" * 100_000, "not valid JSON"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_json_names_file_and_key(tmp_path, case):
    content, message = BAD[case]
    file = write(tmp_path / "bad ü.json", content)
    with pytest.raises(BadDataError, match=message) as error:
        Polylines(file).open(256, 0)
    assert "bad ü.json" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("device,x,y\na,1,2\na,2,3\n", "width"),
        (
            "device,x,y,width\na,1,2,3\na,oops,3,3\n",
            "row 2, x should be a valid number, .*, not 'oops'",
        ),
        ("device,x,y,width\na,1,2,3\n", "all points"),
        ("device,x,y,width\n", "no centreline"),
        ("device,x,y,width\na,1,2\n", "width"),
        ("\x00\x01\x02", "bad.csv"),
    ],
)
def test_bad_csv_names_file_and_row(tmp_path, text, message):
    with pytest.raises(BadDataError, match=message) as error:
        Polylines(write(tmp_path / "bad.csv", text), frame_size=(64, 64)).open(64, 0)
    assert "bad.csv" in str(error.value)


def test_missing_and_empty_sources(tmp_path):
    with pytest.raises(BadDataError, match="nowhere"):
        Polylines(tmp_path / "nowhere").open(256, 0)
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(BadDataError, match=r"readable are \.json, \.csv"):
        Polylines(tmp_path).open(256, 0)


def test_folder_and_glob_read_all_files(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / f"{name}.json", traced(x=[(6.0, LINE)]))
    assert len(Polylines(tmp_path, frame_size=(64, 64)).open(64, 0)) == 2
    assert len(Polylines(tmp_path / "b*.json", frame_size=(64, 64)).open(64, 0)) == 1


# ---------------------------------------------------------------- the size of the frames

PLAIN = [{"points": LINE, "width": 4.0}]


def opened(path, **named):
    """Return the curve as it stands in a picture of 256 px."""
    ((device,),) = Polylines(path, **named).open(256, 0).sets
    return device


def sized(height, width):
    (expected,) = fit((Device(np.float32(LINE), np.full(3, 4, np.float32)),), (height, width), 256)
    return expected.centreline, expected.width[0]


def agrees(device, height, width):
    centreline, wide = sized(height, width)
    np.testing.assert_allclose(device.centreline, centreline, atol=1e-3)
    assert device.width[0] == pytest.approx(wide)


@pytest.mark.parametrize("size", [(64, 64), (1024, 768), (512, 512)])
def test_a_file_that_states_the_size_of_its_frames(tmp_path, size):
    height, width = size
    forms = {
        "plain.json": [{**PLAIN[0], "frame_size": size}],
        "whole.json": {**traced(a=[(4.0, LINE)]), "frame_size": size},
        "each.json": {"a": {**traced(a=[(4.0, LINE)])["a"], "frame_size": size}},
        "exported.json": {"000000": [{**PLAIN[0], "id": 1, "frame_size": size, "tip": None}]},
        "points.csv": "device,x,y,width,frame_height,frame_width\n"
        + "".join(f"c,{x},{y},4,{height},{width}\n" for x, y in LINE),
        "coco.json": {
            "images": [{"id": 7, "file_name": "a.png", "height": height, "width": width}],
            "categories": [{"id": 1, "name": "catheter"}],
            "annotations": [
                {"image_id": 7, "category_id": 1, "centreline": LINE, "width": [4.0] * 3}
            ],
        },
    }
    for name, content in forms.items():
        agrees(opened(write(tmp_path / name, content)), height, width)
        agrees(opened(tmp_path / name, frame_size=(99, 99)), height, width)  # what is stated counts


def test_the_size_is_never_assumed(tmp_path):
    file = write(tmp_path / "c.json", PLAIN)
    with pytest.raises(BadDataError, match=r"c\.json' does not say how large .*`frame_size`"):
        opened(file)
    agrees(opened(file, frame_size=(300, 200)), 300, 200)


@pytest.mark.parametrize("name", ["c.png", "images/c.png", "any.png", "images/other.png"])
def test_the_pictures_beside_it_tell(tmp_path, name):
    file = write(tmp_path / "c.json", PLAIN)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    Image.fromarray(np.zeros((300, 200), np.uint8)).save(tmp_path / name)
    if name in ("c.png", "images/c.png"):
        agrees(opened(file), 300, 200)
    else:
        with pytest.warns(DataWarning, match=r"c\.json.*taken for 200 x 300 pixels"):
            agrees(opened(file), 300, 200)
    Image.fromarray(np.zeros((64, 64), np.uint8)).save((tmp_path / name).with_name("more.png"))
    if name in ("c.png", "images/c.png"):
        agrees(opened(file), 300, 200)
    else:  # two sizes: which?
        with pytest.raises(BadDataError, match="does not say how large"):
            opened(file)


def test_curves_that_lie_outside_their_frame(tmp_path):
    file = write(tmp_path / "c.json", [{"points": [[300, 9], [900, 400]], "width": 4}])
    with pytest.raises(BadDataError, match=r"outside a frame of 256 x 256 pixels"):
        opened(file, frame_size=(256, 256))
    assert opened(file, frame_size=(1024, 1024)).width[0] == 1


def test_files_without_a_curve_among_others(tmp_path):
    write(tmp_path / "a.json", [])
    write(tmp_path / "b.json", [{**PLAIN[0], "frame_size": [64, 64]}])
    assert len(Polylines(tmp_path).open(64, 0)) == 1
    write(tmp_path / "b.json", [])
    with pytest.raises(BadDataError, match="holds no centreline"):
        Polylines(tmp_path).open(64, 0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("labelme.json", {"version": "5.2", "shapes": [], "flags": {}}, "a LabelMe file"),
        (
            "coco.json",
            {
                "images": [],
                "categories": [],
                "annotations": [{"image_id": 1, "category_id": 1, "segmentation": []}],
            },
            "without `centreline`",
        ),
        ("excel.csv", "device;x;y;width\nc;0;256;6,5\n", "separated by semicolons"),
        ("no.csv", "a,b\n1,2\n", "no column 'device'"),
    ],
)
def test_files_of_other_programs_are_named(tmp_path, name, content, words):
    with pytest.raises(BadDataError, match=words) as error:
        Polylines(write(tmp_path / name, content)).open(64, 0)
    assert "Input should be" not in str(error.value)
    assert "Field required" not in str(error.value)
