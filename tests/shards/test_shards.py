"""The shard format as documented, read by plain h5py and NumPy, and broken in every way."""

import json
import shutil
import subprocess
from dataclasses import replace

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import assert_equal, device
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError
from fluorosynth.sample import Sample
from fluorosynth.shards import (
    BATCH,
    ShardInfo,
    damage,
    digest,
    file_digest,
    open_shard,
    software,
    write_shard,
)
from fluorosynth.shards.info import fixed

SIZE = 32


def made(count=7):
    """Samples with no, one and two devices, labels and provenance beyond ASCII."""
    stream = np.random.default_rng(5)
    samples = []
    for k in range(count):
        image = stream.integers(0, 256, (SIZE, SIZE)).astype(np.uint8)
        mask = stream.choice(np.uint8([0, 1, 255]), (SIZE, SIZE))
        devices = tuple(
            device(j, SIZE, 2 + j, label="dräht" if j else "catheter", id=f"é{k}.{j}")
            for j in range(k % 3)
        )
        meta = {
            "background": 'quo"ted\nü',
            "devices": [d.id for d in devices],
            "steps": [{"kind": "x", "value": 1e-05 * k, "large": 2**60}],
        }
        samples.append(Sample(image, devices, meta, mask))
    return samples


def info(count=7, **changes):
    about = ShardInfo("size = 32\n# ü", 2**64 - 1, 10, count, SIZE, ["a", "ü"], software())
    return replace(about, **changes)


@pytest.fixture(scope="module")
def samples():
    return made()


