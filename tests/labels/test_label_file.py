"""Label files: what is written is read back equal; what is wrong is said in one sentence."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fluorosynth.errors import BadDataError
from fluorosynth.geometry.raster import rasterise
from fluorosynth.labels import (
    FrameLabels,
    FrameSequence,
    Instrument,
    Labels,
    Region,
    Source,
    check_source,
    from_plain,
    json_schema,
    parse_labels,
    read_labels,
    to_plain,
    write_labels,
)

SOURCE = Source("run.dcm", 96, 64, 80, "0123456789abcdef" * 2)
LINE = Instrument(np.float32([[2, 9.25], [40, 9], [70.5, 30]]), np.float32([5, 4, 3]), "catheter_0")
SMALL = Labels(SOURCE, (FrameLabels(5, (LINE,)), FrameLabels(6, empty=True)))


def plain(**changes):
    """Return the dicts of a small file; the keys are paths, the values what stands there."""
    found = json.loads(json.dumps(to_plain(SMALL)))
    for path, value in changes.items():
        place = found
        *way, last = [int(p) if p.isdigit() else p for p in path.split("__")]
        for part in way:
            place = place[part]
        place[last] = value
    return found


def same(one, two):
    return json.dumps(to_plain(one)) == json.dumps(to_plain(two))


KEYS = st.sampled_from(["format", "version", "source", "frames"])
ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(KEYS, s)
)
curves = st.integers(2, 9).flatmap(
    lambda n: st.tuples(
        arrays(np.float32, (n, 2), elements=st.floats(0, 63, width=32), unique=True),
        arrays(np.float32, n, elements=st.floats(0.125, 99, width=32)),
        arrays(np.float32, n, elements=st.floats(0, 1, width=32)),
    )
)


@settings(deadline=None)  # it shares the machine
@given(st.lists(curves, max_size=3), st.sampled_from(["drawn", "tracked", "suggested"]))
def test_what_is_written_is_read_back_bit_by_bit(found, origin):
    instruments = tuple(
        Instrument(p, w, f"i{n}", "guidewire", bool(n), origin, c, p[:2])
        for n, (p, w, c) in enumerate(found)
    )
    labels = Labels(SOURCE, (FrameLabels(0, instruments, lost=("gone",)),))
    back = parse_labels(json.dumps(to_plain(labels)))
    assert back.source == SOURCE
    assert back.frames[0].lost == ("gone",)
    for one, two in zip(instruments, back.frames[0].instruments, strict=True):
        for name in ("points", "width", "confidence", "handles"):
            a, b = getattr(one, name), getattr(two, name)
            assert a.dtype == b.dtype == np.float32
            assert a.tobytes() == b.tobytes()
        assert (one.id, one.label, one.tip_in_view, one.origin) == (
            two.id,
            two.label,
            two.tip_in_view,
            two.origin,
        )


def test_a_file_appears_whole_and_is_read_again(tmp_path):
    write_labels(tmp_path / "labels.json", SMALL)
    assert [p.name for p in tmp_path.iterdir()] == ["labels.json"]
    assert same(read_labels(tmp_path / "labels.json"), SMALL)


def test_nothing_of_where_the_frames_lie_is_written(tmp_path):
    folder = tmp_path / "Doe^Jane"
    folder.mkdir()
    np.save(folder / "run.npy", np.zeros((3, 32, 48), np.uint8))
    source = FrameSequence(folder / "run.npy").source
    assert "Doe" not in json.dumps(to_plain(Labels(source)))
    assert (source.name, source.frames, source.shape) == ("run.npy", 3, (32, 48))


def test_masks_come_from_the_exact_rasteriser():
    mask = SMALL.mask(5)
    assert (mask == rasterise([LINE.device], SOURCE.shape)).all()
    assert set(np.unique(mask)) == {0, 1}
    assert not SMALL.mask(6).any()
    assert (SMALL.mask(7) == 255).all()


def test_what_is_lost_leaves_no_background():
    labels = SMALL.with_frames([SMALL.at(5).with_lost("wire")])
    assert set(np.unique(labels.mask(5))) == {1, 255}
    assert not labels.at(5).complete


def test_ignore_regions_hide_what_they_hold():
    square = Region(np.float32([[9.5, 4.5], [19.5, 4.5], [19.5, 14.5], [9.5, 14.5]]))
    brush = Region(np.float32([[50, 50]]), 7.0)
    labels = Labels(SOURCE, (FrameLabels(5, (LINE,), ignore=(square, brush)),))
    mask = labels.mask(5)
    assert (mask[5:15, 10:20] == 255).all()
    y, x = np.mgrid[:64, :80]
    disc = (x - 50) ** 2 + (y - 50) ** 2 <= 3.5**2
    assert ((mask == 255) == disc | ((y >= 5) & (y < 15) & (x >= 10) & (x < 20))).all()


def test_unknown_keys_are_passed_over():
    changed = plain(other=1, frames__0__note="x", frames__0__instruments__0__colour=[1])
    assert same(from_plain(changed), SMALL)


def test_one_width_stands_for_all():
    changed = plain(frames__0__instruments__0__width=6.5)
    assert from_plain(changed).at(5).instruments[0].width.tolist() == [6.5] * 3


INSTRUMENT = "frames__0__instruments__0__"
WRONG = {
    "version 2 is unknown": {"version": 2},
    "no label file": {"format": "coco"},
    "at least 2 items": {INSTRUMENT + "points": [[1, 1]]},
    "all points are": {INSTRUMENT + "points": [[1, 1], [1, 1], [1, 1]]},
    "finite number": {INSTRUMENT + "points": [[1, float("nan")], [2, 2], [3, 3]]},
    "far outside": {INSTRUMENT + "points": [[1, 1], [2, 2], [999, 3]]},
    "no point lies in": {INSTRUMENT + "points": [[-9, -9], [-8, -9], [-7, -9]]},
    "2 widths for 3 points": {INSTRUMENT + "width": [1, 2]},
    "greater than 0": {INSTRUMENT + "width": 0},
    "2 confidences for 3": {INSTRUMENT + "confidence": [0.5, 0.5]},
    "at most 1": {INSTRUMENT + "confidence": 1.5},
    "frame 96 of a sequence of 96": {"frames__0__index": 96},
    "frame 6 is there twice": {"frames__0__index": 6},
    "said to be empty": {"frames__0__empty": True},
    "both here and lost": {"frames__0__lost": ["catheter_0"]},
    "source.name": {"source__name": "/home/jane/run.dcm"},
    "2 files for 96 frames": {"source__files": ["a.png", "b.png"]},
    "a polygon of 2 points": {"frames__1__ignore": [{"points": [[1, 1], [2, 2]]}]},
    "frames.0.instruments.0.origin": {INSTRUMENT + "origin": "guessed"},
}


@pytest.mark.parametrize(("said", "changes"), WRONG.items())
def test_what_is_wrong_is_said_in_one_sentence(said, changes, tmp_path):
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(plain(**changes)))
    with pytest.raises(BadDataError) as error:
        read_labels(path)
    assert said in str(error.value)
    assert "labels.json" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_instrument_twice_in_a_frame_is_refused():
    found = plain()
    found["frames"][0]["instruments"] *= 2
    with pytest.raises(BadDataError, match="catheter_0' is there twice"):
        from_plain(found)


@pytest.mark.parametrize("text", ["", "{", "[1", "\x00"])
def test_no_json_is_no_label_file(text, tmp_path):
    (tmp_path / "labels.json").write_text(text)
    with pytest.raises(BadDataError, match="not valid JSON"):
        read_labels(tmp_path / "labels.json")


@settings(deadline=None)
@given(ANYTHING)
def test_any_json_is_refused_or_read(content):
    with pytest.raises(BadDataError):
        from_plain(content)


def test_labels_of_other_frames_are_refused():
    other = replace(SOURCE, digest="f" * 32)
    check_source(SMALL, SOURCE)
    check_source(SMALL, replace(SOURCE, name="renamed.dcm"))
    with pytest.raises(BadDataError, match=r"labels.json belongs to 'run.dcm' \(96 frames of 80 x"):
        check_source(SMALL, other, "labels.json")
    with pytest.raises(BadDataError, match=r"not to 'run.dcm' \(95 frames"):
        check_source(SMALL, replace(SOURCE, frames=95))


def test_the_schema_accepts_what_is_written_and_refuses_the_rest():
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["properties"]["version"]["const"] == 1
    assert set(schema["required"]) == {"format", "version", "source", "frames"}
    assert set(schema["$defs"]["InstrumentTable"]["required"]) == {"id", "points", "width"}


def test_a_sequence_reads_any_frame_and_refuses_other_sizes(tmp_path):
    run = np.random.default_rng(0).integers(0, 255, (40, 32, 48)).astype(np.uint8)
    np.save(tmp_path / "run.npy", run)
    frames = FrameSequence(tmp_path / "run.npy")
    order = [39, 0, 17, 16, 15, 39]
    assert all((frames[t] == run[t]).all() for t in order)
    assert len(frames[3:6]) == 3
    with pytest.raises(IndexError):
        frames[40]
    (tmp_path / "two").mkdir()
    np.save(tmp_path / "two/a.npy", run[:2])
    np.save(tmp_path / "two/b.npy", run[:2, :, :40])
    with pytest.raises(BadDataError, match=r"b.npy.*is 40 x 32 px, the first is 48 x 32"):
        FrameSequence(tmp_path / "two")[2]
