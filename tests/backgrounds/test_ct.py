"""Radiographs of a CT against analytic phantoms, and what a CT file may be."""

import sys

import nibabel
import numpy as np
import pytest
from dicom_files import dataset, save
from pydicom.uid import generate_uid
from scipy.ndimage import map_coordinates
from small import ct_file

from fluorosynth.backgrounds.bundled import CHEST_DRR, Bundled
from fluorosynth.backgrounds.ct import Ct
from fluorosynth.drr.attenuation import attenuation_of, body, bone_hu
from fluorosynth.drr.carm import CArm
from fluorosynth.drr.project import line_integrals
from fluorosynth.errors import BadDataError, MissingExtraError, UsageError
from fluorosynth.io.cache import cache_folder
from fluorosynth.io.volume import Volume, read_volume
from fluorosynth.ranges import Constant, Uniform
from fluorosynth.recipe import Recipe
from fluorosynth.xray.blur import blur
from fluorosynth.xray.materials import water_and_bone

WATER = 0.02059  # 1/mm at 60 keV, NIST


def grid(shape, spacing):
    """An affine centred on (0, 0, 0), and x, y, z of every voxel in mm."""
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * spacing
    return affine, np.indices(shape) * np.reshape(spacing, (3, 1, 1, 1)) + affine[
        :3, 3, None, None, None
    ]


def phantom(inside, shape=(96, 96, 64), spacing=(1.5, 1.5, 2.0)):
    """Water where ``inside(x, y, z)``, with edges as sharp as means over voxels allow."""
    affine, at = grid(shape, np.array(spacing))
    offsets = (np.indices((3, 3, 3)).reshape(3, -1).T - 1) / 3 * spacing
    share = np.mean([inside(*(at + o[:, None, None, None])) for o in offsets], axis=0)
    return Volume(np.rint(1000 * share - 1000).astype(np.int16), affine)


def rays(view, size):
    """Unit vectors from the source to each pixel, ``(size, size, 3)``."""
    corner, right, down = view.pixels(size)
    k = np.arange(size)
    to = corner - view.source + k[None, :, None] * right + k[:, None, None] * down
    return to / np.linalg.norm(to, axis=2, keepdims=True)


VIEWS = [(0, 0), (-30, 0), (45, 0), (30, 20), (-30, -25), (90, 0)]


# ---------------------------------------------------------------- line integrals


@pytest.mark.parametrize(("primary", "secondary"), VIEWS)
def test_sphere(primary, secondary):
    radius, centre = 40.0, np.array([5.0, -8.0, 3.0])
    sphere = phantom(lambda x, y, z: (x - 5) ** 2 + (y + 8) ** 2 + (z - 3) ** 2 < radius**2)
    view = CArm(primary, secondary, (0.0, 0.0, 0.0), field=130.0)
    found = line_integrals(body(sphere, 60), view, 64)
    distance = np.linalg.norm(np.cross(centre - view.source, rays(view, 64)), axis=2)
    expected = 2 * np.sqrt(np.maximum(radius**2 - distance**2, 0)) * WATER
    core = distance < 0.8 * radius
    assert core.sum() > 700
    np.testing.assert_allclose(found[core], expected[core], rtol=0.03)
    assert np.abs(found - expected)[distance > radius + 3].max() == 0
    assert found.sum() == pytest.approx(expected.sum(), rel=0.01)


@pytest.mark.parametrize(("primary", "secondary"), VIEWS)
def test_cylinder_along_the_body_goes_on_beyond_the_slices(primary, secondary):
    radius = 35.0
    cylinder = phantom(lambda x, y, z: x**2 + (y - 6) ** 2 < radius**2, (96, 96, 16))
    view = CArm(primary, secondary, (0.0, 0.0, 0.0), field=130.0)
    found = line_integrals(body(cylinder, 60), view, 64)
    ray, source = rays(view, 64), view.source - (0, 6, 0)
    flat = np.hypot(ray[..., 0], ray[..., 1])
    distance = np.abs(source[0] * ray[..., 1] - source[1] * ray[..., 0]) / flat
    expected = 2 * np.sqrt(np.maximum(radius**2 - distance**2, 0)) / flat * WATER
    core = distance < 0.9 * radius
    np.testing.assert_allclose(found[core], expected[core], rtol=0.03)
    assert found.sum() == pytest.approx(expected.sum(), rel=0.01)


