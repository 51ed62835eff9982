"""A live source gives what the file of its frames gives, one frame at a time."""

import threading

import cv2
import numpy as np
import pytest

from fluorosynth import Recipe
from fluorosynth.errors import BadDataError
from fluorosynth.learn import Inference, predict
from fluorosynth.learn.prediction import predict_frames
from fluorosynth.learn.prediction.behind import behind


@pytest.fixture(scope="module")
def frames():
    opened = Recipe.preset("physics").open(0)
    return [opened.sample(index).image for index in range(6)]


def test_live_masks_are_those_of_the_file(frames, tmp_path):
    inference = Inference.load("default", "cpu")
    np.save(tmp_path / "run.npy", np.stack(frames))
    predict(tmp_path / "run.npy", inference, tmp_path / "out")
    for number, found in enumerate(predict_frames(iter(frames), inference)):
        kept = cv2.imread(str(tmp_path / f"out/masks/run/{number:05d}.png"), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(found.mask * 255, kept)


def test_a_mask_comes_before_the_next_frame_is_asked_for(frames):
    asked = []

    def grabber():
        memory = np.empty_like(frames[0])
        for number, frame in enumerate(frames[:3]):
            asked.append(number)
            memory[:] = frame  # the same memory again, as grabbers do it
            yield memory

    for number, _ in enumerate(predict_frames(grabber(), device="cpu")):
        assert asked == list(range(number + 1))


@pytest.mark.parametrize(
    "bad",
    [np.zeros((64, 64)), np.zeros((64, 64, 3), np.uint8), np.zeros((0, 5), np.uint8), "frame"],
)
def test_what_is_no_frame_is_named(bad):
    with pytest.raises(BadDataError, match=r"frame 1 should be \(H, W\) uint8"):
        list(predict_frames([np.zeros((64, 64), np.uint8), bad], device="cpu"))


def test_work_behind_keeps_its_order_and_its_bound():
    free, done, started = threading.Event(), [], []

    def work(k):
        started.append(k)
        free.wait(10)
        done.append(k)

    with behind(work, depth=3) as later:
        for k in range(3):
            later(k)
        assert done == []  # nothing waits for the first one yet
        free.set()
        for k in range(3, 50):
            later(k)
            assert len(started) >= k - 3
    assert done == list(range(50))


def test_what_fails_behind_is_raised_and_nothing_after_it_is_done():
    done = []

    def work(k):
        if k == 5:
            raise OSError("disk full")
        done.append(k)

    def all_of_them():
        with behind(work, depth=2) as later:
            for k in range(100):
                later(k)

    with pytest.raises(OSError, match="disk full"):
        all_of_them()
    assert done[:5] == list(range(5))
    assert len(done) < 10
