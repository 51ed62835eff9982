"""A folder belongs to one process at a time."""

import errno
import fcntl
import os

import pytest

from fluorosynth.errors import UsageError
from fluorosynth.io.lock import locked


def test_a_second_holder_is_told_so_and_the_lock_falls(tmp_path):
    folder = tmp_path / "new" / "set"
    with (
        locked(folder, "busy"),
        pytest.raises(UsageError, match=r"^another is at it$"),
        locked(folder, "another is at it"),
    ):
        raise AssertionError("held twice")
    with locked(folder, "busy"):
        assert folder.is_dir()


def test_it_falls_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path, "busy"):
        raise ZeroDivisionError
    with locked(tmp_path, "busy"):
        pass


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
@pytest.mark.parametrize("stays", [True, False])
def test_where_the_file_system_knows_no_locks_a_claim_is_held(number, stays, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (
        locked(tmp_path, "busy", stays=stays),
        pytest.raises(UsageError, match=r"^another is at it$"),
        locked(tmp_path, "another is at it"),
    ):
        raise AssertionError("held twice")
    with locked(tmp_path, "busy", stays=stays):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ([".lock"] if stays else [])
