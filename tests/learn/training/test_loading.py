"""What fails in a process that reads the data is raised as it was there."""

import os
import signal

import pytest
from makers import Lines
from test_resume import assert_same, outcome
from torch.utils.data import get_worker_info

from fluorosynth.errors import BadDataError, InterruptedRunError, SampleError
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.train import train

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


def config(workers):
    settings = {"epochs": 2, "batch_size": 4, "validation": 0.2, "checkpoint_every": 1}
    return TrainConfig(network="light_plain", workers=workers, **settings)


class Failing(Lines):
    """Pictures of which the process that reads them cannot have one."""

    def __init__(self, fail):
        super().__init__(20, 32)
        self.fail = fail

    def __getitem__(self, index):
        if self.fail and index == 7 and get_worker_info() is not None:
            self.fail()
        return super().__getitem__(index)


@pytest.mark.parametrize(
    "error",
    [
        BadDataError("a/7.png cannot be read"),
        InterruptedRunError("s3://a/b: gone; run the same command again"),
        SampleError(3, 7, "no room"),
    ],
)
def test_errors_keep_kind_and_words(tmp_path, error):
    def fail():
        raise error

    with pytest.raises(type(error)) as caught:
        train(Failing(fail), config(2), tmp_path, quiet=True)
    assert type(caught.value) is type(error)
    assert str(caught.value) == str(error)


def test_the_cause_of_a_sample_that_failed_is_printed(tmp_path, capfd):
    def fail():
        raise SampleError(3, 7, "no room") from ZeroDivisionError("in a stage of mine")

    with pytest.raises(SampleError):
        train(Failing(fail), config(1), tmp_path, quiet=True)
    assert "ZeroDivisionError: in a stage of mine" in capfd.readouterr().err


def test_a_killed_process_is_a_sentence_and_the_run_goes_on(tmp_path):
    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(InterruptedRunError, match="run the same command to go on"):
        train(Failing(die), config(2), tmp_path / "killed", quiet=True)
    train(Failing(None), config(0), tmp_path / "killed", quiet=True)
    train(Failing(None), config(0), tmp_path / "whole", quiet=True)
    assert_same(outcome(tmp_path / "killed"), outcome(tmp_path / "whole"))
