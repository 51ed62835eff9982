"""Films are whole or not there."""

import resource
import signal

import cv2
import numpy as np
import pytest

from fluorosynth.io.film import Film

PICTURES = np.random.default_rng(0).integers(0, 255, (12, 96, 128, 3)).astype(np.uint8)


def test_a_film_holds_every_picture(tmp_path):
    film = Film(tmp_path / "run", 12.5)
    for picture in PICTURES:
        film.add(picture)
    film.close()
    assert [path.name for path in tmp_path.iterdir()] == ["run.mp4"]
    video = cv2.VideoCapture(str(tmp_path / "run.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == len(PICTURES)
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)
    video.release()


def test_a_film_that_the_disk_does_not_take_is_refused(tmp_path):
    """Files may not grow beyond 20 kB: FFmpeg's writes fail as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        film = Film(tmp_path / "run", 12.5)
        for picture in PICTURES:
            film.add(picture)
        with pytest.raises(OSError, match="cannot be written whole"):
            film.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []
