"""The surrogate differs from sequence to sequence as the real ones do."""

from itertools import islice

import numpy as np
import pytest

from fluorosynth.io.published import RUNS
from fluorosynth.learn.data import WeissDataset
from fluorosynth.learn.reproduce import surrogate
from fluorosynth.learn.reproduce.surrogate import LOOKS, sequence, write_surrogate


@pytest.fixture(scope="module")
def first():
    return {name: next(iter(sequence(name, 96, 0))) for name in LOOKS}


def depth(image, mask):
    """Grey levels by which the labelled instrument is darker than what lies around it."""
    from scipy.ndimage import binary_dilation

    ring = binary_dilation(mask, iterations=4) & ~binary_dilation(mask, iterations=2)
    return float(np.median(image[ring]) - np.median(image[mask > 0]))


def test_there_are_as_many_frames_as_published(monkeypatch):
    short = {name: RUNS[name] for name in ("T5", "phantom")}
    for name in short:
        count = sum(1 for _ in sequence(name, 32, 0))
        assert count == RUNS[name].last - RUNS[name].first


def test_every_first_frame_shows_a_labelled_instrument(first):
    for name, (image, mask) in first.items():
        assert image.shape == mask.shape == (96, 96), name
        assert set(np.unique(mask)) == {0, 1}, name
        assert 0.001 < mask.mean() < 0.2, name


def test_contrast_is_low_in_t5_and_t6(first):
    depths = {name: depth(*pair) for name, pair in first.items()}
    assert max(depths["T5"], depths["T6"]) < min(depths["T1"], depths["T2"], depths["phantom"])


def test_t6_alone_has_black_borders(first):
    for name, (image, _) in first.items():
        black = (image == 0).mean()
        assert (black > 0.2) == (name == "T6"), name


def test_t1_has_the_most_labelled_catheters(first):
    from skimage.measure import label

    assert max(first, key=lambda name: first[name][1].sum()) == "T1"
    assert label(first["T1"][1], connectivity=2).max() >= 1


def test_labels_are_restricted_to_a_region_but_for_t1_and_the_phantom(monkeypatch):
    """With the region opened, the same frames have more instrument."""
    for name in ("T1", "T2", "T3"):
        restricted = [mask for _, mask in islice(sequence(name, 64, 0), 3)]
        with monkeypatch.context() as patch:
            patch.setattr(surrogate, "_region", lambda f: np.ones_like(f.image))
            whole = [mask for _, mask in islice(sequence(name, 64, 0), 3)]
        lost = sum(int(w.sum()) - int(r.sum()) for w, r in zip(whole, restricted, strict=True))
        assert (lost > 0) == (name != "T1"), name


def test_frames_of_a_sequence_move_a_little(first):
    frames = [image.astype(int) for image, _ in islice(sequence("T3", 64, 0), 8)]
    other = next(iter(sequence("T4", 64, 0)))[0].astype(int)
    near = np.abs(frames[0] - frames[7]).mean()
    assert 0 < near < 0.5 * np.abs(frames[0] - other).mean()


def test_equal_seeds_give_equal_frames():
    one, same, other = (next(iter(sequence("T2", 64, seed)))[0] for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_files_are_read_as_the_real_ones(tmp_path, monkeypatch):
    def short(name, size, seed):
        run = RUNS[name]
        frame = next(iter(sequence("T3", size, seed)))
        return (frame for _ in range(run.last - run.first))

    monkeypatch.setattr(surrogate, "sequence", short)
    write_surrogate(tmp_path, 32)
    pairs = WeissDataset(tmp_path)
    assert len(pairs) == 1207
    image, mask = pairs[1206]
    true_image, true_mask = next(iter(sequence("T3", 32, 0)))
    assert np.array_equal(image, true_image)
    assert np.array_equal(mask, true_mask)
    assert len(WeissDataset(tmp_path, ["phantom"])) == 2000
