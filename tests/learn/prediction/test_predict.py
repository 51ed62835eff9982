import csv
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from fluorosynth_cli import predict as predict_command
from fluorosynth_cli.main import main
from makers import picture
from PIL import Image

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.film import Film
from fluorosynth.io.frames import read_frames
from fluorosynth.labels import FrameSequence, read_labels
from fluorosynth.labels.curve_files import read_curves
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.outputs import Wanted
from fluorosynth.learn.prediction.predict import predict
from fluorosynth.learn.prediction.segment import SegmentConfig
from fluorosynth.learn.prediction.windows import read_clips

sys.path.append(str(Path(__file__).parents[3]))
import dicom_files
from oracles import centreline_error


@pytest.fixture(scope="module")
def inference(trained):
    return Inference(trained, "cpu")


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def large(index, width=192, height=192):
    """A picture of ``makers`` at another resolution."""
    image, mask = picture(index)
    how = {"dsize": (width, height), "interpolation": cv2.INTER_CUBIC}
    return cv2.resize(image, **how), cv2.resize(mask.astype(np.float32), **how) > 0.5


def read(path):
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None, path
    return found


def files(folder):
    return {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}


def outputs(folder):
    """Return what was written for each frame: not the journal, nor the table of all."""
    found = files(folder)
    assert "predictions.csv" in found
    return {n: p.read_bytes() for n, p in found.items() if p.suffix not in (".jsonl", ".csv")}


def run(*arguments):
    """Run the command line in this process and return its exit code."""
    with pytest.raises(SystemExit) as stop:
        main(["predict", *map(str, arguments)])
    return stop.value.code


@pytest.fixture
def frames(tmp_path):
    """Pictures of several sizes and kinds below one folder, and their truth by name."""
    folder, truth = tmp_path / "frames", {}
    (folder / "later").mkdir(parents=True)
    sizes = {"a": (192, 192), "b.v2": (150, 190), "later/ü b": (64, 64)}
    for index, (name, size) in enumerate(sizes.items()):
        image, truth[name] = large(100 + index, *size)
        cv2.imwrite(str(folder / f"{name}.png"), image)
    return folder, truth


def test_pictures_keep_name_and_resolution(frames, inference, trained, tmp_path):
    folder, truth = frames
    out = tmp_path / "out"
    done = predict(folder, inference, out, SegmentConfig.of(trained), Wanted(probabilities=True))
    assert (done.frames, done.found, done.skipped) == (3, 3, 0)
    names = {f"{kind}/{name}.png" for kind in ("masks", "overlays", "probabilities")
             for name in truth}  # fmt: skip
    assert set(outputs(out)) == names | {f"frames/{name}.json" for name in truth}
    for name, mask in truth.items():
        found, deep = (read(out / f"{kind}/{name}.png") for kind in ("masks", "probabilities"))
        assert found.shape == mask.shape
        assert set(np.unique(found)) == {0, 255}
        assert dice(found > 0, mask) > 0.85
        assert deep.dtype == np.uint16
        np.testing.assert_array_equal(found > 0, deep > round(0.45 * 65535))  # the model's own
        assert read(out / f"overlays/{name}.png").shape == (*(2 * s for s in mask.shape), 3)


def test_one_name_twice(frames, inference, tmp_path):
    folder, _ = frames
    Image.open(folder / "a.png").save(folder / "a.jpg")
    predict(folder, inference, tmp_path / "out", SegmentConfig(size=64), Wanted(overlays=False))
    names = ("a.png", "a.jpg", "b.v2", "later/ü b")
    masks = {f"masks/{name}.png" for name in names}
    assert set(outputs(tmp_path / "out")) == masks | {f"frames/{name}.json" for name in names}


def film_frames(path):
    video, count = cv2.VideoCapture(str(path)), 0
    while video.grab():
        count += 1
    return count


