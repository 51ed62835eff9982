"""Runs of frames: what is promised of their motion, their noise and their files."""

import itertools
import json
import math
import tomllib
from dataclasses import replace

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.signal import lfilter
from scipy.spatial import cKDTree
from small import assert_equal, background, curve, device, rendered, small_recipe
from xxhash import xxh3_128

from fluorosynth.dataset.generation import generate
from fluorosynth.dataset.manifest import read_manifest, read_samples
from fluorosynth.dataset.plan import Plan
from fluorosynth.dataset.preview import write_film
from fluorosynth.dataset.verification import verify, verify_deep
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.exporters.base import Exporter, export
from fluorosynth.geometry.arc_path import ArcPath as Curve
from fluorosynth.geometry.arc_path import slid
from fluorosynth.geometry.warp import displace
from fluorosynth.motion.frames import frames_of
from fluorosynth.motion.laws import Motion
from fluorosynth.motion.moment import Moment
from fluorosynth.ranges import Constant
from fluorosynth.recipe import Recipe
from fluorosynth.sample import INSTRUMENT, Device, Sample, View
from fluorosynth.shards import open_shard
from fluorosynth.stages.attenuate import Attenuate
from fluorosynth.stages.coaxial import Coaxial
from fluorosynth.stages.compose import Compose
from fluorosynth.stages.display import Display
from fluorosynth.stages.expose import Expose
from fluorosynth.stages.jitter import Jitter
from fluorosynth.stages.noise import Noise, lagged
from fluorosynth.stages.one_of import OneOf
from fluorosynth.stages.render import Render
from fluorosynth.stages.vessels import Vessels

NOTHING = {name: Constant(0.0) for name in ("heart", "breath", "torque", "tip")}
STILL = Motion(**NOTHING, moving=0.0, pan=0.0, lag=Constant(1.0))


def physics(frames=5, size=96, **changes):
    return replace(Recipe.preset("physics"), frames=frames, size=size, **changes)


@pytest.fixture(scope="module")
def sampler():
    return physics().open(3)


def course(motion, devices=(), size=256, seed=0):
    view = View(128 / size, 75.0)  # 2 px a mm at 256 px
    picture = Sample(np.zeros((size, size), np.uint8), tuple(devices), view=view)
    return motion.draw(picture, np.random.default_rng(seed))


def straight(length=200.0, size=256, width=3.0):
    """A catheter that enters at the left border and lies along row 100."""
    points = np.float32([[0, 100], [length, 100]])
    return Device(points, np.full(2, width, np.float32))


# ---------------------------------------------------------------- a frame is a pure function


def test_a_frame_needs_none_after_it(sampler):
    run = sampler.sequence(4)
    assert len(run) == 5
    for t in (3, 0, 4):
        assert_equal(sampler.frame(4, t), run[t])


def test_a_longer_run_begins_like_a_shorter_one(sampler):
    for long, short in zip(sampler.sequence(2), physics(2).open(3).sequence(2), strict=False):
        assert_equal(long, short)


def test_runs_differ_by_seed_and_index(sampler):
    first = sampler.sequence(0)[0].image
    assert (first != sampler.sequence(1)[0].image).any()
    assert (first != physics().open(4).sequence(0)[0].image).any()


def test_one_frame_is_the_sample_and_leaves_no_trace(tmp_path):
    recipe = small_recipe(tmp_path)
    (only,) = recipe.open(0).sequence(7)
    assert_equal(only, recipe.sample(0, 7))
    assert not {"frames", "motion"} & tomllib.loads(recipe.to_toml()).keys()


@pytest.mark.parametrize("preset", Recipe.presets())
def test_every_preset_makes_runs_whose_recipe_survives_its_text(preset):
    recipe = replace(Recipe.preset(preset), frames=2, size=64)
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    first, second = recipe.sequence(0, 0)
    assert (first.image != second.image).any()
    json.dumps(first.meta, allow_nan=False)