@pytest.fixture(scope="module")
def good(samples, tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "shard-00000.h5"
    write_shard(path, info(), samples)
    return path


@pytest.fixture
def shard(good, tmp_path):
    return shutil.copy(good, tmp_path / "shard-00000.h5")


# ---------------------------------------------------------------- what is written


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_plain_h5py_reads_what_the_format_says(samples, tmp_path, compression):
    path = tmp_path / "s.h5"
    write_shard(path, info(), samples, compression)
    with h5py.File(path) as file:
        assert file.attrs["format"] == b"fluorosynth-shard"
        assert file.attrs["format_version"] == b"1.0"
        assert file.attrs["recipe"].decode() == "size = 32\n# ü"
        numbers = {"seed": np.uint64, "first_index": np.int64, "count": np.int64, "size": np.int64}
        assert {k: file.attrs[k].dtype.type for k in numbers} == numbers
        assert file.attrs["seed"] == 2**64 - 1
        assert (file.attrs["first_index"], file.attrs["count"], file.attrs["size"]) == (10, 7, 32)
        assert json.loads(file.attrs["fingerprints"]) == ["a", "ü"]
        assert set(json.loads(file.attrs["software"])) >= {"fluorosynth", "numpy", "opencv"}
        devices = file["devices"]
        total = sum(len(d.centreline) for s in samples for d in s.devices)
        shapes = {
            "images": ((7, 32, 32), np.uint8),
            "masks": ((7, 32, 32), np.uint8),
            "devices/points": ((total, 2), np.float32),
            "devices/widths": ((total,), np.float32),
            "devices/point_offsets": ((7,), np.int64),
            "devices/sample_offsets": ((8,), np.int64),
            "checksums": ((7,), np.dtype("S32")),
        }
        assert {k: (file[k].shape, file[k].dtype) for k in shapes} == shapes
        for row, sample in enumerate(samples):
            np.testing.assert_array_equal(file["images"][row], sample.image)
            np.testing.assert_array_equal(file["masks"][row], sample.mask)
            assert json.loads(file["meta"][row]) == sample.meta
            first, last = devices["sample_offsets"][row : row + 2]
            assert last - first == len(sample.devices)
            for d, known in zip(range(first, last), sample.devices, strict=True):
                a, b = devices["point_offsets"][d : d + 2]
                np.testing.assert_array_equal(devices["points"][a:b], known.centreline)
                np.testing.assert_array_equal(devices["widths"][a:b], known.width)
                assert devices["labels"][d].decode() == known.label


def test_the_checksum_is_the_documented_one(good):
    """The program in docs/format.md."""
    with h5py.File(good) as shard:
        devices = shard["devices"]
        for row in range(shard.attrs["count"]):
            state = xxh3_128(shard["images"][row].tobytes() + shard["masks"][row].tobytes())
            first, last = devices["sample_offsets"][row : row + 2]
            for d in range(first, last):
                a, b = devices["point_offsets"][d : d + 2]
                state.update(devices["points"][a:b].astype("<f4").tobytes())
                state.update(devices["widths"][a:b].astype("<f4").tobytes())
                state.update(bytes(devices["labels"][d]))
            state.update(bytes(shard["meta"][row]))
            assert state.hexdigest() == shard["checksums"][row].decode()


def test_pictures_are_mapped_into_memory(good, samples):
    for name in ("images", "masks"):
        with h5py.File(good) as file:
            assert file[name].chunks is None
            assert file[name].compression is None
            offset, shape = file[name].id.get_offset(), file[name].shape
        mapped = np.memmap(good, np.uint8, "r", offset, shape)
        expected = np.stack([s.image if name == "images" else s.mask for s in samples])
        np.testing.assert_array_equal(mapped, expected)


def test_gzip_is_smaller_and_holds_the_same(tmp_path):
    flat = [replace(s, image=s.image // 64, mask=s.mask % 2) for s in made(20)]
    plain, small = tmp_path / "p.h5", tmp_path / "g.h5"
    write_shard(plain, info(20), flat)
    write_shard(small, info(20), flat, "gzip")
    assert small.stat().st_size < 0.7 * plain.stat().st_size
    with h5py.File(small) as file:
        assert file["images"].compression == "gzip"
        assert file["images"].chunks == (1, 32, 32)
    assert list(damage(small)) == []
    with open_shard(plain) as one, open_shard(small) as two:
        for row in range(20):
            assert_equal(one.sample(row), two.sample(row))


@pytest.mark.skipif(shutil.which("h5dump") is None, reason="needs HDF5's own tools")
def test_the_tools_of_hdf5_read_it(good):
    line = ["h5dump", "-d", "/masks", "-s", "0,0,0", "-c", "1,1,4", good]
    out = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert 'DATASET "/masks"' in out


def test_the_reader_gives_back_what_was_written(good, samples):
    with open_shard(good) as shard:
        assert shard.info == info()
        for row, sample in enumerate(samples):
            assert_equal(shard.sample(row), sample)
    assert list(damage(good)) == []


@pytest.mark.parametrize("count", [1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 3])
def test_batches_do_not_show(tmp_path, count):
    path, samples = tmp_path / "s.h5", made(count)
    write_shard(path, info(count), iter(samples))
    assert list(damage(path)) == []
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["images"][:], [s.image for s in samples])


def test_a_shard_may_hold_no_device_at_all(tmp_path):
    path = tmp_path / "s.h5"
    nothing = [replace(s, devices=(), meta={"background": "", "devices": []}) for s in made(3)]
    write_shard(path, info(3), nothing)
    assert list(damage(path)) == []
    with open_shard(path) as shard:
        assert [shard.sample(row).devices for row in range(3)] == [(), (), ()]
    with h5py.File(path) as file:
        assert file["devices/points"].shape == (0, 2)
        assert file["devices/labels"].shape == (0,)


def test_equal_samples_make_equal_files(samples, tmp_path):
    for name in ("a", "b"):
        write_shard(tmp_path / name, info(), samples)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert file_digest(tmp_path / "a") == xxh3_128((tmp_path / "a").read_bytes()).hexdigest()


# ---------------------------------------------------------------- all or nothing


@pytest.mark.parametrize("good_ones", [0, 1, 5])
def test_nothing_is_left_when_a_sample_raises(samples, tmp_path, good_ones):
    def failing():
        yield from samples[:good_ones]
        assert list(tmp_path.iterdir()), "the work goes to the disk as it is made"
        assert not (tmp_path / "s.h5").exists()
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        write_shard(tmp_path / "s.h5", info(), failing())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [3, 6, 8, 100])
def test_a_wrong_number_of_samples_is_refused(samples, tmp_path, count):
    with pytest.raises((ValueError, TypeError), match=r"samples|broadcast|shape"):
        write_shard(tmp_path / "s.h5", info(count), samples)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_shard_survives_a_failed_rewrite(shard, samples):
    before = shard.read_bytes()
    with pytest.raises(ValueError, match="samples"):
        write_shard(shard, info(9), samples)
    assert shard.read_bytes() == before


def test_samples_without_a_mask_are_refused(samples, tmp_path):
    with pytest.raises(ValueError, match="rendered"):
        write_shard(tmp_path / "s.h5", info(1), [replace(samples[0], mask=None)])


def test_provenance_that_json_has_no_word_for_is_refused(samples, tmp_path):
    odd = replace(samples[0], meta={**samples[0].meta, "x": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        write_shard(tmp_path / "s.h5", info(1), [odd])


# ---------------------------------------------------------------- broken files

CONTIGUOUS = ("images", "masks", "devices/points", "devices/widths", "checksums")


def flip(path, at, bit):
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))


def found_out(path):
    """Whether reading a shard through says that something is wrong, and nothing worse happens."""
    try:
        return bool(list(damage(path)))
    except BadDataError:
        return True


relaxed = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("name", [*CONTIGUOUS, "devices/point_offsets", "devices/sample_offsets"])
@relaxed
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_of_a_dataset_is_found(shard, name, place, bit):
    with h5py.File(shard) as file:
        start, size = file[name].id.get_offset(), file[name].id.get_storage_size()
    at = start + int(place * size)
    flip(shard, at, bit)
    assert found_out(shard)
    flip(shard, at, bit)
    assert not found_out(shard)


@relaxed
@given(row=st.integers(0, 6), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_of_provenance_and_labels_is_found(shard, row, place, bit):
    with h5py.File(shard) as file:
        texts = [bytes(text) for text in (*file["meta"][:], *file["devices/labels"][:])]
    text = texts[row % len(texts)]
    at = shard.read_bytes().index(text) + int(place * len(text))
    flip(shard, at, bit)
    assert found_out(shard)
    flip(shard, at, bit)


@settings(relaxed, max_examples=150)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_ends_in_a_sentence(shard, place, bit):
    at = int(place * shard.stat().st_size)
    before = file_digest(shard)
    flip(shard, at, bit)
    assert file_digest(shard) != before
    found_out(shard)
    flip(shard, at, bit)


def test_provenance_is_checked_as_stored(shard):
    """Another spelling of the same number is another byte."""
    content = shard.read_bytes()
    assert b'"value": 1e-05' in content
    shard.write_bytes(content.replace(b'"value": 1e-05', b'"value": 1E-05', 1))
    assert found_out(shard)


def test_damage_names_the_sample(shard):
    with h5py.File(shard, "r+") as file:
        file["masks"][4, 3, 3] ^= 1
    (said,) = damage(shard)
    assert "sample 14" in said  # row 4 of a shard that starts at index 10
    assert "shard-00000.h5" in said


@settings(relaxed, max_examples=40)
@given(share=st.floats(0, 1, exclude_max=True))
def test_cut_files_are_named(good, tmp_path, share):
    path = tmp_path / "cut.h5"
    path.write_bytes(good.read_bytes()[: int(share * good.stat().st_size)])
    with pytest.raises(BadDataError, match=r"cut\.h5"), open_shard(path):
        pass


@pytest.mark.parametrize("content", [b"", b"not HDF5 at all", b"\x89HDF\r\n\x1a\n", b"\0" * 4096])
def test_other_files_are_named(tmp_path, content):
    path = tmp_path / "ö \n.h5"
    path.write_bytes(content)
    with pytest.raises(BadDataError, match="HDF5"), open_shard(path):
        pass


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(BadDataError, match="does not exist"), open_shard(tmp_path / "none.h5"):
        pass
    with pytest.raises(BadDataError, match=tmp_path.name), open_shard(tmp_path):
        pass


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("format", "something-else", "no fluorosynth-shard"),
        ("format_version", "3.0", r"version 3\.0"),
        ("format_version", "banana", "banana"),
        ("count", np.int64(6), "images"),
        ("count", np.int64(-1), "images"),
        ("size", np.int64(64), "images"),
        ("software", "not JSON", "intact"),
        ("fingerprints", 3, "intact"),
        ("seed", "seven", "intact"),
    ],
)
def test_wrong_attributes_are_named(shard, name, value, said):
    with h5py.File(shard, "r+") as file:
        del file.attrs[name]
        file.attrs[name] = fixed([value])[0] if isinstance(value, str) else value
    with pytest.raises(BadDataError, match=said), open_shard(shard):
        pass