def test_magnification():
    """A ball 40 mm to the patient's left, at the isocentre's depth and 100 mm behind it."""
    for behind in (0, 100):
        ball = phantom(
            lambda x, y, z, b=behind: (x + 40) ** 2 + (y + b) ** 2 + z**2 < 15**2,
            (96, 176, 32),
        )
        view = CArm(0, 0, (0.0, 0.0, 0.0), 1200.0, 800.0, field=200.0)
        shadow = line_integrals(body(ball, 60), view, 128)
        column = (shadow.sum(0) @ np.arange(128)) / shadow.sum()
        pitch = 200.0 * (1200 / 800) / 128
        assert column == pytest.approx(63.5 + 40 * 1200 / (800 - behind) / pitch, abs=0.3)


def test_directions():
    """The detector sees the patient from the front: left on the right, the head above."""
    left = phantom(lambda x, y, z: (x + 30) ** 2 + y**2 + (z - 25) ** 2 < 15**2)
    shadow = line_integrals(body(left, 60), CArm(0, 0, (0.0, 0.0, 0.0)), 64)
    row, column = np.unravel_index(shadow.argmax(), shadow.shape)
    assert row < 30
    assert column > 34
    front = phantom(lambda x, y, z: x**2 + (y - 30) ** 2 + z**2 < 15**2)
    for primary, secondary in ((30, 0), (0, 30)):
        shadow = line_integrals(body(front, 60), CArm(primary, secondary, (0.0, 0.0, 0.0)), 64)
        row, column = np.unravel_index(shadow.argmax(), shadow.shape)
        assert (column < 30) == (primary > 0)  # LAO: what lies in front goes to the right side
        assert (row > 34) == (secondary > 0)  # cranial: it goes down


def lump(seed=0):
    """A smooth random thing in air."""
    blocks = np.random.default_rng(seed).uniform(-200, 900, (8, 8, 6))
    hu = np.full((64, 64, 40), -1000.0)
    inner = np.indices((40, 40, 30)).reshape(3, -1) * np.array([[7 / 39], [7 / 39], [5 / 29]])
    hu[12:52, 12:52, 5:35] = map_coordinates(blocks, inner, order=1).reshape(40, 40, 30)
    return np.rint(hu).astype(np.int16)


def test_turning_the_patient_is_turning_the_arm():
    affine, _ = grid((64, 64, 40), np.array([2.0, 2.0, 3.0]))
    here = body(Volume(lump(), affine), 60)
    # A quarter turn takes front (y) to the left (-x), as LAO takes the detector
    there = body(Volume(np.ascontiguousarray(np.rot90(lump(), 1, (0, 1))), affine), 60)
    straight = line_integrals(here, CArm(10, 15, (0.0, 0.0, 0.0)), 48)
    turned = line_integrals(there, CArm(100, 15, (0.0, 0.0, 0.0)), 48)
    assert straight.max() > 1
    np.testing.assert_allclose(turned, straight, atol=1e-9)


@pytest.mark.parametrize(("primary", "secondary"), [(25, 10), (80, -20), (10, 70)])
def test_against_dense_sampling(primary, secondary):
    affine, _ = grid((64, 64, 40), np.array([2.0, 2.0, 3.0]))
    patient = body(Volume(lump(), affine), 60)
    view = CArm(primary, secondary, (0.0, 0.0, 0.0), field=100.0)
    at = np.arange(600.0, 960.0, 0.25)
    points = view.source + rays(view, 12)[:, :, None] * at[:, None]
    voxels = (points - patient.affine[:3, 3]) / np.diag(patient.affine)[:3]
    outside = ((voxels[..., :2] < 0) | (voxels[..., :2] > np.array(patient.mu.shape[:2]) - 1)).any(
        -1
    )
    mu = map_coordinates(patient.mu, np.moveaxis(voxels, -1, 0), order=1, mode="nearest")
    expected = np.where(outside, 0, mu).sum(-1) * 0.25
    np.testing.assert_allclose(line_integrals(patient, view, 12), expected, rtol=0.03, atol=0.02)


