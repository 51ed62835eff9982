"""``fluorosynth track`` and ``labels`` from the command line."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from small import fluorosynth
from tracked import distance, frame, whole

from fluorosynth.io import count_frames
from fluorosynth.io.film import Film
from fluorosynth.io.frames import frame_rate
from fluorosynth.labels import read_labels


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    rng = np.random.default_rng(0)
    curves = [whole() + np.array([0, 2 * np.sin(t)]) for t in range(5)]
    np.save(folder / "run.npy", np.stack([frame([c], rng=rng) for c in curves]))
    return folder / "run.npy", curves


def test_from_a_few_points_to_labels_compared_and_converted(run, tmp_path, monkeypatch):
    source, curves = run
    monkeypatch.chdir(tmp_path)
    points = " ".join(f"{x:.0f},{y:.0f}" for x, y in curves[0][2::12])
    code, said, error = fluorosynth(
        *("track", str(source), "--start", f"0: {points}", "--out", "t.json"),
        *("--picture", "t.png", "--width", "5"),
    )
    assert code == 0, error
    assert "4 frames tracked" in said
    labels = read_labels("t.json")
    assert [f.index for f in labels.frames] == [0, 1, 2, 3, 4]
    assert (
        max(
            distance(f.instruments[0].points[5:], c)
            for f, c in zip(labels.frames, curves, strict=True)
        )
        < 1
    )
    with Image.open("t.png") as picture:
        assert picture.mode == "RGB"
    assert (count_frames("t.mp4"), frame_rate(Path("t.mp4"))) == (5, 15)
    code, said, _ = fluorosynth("labels", "info", "t.json")
    assert "1 drawn, 4 tracked; width " in said
    assert fluorosynth("labels", "convert", "t.json", "--to", "cvat", "--out", "t.xml")[0] == 0
    back = ("labels", "convert", "t.xml", "--frames", str(source), "--out", "b.json")
    assert fluorosynth(*back)[0] == 0
    code, said, error = fluorosynth(
        *("labels", "compare", "t.json", "b.json", "--csv", "c.csv"),
        *("--frames", str(source), "--picture", "c.png"),
    )
    assert code == 0, error
    assert said.splitlines()[-1].split() == ["mean", "1.000", "1.000", "0.00", "0.00"]
    assert len((tmp_path / "c.csv").read_text().splitlines()) == 6
    assert json.loads(fluorosynth("labels", "schema")[1])["title"] == "LabelFile"


MISTAKES = {
    "is no file, nor a frame and points": ["track", "RUN", "--start", "nonsense"],
    "no frame 9": ["track", "RUN", "--start", "9: 1,1 20,20"],
    "outside the frame": ["track", "RUN", "--start", "0: 1,1 999,20"],
    "does not exist": ["track", "none.dcm", "--start", "0: 1,1 9,9"],
    "no format 'svg'": ["labels", "convert", "l.json", "--to", "svg"],
    "is no NAME=CLASS": ["labels", "convert", "l.json", "--class", "Wire"],
}


@pytest.mark.parametrize(("said", "words"), MISTAKES.items())
def test_mistakes_are_said_in_one_line(said, words, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [str(run[0]) if word == "RUN" else word for word in words]
    code, _, error = fluorosynth(*words, "--out", "out.json")
    assert code in (2, 3)
    assert said in error
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("run.npy", ["--out", "run.npy"]),
        ("run.mp4", ["--out", "t.json", "--picture", "run.png"]),  # its film would be run.mp4
        ("frames/1.png", ["--out", "t.json", "--picture", "frames/1.png"]),
    ],
    ids=["labels", "film", "sheet"],
)
def test_what_the_frames_come_from_is_not_written_over(name, words, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, stills = Path(name), np.load(run[0])
    if path.suffix == ".npy":
        np.save(path, stills)
    elif path.suffix == ".png":
        path.parent.mkdir()
        for k in range(3):
            cv2.imwrite(f"frames/{k}.png", stills[k])
    else:
        with Film(Path("run"), 5) as film:
            for still in stills:
                film.add(np.dstack([still] * 3))
    before = path.read_bytes()
    source = str(path.parent if path.suffix == ".png" else path)
    code, _, error = fluorosynth("track", source, "--start", "0: 5,80 40,97 80,98", *words)
    assert code == 2
    assert "is where the frames come from" in error
    assert path.read_bytes() == before
    assert not Path("t.json").exists()


@pytest.mark.parametrize(
    "words", [["--out", "no/t.json"], ["--out", "t.json", "--picture", "no/p.png"]]
)
def test_a_folder_that_is_not_there_is_said_before_the_work(words, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, error = fluorosynth("track", str(run[0]), "--start", "0: 5,80 40,97 80,98", *words)
    assert code == 3
    assert error.splitlines()[-1] == "Error: no: no such folder; make it first"
    assert not list(tmp_path.iterdir())


def test_labels_of_another_run_are_refused(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("other.npy", np.load(run[0])[:4])
    start = ("--start", "0: 5,80 40,97 80,98", "--out", "l.json", "--quiet")
    assert fluorosynth("track", str(run[0]), *start)[0] == 0
    code, _, error = fluorosynth("track", "other.npy", "--start", "l.json", "--out", "o.json")
    assert code == 3
    assert "belongs to 'run.npy' (5 frames" in error


def test_label_files_are_devices(run, tmp_path, monkeypatch):
    from fluorosynth.devices.polylines import Polylines

    monkeypatch.chdir(tmp_path)
    start = ("--start", "0: 5,80 40,97 80,98", "--out", "l.json", "--quiet", "--width", "5")
    assert fluorosynth("track", str(run[0]), *start)[0] == 0
    labels = read_labels("l.json")
    pool = Polylines(tmp_path / "l.json").open(96, seed=0)
    assert len(pool) == len([f for f in labels.frames if f.instruments])
    drawn = pool.sets[0][0]
    assert np.allclose(drawn.width, 2.5)  # 192 px of frame to 96
    first = (labels.at(0).instruments[0].points + 0.5) / 2 - 0.5 + [0, 8]  # 160 px high: centred
    assert np.abs(drawn.centreline - first).max() < 0.01