@pytest.mark.parametrize("kind", ["dicom", "npy"])
def test_runs_keep_their_frame_numbers(kind, inference, tmp_path):
    images, truth = zip(*(large(200 + i, 121, 99) for i in range(5)), strict=True)
    if kind == "npy":
        path = tmp_path / "run.npy"
        np.save(path, np.stack(images))
    else:
        path = tmp_path / "1.2.840.99"  # exported files often have no suffix
        stored = np.stack(images).astype(np.uint16) * 16
        dicom_files.save(dicom_files.dataset(stored, bits=12), path)
    out, name = tmp_path / "out", path.name.removesuffix(".npy")
    done = predict(path, inference, out, SegmentConfig(size=64))
    assert done.frames == 5
    stills = {f"masks/{name}/{i:05d}.png" for i in range(5)}
    assert set(outputs(out)) == stills | {f"overlays/{name}.mp4", f"frames/{name}.json"}
    for still, mask in zip(sorted(stills), truth, strict=True):
        assert dice(read(out / still) > 0, mask) > 0.8
    assert film_frames(out / f"overlays/{name}.mp4") == 5


def test_a_video_is_a_run(inference, tmp_path):
    writer = cv2.VideoWriter(
        str(tmp_path / "run.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 12, (96, 80)
    )
    for index in range(4):
        writer.write(cv2.cvtColor(large(index, 96, 80)[0], cv2.COLOR_GRAY2BGR))
    writer.release()
    done = predict(tmp_path / "run.avi", inference, tmp_path / "out", SegmentConfig(size=64))
    assert len(list((tmp_path / "out/masks/run").iterdir())) == 4
    assert film_frames(tmp_path / "out/overlays/run.mp4") == 4
    assert done.timeless == 0
    film = cv2.VideoCapture(str(tmp_path / "out/overlays/run.mp4"))
    assert film.get(cv2.CAP_PROP_FPS) == pytest.approx(12, rel=1e-3)


def test_a_frame_rate_that_nobody_states_is_said(frames, trained_file, tmp_path, capsys):
    np.save(tmp_path / "run.npy", np.stack([picture(i)[0] for i in range(3)]))
    words = [tmp_path / "run.npy", "--model", trained_file, "--device", "cpu", "--out"]
    main(["predict", *map(str, [*words, tmp_path / "a"])])
    assert "a film does not say its frame rate: shown at 15 frames/s" in capsys.readouterr().err
    main(["predict", *map(str, [*words, tmp_path / "b", "--fps", 8])])
    assert "frame rate" not in capsys.readouterr().err
    film = cv2.VideoCapture(str(tmp_path / "b/overlays/run.mp4"))
    assert film.get(cv2.CAP_PROP_FPS) == pytest.approx(8, rel=1e-3)


def test_the_table_of_all_frames(inference, tmp_path):
    """Of a line in a round field: its length, its tip, its number, in pixels of the frame."""
    folder = tmp_path / "src"
    folder.mkdir()
    black = np.zeros((128, 128), np.uint8)
    cv2.imwrite(str(folder / "empty.png"), black)
    image, mask = picture(3)
    image, mask = (cv2.resize(one, (128, 128)) for one in (image, mask * 255))
    np.save(folder / "run.npy", np.stack([image, image]))
    out = tmp_path / "out"
    predict(folder, inference, out, SegmentConfig(size=64), Wanted(centrelines=True))
    with (out / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["frame"]) for row in rows] == [
        ("empty.png", "0"),
        ("run.npy", "0"),
        ("run.npy", "1"),
    ]
    assert {(row["frame_height"], row["frame_width"]) for row in rows} == {("128", "128")}
    assert [row["instruments"] for row in rows] == ["0", "1", "1"]
    assert (rows[0]["instrument"], rows[0]["length"], rows[0]["tip_x"]) == ("", "", "")
    (curve, _) = json.loads((out / "centrelines/run.json").read_text())
    points = np.array(curve["points"])
    length = np.linalg.norm(np.diff(points, axis=0), axis=1).sum()
    assert float(rows[1]["length"]) == pytest.approx(length, abs=0.06)
    assert rows[1]["instrument"] == rows[2]["instrument"] == "0"
    assert 0.5 < float(rows[1]["confidence"]) <= 1
    tip = [rows[1]["tip_x"], rows[1]["tip_y"]]
    assert tip == ([str(v) for v in curve["tip"]] if curve["tip"] else ["", ""])
    before = (out / "predictions.csv").read_bytes()
    (out / "predictions.csv").unlink()
    predict(folder, inference, out, SegmentConfig(size=64), Wanted(centrelines=True))
    assert (out / "predictions.csv").read_bytes() == before  # of files that were done before