@pytest.mark.parametrize("name", ["format", "recipe", "software"])
def test_attributes_in_the_heap_are_refused(shard, name):
    """There a flipped bit can make HDF5 loop for ever; nothing is read from it."""
    with h5py.File(shard, "r+") as file:
        text = bytes(file.attrs[name]).decode()
        del file.attrs[name]
        file.attrs[name] = text
    with pytest.raises(BadDataError, match="fixed length"), open_shard(shard):
        pass


@pytest.mark.parametrize("name", ["meta", "devices/labels"])
def test_texts_in_the_heap_are_refused(shard, name):
    with h5py.File(shard, "r+") as file:
        texts = [bytes(text).decode() for text in file[name][:]]
        del file[name]
        file.create_dataset(name, data=texts, dtype=h5py.string_dtype("utf-8"))
    with pytest.raises(BadDataError, match="fixed length"), open_shard(shard):
        pass


def test_a_later_minor_version_is_read(shard):
    with h5py.File(shard, "r+") as file:
        file.attrs["format_version"] = fixed(["1.7"])[0]
        file["more"] = np.arange(3)
        file.attrs["further"] = "x"
    assert list(damage(shard)) == []


@pytest.mark.parametrize("name", [*CONTIGUOUS, "meta", "devices", "devices/labels"])
def test_missing_datasets_are_found(shard, name):
    with h5py.File(shard, "r+") as file:
        del file[name]
    assert found_out(shard)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("images", np.zeros((7, 32, 31), np.uint8)),
        ("masks", np.zeros((6, 32, 32), np.uint8)),
        ("devices/points", np.zeros((3, 2), np.float32)),
        ("devices/widths", np.zeros(0, np.float32)),
        ("devices/sample_offsets", np.int64([0, 9, 1, 2, 3, 4, 5, 6])),
        ("devices/sample_offsets", np.int64([0, 2**62, 2**62, 2**62, 2**62, 2**62, 2**62, 6])),
        ("devices/point_offsets", np.int64([-5, 1, 2, 3, 4, 5, 180])),
        ("devices/labels", np.arange(6)),
        ("meta", np.arange(7)),
        ("meta", np.array([b"[]"] * 7)),
        ("checksums", np.arange(7)),
    ],
)
def test_wrong_datasets_are_found(shard, name, value):
    with h5py.File(shard, "r+") as file:
        del file[name]
        file[name] = value
    assert found_out(shard)


def test_pictures_of_another_type_are_refused(shard):
    with h5py.File(shard, "r+") as file:
        del file["images"]
        file["images"] = np.zeros((7, 32, 32), np.float64)
    with pytest.raises(BadDataError, match="images"), open_shard(shard):
        pass


def test_an_unreadable_folder_raises_oserror(samples, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        write_shard(tmp_path / "file" / "s.h5", info(), samples)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_digest_sees_every_part(samples):
    base = samples[2]
    first, second = base.devices
    moved = first.centreline.copy()
    moved[0, 0] = np.nextafter(moved[0, 0], np.float32(9e9))
    others = [
        replace(base, image=base.image ^ 1),
        replace(base, mask=base.mask ^ 1),
        replace(base, devices=(second, first)),
        replace(base, devices=(first,)),
        replace(base, devices=(replace(first, centreline=moved), second)),
        replace(base, devices=(replace(first, width=first.width + 1), second)),
        replace(base, devices=(replace(first, label="x"), second)),
        replace(base, meta={**base.meta, "background": "other"}),
    ]
    assert len({digest(s) for s in [base, *others]}) == 9
    assert digest(replace(base, image=np.asfortranarray(base.image))) == digest(base)
