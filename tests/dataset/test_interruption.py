"""A run stopped at any moment by any means, and started again, ends with the same bytes."""

import signal
from pathlib import Path

import pytest
from small import content, started, wait_until

RECIPE = """
size = 64
[[backgrounds]]
kind = "procedural"
count = 4
[[devices]]
kind = "spline"
[[stages]]
kind = "rotate"
[[stages]]
kind = "render"
[[stages]]
kind = "jitter"
"""
N = 2000


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "small.toml"
    path.write_text(RECIPE)
    return path


def start(recipe, out, *options, **how):
    command = ["generate", "--n", str(N), "--recipe", str(recipe), "--out", str(out), "--quiet"]
    return started(*command, "--shard-size", "250", *options, **how)


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    """What a run that nobody stops leaves."""
    out = tmp_path_factory.mktemp("whole")
    process = start(recipe, out, "--workers", "1")
    assert process.communicate()
    assert process.returncode == 0
    return content(out)


def when_started(out, shards):
    """Wait until at least so many shards are there."""
    wait_until(lambda: len(list(out.glob("shard-*.h5"))) >= shards)


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@pytest.mark.parametrize(
    ("how", "workers"),
    [(signal.SIGINT, "1"), (signal.SIGTERM, "2"), (signal.SIGKILL, "1"), (signal.SIGKILL, "2")],
)
def test_stopped_and_started_again(recipe, whole, tmp_path, how, workers):
    process = start(recipe, tmp_path, "--workers", workers)
    when_started(tmp_path, 2)
    process.send_signal(how)
    _, said = process.communicate(timeout=20)
    stopped_early = not (tmp_path / "dataset.json").exists()
    if stopped_early and how != signal.SIGKILL:
        assert process.returncode == 4
        assert "run the same command" in said
        assert "Traceback" not in said
    again = start(recipe, tmp_path, "--workers", "2")
    _, said = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert content(tmp_path) == whole
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")
def test_no_worker_outlives_a_killed_parent(recipe, tmp_path):
    process = start(recipe, tmp_path, "--workers", "2")
    when_started(tmp_path, 1)
    workers = children(process.pid)
    assert workers
    process.kill()
    process.communicate()
    wait_until(lambda: not any(alive(pid) for pid in workers), 5)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_a_second_run_into_the_folder_is_refused_while_the_first_lives(recipe, tmp_path):
    first = start(recipe, tmp_path, "--workers", "1")
    when_started(tmp_path, 1)
    first.send_signal(signal.SIGSTOP)  # alive, and not done before the second has looked
    second = start(recipe, tmp_path, "--workers", "1")
    _, said = second.communicate(timeout=20)
    first.send_signal(signal.SIGCONT)
    assert (second.returncode, "another run is writing" in said) == (2, True), said
    assert first.communicate(timeout=60)
    assert first.returncode == 0


def test_a_full_disk_stops_the_run_whole_and_the_same_command_goes_on(recipe, whole, tmp_path):
    """A limit on the size of files stands for the full disk: the writer meets the same error."""
    import resource

    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))

    out = tmp_path / "set"
    stopped = start(recipe, out, "--workers", "1", preexec_fn=no_room)
    error = stopped.communicate()[1]
    assert stopped.returncode == 4, error
    assert error.startswith("Error: the disk of")
    assert "same command" in error
    assert not list(out.glob("shard-*"))
    assert not list(out.glob(".shard-*"))
    again = start(recipe, out, "--workers", "2")
    assert again.communicate()
    assert again.returncode == 0
    assert content(out) == whole