# ---------------------------------------------------------------- attenuation


def test_air_water_and_bone():
    hu = np.array([-2000, -1000, -500, 0, round(bone_hu())], np.int16)
    found = attenuation_of(hu, 60)
    np.testing.assert_allclose(found, [0, 0, WATER / 2, WATER, 0.06044], rtol=2e-3, atol=1e-9)
    assert (np.diff(attenuation_of(np.arange(-1000, 3000, dtype=np.int16), 45)) > 0).all()
    assert water_and_bone(40) == pytest.approx((0.02683, 0.12778))
    with pytest.raises(UsageError, match="30 to 100 keV"):
        water_and_bone(2000)


def test_table_is_left_out_and_contrast_agent_is_blood_again():
    affine, (x, y, z) = grid((100, 100, 60), np.array([2.0, 2.0, 2.0]))
    hu = np.full(x.shape, -1000, np.int16)
    hu[x**2 + y**2 < 80**2] = 40
    heart = x**2 + (y - 20) ** 2 + z**2 < 35**2  # 180 ml
    spine = (x**2 + (y + 55) ** 2 < 14**2) & (z % 30 > 5)  # vertebrae of 15 ml, parted by discs
    hu[heart], hu[spine] = 400, 350
    hu[(y < -92) & (abs(x) < 70)] = 200  # a table
    view = CArm(90, 0, (0.0, 0.0, 0.0), field=190.0)
    plain, mended = (
        line_integrals(body(Volume(hu, affine), 60, blood), view, 38) for blood in (False, True)
    )
    unopened = hu.copy()
    unopened[heart] = 50
    unopened[y < -85] = -1000
    wanted = line_integrals(body(Volume(unopened, affine), 60, False), view, 38)
    assert np.abs(plain - wanted).max() > 0.5
    assert np.abs(mended - wanted).max() < 0.06


def test_sharpening_is_unsharp_masking():
    wave = np.cos(np.arange(256) * 2 * np.pi / 16)[None].repeat(64, 0).astype(np.float32)
    gain = 1 + 1.5 * (1 - np.exp(-0.5 * (2 * np.pi / 16 * 3) ** 2))
    found = blur(wave, 3.0, -1.5)
    np.testing.assert_allclose(found[:, 32:-32], gain * wave[:, 32:-32], atol=0.02)
    np.testing.assert_array_equal(blur(wave, 3.0, 0.0), wave)


# ---------------------------------------------------------------- the source


@pytest.fixture
def chest(tmp_path):
    return Ct(ct_file(tmp_path), count=3, cache=tmp_path / "cache")


def changed(source, **fields):
    return Ct(**{**vars(source), **fields})


def test_the_second_run_reads_the_cache(chest, monkeypatch):
    first = chest.open(40, seed=1)
    (file,) = chest.cache.iterdir()
    monkeypatch.setitem(sys.modules, "nibabel", None)  # a CT can no longer be read
    again = chest.open(40, seed=1)
    np.testing.assert_array_equal(first.images, again.images)
    assert first.fingerprint == again.fingerprint
    with pytest.raises(MissingExtraError, match=r"fluorosynth\[ct\]"):
        chest.open(40, seed=2)
    assert list(chest.cache.iterdir()) == [file]


def test_a_broken_cache_is_made_again(chest):
    first = chest.open(40, seed=1)
    (file,) = chest.cache.iterdir()
    whole = file.read_bytes()
    for broken in (b"", whole[:-7], whole[:50] + b"x" + whole[51:], b"x" * len(whole)):
        file.write_bytes(broken)
        assert chest.open(40, seed=1).fingerprint == first.fingerprint
        assert file.read_bytes() == whole


