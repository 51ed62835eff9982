"""Whoever waits says for what."""

import threading
import warnings
from contextlib import contextmanager

from filelock import FileLock
from small import wait_until
from xxhash import xxh3_128

from fluorosynth.errors import DataWarning
from fluorosynth.io.object_cache import kept
from fluorosynth.io.patience import said_while_waiting


@contextmanager
def heard():
    """Give what is warned of within, as sentences."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        said = []
        warnings.showwarning = lambda message, *_: said.append(str(message))
        yield said


def test_it_is_said_once_while_it_lasts():
    with heard() as said, said_while_waiting(lambda: "waiting for the train"):
        wait_until(lambda: said)
    assert said == ["waiting for the train"]


def test_nothing_is_said_where_there_is_nothing_to_say():
    asked = threading.Event()

    def nothing():
        asked.set()
        return ""

    with heard() as said, said_while_waiting(nothing):
        assert asked.wait(60)
    assert said == []


def test_what_comes_to_be_waited_for_later_is_said_too():
    answers = iter(["", "waiting for the train"])
    with heard() as said, said_while_waiting(lambda: next(answers)):
        wait_until(lambda: said)
    assert said == ["waiting for the train"]


def test_of_two_that_want_an_object_the_second_says_that_it_waits(tmp_path, monkeypatch):
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path))
    digest, folder = xxh3_128(b"all").hexdigest(), tmp_path / "objects"
    folder.mkdir()
    held = threading.Event()
    with heard() as said:

        def fetch_slowly():
            with FileLock(folder / f".{digest[:2]}.lock"):
                held.set()
                wait_until(lambda: said)

        other = threading.Thread(target=fetch_slowly)
        other.start()
        held.wait()
        path = kept(
            digest,
            lambda path: path.write_bytes(b"all"),
            lambda path: xxh3_128(path.read_bytes()).hexdigest(),
        )
        other.join()
    assert path.read_bytes() == b"all"
    assert said == [f"waiting for another process that writes to {folder}"]
