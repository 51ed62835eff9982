"""Dense material is dark in what is read: by the file's word or the user's; a guess is said."""

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from dicom_files import dataset, save
from fluorosynth_cli.frames import command as frames_command

from fluorosynth.backgrounds import Bundled
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.errors import DataWarning
from fluorosynth.io.frames import read_frames
from fluorosynth.io.polarity import guess_polarity
from fluorosynth.io.spread import write_spread
from fluorosynth.labels.frames import FrameSequence
from fluorosynth.patches.extract import extract_patches
from fluorosynth.patches.search import Search

RAMP = np.tile(np.arange(256, dtype=np.uint8), (32, 1))[None]  # dense at the left where normal


def read(path):
    return next(iter(read_frames(path))).image


@pytest.mark.parametrize(
    ("elements", "dark_left", "warned"),
    [
        ({"PhotometricInterpretation": "MONOCHROME2"}, True, False),
        ({"PhotometricInterpretation": "MONOCHROME1"}, False, False),
        ({"PresentationLUTShape": "INVERSE"}, False, False),
        ({"PixelIntensityRelationshipSign": 1}, True, False),
        # higher values are less of the beam, and are shown bright: a radiograph's bone-white
        ({"PixelIntensityRelationshipSign": -1}, False, True),
        ({"PixelIntensityRelationshipSign": -1, "PresentationLUTShape": "INVERSE"}, False, False),
        (
            {"PixelIntensityRelationshipSign": 1, "PhotometricInterpretation": "MONOCHROME1"},
            True,
            True,
        ),
        ({"PixelIntensityRelationshipSign": 0}, True, False),  # no such sign
    ],
)
def test_what_a_dicom_file_states(elements, dark_left, warned, tmp_path, recwarn):
    image = read(save(dataset(RAMP, **elements), tmp_path / "run.dcm"))
    assert (image[0, 0] < image[0, -1]) == dark_left
    assert [issubclass(w.category, DataWarning) for w in recwarn] == [True] * warned


def angiogram(seed):
    """A real background under a round collimator, with a drawn catheter."""
    image = Bundled().open(256, seed=0).draw(np.random.default_rng(seed)).image.copy()
    line = np.array([[120, 0], [135, 90], [90, 170]], np.int32)
    catheter = np.zeros(image.shape, np.uint8)
    cv2.polylines(catheter, [line], False, 1, 5)
    image[catheter > 0] = image[catheter > 0] * 0.7
    inside = cv2.circle(np.zeros(image.shape, np.uint8), (128, 128), 124, 1, -1)
    return np.uint8(image * inside)


@pytest.mark.parametrize("seed", range(6))
def test_the_guess_turns_with_the_frame(seed):
    frame = angiogram(seed)
    right, wrong = guess_polarity([frame]), guess_polarity([255 - frame])
    assert not right.inverted
    assert wrong.suspicious
    assert right.confidence == pytest.approx(wrong.confidence, abs=1e-3)


def test_nothing_is_known_of_a_flat_frame():
    found = guess_polarity([np.full((64, 64), 128, np.uint8)])
    assert (found.confidence, found.suspicious) == (0.5, False)
    assert guess_polarity([]).confidence == 0.5


def test_every_reader_turns_frames_round(tmp_path):
    frames = np.stack([angiogram(seed) for seed in range(3)])
    np.save(tmp_path / "run.npy", 255 - frames)
    path = tmp_path / "run.npy"
    np.testing.assert_array_equal([f.image for f in read_frames(path, None, True)], frames)
    np.testing.assert_array_equal(FrameSequence(path, invert=True)[:], frames)
    pool = Folder(path, invert=True).open(256, 0)
    np.testing.assert_array_equal(pool.images, frames)
    written = write_spread(path, tmp_path / "out", 3, invert=True)
    np.testing.assert_array_equal([read(one) for one in written], frames)
    search = Search(count=2, size=48, smallest=48, temporal=False)
    right = tmp_path / "right"
    right.mkdir()
    np.save(right / "run.npy", frames)
    cuts = [
        extract_patches(where, one, seed=1)
        for where, one in (
            (right / "run.npy", search),
            (path, Search(count=2, size=48, smallest=48, temporal=False, invert=True)),
        )
    ]
    for one, other in zip(*cuts, strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_the_command_says_what_it_suspects_and_does_nothing_about_it(tmp_path):
    np.save(tmp_path / "run.npy", 255 - angiogram(1)[None])
    words = [str(tmp_path / "run.npy"), "--quiet", "--out"]
    said = CliRunner().invoke(frames_command, [*words, str(tmp_path / "a")])
    assert "dense material seems to be bright in these frames (confidence 0." in said.stderr
    assert "add --invert" in said.stderr
    np.testing.assert_array_equal(read(tmp_path / "a/run.png"), 255 - angiogram(1))
    said = CliRunner().invoke(frames_command, [*words, str(tmp_path / "b"), "--invert"])
    assert said.stderr == ""
    np.testing.assert_array_equal(read(tmp_path / "b/run.png"), angiogram(1))
    np.save(tmp_path / "run.npy", angiogram(1)[None])
    said = CliRunner().invoke(frames_command, [*words, str(tmp_path / "c"), "--invert"])
    assert "leave --invert out" in said.stderr