def test_films_are_gif_where_nothing_else_can_be_written(tmp_path):
    film = Film(tmp_path / "run", 10, codec="none")
    for grey in (0, 100, 200):
        film.add(np.full((33, 48, 3), grey, np.uint8))
    film.close()
    assert [path.name for path in tmp_path.iterdir()] == ["run.gif"]
    with Image.open(tmp_path / "run.gif") as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"]) == (3, (48, 32), 100)


def test_curves_are_those_that_were_drawn(inference, tmp_path):
    line = np.array([[-8, 30], [40, 62], [120, 80], [150, 130]], float)
    t = np.linspace(0, 1, 200)[:, None]
    true = (1 - t) ** 3 * line[0] + 3 * t * (1 - t) ** 2 * line[1]
    true = true + 3 * t**2 * (1 - t) * line[2] + t**3 * line[3]
    image = np.full((192, 192), 150, np.uint8)
    cv2.polylines(image, [np.rint(true * 16).astype(np.int32)], False, 60, 9, cv2.LINE_AA, 4)
    drawn = (image < 105).sum() / np.linalg.norm(np.diff(true, axis=0), axis=1).sum()
    noise = np.random.default_rng(0).normal(0, 6, image.shape)
    image = np.clip(image + noise, 0, 255).astype(np.uint8)
    np.save(tmp_path / "run.npy", np.stack([image, np.full_like(image, 150)]))
    wanted = Wanted(centrelines=True)
    config = SegmentConfig(size=64, min_length=15)
    done = predict(tmp_path / "run.npy", inference, tmp_path / "out", config, wanted)
    assert (done.frames, done.found) == (2, 1)
    path = tmp_path / "out/centrelines/run.json"
    (curve,) = json.loads(path.read_text())
    assert (curve["frame"], curve["frame_size"], curve["label"]) == (0, [192, 192], "catheter")
    inside = true[(true >= 0).all(1)]
    points = np.array(curve["points"])
    assert centreline_error(points[(points >= 0).all(1)], inside) < 1.5  # half a pixel of 64
    assert np.linalg.norm(np.array(curve["tip"]) - line[-1]) < 7
    assert curve["tip"] == curve["points"][-1]
    assert np.median(curve["width"]) == pytest.approx(drawn, abs=3)  # a pixel of 64
    ((device,),) = (frame.devices for frame in read_curves(path))  # the generator takes it
    np.testing.assert_allclose(device.centreline, points, atol=0.01)
    labels = read_labels(tmp_path / "out/labels/run.json")  # and a person may correct it
    assert labels.source == FrameSequence(tmp_path / "run.npy").source
    (suggestion,) = labels.at(0).instruments
    assert (suggestion.id, suggestion.origin) == ("catheter_0", "suggested")
    np.testing.assert_allclose(suggestion.points, points, atol=0.01)
    assert labels.at(1) is None  # that nothing is found states nothing


def test_no_tip_where_the_instrument_leaves_the_picture(inference, tmp_path):
    image = np.full((64, 64), 150, np.uint8)
    image[30:33] = 90
    cv2.imwrite(str(tmp_path / "a.png"), image)
    config, wanted = SegmentConfig(size=64, min_length=15), Wanted(centrelines=True)
    predict(tmp_path / "a.png", inference, tmp_path / "out", config, wanted)
    (curve,) = json.loads((tmp_path / "out/centrelines/a.json").read_text())
    assert curve["tip"] is None


def test_thresholds_and_fragments(frames, inference, trained, tmp_path):
    folder, _ = frames
    sums = []
    for number, (threshold, length) in enumerate([(0.1, 0), (0.9, 0), (0.1, 10), (0.1, 1000)]):
        config = SegmentConfig.of(trained, threshold, min_length=length)
        assert config.size == 64
        predict(folder / "a.png", inference, tmp_path / f"{number}", config)
        sums.append((read(tmp_path / f"{number}/masks/a.png") > 0).sum())
    assert sums[0] > sums[1] > 0
    assert sums[0] >= sums[2] > 0
    assert sums[3] == 0


class StopError(Exception):
    pass


class Stops(Inference):
    """A network that fails from its sixth frame on."""

    left = 5

    def predict_maps(self, *arguments):
        if not self.left:
            raise StopError
        self.left -= 1
        return super().predict_maps(*arguments)


