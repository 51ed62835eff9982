"""What is found below a folder, in which order, and what is passed over by name."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluorosynth.errors import BadDataError, DataWarning
from fluorosynth.io.labelled import labelled_frames
from fluorosynth.io.names import natural_key, stem
from fluorosynth.io.pairing import MaskFolder
from fluorosynth.io.sources import find_masks, find_sources
from fluorosynth.io.walk import files_below

GREY = np.full((32, 32), 120, np.uint8)
LINE = cv2.line(np.zeros((32, 32), np.uint8), (0, 8), (28, 20), 255, 3)


def put(path, image=GREY):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        cv2.imencode(".png", image)[1].tobytes()
        if path.suffix == ".mp4"
        else cv2.imencode(path.suffix, image)[1].tobytes()
    )
    return path


def names(paths, root):
    return [path.relative_to(root).as_posix() for path in paths]


def test_numbers_in_names_are_numbers(tmp_path):
    for k in (1, 2, 9, 10, 11, 100):
        put(tmp_path / f"frame{k}.png")
        put(tmp_path / f"run{k}/a.png")
    found = names(find_sources(tmp_path), tmp_path)
    assert found == [
        *(f"frame{k}.png" for k in (1, 2, 9, 10, 11, 100)),
        *(f"run{k}/a.png" for k in (1, 2, 9, 10, 11, 100)),
    ]
    assert names(find_sources(tmp_path / "frame*.png"), tmp_path) == found[:6]


@given(st.lists(st.integers(0, 10**30), min_size=2, max_size=20, unique=True))
def test_natural_order_is_that_of_the_numbers(numbers):
    paths = [f"a{number}b.png" for number in numbers]
    assert sorted(paths, key=natural_key) == [f"a{number}b.png" for number in sorted(numbers)]


@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1), min_size=2))
def test_any_names_have_an_order(texts):
    assert sorted(texts, key=natural_key) == sorted(sorted(texts, reverse=True), key=natural_key)


def test_linked_folders_are_followed(tmp_path):
    for run in ("A", "B"):
        put(tmp_path / f"store/{run}/images/0.png")
        put(tmp_path / f"store/{run}/masks/0.png", LINE)
    data = tmp_path / "data"
    data.mkdir()
    (data / "A").symlink_to(tmp_path / "store/A")
    (data / "B").symlink_to(tmp_path / "store/B")
    assert names(find_sources(data), data) == ["A/images/0.png", "B/images/0.png"]
    assert names(find_masks(data), data) == ["A/masks/0.png", "B/masks/0.png"]
    assert [one.folder.name for one in labelled_frames(data)] == ["A", "B"]
    both = tmp_path / "both"
    both.mkdir()
    (both / "images").symlink_to(tmp_path / "store/A/images")
    (both / "masks").symlink_to(tmp_path / "store/B/masks")
    assert len(labelled_frames(both)) == 1


def test_loops_end_and_nothing_is_found_twice(tmp_path):
    put(tmp_path / "a/x.png")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "a/self").symlink_to(tmp_path / "a")
    (tmp_path / "latest").symlink_to(tmp_path / "a")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    found = [file for file in files_below(tmp_path) if file.suffix]
    assert names(found, tmp_path) == ["a/x.png"]


def test_a_link_does_not_rename_what_is_there(tmp_path):
    put(tmp_path / "z/x.png")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/link").symlink_to(tmp_path / "z")
    assert names(find_sources(tmp_path), tmp_path) == ["z/x.png"]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file that cannot be read")
def test_a_neighbour_that_cannot_be_read_is_named_and_passed_over(tmp_path):
    put(tmp_path / "a.png")
    (tmp_path / "notes").symlink_to("/proc/self/mem")  # opens, and fails to read, for root too
    with pytest.warns(DataWarning, match=r"passed over: .*notes' cannot be read"):
        assert names(find_sources(tmp_path), tmp_path) == ["a.png"]
    with pytest.raises(BadDataError, match="notes"):
        find_sources(tmp_path / "notes")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_a_folder_that_may_not_be_read_is_named(tmp_path):
    put(tmp_path / "a.png")
    put(tmp_path / "theirs/b.png")
    (tmp_path / "theirs").chmod(0)
    try:
        with pytest.warns(DataWarning, match="theirs"):
            assert names(find_sources(tmp_path), tmp_path) == ["a.png"]
    finally:
        (tmp_path / "theirs").chmod(0o700)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", "a"),
        ("a.PNG", "a"),
        ("a.1.jpg", "a.1"),
        ("1.2.840.99.1", "1.2.840.99.1"),
        ("run.v2", "run.v2"),
        ("run.v2.dcm", "run.v2"),
        (".png", ".png"),
    ],
)
def test_only_known_suffixes_are_cut(name, expected):
    assert stem(name) == expected


def test_masks_of_files_named_by_uid(tmp_path):
    for k in (1, 2, 10):
        put(tmp_path / f"1.2.840.99.{k}.png", LINE)
    masks = MaskFolder(tmp_path)
    for k in (1, 2, 10):
        assert masks.of(f"1.2.840.99.{k}", 0).path.name == f"1.2.840.99.{k}.png"
    put(tmp_path / "1.2.840.77.png", LINE)
    assert masks.of("1.2.840.77.3", 0) is None
    assert MaskFolder(tmp_path).of("1.2.840.77.3", 0) is None


def test_every_name_of_a_mask(tmp_path):
    layouts = {
        "run/a#7.png": ("run/a.dcm", 7),
        "run/b/00007.png": ("run/b.avi", 7),
        "run/c/7.png": ("run/c.mp4", 7),
        "run/d_mask.png": ("run/d.png", 0),
        "run/e.png": ("run/e.jpg", 0),
        "run/f.jpg.png": ("run/f.jpg", 0),
        "run/g.PNG": ("run/g.tif", 0),
        "9.8.7.png": ("9.8.7", 0),
    }
    for name in layouts:
        put(tmp_path / name, LINE)
    masks = MaskFolder(tmp_path)
    for name, (frame, index) in layouts.items():
        assert masks.of(frame, index).path == tmp_path / name, name
    assert masks.of("run/a.dcm", 8) is None
    assert masks.of("run/b.avi", 70) is None


def test_masks_and_by_products_are_no_frames(tmp_path):
    frames = [put(tmp_path / name) for name in ("a.png", "images/b.png", "sub/overlays/c.png")]
    for name in (
        "a_mask.png",
        "masks/b.png",
        "masks/run/00001.png",
        "instruments/b.png",
        "overlays/b.png",
        "probabilities/b.png",
    ):
        put(tmp_path / name, LINE)
    assert find_sources(tmp_path) == sorted(frames, key=natural_key)
    assert find_sources(tmp_path / "a_mask.png") == [tmp_path / "a_mask.png"]  # as it is named
    assert names(find_masks(tmp_path), tmp_path) == [
        "a_mask.png",
        "masks/b.png",
        "masks/run/00001.png",
    ]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["images/a.png"], "a.png' has no mask"),
        (["images/a.png", "masks/a.png", "masks/b.png"], "b.png' has no image"),
        (["a.png", "a_mask.png", "c_mask.png"], "c_mask.png' has no image"),
        (["a.png", "a.jpg", "a_mask.png"], "have one name"),
        (["images/a.png", "masks/a.mp4"], "a.mp4' is no mask: save masks as PNG or TIFF"),
    ],
)
def test_pairs_that_do_not_fit(tmp_path, files, words):
    for name in files:
        put(tmp_path / name, LINE)
    with pytest.raises(BadDataError, match=words.replace(".", r"\.")):
        labelled_frames(tmp_path)


def test_skip_bad_leaves_out_by_name(tmp_path):
    for name in ("a.png", "a_mask.png", "b.png", "c_mask.png"):
        put(tmp_path / name, LINE)
    with pytest.warns(DataWarning, match=r"left out: .*(b|c_mask)\.png") as said:
        assert [one.name for one in labelled_frames(tmp_path, skip_bad=True)] == ["a"]
    assert len(said) == 2


def test_one_mask_is_not_that_of_every_frame_of_a_run(tmp_path):
    np.save(tmp_path / "run.npy", np.stack([GREY] * 3))
    put(tmp_path / "run_mask.png", LINE)
    with pytest.raises(BadDataError, match=r"one mask for the 3 frames of .*run\.npy"):
        labelled_frames(tmp_path)
    (tmp_path / "run_mask.png").rename(tmp_path / "run#1_mask.png")
    assert [(one.frame, one.frames) for one in labelled_frames(tmp_path)] == [(1, 3)]


def test_a_run_without_masks_is_left_out_aloud(tmp_path):
    np.save(tmp_path / "run.npy", np.stack([GREY] * 3))
    put(tmp_path / "a.png")
    put(tmp_path / "a_mask.png", LINE)
    with pytest.warns(DataWarning, match=r"run\.npy' has no masks"):
        assert [one.name for one in labelled_frames(tmp_path)] == ["a"]
