"""A GIF read back by Pillow."""

import numpy as np
import pytest
from PIL import Image

from fluorosynth.io.gif import write_gif


def test_frames_and_pace_are_kept(tmp_path):
    pictures = [np.full((12, 20), grey, np.uint8) for grey in (0, 80, 200)]
    write_gif(iter(pictures), tmp_path / "a.gif", rate=12.5)
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (3, (20, 12), 0)
        for number, picture in enumerate(pictures):
            film.seek(number)
            assert film.info["duration"] == 80
            np.testing.assert_array_equal(np.asarray(film.convert("L")), picture)


def test_nothing_is_left_of_a_gif_that_failed(tmp_path):
    with pytest.raises(OSError, match="no such folder"):
        write_gif([np.zeros((4, 4), np.uint8)], tmp_path / "none" / "a.gif", 10)
    assert list(tmp_path.iterdir()) == []
