"""Labels being edited: what is said to be saved is on the disk, and can be taken back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluorosynth.annotate.document import Document, StaleError
from fluorosynth.errors import BadDataError
from fluorosynth.labels import FrameLabels, Instrument, Source, read_labels, to_plain

SOURCE = Source("run.npy", 6, 64, 80)


def line(y, name="catheter_1"):
    return Instrument(np.float32([[2, y], [60, y]]), np.float32([4, 4]), name)


def plain(labels):
    return to_plain(labels)["frames"]


def test_each_change_is_in_the_file(tmp_path):
    document = Document(tmp_path / "labels.json", SOURCE)
    assert not document.path.exists()
    for y in (5, 9):
        assert document.put([FrameLabels(2, (line(y),))]).frames == (2,)
        assert plain(read_labels(document.path)) == plain(document.labels)
    assert document.undo().frames == (2,)
    assert read_labels(document.path).at(2).instruments[0].points[0, 1] == 5
    assert document.redo().frames == (2,)
    assert read_labels(document.path).at(2).instruments[0].points[0, 1] == 9
    assert document.redo().frames == ()


def test_opened_again_it_goes_on(tmp_path):
    Document(tmp_path / "labels.json", SOURCE).put([FrameLabels(1, empty=True)])
    again = Document(tmp_path / "labels.json", SOURCE)
    assert again.labels.at(1).empty
    with pytest.raises(BadDataError, match=r"run\.npy.*6 frames.*other\.npy.*7 frames"):
        Document(tmp_path / "labels.json", Source("other.npy", 7, 64, 80))


def test_what_cannot_be_saved_is_not_changed(tmp_path):
    (tmp_path / "gone").mkdir()
    document = Document(tmp_path / "gone/labels.json", SOURCE)
    (tmp_path / "gone").rmdir()
    with pytest.raises(FileNotFoundError):
        document.put([FrameLabels(1, empty=True)])
    assert document.labels.frames == ()
    assert (document.revision, document.can_undo) == (0, False)


def test_two_who_change_one_frame(tmp_path):
    document = Document(tmp_path / "labels.json", SOURCE)
    seen = document.revision
    document.put([FrameLabels(1, empty=True)], seen)
    document.put([FrameLabels(2, empty=True)], seen)  # another frame: nothing is lost
    with pytest.raises(StaleError, match="frame 1 was changed elsewhere"):
        document.put([FrameLabels(1, (line(5),))], seen)
    assert document.labels.at(1).empty
    assert document.since(seen).frames == (1, 2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9) | st.none()), max_size=12))
def test_undone_to_the_beginning_and_redone_to_the_end(tmp_path_factory, steps):
    document = Document(tmp_path_factory.mktemp("d") / "labels.json", SOURCE)
    states = [plain(document.labels)]
    for index, y in steps:
        document.put([FrameLabels(index, (line(5 + y),) if y is not None else ())])
        states.append(plain(document.labels))
    for state in reversed(states[:-1]):
        document.undo()
        assert plain(document.labels) == state
    assert not document.can_undo
    for state in states[1:]:
        document.redo()
        assert plain(document.labels) == state
