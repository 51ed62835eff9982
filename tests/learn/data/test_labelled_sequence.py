"""Label files as training data: the frames beside them, the masks of the curves."""

import pickle

import numpy as np
import pytest
from tracked import bent, frame, key

from fluorosynth.errors import BadDataError
from fluorosynth.labels import FrameLabels, FrameSequence, Labels, write_labels
from fluorosynth.learn.data import open_dataset


@pytest.fixture
def place(tmp_path):
    """``run.npy`` of 5 frames; ``labelled/labels.json``: 0 drawn, 1 empty, 2 lost, 3 drawn."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "run.npy", np.stack([frame([bent()], rng=rng) for _ in range(5)]))
    drawn = key(bent(), 0, 5).frames[0].instruments
    frames = (
        FrameLabels(0, drawn),
        FrameLabels(1, empty=True),
        FrameLabels(2, drawn, lost=("wire",)),
        FrameLabels(3, drawn),
    )
    (tmp_path / "labelled").mkdir()
    labels = Labels(FrameSequence(tmp_path / "run.npy").source, frames)
    write_labels(tmp_path / "labelled/labels.json", labels)
    return tmp_path, labels


@pytest.mark.parametrize("name", ["labelled/labels.json", "labelled"])
def test_complete_frames_are_items(place, name):
    folder, labels = place
    pairs = open_dataset(folder / name)
    run = np.load(folder / "run.npy")
    assert len(pairs) == 3
    assert [pairs.name(k) for k in range(3)] == ["00000", "00001", "00003"]
    for pair, index in zip(pickle.loads(pickle.dumps(pairs)), (0, 1, 3), strict=True):
        assert (pair[0] == run[index]).all()
        assert (pair[1] == labels.mask(index)).all()
    assert pairs.sequence(0) == "run"


def test_other_frames_are_refused(place):
    folder, _ = place
    np.save(folder / "run.npy", np.load(folder / "run.npy")[::-1])
    with pytest.raises(BadDataError, match=r"belongs to 'run.npy' \(5 frames"):
        open_dataset(folder / "labelled/labels.json")
    (folder / "run.npy").unlink()
    with pytest.raises(BadDataError, match="neither beside it nor beside its folder"):
        open_dataset(folder / "labelled")


def test_nothing_complete_is_nothing_to_learn_from(place):
    folder, labels = place
    write_labels(folder / "labelled/labels.json", Labels(labels.source, labels.frames[2:3]))
    with pytest.raises(BadDataError, match="labels no frame completely"):
        open_dataset(folder / "labelled/labels.json")