def test_without_a_cache_the_pictures_are_the_same_and_none_is_kept(chest, monkeypatch):
    kept = chest.open(40, seed=1)
    (file,) = chest.cache.iterdir()
    file.unlink()
    monkeypatch.setenv("FLUOROSYNTH_CACHE", "off")
    assert chest.open(40, seed=1).fingerprint == kept.fingerprint
    assert not list(chest.cache.iterdir())


def test_a_larger_pool_renders_what_it_lacks(chest, monkeypatch):
    chest.open(40, seed=1)
    (file,) = chest.cache.iterdir()
    few = file.stat().st_size
    more = changed(chest, count=5).open(40, seed=1)
    assert list(chest.cache.iterdir()) == [file]
    assert file.stat().st_size == few / 3 * 5
    monkeypatch.setenv("FLUOROSYNTH_CACHE", "off")
    assert changed(chest, count=5).open(40, seed=1).fingerprint == more.fingerprint


def test_seeds_settings_and_contents_differ(chest, tmp_path):
    pools = [chest.open(40, seed=1), chest.open(40, seed=2)]
    pools.append(changed(chest, sharpen=0.0).open(40, seed=1))
    image = nibabel.load(chest.path)
    other = np.asarray(image.dataobj).copy()
    other[20:30, 20:30] += 100
    nibabel.save(nibabel.Nifti1Image(other, image.affine), tmp_path / "other.nii")
    pools.append(changed(chest, path=tmp_path / "other.nii").open(40, seed=1))
    assert len({pool.fingerprint for pool in pools}) == 4
    assert len({pool.images[k].tobytes() for pool in pools for k in range(3)}) == 12


def test_a_picture_does_not_depend_on_their_number_or_the_path(chest, tmp_path):
    moved = tmp_path / "elsewhere.nii.gz"
    moved.write_bytes(chest.path.read_bytes())
    few = chest.open(40, seed=1)
    more = changed(chest, path=moved, count=5).open(40, seed=1)
    np.testing.assert_array_equal(few.images, more.images[:3])
    assert few.ids == more.ids[:3]


def test_dense_is_dark(chest):
    """Without borders and noise, from the front: the spine is darker than the lungs."""
    straight = changed(
        chest, primary=Constant(0.0), secondary=Constant(0.0), wander=0.0, borders=0.0, noise=0.0
    )
    for image in straight.open(64, seed=0).images:
        rows = image[16:40].mean(0)
        assert rows[28:36].mean() < rows[10:20].mean() - 20
        assert rows[28:36].mean() < rows[44:54].mean() - 20


