"""What leaves a set is what was written to it, or a sentence says which sample is not."""

import json
import shutil

import h5py
import numpy as np
import pytest
from small import fluorosynth, small_recipe

from fluorosynth.dataset.generation import generate
from fluorosynth.dataset.manifest import read_manifest, read_samples
from fluorosynth.dataset.verification import verify
from fluorosynth.errors import BadDataError
from fluorosynth.shards import file_digest, open_shard


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    generate(small_recipe(folder), folder / "set", 6, shard_size=3)
    return folder / "set"


@pytest.fixture
def copied(made, tmp_path):
    return shutil.copytree(made, tmp_path / "set")


def flip(shard, name, row):
    """Flip one bit of a row, past HDF5's own checksums: the data have none."""
    with h5py.File(shard, "r+") as file:
        values = file[name]
        if values.dtype == np.uint8:
            values[row, 5, 5] ^= 1
        elif name == "meta":
            values[row] = values[row].replace(b'"', b"'", 1)
        else:
            values[row] = values[row] + np.float32(0.5)


@pytest.mark.parametrize("name", ["images", "masks", "meta", "devices/points", "devices/widths"])
@pytest.mark.parametrize(
    "words",
    [
        ("export", "--to", "folder", "--out", "e"),
        ("preview", "--out", "p.png"),
        ("verify",),
        ("verify", "--deep"),
    ],
    ids=" ".join,
)
def test_a_flipped_bit_never_leaves(copied, tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    flip(copied / "shard-00001.h5", name, 0)
    command, *options = words
    code, _, said = fluorosynth(command, "set", *options, "--quiet")
    assert code == 3
    assert "shard-00001.h5" in said
    assert "sample 3" in said
    assert "Traceback" not in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["set"]


def test_a_digest_that_vouches_for_damage_is_not_believed(copied):
    """As one that was written after the damage."""
    flip(copied / "shard-00001.h5", "masks", 1)
    manifest = json.loads((copied / "dataset.json").read_text())
    manifest["shards"][1]["xxh3_128"] = file_digest(copied / "shard-00001.h5")
    (copied / "dataset.json").write_text(json.dumps(manifest))
    (problem,) = dict(verify(copied))["shard-00001.h5"]
    assert problem.endswith("sample 4 fails its checksum")


def test_the_library_says_which_sample(copied):
    flip(copied / "shard-00000.h5", "masks", 2)
    with open_shard(copied / "shard-00000.h5") as shard:
        shard.sample(1)
        with pytest.raises(BadDataError, match=r"shard-00000.h5: sample 2 fails its checksum"):
            shard.sample(2)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("shards", 1, "first"), 4, "the shards before it end at 3"),
        (("shards", 1, "count"), 2, "the shards hold 5 samples, and n says 6"),
        (("n",), 7, "the shards hold 6 samples, and n says 7"),
        (("size",), 65, "its size is not that of dataset.json"),
        (("seed",), 1, "its seed is not that of dataset.json"),
        (("recipe",), "size = 64", "its recipe is not that of dataset.json"),
        (("frames",), 2, "its frames is not that of dataset.json"),
    ],
)
def test_a_manifest_that_does_not_fit(copied, path, value, said):
    manifest = json.loads((copied / "dataset.json").read_text())
    place = manifest
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (copied / "dataset.json").write_text(json.dumps(manifest))
    with pytest.raises(BadDataError, match=said):
        list(read_samples(copied))
    code, _, errors = fluorosynth("verify", copied, "--quiet")
    assert code == 3
    assert said in errors


def test_an_intact_set_is_read(copied):
    assert [index for index, _ in read_samples(copied)] == list(range(6))
    assert read_manifest(copied).n == 6