def test_motion_is_configured_in_the_recipe():
    text = Recipe.preset("paper").to_toml() + "[motion]\nrate = {kind = 'constant', value = 5.0}\n"
    recipe = replace(Recipe.from_toml(text), frames=3)
    assert [frame.meta["time"] for frame in recipe.sequence(0, 0)] == [0.0, 0.2, 0.4]
    with pytest.raises(UsageError, match=r"motion\.rat: unknown key; did you mean 'rate'"):
        Recipe.from_toml(text.replace("rate", "rat"))
    with pytest.raises(UsageError, match="motion: expected a table, not 3"):
        Recipe.from_toml("motion = 3\n" + Recipe.preset("paper").to_toml())


# ---------------------------------------------------------------- motion


def test_points_of_an_instrument_correspond(sampler):
    for index in range(6):
        run = sampler.sequence(index)
        for frame in run[1:]:
            for one, other in zip(run[0].devices, frame.devices, strict=True):
                assert (one.label, one.id) == (other.label, other.id)
                np.testing.assert_array_equal(one.width, other.width)
                assert one.centreline.shape == other.centreline.shape


def test_no_point_moves_faster_than_the_laws_allow():
    motion = replace(Motion(), pan=0.0, tip=Constant(0.0), rate=Constant(15.0))
    recipe = physics(4, 256, motion=motion)
    # A beat's steepest slope is 3.3 amplitudes a period, a breath's 1.65 * 2
    px = 1 / 0.4
    fastest = px * (30 + 1.5 * 8 * 3.3 * 110 / 60 + 8.2 * 3.3 * 20 / 60)
    moved = []
    for index in range(8):
        run = recipe.sequence(1, index)
        for one, other in itertools.pairwise(run):
            for a, b in zip(one.devices, other.devices, strict=True):
                moved.append(np.abs(b.centreline - a.centreline).max() * 15)
    assert max(moved) <= fastest
    assert np.median(moved) > 2


def test_a_straight_catheter_is_pulled_at_the_speed_drawn():
    motion = replace(STILL, moving=1.0, speed=Constant(10.0), reach=Constant(30.0))
    motion = replace(motion, rate=Constant(10.0))
    catheter = straight()
    still = Sample(np.zeros((256, 256), np.uint8), (catheter,))
    found = frames_of(course(motion, [catheter]), still, 60)
    tips = np.array([frame.devices[0].centreline[-1] for frame in found])
    steps = np.abs(np.diff(tips[:, 0]))
    assert np.allclose(tips[:, 1], 100)
    assert np.median(steps) == pytest.approx(10 / 0.5 / 10, abs=1e-3)  # mm/s in px a frame
    assert steps.max() <= 2.001
    assert tips[:, 0].max() <= 200.001
    assert tips[:, 0].max() - tips[:, 0].min() == pytest.approx(60, abs=2)  # 30 mm
    whole = [frame.devices[0].centreline for frame in found]
    np.testing.assert_allclose(
        [np.diff(points[:, 0]).sum() for points in whole], np.ptp(whole[0][:, 0]), atol=1e-3
    )


def test_a_curved_wire_follows_its_own_path():
    turn = np.linspace(0, math.pi, 200)
    circle = Curve.of(np.column_stack([60 * np.cos(turn), 60 * np.sin(turn)]).astype("f4"))
    marks = np.linspace(30, circle.length, 50)
    points = slid(circle, marks, -25.0, base=circle.length, turn=0.0)
    assert np.abs(np.abs(points) - 60).max() < 0.02
    np.testing.assert_allclose(np.angle(points), (marks - 25) / 60, atol=1e-3)


def test_a_preformed_tip_keeps_its_shape_and_a_torque_foreshortens_it():
    hook = np.float32([[0, 0], [60, 0], [60, 20]])
    path, marks = Curve.of(hook), np.array([0.0, 50.0, 60.0, 70.0, 80.0])
    pulled = slid(path, marks, -15.0, base=50.0, turn=0.0)
    np.testing.assert_allclose(pulled, [-15, 35, 45, 45 + 10j, 45 + 20j], atol=1e-6)
    turned = slid(path, marks, 0.0, base=50.0, turn=math.radians(60))
    np.testing.assert_allclose(turned, [0, 50, 60, 60 + 5j, 60 + 10j], atol=1e-6)