def test_an_interrupted_prediction_goes_on(frames, inference, tmp_path):
    folder, _ = frames
    np.save(folder / "run.npy", np.stack([picture(i)[0] for i in range(4)]))
    arguments = (SegmentConfig(size=64), Wanted(centrelines=True, probabilities=True))
    predict(folder, inference, tmp_path / "whole", *arguments)
    out = tmp_path / "out"
    with pytest.raises(StopError):  # amid the run
        predict(folder, Stops(inference.model, "cpu"), out, *arguments)
    assert not (out / "overlays/run.mp4").exists()
    assert not [name for name in files(out) if ".part" in name]
    journal = out / "predictions.jsonl"
    journal.write_text(journal.read_text() + '["half a li')
    done = predict(folder, inference, out, *arguments)
    assert (done.frames, done.skipped) == (4, 3)
    assert outputs(out) == outputs(tmp_path / "whole")
    assert predict(folder, inference, out, *arguments).skipped == 4
    cv2.imwrite(str(folder / "a.png"), large(7)[0])  # changed: made again
    assert predict(folder, inference, out, *arguments).frames == 1


@pytest.mark.parametrize("damage", [b"", b'[{"frame": 0}]', b"\xff{", None], ids=repr)
def test_what_the_table_needs_and_is_damaged_is_predicted_again(
    frames, inference, tmp_path, damage
):
    folder, _ = frames
    out = tmp_path / "out"
    number = predict(folder, inference, out).frames
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    found = sorted((out / "frames").glob("*.json"))[1]
    found.unlink() if damage is None else found.write_bytes(damage)
    again = predict(folder, inference, out)
    assert (again.frames, again.skipped) == (1, number - 1)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("lost", [None, b""], ids=["missing", "empty"])
def test_masks_that_a_crash_has_lost_are_predicted_again(inference, tmp_path, lost):
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in/a.png"), large(1)[0])
    np.save(tmp_path / "in/run.npy", np.stack([large(seed)[0] for seed in range(3)]))
    out = tmp_path / "out"
    assert predict(tmp_path / "in", inference, out).frames == 4
    before = outputs(out)
    for name in ("a.png", "run/00001.png"):
        mask = out / "masks" / name
        mask.unlink() if lost is None else mask.write_bytes(lost)
    assert predict(tmp_path / "in", inference, out).frames == 4
    assert outputs(out) == before
    assert predict(tmp_path / "in", inference, out).frames == 0


@pytest.mark.parametrize("scales", [(), (100.0,), (0.0,), (float("nan"),)])
def test_scales_out_of_range_are_refused_before_anything_is_written(scales):
    with pytest.raises(UsageError, match="`scales` must be numbers from 1/8 to 8"):
        SegmentConfig(scales=scales)


def test_other_folders_are_left_alone(frames, inference, tmp_path):
    folder, _ = frames
    out, config = tmp_path / "out", SegmentConfig(size=64)
    with pytest.raises(UsageError, match="would be read as input"):
        predict(folder, inference, folder / "out", config)
    with pytest.raises(UsageError, match="is a file: name a folder"):
        predict(folder / "b.v2.png", inference, folder / "a.png", config)
    with pytest.raises(UsageError, match="holds other files"):
        predict(folder / "a.png", inference, folder, config)
    predict(folder, inference, out, config)
    with pytest.raises(UsageError, match=r"threshold = 0\.5, not 0\.6"):
        predict(folder, inference, out, SegmentConfig(size=64, threshold=0.6))


