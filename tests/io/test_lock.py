"""A folder belongs to one process at a time."""

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