def test_an_instrument_from_outside_still_reaches_the_border(tmp_path):
    motion = replace(Motion(), moving=1.0, pan=1.0, rate=Constant(4.0), pan_speed=Constant(40.0))
    drawn = small_recipe(tmp_path, frames=12, motion=motion, stages=(Render(),))
    inward = 0.0
    for index in range(12):
        for frame in drawn.sequence(0, index):
            assert (frame.mask[:, 0] == INSTRUMENT).any()  # the curves enter at the left
            inward = max(inward, frame.moment.displacement(np.zeros(1, complex))[0].real)
    assert inward > 5


def test_the_heart_beats_and_the_body_breathes_as_far_and_as_often_as_drawn():
    motion = replace(STILL, rate=Constant(200.0))
    beating = replace(motion, heart=Constant(5.0), heart_rate=Constant(75.0))
    drawn = course(beating)
    path = [
        Moment(drawn, t).displacement(np.array([drawn.centre]), heart=1.0)[0] for t in range(320)
    ]
    assert np.abs(path).max() == pytest.approx(10, abs=0.05)  # 5 mm
    assert np.abs(path).min() == pytest.approx(0, abs=0.05)
    assert abs(path[160] - path[0]) < 1e-6  # 200 frames/s * 60 s / 75 beats
    breathing = course(replace(motion, breath=Constant(4.0), breath_rate=Constant(15.0)))
    times = range(0, 1600, 10)
    way = [Moment(breathing, t).displacement(np.zeros(1, complex), breath=1.0)[0] for t in times]
    assert np.abs(way).max() == pytest.approx(8, abs=0.05)
    assert np.abs(np.imag(way)).max() > 0.9 * 8  # along the body's axis, about upright
    assert abs(way[80] - way[0]) < 1e-6  # 4 s


def test_the_picture_behind_moves_by_its_share():
    field = np.full((40, 40), 3, np.float32), np.full((40, 40), -2, np.float32)
    image = background(40).image
    moved = displace(image, field)
    np.testing.assert_array_equal(moved[:-2, 3:], image[2:, :-3])
    np.testing.assert_array_equal(moved[:-2, 0], image[2:, 0])  # the edge, continued
    shift = np.array([[1.0, 0, 5], [0, 1, 4], [0, 0, 1]])
    np.testing.assert_array_equal(displace(image, field, shift)[2:, 8:], image[:-2, :-8])
    motion = replace(STILL, breath=Constant(4.0), background=Constant(0.25))
    moment = Moment(course(motion, size=64), 3)
    x, y = moment.background((64, 50))
    expected = moment.displacement(np.zeros(1, complex), breath=0.25)[0] * 4
    assert x.shape == y.shape == (64, 50)
    assert np.allclose(x + 1j * y, expected / 4, atol=1e-5)


def test_ignored_regions_move_with_the_picture():
    ground = background(64)
    still = Sample(ground.image, (device(),), {"devices": [""]}, ignore=ground.ignore)
    panning = replace(STILL, pan=1.0, pan_speed=Constant(1e4), pan_length=Constant(3.0))
    frames = frames_of(course(panning, [device()], 64), still, 40)
    masks = [Render()(frame, np.random.default_rng(0)).mask for frame in frames]
    moved = frames[-1].moment.displacement(np.zeros(1, complex))[0]
    assert abs(moved) > 0.5
    assert (masks[0] == 255).sum() >= 45
    assert (masks[-1] == 255).sum() > (masks[0] == 255).sum()  # what came into view too