def test_where_the_cache_is(monkeypatch, tmp_path):
    for name in ("FLUOROSYNTH_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache/fluorosynth"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == tmp_path / ".cache/fluorosynth"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg/fluorosynth"
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.setenv("FLUOROSYNTH_CACHE", "off")
    assert cache_folder() is cache_folder(tmp_path) is None


def test_a_cache_that_cannot_be_written_is_said_before_anything_is_rendered(chest, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadDataError, match=r"cannot be written: .*FLUOROSYNTH_CACHE"):
        changed(chest, cache=tmp_path / "file").open(40, seed=1)


def test_a_recipe_knows_a_ct_by_its_suffix(chest):
    cache = f"ct.cache={str(chest.cache)!r}"
    recipe = Recipe.preset("paper").with_sources(str(chest.path))
    recipe = recipe.with_values("ct.count=2", cache, "size=48")
    assert recipe.backgrounds == (changed(chest, count=2),)
    sample = recipe.sample(seed=1, index=0)
    assert sample.meta["background"] in changed(chest, count=2).open(48, seed=1).ids
    for name in ("A.NII", "b.nii.gz"):
        assert recipe.with_sources(name).backgrounds[0].kind == "ct"
    assert recipe.with_sources("nii.png").backgrounds[0].kind == "folder"


# ---------------------------------------------------------------- DICOM


def series(folder, hu, spacing=(1.5, 2.0, 3.0), skip=(), uid=None, **elements):
    """CT slices of ``(X, Y, Z)`` HU whose axes run to the left, back and head, as scanners do."""
    folder.mkdir(exist_ok=True)
    uid = uid or generate_uid()
    for k in set(range(hu.shape[2])) - set(skip):
        stored = (hu[:, :, k].T[None] + 1024).astype(np.uint16)
        place = {
            "Modality": "CT",
            "SeriesInstanceUID": uid,
            "PixelSpacing": [spacing[1], spacing[0]],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "ImagePositionPatient": [-50, -60, 10 + spacing[2] * k],
            "RescaleSlope": 1,
            "RescaleIntercept": -1024,
        }
        # Names in an order that is not that of the slices
        save(dataset(stored, **(place | elements)), folder / f"{(k * 7) % 64:03}-{uid[-4:]}.dcm")
    return folder


def test_dicom_series_is_the_nifti_of_it(tmp_path):
    hu = lump()[:40, :50, :20]
    folder = series(tmp_path / "slices", hu)
    affine = np.array([[-1.5, 0, 0, 50], [0, -2, 0, 60], [0, 0, 3, 10], [0, 0, 0, 1.0]])
    nibabel.save(nibabel.Nifti1Image(hu, affine), tmp_path / "same.nii.gz")
    one, other = read_volume(folder), read_volume(tmp_path / "same.nii.gz")
    np.testing.assert_array_equal(one.hu, other.hu)
    np.testing.assert_array_equal(one.hu, hu[::-1, ::-1])
    np.testing.assert_allclose(one.affine, other.affine, atol=1e-6)
    cache = tmp_path / "cache"
    Ct(folder, count=1, cache=cache).open(32, seed=0)
    assert all(b"Somebody" not in path.read_bytes() for path in cache.iterdir())


def test_bad_series(tmp_path):
    hu = lump()[:20, :20, :20]
    cases = {
        "2 CT series": lambda f: series(series(f, hu), hu),
        "some are missing": lambda f: series(f, hu, skip=(7,)),
        "no ImagePositionPatient": lambda f: series(f, hu, ImagePositionPatient=None),
        "no PixelSpacing": lambda f: series(f, hu, PixelSpacing=None),
        "says that its voxels are 0": lambda f: series(f, hu, spacing=(0, 2.0, 3.0)),
        "holds no CT image": lambda f: series(f, hu, Modality="MR"),
        "20 x 20 x 1 voxels; .* at least 8": lambda f: series(f, hu, skip=range(1, 20)),
    }
    for k, (sentence, make) in enumerate(cases.items()):
        with pytest.raises(BadDataError, match=sentence):
            read_volume(make(tmp_path / str(k)))


# ---------------------------------------------------------------- bad NIfTI


def nifti(path, array, zooms=(2.0, 2.0, 2.0), **header):
    image = nibabel.Nifti1Image(array, np.diag([*zooms[:3], 1.0]))
    for key, value in header.items():
        image.header[key] = value
    nibabel.save(image, path)
    return path


def with_pixdim(path, values):
    """Write a spacing that nibabel would not."""
    raw = bytearray(path.read_bytes())
    raw[80:92] = np.array(values, "<f4").tobytes()
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, -1.0, 1e-3, 500.0])
def test_ct_without_spacing(tmp_path, value):
    path = with_pixdim(nifti(tmp_path / "a.nii", lump()), (2.0, value, 2.0))
    with pytest.raises(BadDataError, match=r"a\.nii' says that its voxels are 2 x .* mm"):
        Ct(path, cache=tmp_path / "c").open(64, seed=0)


