"""What a killed prediction left is taken up, and told from other files."""

import pytest

from fluorosynth.errors import UsageError
from fluorosynth.learn.prediction.journal import JOURNAL, Journal


@pytest.fixture
def sources(tmp_path):
    found = [tmp_path / f"{number}.png" for number in (1, 2, 10)]
    for path in found:
        path.touch()
    return found


def test_one_killed_before_it_had_begun(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for name in (".lock", f".{JOURNAL}.part"):
        (out / name).touch()
    Journal(out, {"a": 1})
    assert sorted(path.name for path in out.iterdir()) == [".lock", JOURNAL]


def test_other_files_are_somebody_s(tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match="holds other files"):
        Journal(tmp_path, {"a": 1})


def test_going_on_changes_no_byte(sources, tmp_path):
    journal = Journal(tmp_path / "out", {"a": 1})
    for path in sources:  # 2 before 10, as people count
        journal.add(path)
    before = journal.path.read_bytes()
    again = Journal(tmp_path / "out", {"a": 1})
    assert all(map(again.has, sources))
    assert journal.path.read_bytes() == before