def test_a_wire_stays_in_its_catheter():
    stages = Recipe.preset("physics").stages
    stages = tuple(Coaxial(chance=1.0) if s.kind == "coaxial" else s for s in stages)
    recipe = physics(4, 128, stages=stages, motion=replace(Motion(), moving=1.0))
    pairs = 0
    for index in range(5):
        for frame in recipe.sequence(0, index):
            for wire in frame.devices:
                for catheter in frame.devices:
                    if wire.id == f"{catheter.id}/coaxial":
                        start = wire.centreline[0] - catheter.centreline[0]
                        if np.abs(start).max() > 1e-3:
                            continue  # of another catheter from the same source
                        tree = cKDTree(dense(catheter.centreline))
                        count = len(catheter.centreline) // 2
                        assert tree.query(wire.centreline[:count])[0].max() < 0.6
                        pairs += 1
    assert pairs >= 8


def dense(points):
    at = np.arange(len(points))
    fine = np.linspace(0, len(points) - 1, 20 * len(points))
    return np.column_stack([np.interp(fine, at, points[:, 0]), np.interp(fine, at, points[:, 1])])


def test_the_mask_lies_on_the_moved_centreline(tmp_path):
    recipe = small_recipe(tmp_path, frames=4, motion=replace(Motion(), moving=1.0))
    for index in range(4):
        for frame in recipe.sequence(0, index):
            curves = [dense(d.centreline) for d in frame.devices]
            inside = np.concatenate(curves)
            inside = inside[((inside > 0) & (inside < 63)).all(1)]
            x, y = inside.round().astype(int).T
            assert (frame.mask[y, x] == INSTRUMENT).mean() > 0.99
            labelled = np.argwhere(frame.mask == INSTRUMENT)[:, ::-1]
            widest = max(d.width.max() for d in frame.devices)
            assert cKDTree(np.concatenate(curves)).query(labelled)[0].max() <= widest / 2 + 0.05


def test_contrast_comes_and_goes():
    drawn = course(replace(STILL, rate=Constant(20.0), bolus=Constant(3.0)))
    there = np.array([Moment(drawn, t).contrast for t in range(100)])
    assert there.max() > 0.1
    assert there[-1] == 0
    assert ((there >= 0) & (there <= 1)).all()
    lit = replace(drawn, bolus_start=-1.5)
    assert Moment(lit, 0).contrast == pytest.approx(1)
    assert Moment(lit, 30).contrast == 0
    assert Moment(replace(drawn, bolus_start=0.5), 10).contrast == 0


def test_vessels_fade_with_the_bolus():
    stages = (Render(), Expose(Constant(2.0)), Vessels(chance=1.0, from_tip=1.0), Display(log=1.0))
    recipe = physics(12, 128, stages=stages, motion=replace(STILL, rate=Constant(2.0)))
    run = recipe.sequence(0, 1)
    empty = run[-1].image.astype(int)
    dark = [int((empty - frame.image).clip(0).sum()) for frame in run]
    strength = [frame.moment.contrast for frame in run]
    assert strength[-1] == 0
    assert np.corrcoef(dark, strength)[0, 1] > 0.9


# ---------------------------------------------------------------- noise and lag


def test_only_noise_is_new_where_nothing_moves():
    stages = tuple(s for s in Recipe.preset("physics").stages if s.kind != "vessels")
    silent = tuple(s for s in stages if s.kind != "noise")
    for index in range(4):
        run = physics(3, stages=silent, motion=STILL).sequence(0, index)
        for frame in run[1:]:
            np.testing.assert_array_equal(frame.image, run[0].image)
            np.testing.assert_array_equal(frame.mask, run[0].mask)
        noisy = physics(3, stages=stages, motion=STILL).sequence(0, index)
        drawn = [[s for s in f.meta["steps"] if s["kind"] == "noise"] for f in noisy]
        assert drawn[0] == drawn[1] == drawn[2]  # the same detector
        assert (noisy[0].image != noisy[1].image).mean() > 0.2
        difference = noisy[1].image.astype(float) - noisy[2].image
        assert abs(difference.mean()) < 0.1 * difference.std() + 0.2


