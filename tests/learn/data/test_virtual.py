"""A virtual set is the set that would lie on the disk."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from small import fluorosynth, small_recipe

from fluorosynth.dataset.generation import generate
from fluorosynth.dataset.manifest import read_samples
from fluorosynth.dataset.virtual import virtual_set
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.learn.data import EpochBatches, open_dataset, split_validation
from fluorosynth.learn.data.shuffle import LISTED, Shuffled, shuffled
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.train import train

N = 24


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipe")
    path = folder / "small.toml"
    path.write_text(small_recipe(folder).to_toml())
    return path


@pytest.fixture(scope="module")
def disk(recipe_file, tmp_path_factory):
    from fluorosynth.recipe import Recipe

    out = tmp_path_factory.mktemp("disk")
    generate(Recipe.read(recipe_file), out, N, seed=5)
    return out


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_items_are_those_of_the_set_on_disk(recipe_file, disk):
    near, virtual = open_dataset(disk), open_dataset(f"{recipe_file}@5[0:{N}]")
    assert (len(virtual), virtual.recipe) == (N, near.recipe)
    for index in (N - 1, 0, 7):
        assert np.array_equal(virtual[index], near[index])
        assert virtual.name(index) == near.name(index)
    assert np.array_equal(pickle.loads(pickle.dumps(virtual))[3], near[3])
    later = open_dataset(f"{recipe_file}@5[20:10**9]")
    assert len(later) == 10**9 - 20
    assert np.array_equal(later[3], near[23])
    with pytest.raises(IndexError):
        virtual[N]


def test_the_samples_and_exports_are_equal(recipe_file, disk, tmp_path):
    place = f"{recipe_file}@5[0:{N}]"
    for (i, a), (j, b) in zip(read_samples(place), read_samples(disk), strict=True):
        assert (i, a.meta) == (j, b.meta)
        assert np.array_equal(a.image, b.image)
    for source, out in ((place, "virtual"), (disk, "disk")):
        code, _, said = fluorosynth(
            "export", source, "--to", "folder", "--out", tmp_path / out, "--quiet"
        )
        assert code == 0, said
    virtual, near = files(tmp_path / "virtual"), files(tmp_path / "disk")
    assert {p for p in virtual if virtual[p] != near[p]} == {Path(".made-from")}


def test_training_ends_with_the_same_weights(recipe_file, disk, tmp_path):
    config = TrainConfig(network="light_plain", epochs=1, batch_size=8, precision="fp32")
    for source, run in ((disk, "disk"), (f"{recipe_file}@5[0:{N}]", "virtual")):
        train(open_dataset(source), config, tmp_path / run, quiet=True)
    rows = [(tmp_path / run / "metrics.csv").read_text() for run in ("disk", "virtual")]
    kept = [[line.split(",")[:4] for line in text.splitlines()] for text in rows]
    assert kept[0] == kept[1]


def test_a_file_names_one(recipe_file):
    path = recipe_file.with_name("set.toml")
    path.write_text('recipe = "small.toml"\nseed = 5\nrange = [2, 1_000_000_000]\n')
    found = virtual_set(path)
    assert (found.seed, found.first, found.stop) == (5, 2, 10**9)
    assert np.array_equal(open_dataset(path)[0], open_dataset(f"{recipe_file}@5[2:3]")[0])
    for text, said in (
        ('recipe = "paper"\nseed = 1', "range"),
        ('recipe = "paper"\nseed = "1"\nrange = [0, 2]', "seed"),
        ('recipe = "paper"\nseed = 1\nrange = [0, 2]\nn = 3', "n is no key here"),
        ('recipe = "paper"\nseed = 1\nrange = [2, 2]', "range 2:2"),
    ):
        path.write_text(text)
        with pytest.raises((BadDataError, UsageError), match=said):
            virtual_set(path)
    with pytest.raises(UsageError, match=r"is a recipe: name seed and range"):
        open_dataset(recipe_file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("paper@0[5:5]", "range 5:5"),
        ("paper@0[0:2**63]", "at most at 2"),
        ("paper@0[0:9999999**99]", "too large"),
        ("paper@2**64[0:2]", "below 2"),
        ("papre@0[0:2]", "papre"),
    ],
)
def test_what_cannot_be_is_refused(text, said):
    with pytest.raises(UsageError, match=said):
        virtual_set(text)


@pytest.mark.parametrize(
    "text",
    [
        "paper@0[0:-2]", "paper@0[0:2*3]", "paper@x[0:2]", "paper@0[0:2", "paper@0[:]",
        "paper@-1[0:2]",
        "paper@0[0 : 2]", " paper@0[0:2] ", "paper@0[0:1e9]", "paper@0[0:4:2]",
    ],
)  # fmt: skip
def test_nothing_is_evaluated_and_what_is_meant_is_said(text):
    with pytest.raises(UsageError, match=r"write RECIPE@SEED\[FIRST:STOP\]"):
        open_dataset(text)


def test_other_names_with_an_at_are_files(tmp_path):
    with pytest.raises(BadDataError, match="does not exist"):
        open_dataset("a@b")
    folder = tmp_path / "a@b[0"
    folder.mkdir()
    assert virtual_set(folder) is None


def test_the_commands_take_it(recipe_file, tmp_path):
    place = f"{recipe_file}@5[0:10**9]"
    code, out, said = fluorosynth("info", place)
    assert code == 0, said
    assert "1000000000, indices 0..999999999 of seed 5" in out
    assert fluorosynth("preview", place, "--out", tmp_path / "x.png", "--count", "2")[0] == 0
    code, _, said = fluorosynth("verify", place)
    assert code == 2
    assert "virtual" in said


def test_orders_of_many_items_need_no_list():
    length = 10**9
    order = Shuffled(length, (3, 0))
    part = order[5 : 5 + 200_000]
    assert len(np.unique(part)) == len(part)
    assert part.min() >= 0
    assert part.max() < length
    assert np.array_equal(part[10:20], order[15:25])
    # uniform: the mean of so many draws lies within five of its deviations
    assert abs(part.mean() / length - 0.5) < 5 / np.sqrt(12 * len(part))
    assert abs(np.corrcoef(part[:-1], part[1:])[0, 1]) < 5 / np.sqrt(len(part))
    for few in (1, 2, 3, 17, 1000, 4096, 4097):
        assert sorted(Shuffled(few, (1,))[0:few].tolist()) == list(range(few))
    assert isinstance(shuffled(LISTED, (0,)), np.ndarray)


def test_a_set_of_a_billion_is_split_and_batched_at_once(recipe_file):
    pairs = open_dataset(f"{recipe_file}@5[0:10**9]")
    training, validation = split_validation(pairs, 1e-6, seed=0)
    assert (len(training), len(validation)) == (10**9 - 1000, 1000)
    assert np.array_equal(validation[0], pairs[10**9 - 1000])
    batches = EpochBatches(len(training), 32, seed=1)
    first = next(iter(batches))
    batches.set_epoch(0, step=batches.steps - 1)
    assert len(first) == 32
    assert len(next(iter(batches))) == len(training) % 32 or 32
