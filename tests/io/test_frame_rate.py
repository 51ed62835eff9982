"""The frame rate that a file states, against the DICOM standard and OpenCV's own writer."""

import cv2
import numpy as np
import pytest
from dicom_files import dataset, save

from fluorosynth.io.frames import frame_rate

FRAMES = np.zeros((4, 32, 32), np.uint8)


@pytest.mark.parametrize(
    ("elements", "rate"),
    [
        ({"FrameTime": 33.333}, 30.0),
        ({"FrameTime": 0, "CineRate": 15}, 15.0),
        ({"FrameTimeVector": [0, 100, 60, 80]}, 12.5),
        ({"FrameTime": 40, "RecommendedDisplayFrameRate": 10}, 25.0),  # how it was taken
        ({"RecommendedDisplayFrameRate": 7}, 7.0),
        ({"CineRate": 0}, None),
        ({"FrameTime": 1e-9}, None),
        ({}, None),
    ],
)
def test_dicom(elements, rate, tmp_path):
    found = frame_rate(save(dataset(FRAMES, **elements), tmp_path / "run.dcm"))
    assert found == (None if rate is None else pytest.approx(rate, rel=1e-3))


def test_video_and_formats_that_do_not_say(tmp_path):
    path = tmp_path / "run.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 7.5, (32, 32), False)
    for frame in FRAMES:
        writer.write(frame)
    writer.release()
    assert frame_rate(path) == pytest.approx(7.5, rel=1e-3)
    np.save(tmp_path / "run.npy", FRAMES)
    assert frame_rate(tmp_path / "run.npy") is None