def test_lag_is_the_recursive_filter():
    rng = np.random.default_rng(0)
    pictures = rng.random((9, 6, 7)).astype(np.float32)
    for share in (0.25, 0.6, 1.0):
        state = (1 - share) * pictures[:1]
        oracle, _ = lfilter([share], [1, share - 1], pictures, axis=0, zi=state)
        np.testing.assert_allclose(lagged(list(pictures), share), oracle, atol=1e-6)


def flat_run(share, frames):
    """Frames of a flat picture with the noise of 1000 photons and a lag."""
    moment = Moment(course(replace(STILL, lag=Constant(share)), size=128), 0)
    flat: np.ndarray = np.full((128, 128), 0.5, np.float32)
    still = replace(rendered(128), image=flat, contrast=flat * 0, moment=moment)
    noise = Noise(Constant(1000.0), Constant(0.0), Constant(0.0))
    return noise.over([still] * frames, lambda t: np.random.default_rng((5, t)))


def test_noise_under_lag_is_as_strong_in_every_frame_and_correlated_in_time():
    share = 0.4
    images = np.array([frame.image for frame in flat_run(share, 6)]) - 0.5
    expected = 0.5 / 1000 * share / (2 - share)
    np.testing.assert_allclose(images.var((1, 2)), expected, rtol=0.08)
    together = (images[3] * images[4]).mean() / expected
    assert together == pytest.approx(1 - share, abs=0.05)


def test_a_trail_of_contrast_follows_a_moving_instrument():
    motion = replace(
        STILL, moving=1.0, speed=Constant(30.0), reach=Constant(40.0), lag=Constant(0.5)
    )
    stages = (Render(), Expose(), Attenuate(), Noise(), Display())
    still = Sample(np.full((256, 256), 200, "u1"), (straight(),), {})
    frames = frames_of(course(motion, [straight()]), still, 2)
    run = [Render()(frame, np.random.default_rng(0)) for frame in frames]
    for stage in stages[1:4]:
        run = stage.over(run, lambda t: np.random.default_rng((1, t)))
    before, after = ((frame.mask == INSTRUMENT) for frame in run)
    either = before ^ after
    assert either.any()
    inside = run[1].contrast[before & after].mean()
    assert 0.3 < run[1].contrast[either].mean() / inside < 0.7  # half of it, at K = .5


def test_nested_stages_take_part():
    nested = Compose((OneOf((Jitter(40), Jitter(41))), Compose((Jitter(3),))))
    recipe = physics(3, 64, stages=(Render(), nested), motion=STILL)
    run = recipe.sequence(0, 1)
    assert len({tuple(step["kind"] for step in f.meta["steps"]) for f in run}) == 1
    assert (run[0].image != run[1].image).any()
    assert (run[1].image != run[2].image).any()
    used = set()
    Compose((Compose((Jitter(), Jitter())), OneOf((Jitter(),)))).over(
        run, lambda t: used.add(t) or np.random.default_rng(t)
    )
    assert len(used) == 3 + 3 * 3  # three choices, and a stream for each frame of each jitter