def test_clips_reach_back_in_their_run(frames, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    for index in range(4):
        cv2.imwrite(str(folder / f"{index}.png"), np.full((32, 40), index, np.uint8))
    cv2.imwrite(str(folder / "4.png"), np.full((32, 32), 4, np.uint8))
    sources = sorted(folder.iterdir())
    found = [[clip[:, 0, 0].tolist() for _, clip in read_clips(sources, i, 3)] for i in range(5)]
    assert found == [[[0, 0, 0]], [[0, 0, 1]], [[0, 1, 2]], [[1, 2, 3]], [[4, 4, 4]]]
    np.save(folder / "9.npy", np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((32, 32), "u1"))
    clips = read_clips(sorted(folder.iterdir()), 5, 3)
    assert [clip[:, 0, 0].tolist() for _, clip in clips] == [
        [0, 0, 0], [0, 0, 1], [0, 1, 2], [1, 2, 3]
    ]  # fmt: skip


def test_the_command(frames, trained_file, tmp_path):
    folder, _ = frames
    arguments = [folder, "--model", trained_file, "--out", tmp_path / "out", "--scales", ".8,1"]
    arguments += ["--tta", "--centreline", "--min-length", "5", "--threshold", "0.4"]
    done = CliRunner().invoke(
        predict_command.command, [str(a) for a in arguments], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("3 frames in ")
    assert "3 with an instrument" in done.stdout
    head = json.loads((tmp_path / "out/predictions.jsonl").read_text().split("\n")[0])["settings"]
    assert (head["threshold"], head["size"], head["scales"]) == (0.4, 64, [0.8, 1.0])
    assert [head[key] for key in ("tta", "min_length", "centrelines")] == [True, 5.0, True]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({0: "nowhere"}, 3, "'nowhere' does not exist"),
        ({0: "broken.png"}, 3, "broken.png' cannot be read"),
        ({2: "nowhere.pt"}, 3, "there is no model 'nowhere.pt'"),
        ({2: "broken.png"}, 3, "broken.png is no checkpoint"),
        ({5: "--threshold=1.5"}, 2, "--threshold must be at least 0 and below 1"),
        ({5: "--scales=1,x"}, 2, "'1,x' is no list such as .8,1,1.25"),
        ({5: "--scales=0"}, 2, "--scales must be numbers from 1/8 to 8"),
        ({5: "--size=3"}, 2, "--size must be 0 or 16 to 8192"),
        ({5: "--fps=0"}, 2, "--fps must be above 0"),
        ({5: "--min-length=-1"}, 2, "--min-length must be at least 0"),
        ({5: "--device=warp"}, 2, "device 'warp' cannot be used"),
    ],
)
def test_mistakes_are_named(change, code, message, frames, trained_file, monkeypatch, capsys):
    folder, _ = frames
    monkeypatch.chdir(folder)
    Path("broken.png").write_bytes(Path("a.png").read_bytes()[:300])
    arguments = {0: "a.png", 1: "--model", 2: trained_file, 3: "--out", 4: "../out"} | change
    assert run(*arguments.values()) == code
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_a_broken_file_keeps_what_was_done_before(frames, inference, tmp_path):
    folder, _ = frames
    broken = folder / "z.png"
    broken.write_bytes((folder / "a.png").read_bytes()[:300])
    config = SegmentConfig(size=64)
    with pytest.raises(BadDataError, match=r"z\.png"):
        predict(folder, inference, tmp_path / "out", config)
    broken.unlink()
    assert predict(folder, inference, tmp_path / "out", config).skipped == 3


def test_frames_are_read_as_the_generator_reads_them(tmp_path, inference):
    image, _ = large(3, 100, 80)
    cv2.imwrite(str(tmp_path / "deep.png"), image.astype(np.uint16) * 257)
    cv2.imwrite(str(tmp_path / "plain.png"), next(read_frames(tmp_path / "deep.png")).image)
    predict(tmp_path, inference, tmp_path.parent / "same", SegmentConfig(size=64))
    assert np.array_equal(
        read(tmp_path.parent / "same/masks/deep.png"),
        read(tmp_path.parent / "same/masks/plain.png"),
    )


def test_progress_says_the_total_from_the_start(frames, inference, tmp_path, capfd):
    folder, _ = frames
    np.save(folder / "run.npy", np.stack([picture(i)[0] for i in range(4)]))
    predict(folder / "a.png", inference, tmp_path / "out", SegmentConfig(size=64), quiet=False)
    predict(folder, inference, tmp_path / "all", SegmentConfig(size=64), quiet=False)
    out, err = capfd.readouterr()
    assert out == ""
    assert "0/1 [" in err
    assert "0/7 [" in err
    assert "7/7 [" in err


def test_a_model_by_its_name_and_its_own_settings_suffice(frames, trained_file, tmp_path):
    folder, _ = frames
    predict(folder / "a.png", trained_file, tmp_path / "a", device="cpu")
    config = SegmentConfig(size=64, threshold=0.45)
    predict(folder / "a.png", Inference.load(trained_file, "cpu"), tmp_path / "b", config)
    assert outputs(tmp_path / "a") == outputs(tmp_path / "b")
