"""A run written to trackers as well: read back by their own programs, equal to metrics.csv."""

import csv
import dataclasses
import importlib.util
import socket
import struct

import pytest
from makers import Lines

from fluorosynth.errors import InterruptedRunError, MissingExtraError, UsageError
from fluorosynth.learn.trackers import base
from fluorosynth.learn.training import train as loop
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.train import train

TINY = TrainConfig(network="light_plain", epochs=2, batch_size=4, seed=3)
LEFT_OUT = {"epoch"}


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Let nothing connect to another machine, and nothing of the user's environment count."""
    for name in ("MLFLOW_TRACKING_URI", "WANDB_MODE", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    real = socket.socket.connect

    def connect(self, address):
        local = self.family == getattr(socket, "AF_UNIX", None) or address[0] in (
            "127.0.0.1", "::1", "localhost",
        )  # fmt: skip
        assert local, f"connects to {address}"
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


def measured(run):
    with (run / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = set(rows[0]) - LEFT_OUT
    return {name: [float(row[name]) for row in rows] for name in names}


def by_tensorboard(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    return {
        name: [(event.step, event.value) for event in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }


def by_mlflow(run):
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=(run / "mlflow/store").as_uri())
    (experiment,) = client.search_experiments(filter_string="name = 'fluorosynth'")
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.data.params["train.network"] == "light_plain"
    assert found.info.status == "FINISHED"
    return {
        name: [(m.step, m.value) for m in client.get_metric_history(found.info.run_id, name)]
        for name in found.data.metrics
    }


def leveldb_log(content):
    """Yield the records of a LevelDB log, as wandb writes it, behind a header of 7 bytes."""
    at, whole = 7, b""
    while at + 7 <= len(content):
        left = 2**15 - at % 2**15
        if left < 7:
            at += left
            continue
        length, kind = struct.unpack_from("<HB", content, at + 4)
        whole += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield whole
            whole = b""


def by_wandb(run):
    import wandb
    from wandb.proto import wandb_internal_pb2

    wandb.teardown()  # its own process has written all when it has ended
    found = {}
    for path in sorted((run / "wandb").glob("offline-run-*/run-*.wandb")):
        for data in leveldb_log(path.read_bytes()):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            items = {
                (item.key or item.nested_key[0]): item.value_json for item in record.history.item
            }
            for name, value in items.items():
                if not name.startswith("_") and name != "epoch":
                    found.setdefault(name, []).append((int(items["epoch"]), float(value)))
    return found


READERS = {"tensorboard": by_tensorboard, "mlflow": by_mlflow, "wandb": by_wandb}
PACKAGES = {"tensorboard": "tensorboard", "mlflow": "mlflow", "wandb": "wandb"}


def installed(name):
    if importlib.util.find_spec(PACKAGES[name]) is None:
        pytest.skip(f"{name} is not installed")


@pytest.mark.parametrize("name", READERS)
@pytest.mark.filterwarnings("ignore")  # of the trackers' own
def test_a_tracker_has_what_the_run_folder_has(tmp_path, name):
    installed(name)
    train(Lines(12, 32), TINY, tmp_path, quiet=True, log=name)
    found, expected = READERS[name](tmp_path), measured(tmp_path)
    assert set(found) == set(expected)
    for measure, values in expected.items():
        assert [step for step, _ in found[measure]] == [1, 2]
        assert [value for _, value in found[measure]] == pytest.approx(values, rel=1e-5)


def stop_after(monkeypatch, name, calls):
    """Let the user stop the loop when it has called a function so often."""
    plain, left = getattr(loop, name), [None] * (calls - 1) + [KeyboardInterrupt]

    def called(*arguments):
        result = plain(*arguments)
        if left and (stop := left.pop(0)):
            raise stop
        return result

    monkeypatch.setattr(loop, name, called)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(("where", "calls"), [("validate", 2), ("save", 1), ("save", 2)])
@pytest.mark.filterwarnings("ignore")
def test_a_run_that_goes_on_is_one_run(tmp_path, name, monkeypatch, where, calls):
    """Stopped before a checkpoint, or after it and before its epoch was told."""
    installed(name)
    stop_after(monkeypatch, where, calls)
    with pytest.raises(InterruptedRunError):
        train(Lines(12, 32), TINY, tmp_path, quiet=True, log=name)
    for _ in range(2):  # the second time it has ended
        train(Lines(12, 32), TINY, tmp_path, quiet=True, log=name)
    found, expected = READERS[name](tmp_path), measured(tmp_path)
    for measure, values in expected.items():
        assert [step for step, _ in found[measure]] == [1, 2]
        assert [value for _, value in found[measure]] == pytest.approx(values, rel=1e-5)


def test_a_tracker_that_is_not_there_is_said_before_the_work(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"no tracker 'tensorbord' .* did you mean 'tensorboard'"):
        train(Lines(12, 32), TINY, tmp_path / "run", quiet=True, log="tensorbord")
    monkeypatch.setattr(base, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'fluorosynth\[wandb\]'"):
        train(Lines(12, 32), TINY, tmp_path / "run", quiet=True, log="wandb")
    assert not (tmp_path / "run").exists()


def test_a_tracker_changes_nothing_of_the_run(tmp_path):
    installed("tensorboard")
    config = dataclasses.replace(TINY, epochs=1)
    for log in ("", "tensorboard"):
        train(Lines(8, 32), config, tmp_path / f"run{log}", quiet=True, log=log)
    one, other = (
        {k: v for k, v in measured(tmp_path / name).items() if k != "seconds"}
        for name in ("run", "runtensorboard")
    )
    assert one == other
    assert not (tmp_path / "run/tensorboard").exists()