# ---------------------------------------------------------------- files


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    recipe = small_recipe(folder, frames=3)
    generate(recipe, folder / "set", n=5, seed=1, shard_size=2)
    return recipe, folder / "set"


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_plain_h5py_reads_what_the_format_says(files, tmp_path, compression):
    recipe, out = files
    if compression:
        generate(recipe, tmp_path / "gzip", n=5, seed=1, shard_size=2, compression=compression)
        out = tmp_path / "gzip"
    with h5py.File(out / "shard-00001.h5") as shard:
        assert shard.attrs["format_version"] == b"2.0"
        assert shard.attrs["frames"] == 3
        assert shard["images"].shape == shard["masks"].shape == (2, 3, 64, 64)
        assert shard["images"].chunks == ((1, 1, 64, 64) if compression else None)
        for row in range(2):
            run = recipe.sequence(1, 2 + row)
            for t, frame in enumerate(run):
                at = 3 * row + t
                np.testing.assert_array_equal(shard["images"][row, t], frame.image)
                np.testing.assert_array_equal(shard["masks"][row, t], frame.mask)
                assert json.loads(shard["meta"][at])["frame"] == t
                first, last = shard["devices/sample_offsets"][at : at + 2]
                assert last - first == len(frame.devices)
                a, b = shard["devices/point_offsets"][first : first + 2]
                points = frame.devices[0].centreline
                np.testing.assert_array_equal(shard["devices/points"][a:b], points)
                state = xxh3_128(
                    shard["images"][row, t].tobytes() + shard["masks"][row, t].tobytes()
                )
                for d in range(first, last):
                    a, b = shard["devices/point_offsets"][d : d + 2]
                    state.update(shard["devices/points"][a:b].astype("<f4").tobytes())
                    state.update(shard["devices/widths"][a:b].astype("<f4").tobytes())
                    state.update(bytes(shard["devices/labels"][d]))
                state.update(bytes(shard["meta"][at]))
                assert state.hexdigest() == shard["checksums"][at].decode()


def test_bytes_do_not_depend_on_workers(files, tmp_path):
    recipe, out = files
    generate(recipe, tmp_path / "again", n=5, seed=1, shard_size=2, workers=2)
    for path in sorted(out.glob("shard-*.h5")):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_a_set_is_read_back_and_verified(files):
    recipe, out = files
    manifest = read_manifest(out)
    assert (manifest.format_version, manifest.n, manifest.frames) == ("2.0", 5, 3)
    read = list(read_samples(out))
    assert [index for index, _ in read] == [i for i in range(5) for _ in range(3)]
    np.testing.assert_array_equal(read[7][1].image, recipe.open(1).frame(2, 1).image)
    assert [problems for _, problems in verify(out)] == [[], [], []]
    assert list(verify_deep(out, recipe.open(1))) == [(i, True) for i in range(5)]
    assert not all(equal for _, equal in verify_deep(out, recipe.open(2)))


def test_damage_names_sample_and_frame(files, tmp_path):
    _, out = files
    broken = tmp_path / "shard-00000.h5"
    broken.write_bytes((out / "shard-00000.h5").read_bytes())
    with h5py.File(broken, "r+") as shard:
        shard["masks"][1, 2, 5, 5] ^= 1
    from fluorosynth.shards import damage

    assert list(damage(broken)) == [f"{broken}: sample 1 frame 2 fails its checksum"]


@pytest.mark.parametrize(("frames", "said"), [(None, "intact"), (1, "frames"), (4, "expected")])
def test_wrong_numbers_of_frames_are_named(files, tmp_path, frames, said):
    broken = tmp_path / "s.h5"
    broken.write_bytes((files[1] / "shard-00000.h5").read_bytes())
    with h5py.File(broken, "r+") as shard:
        del shard.attrs["frames"]
        if frames is not None:
            shard.attrs["frames"] = frames
    with pytest.raises(BadDataError, match=said), open_shard(broken):
        pass


def test_pictures_keep_their_format(tmp_path):
    recipe = small_recipe(tmp_path)
    generate(recipe, tmp_path / "set", n=2)
    with h5py.File(tmp_path / "set/shard-00000.h5") as shard:
        assert shard.attrs["format_version"] == b"1.0"
        assert "frames" not in shard.attrs
        assert shard["images"].shape == (2, 64, 64)
    manifest = json.loads((tmp_path / "set/dataset.json").read_text())
    assert manifest["format_version"] == "1.0"
    assert "frames" not in manifest


def test_a_set_of_other_frames_is_not_added_to(files):
    recipe, out = files
    with pytest.raises(UsageError, match=r"recipes differ(.|\n)*frames"):
        generate(replace(recipe, frames=4), out, n=9, seed=1, shard_size=2)


