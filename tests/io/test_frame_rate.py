"""The rate at which a run was recorded: where the file states it, and nowhere else."""

import cv2
import numpy as np
import pytest
from dicom_files import dataset, save

from fluorosynth.io.frame_rate import frame_rate

pytest.importorskip("pydicom")


@pytest.mark.parametrize(
    ("elements", "rate"),
    [
        ({"CineRate": "30"}, 30),
        ({"RecommendedDisplayFrameRate": "7"}, 7),
        ({"FrameTime": "40"}, 25),
        ({"FrameTimeVector": ["0", "50", "100", "150"]}, 10),
        ({"CineRate": "0", "FrameTime": "66.6667"}, 15),
        ({"FrameTime": "0"}, None),
        ({"FrameTime": "-5"}, None),
        ({"FrameTimeVector": ["0"]}, None),
        ({"CineRate": "99999"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_of_dicom(tmp_path, elements, rate):
    frames = np.zeros((4, 32, 32), np.uint8)
    found = frame_rate(save(dataset(frames, **elements), tmp_path / "run.dcm"))
    assert found == pytest.approx(rate)


def test_of_a_video_and_of_what_has_none(tmp_path):
    path = tmp_path / "run.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12.5, (64, 48))
    for _ in range(3):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    np.save(tmp_path / "run.npy", np.zeros((3, 32, 32), np.uint8))
    assert frame_rate(path) == pytest.approx(12.5)
    assert frame_rate(tmp_path / "run.npy") is None
