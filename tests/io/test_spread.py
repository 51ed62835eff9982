"""Frames spread over a run: which ones, and names that other commands pair with masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import fluorosynth

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.frames import read_frames
from fluorosynth.io.spread import spread_frames, write_spread


def run(path, count, size=32):
    """Write a run whose frame t is grey 3 t."""
    frames = np.arange(count, dtype=np.uint8)[:, None, None] * np.uint8(3)
    np.save(path, np.broadcast_to(frames, (count, size, size)))
    return path


def test_a_frame_is_written_as_it_is_under_its_number(tmp_path):
    done = write_spread(run(tmp_path / "run.npy", 20), tmp_path / "frames", 5)
    assert [path.name for path in done] == [f"run_{t:05d}.png" for t in (2, 6, 10, 14, 18)]
    for path, t in zip(done, (2, 6, 10, 14, 18), strict=True):
        (frame,) = read_frames(path)
        assert (frame.image == 3 * t).all()


@settings(deadline=None, max_examples=25)
@given(counts=st.lists(st.integers(1, 12), min_size=1, max_size=4), wanted=st.integers(1, 60))
def test_as_many_as_asked_for_and_none_twice(tmp_path_factory, counts, wanted):
    folder = tmp_path_factory.mktemp("runs")
    for number, count in enumerate(counts):
        run(folder / f"{number}.npy", count, 16)
    chosen = [(path.name, t) for path, frames in spread_frames(folder, wanted) for t in frames]
    assert len(chosen) == len(set(chosen)) == min(wanted, sum(counts))
    ends = np.cumsum(counts)
    places = [ends[int(name[0])] - counts[int(name[0])] + t for name, t in chosen]
    gaps = np.diff(places)
    assert (gaps > 0).all()
    assert gaps.size == 0 or gaps.max() - gaps.min() <= 1  # even


def test_pictures_of_a_folder_keep_their_names(tmp_path):
    for name in ("a", "b"):
        run(tmp_path / f"in_{name}.npy", 1)
    done = write_spread(tmp_path / "in_*.npy", tmp_path / "out", 2)
    assert [path.name for path in done] == ["in_a.png", "in_b.png"]


def test_two_frames_of_one_name_are_refused(tmp_path):
    source = run(tmp_path / "runs.npy", 1)
    (tmp_path / "runs.NPY").write_bytes(source.read_bytes())
    with pytest.raises(BadDataError, match=r"both be written to runs\.png"):
        write_spread(tmp_path / "runs.*", tmp_path / "out", 2)


def test_what_cannot_be_is_refused(tmp_path):
    source = run(tmp_path / "run.npy", 3)
    with pytest.raises(UsageError, match="at least 1"):
        write_spread(source, tmp_path / "out", 0)
    with pytest.raises(UsageError, match="would be read as input"):
        write_spread(tmp_path, tmp_path / "out", 1)
    with pytest.raises(UsageError, match="is a file"):
        write_spread(source, source, 1)


def test_masks_beside_the_frames_are_paired(tmp_path):
    from fluorosynth.learn.data import open_dataset

    source = run(tmp_path / "run.npy", 20)
    code, said, _ = fluorosynth("frames", source, "--out", tmp_path / "frames", "--count", 2)
    assert (code, said.split()[0]) == (0, "2")
    for path in sorted((tmp_path / "frames").glob("*.png")):
        write_mask(path)
    pairs = open_dataset(tmp_path / "frames")
    assert [int(pairs[i][0].max()) for i in range(len(pairs))] == [15, 45]
    assert all(pairs[i][1].sum() == 32 for i in range(2))


def write_mask(path):
    import cv2

    mask = np.zeros((32, 32), np.uint8)
    mask[9] = 255
    cv2.imwrite(str(path.with_name(f"{path.stem}_mask.png")), mask)