def test_room_and_shards_are_counted_in_frames(tmp_path):
    assert Plan(tmp_path, 10, 5, 64, 8).bytes == 8 * Plan(tmp_path, 10, 5, 64).bytes
    recipe = small_recipe(tmp_path, frames=200)
    generate(small_recipe(tmp_path, frames=200), tmp_path / "set", n=3)
    assert [e.count for e in read_manifest(tmp_path / "set").shards] == [2, 1]  # 500 // 200
    assert recipe.frames == 200


def test_exports_name_sample_and_frame(files, tmp_path):
    recipe, out = files
    export(read_samples(out), "folder", tmp_path / "png")
    names = sorted(path.name for path in (tmp_path / "png/masks").iterdir())
    assert names[:4] == ["000000_000.png", "000000_001.png", "000000_002.png", "000001_000.png"]
    assert len(names) == 15
    picture = np.asarray(Image.open(tmp_path / "png/images/000004_002.png"))
    np.testing.assert_array_equal(picture, recipe.open(1).frame(4, 2).image)
    export(read_samples(out), "nnunet", tmp_path / "nn")
    assert (tmp_path / "nn/labelsTr/fluoro_000004_002.png").exists()
    assert json.loads((tmp_path / "nn/dataset.json").read_text())["numTraining"] == 15


def test_coco_gives_every_frame_an_image(files, tmp_path):
    pytest.importorskip("pycocotools")
    export(read_samples(files[1]), "coco", tmp_path / "coco")
    content = json.loads((tmp_path / "coco/annotations.json").read_text())
    assert [image["id"] for image in content["images"]] == list(range(15))
    assert content["images"][4]["file_name"] == "000001_001.png"
    assert {a["image_id"] for a in content["annotations"]} == set(range(15))


def test_an_exporter_that_does_not_know_runs_refuses_them(files, tmp_path):
    class Mine(Exporter, kind="mine"):
        def write(self, samples, out):
            list(samples)

    with pytest.raises(UsageError, match="'mine' does not take sequences"):
        export(read_samples(files[1]), Mine(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_film_has_every_frame_at_the_pace_drawn(files, tmp_path):
    run = files[0].sequence(1, 0)
    write_film([run, run], tmp_path / "run.gif")
    with Image.open(tmp_path / "run.gif") as film:
        assert film.n_frames == 3
        assert film.info["duration"] == pytest.approx(1000 / run[0].meta["motion"]["rate"], abs=10)
        assert film.width > 4 * 64


# ---------------------------------------------------------------- mistakes


def test_runs_that_memory_cannot_hold_are_refused_at_once():
    with pytest.raises(UsageError, match=r"100000 frames of 96 px needs .* GiB.* at most"):
        physics(100_000)
    physics(50)


@pytest.mark.parametrize("name", ["rate", "lag", "bolus", "speed", "reach", "pan_speed"])
def test_impossible_laws_are_named(name):
    recipe = physics(2, motion=replace(Motion(), **{name: Constant(0.0)}))
    with pytest.raises(UsageError, match=f"motion drew a {name} of 0"):
        recipe.sequence(0, 0)


def test_impossible_lags_frames_and_recipes_are_named():
    with pytest.raises(UsageError, match="lag of 2"):
        physics(2, motion=replace(Motion(), lag=Constant(2.0))).sequence(0, 0)
    for t in (-1, 2):
        with pytest.raises(UsageError, match=f"2 frames has no frame {t}"):
            physics(2).open(0).frame(0, t)
    with pytest.raises(UsageError, match="add 'render' after the geometry"):
        physics(2, stages=()).sequence(0, 0)
    with pytest.raises(UsageError, match="frames"):
        Recipe.from_toml("frames = 0\n" + Recipe.preset("paper").to_toml())


def test_a_curve_of_one_place_can_be_moved():
    point = Device(np.float32([[5, 5], [5, 5]]), np.float32([3, 3]))
    drawn = course(replace(Motion(), moving=1.0), [point], 64)
    frames = frames_of(drawn, Sample(np.zeros((64, 64), np.uint8), (point,)), 3)
    assert np.isfinite([frame.devices[0].centreline for frame in frames]).all()
    assert curve().shape == (30, 2)