def test_a_ct_that_lies_nowhere(tmp_path):
    path = nifti(tmp_path / "a.nii", lump())
    raw = bytearray(path.read_bytes())
    raw[280:284] = np.array([np.nan], "<f4").tobytes()  # srow_x
    path.write_bytes(raw)
    with pytest.raises(BadDataError, match=r"a\.nii' holds 1 NaN"):
        Ct(path, cache=tmp_path / "c").open(64, seed=0)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((16, 16, 16, 3), np.int16), "4 dimensions"),
        (np.arange(4096, dtype=np.int16).reshape(16, 16, 16), "no Hounsfield units"),
        (np.full((16, 16, 16), -3, np.int16), "no Hounsfield units"),
        (np.full((16, 16, 2), -1000, np.int16), "at least 8"),
        (np.full((16, 16, 16), np.nan, np.float32), "NaN"),
        (np.ones((16, 16, 16), np.complex64), "plain numbers"),
    ],
)
def test_what_is_no_ct(tmp_path, array, sentence):
    path = nifti(tmp_path / "a.nii.gz", array)
    with pytest.raises(BadDataError, match=sentence):
        Ct(path, cache=tmp_path / "c").open(64, seed=0)
    assert not list((tmp_path / "c").glob("*"))


def test_no_body(tmp_path):
    hu = np.full((32, 32, 32), -1000, np.int16)
    hu[4, 4, 4] = 2000
    with pytest.raises(BadDataError, match="no body"):
        Ct(nifti(tmp_path / "a.nii", hu), cache=tmp_path / "c").open(64, seed=0)


def test_absurd_size_is_refused_by_its_header(tmp_path):
    path = nifti(tmp_path / "a.nii", lump())
    raw = bytearray(path.read_bytes()[:352])
    raw[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    path.write_bytes(raw)
    with pytest.raises(BadDataError, match="claims 30000 x 30000 x 30000 voxels"):
        read_volume(path)
    raw[42:48] = np.array([200, 200, 200], "<i2").tobytes()
    path.write_bytes(raw)
    with pytest.raises(BadDataError, match="cannot be read"):
        read_volume(path)


@pytest.mark.parametrize("content", [b"", b"\x00" * 400, b"\x1f\x8b" + b"x" * 50, b"P" * 5000])
def test_broken_files(tmp_path, content):
    for name in ("a.nii", "a.nii.gz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadDataError, match=r"a\.nii"):
            read_volume(tmp_path / name)


def test_wrong_paths_and_settings(tmp_path):
    with pytest.raises(BadDataError, match="does not exist"):
        read_volume(tmp_path / "none")
    (tmp_path / "a.png").touch()
    with pytest.raises(BadDataError, match="name a NIfTI file"):
        read_volume(tmp_path / "a.png")
    path = ct_file(tmp_path)
    for wrong in ({"count": 0}, {"centre": (0.5,)}, {"wander": -1.0}, {"borders": 2.0}):
        with pytest.raises(UsageError):
            Ct(path, **wrong)
    with pytest.raises(UsageError, match="energy must be 30 to 100 keV, not 5000"):
        Ct(path, energy=5000.0)
    with pytest.raises(UsageError, match="at most"):
        Ct(path, count=10**6).open(4096, seed=0)
    for wrong in ({"source_isocentre": Constant(2000.0)}, {"field": Uniform(-5.0, -1.0)}):
        with pytest.raises(UsageError, match="must be"):
            Ct(path, cache=tmp_path, **wrong).open(32, seed=0)


# ---------------------------------------------------------------- the pack


def test_the_rendered_pack_is_small_and_attributed():
    pool = Bundled("chest_drr").open(256, seed=0)
    assert len(pool) == 64
    assert pool.images.shape[1:] == (256, 256)
    assert pool.fingerprint != Bundled().open(256, seed=0).fingerprint
    assert sum(path.stat().st_size for path in CHEST_DRR.iterdir()) < 1_500_000
    assert {path.suffix for path in CHEST_DRR.iterdir()} == {".jpg", ".csv"}
    assert "chest_drr" in (CHEST_DRR.parents[2] / "NOTICE").read_text()
