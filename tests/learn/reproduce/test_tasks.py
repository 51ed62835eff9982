"""Steps that are kept: what is done again, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluorosynth.errors import BadDataError
from fluorosynth.learn.reproduce.tasks import (
    DONE,
    Task,
    in_order,
    result_of,
    run_tasks,
    seconds_of,
)


def chain(done, width=3, depth=2):
    """``depth`` steps, each of which notes that it ran and adds one to its parent's number."""

    def run(out, parents, options):
        done.append(out.name)
        before = [float((folder / "n").read_text()) for folder in parents.values()]
        (out / "n").write_text(str(sum(before) + options["add"]))
        return {"n": sum(before) + options["add"]}

    task = Task("first", {"add": width}, run)
    for _ in range(depth - 1):
        task = Task("next", {"add": 1}, run, {"before": task})
    return task


def finish(task, root):
    return [step.name for step in run_tasks([task], root)]


def test_a_step_is_done_once(tmp_path):
    done = []
    assert finish(chain(done), tmp_path) == ["first", "next"]
    assert finish(chain(done), tmp_path) == []
    assert len(done) == 2
    assert result_of(chain([]), tmp_path) == {"n": 4}


def test_a_changed_option_reruns_what_depends_on_it_alone(tmp_path):
    done = []
    finish(chain(done, depth=3), tmp_path)
    last = chain(done, depth=3)
    changed = Task("next", {"add": 5}, last.run, last.parents)
    assert finish(changed, tmp_path) == ["next"]  # the parents stay
    assert finish(chain(done, width=9, depth=3), tmp_path) == ["first", "next", "next"]
    assert result_of(chain([], depth=3), tmp_path) == {"n": 5}  # the old ones are still there


def test_a_step_that_was_killed_is_done_again(tmp_path):
    done = []

    def broken(out, parents, options):
        (out / "half").write_text("")
        raise KeyboardInterrupt

    task = Task("killed", {}, broken, {"before": chain(done)})
    with pytest.raises(KeyboardInterrupt):
        finish(task, tmp_path)
    assert not task.done(tmp_path)
    whole = Task("killed", {}, lambda out, parents, options: 1, {"before": chain(done)})
    assert finish(whole, tmp_path) == ["killed"]
    assert len(done) == 2  # what was done before stays


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b"\xff\xfe"])
def test_a_step_whose_note_is_damaged_is_done_again(tmp_path, damage):
    task = chain([])
    finish(task, tmp_path)
    (task.folder(tmp_path) / DONE).write_bytes(damage)
    assert not task.done(tmp_path)
    assert seconds_of(task, tmp_path) is None
    with pytest.raises(BadDataError, match="damaged"):
        result_of(task, tmp_path)
    assert finish(chain([]), tmp_path) == ["next"]
    assert result_of(task, tmp_path) == {"n": 4}


@given(st.integers(1, 6))
def test_parents_come_first_and_once(depth):
    task = chain([], depth=depth)
    order = in_order([task, chain([], depth=depth)])
    assert len(order) == depth
    assert [step.key for step in order] == list(dict.fromkeys(step.key for step in order))
    assert order[-1].key == task.key
