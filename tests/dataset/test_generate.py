"""A set is a function of recipe, seed and n: not of workers, shards, or what was there before."""

import re
import shlex
import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest
from small import (
    assert_equal,
    command,
    content,
    environment,
    fluorosynth,
    frames_file,
    small_recipe,
)

from fluorosynth.dataset.generation import finish, generate
from fluorosynth.dataset.manifest import read_manifest, read_samples
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.recipe import Recipe
from fluorosynth.stages.render import Render
from fluorosynth.stages.rotate import Rotate

N, SHARD = 23, 5


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "sources").mkdir()
    return small_recipe(tmp_path / "sources")


@pytest.fixture
def written(recipe, tmp_path):
    """The recipe as a file, in a folder whose name a shell must quote."""
    path = tmp_path / "my recipes" / "ü.toml"
    path.parent.mkdir()
    path.write_text(recipe.to_toml(), "utf-8")
    return path


@pytest.fixture
def made(recipe, tmp_path):
    """A finished set."""
    generate(recipe, tmp_path / "made", N, shard_size=SHARD)
    return tmp_path / "made"


def stamps(folder):
    return {p.name: (p.stat().st_mtime_ns, p.stat().st_ino) for p in folder.iterdir()}


def checksums(folder):
    found = []
    for entry in read_manifest(folder).shards:
        with h5py.File(folder / entry.file) as shard:
            found += shard["checksums"][:].tolist()
    return found


# ---------------------------------------------------------------- what the bytes depend on


def test_workers_do_not_show(made, written, tmp_path):
    for workers in (1, 2, 3):
        out = tmp_path / f"by {workers}"
        line = ["--recipe", written, "--n", N, "--shard-size", SHARD, "--workers", workers]
        done = command("generate", *line, "--out", out)
        assert done.returncode == 0, done.stderr
        assert content(out) == content(made)


def test_shard_size_does_not_show_in_a_sample(recipe, made, tmp_path):
    reference = list(read_samples(made))
    assert [index for index, _ in reference] == list(range(N))
    for size in (1, 7, 500):
        out = tmp_path / str(size)
        generate(recipe, out, N, shard_size=size)
        assert len(list(out.glob("shard-*.h5"))) == -(-N // size)
        assert checksums(out) == checksums(made)
        for (index, one), (other, two) in zip(reference, read_samples(out), strict=True):
            assert index == other
            assert_equal(one, two)


def test_the_set_holds_what_the_recipe_samples(recipe, made):
    for index, sample in read_samples(made):
        drawn = recipe.sample(0, index)
        np.testing.assert_array_equal(sample.image, drawn.image)
        np.testing.assert_array_equal(sample.mask, drawn.mask)
        assert sample.meta == drawn.meta


def test_a_set_grows_and_ends_as_one_made_at_once(recipe, made, tmp_path):
    before = {number: stamp for number, stamp in stamps(made).items() if number.endswith(".h5")}
    outcome = generate(recipe, made, 41, shard_size=SHARD)
    assert outcome.made == 41 - 20  # four shards were whole, the fifth held three samples
    after = stamps(made)
    kept = [f"shard-{number:05d}.h5" for number in range(4)]
    assert all(after[name] == before[name] for name in kept)
    generate(recipe, tmp_path / "fresh", 41, shard_size=SHARD)
    assert content(made) == content(tmp_path / "fresh")


def test_a_finished_set_is_left_alone(recipe, made):
    before = content(made), {k: v for k, v in stamps(made).items() if k.endswith(".h5")}
    assert generate(recipe, made, N, shard_size=SHARD).made == 0
    assert (content(made), {k: v for k, v in stamps(made).items() if k.endswith(".h5")}) == before


def test_progress_adds_up(recipe, tmp_path):
    ticks = []
    generate(recipe, tmp_path / "set", 70, shard_size=40, progress=ticks.append)
    assert sum(ticks) == 70
    ticks.clear()
    generate(recipe, tmp_path / "set", 90, shard_size=40, progress=ticks.append)
    assert (ticks[0], sum(ticks)) == (40, 90)


# ---------------------------------------------------------------- another set is not written over


def refused(made, said, recipe, n=N, seed=0, shard_size=SHARD):
    before = content(made), stamps(made)
    with pytest.raises(UsageError) as caught:
        generate(recipe, made, n, seed, shard_size=shard_size)
    for word in (str(made), *said):
        assert word in str(caught.value)
    assert (content(made), stamps(made)) == before


def test_another_recipe_is_refused_with_the_difference(recipe, made):
    other = replace(recipe, stages=(Rotate(), Render()))
    refused(made, ["recipes differ", '-kind = "one_of"', '-kind = "jitter"', "`out`"], other)


def test_a_virtual_set_takes_no_files(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    with pytest.raises(UsageError, match=r"paper@7\[0:4\] names a virtual set"):
        generate(recipe, "paper@7[0:4]", n=4)
    assert set(tmp_path.iterdir()) == before


def test_another_seed_is_refused(recipe, made):
    refused(made, ["its seed is 0, yours 7"], recipe, seed=7)


def test_a_changed_source_file_is_refused(recipe, made, tmp_path):
    path = frames_file(tmp_path / "sources")
    frames = np.load(path)
    frames[1, 2, 3] ^= 1
    np.save(path, frames)
    refused(made, ["files of a source have changed"], recipe)


def test_another_layout_is_refused(recipe, made):
    refused(made, ["0..4", "0..6", "`shard_size`"], recipe, shard_size=7)
    refused(made, ["10..14", "10..11", "`n`"], recipe, n=12)
    refused(made, ["shard-00003.h5", "beyond `n` 15"], recipe, n=15)


def test_the_command_refuses_with_exit_code_2(made, written):
    line = ["--recipe", written, "--n", N, "--shard-size", SHARD, "--out", made]
    assert fluorosynth("generate", *line, "--workers", 1, "--quiet") == (0, "", "")
    before = content(made)
    code, _, said = fluorosynth("generate", *line, "--set", "jitter.amount=20", "--quiet")
    assert code == 2
    assert "-amount = 50" in said
    assert "+amount = 20" in said
    assert content(made) == before


def test_a_damaged_shard_is_named_and_only_it_is_made_anew(recipe, made):
    before = content(made)
    bad = made / "shard-00002.h5"
    bad.write_bytes(bad.read_bytes()[:-900])
    with pytest.raises(BadDataError, match=r"shard-00002\.h5.*delete the file"):
        generate(recipe, made, N, shard_size=SHARD)
    bad.unlink()
    assert generate(recipe, made, N, shard_size=SHARD).made == SHARD
    assert content(made) == before


@pytest.mark.parametrize("closed", ["again", "grown", "in parts"])
def test_no_set_is_closed_over_a_damaged_shard(recipe, made, tmp_path, closed):
    """Its digest in the manifest would vouch for the damage."""
    grown = N + (closed == "grown")
    if closed == "in parts":
        (made / "dataset.json").unlink()
    with h5py.File(made / "shard-00002.h5", "r+") as file:
        file["masks"][3, 5, 5] ^= 1
    call = finish if closed == "in parts" else generate
    said = r"shard-00002\.h5: sample 13 fails its checksum: delete the file"
    with pytest.raises(BadDataError, match=said):
        call(recipe, made, grown, shard_size=SHARD)
    (made / "shard-00002.h5").unlink()
    generate(recipe, made, grown, shard_size=SHARD)
    generate(recipe, tmp_path / "one", grown, shard_size=SHARD)
    assert content(made) == content(tmp_path / "one")


def test_what_the_system_does_not_give_is_not_to_be_deleted(recipe, made):
    """It may be whole: of no rights, a disk that fails, a server that is away."""
    (made / "shard-00002.h5").unlink()
    (made / "shard-00002.h5").mkdir()  # the one that can be had by root as well
    with pytest.raises(BadDataError, match=r"shard-00002\.h5 Is a directory") as caught:
        generate(recipe, made, N, shard_size=SHARD)
    assert "delete" not in str(caught.value)
    (made / "dataset.json").unlink()
    (made / "dataset.json").mkdir()
    with pytest.raises(BadDataError, match=r"dataset\.json cannot be read: Is a directory"):
        read_manifest(made)


# ---------------------------------------------------------------- no room, no folder


def test_a_set_larger_than_the_disk_is_refused_before_anything_is_written(written, tmp_path):
    out = tmp_path / "large" / "set"
    done = command("generate", "--n", 2**40, "--recipe", written, "--out", out)
    assert done.returncode == 3
    assert re.search(r"GB free, 1099511627776 samples .* take \d+\.\d GB: lower --n", done.stderr)
    assert str(out) in done.stderr
    assert not out.parent.exists()


def test_a_folder_that_cannot_be_made_is_named(written, tmp_path):
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file" / "set"
    code, _, said = fluorosynth("generate", "--n", 3, "--recipe", written, "--out", out)
    assert code == 3
    assert f"cannot write to {out}" in said
    assert (tmp_path / "file").read_text() == "mine"


def test_a_bound_that_is_no_number_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    line = ["generate", "--n", 4, "--size", 64, "--recipe", "physics", "--workers", 2, "--quiet"]
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FLUOROSYNTH_CACHE_MB", "x")
    wrong = command(*line, "--out", tmp_path / "set")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("Error: FLUOROSYNTH_CACHE_MB should be a number of MB, not 'x'")
    assert not (tmp_path / "set").exists()
    monkeypatch.setenv("FLUOROSYNTH_CACHE_MB", "")
    unset = command(*line, "--out", tmp_path / "set")
    assert unset.returncode == 0, unset.stderr


@pytest.mark.parametrize("wrong", [{"n": 0}, {"n": -3}, {"workers": 0}, {"shard_size": 0}])
def test_impossible_numbers_are_refused(recipe, tmp_path, wrong):
    (value,) = wrong.values()
    with pytest.raises(UsageError, match=rf"at least 1, not {value}"):
        generate(recipe, tmp_path / "set", **{"n": 4, **wrong})
    assert not (tmp_path / "set").exists()


# ---------------------------------------------------------------- a stage that fails

FAULTY = '''
from dataclasses import dataclass
from fluorosynth.stages.base import Intensity


@dataclass(frozen=True)
class Faulty(Intensity, kind="faulty"):
    """Breaks on what one draw in twenty gives it."""

    def apply(self, sample, rng):
        if rng.random() < 0.05:
            raise ZeroDivisionError("no such light")
        return sample
'''


@pytest.fixture
def plugin(tmp_path):
    """A distribution that brings the stage, laid out as pip does it."""
    site = tmp_path / "site"
    about = site / "faulty-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "faulty_stage.py").write_text(FAULTY)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[fluorosynth.stages]\nfaulty = faulty_stage:Faulty\n")
    return site


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_wrong_with_data_is_a_sentence_from_every_process(
    written, plugin, tmp_path, workers
):
    source = (plugin / "faulty_stage.py").read_text().replace("ZeroDivisionError", "BadDataError")
    source = source.replace(
        "\nfrom dataclasses", "\nfrom fluorosynth.errors import BadDataError\nfrom dataclasses"
    )
    (plugin / "faulty_stage.py").write_text(source)
    with written.open("a") as file:
        file.write('\n[[stages]]\nkind = "faulty"\n')
    failed = command(
        "generate", "--recipe", written, "--n", 200, "--shard-size", 40, "--workers", workers,
        "--out", tmp_path / "set", "--quiet", extra=[plugin],
    )  # fmt: skip
    assert failed.returncode == 3
    assert re.match(r"Error: sample \d+ of seed 0 failed: no such light\n", failed.stderr)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_stage_comes_with_the_command_that_shows_it(written, plugin, tmp_path, workers):
    with written.open("a") as file:
        file.write('\n[[stages]]\nkind = "faulty"\n')
    line = ["--recipe", written, "--seed", 3, "--set", "jitter.reference=local"]
    failed = command(
        "generate", *line, "--n", 200, "--shard-size", 40, "--workers", workers,
        "--out", tmp_path / "set", "--quiet", extra=[plugin],
    )  # fmt: skip
    assert failed.returncode == 3
    assert 'faulty_stage.py", line' in failed.stderr  # for the author of the stage
    said = failed.stderr.partition("\nError: ")[2].splitlines()
    index = int(re.match(r"sample (\d+) of seed 3 failed: ZeroDivisionError", said[0])[1])
    program, *words = shlex.split(said[1].removeprefix("See it again: "))
    assert (program, words[0]) == ("fluorosynth", "sample")
    assert words[words.index("--index") + 1] == str(index)
    words[-1] = str(tmp_path / words[-1])
    again = command(*words, extra=[plugin])
    assert again.returncode != 0
    assert "ZeroDivisionError: no such light" in again.stderr
    words[words.index("--index") + 1] = str(index + 1)
    assert command(*words, extra=[plugin]).returncode == 0
    assert not (tmp_path / "set" / "dataset.json").exists()


# ---------------------------------------------------------------- what it costs

PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "fluorosynth_cli.main", *sys.argv[1:]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="maxrss is in kB on Linux")
def test_memory_is_bounded(tmp_path):
    """Asked of a small process in between: a child starts with the peak of its parent."""

    def peak(n):
        line = [sys.executable, "-c", PEAK, "generate", "--workers", "1", "--quiet"]
        done = subprocess.run(
            [*line, "--n", str(n), "--out", str(tmp_path / str(n))],
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout) / 1024

    peak(1)  # compiles, once per installation
    assert peak(300) <= 250


def test_a_dry_run_tells_the_truth_and_writes_nothing(tmp_path):
    line = ["--recipe", "paper", "--n", 40, "--shard-size", 15, "--out", tmp_path / "set"]
    code, said, _ = fluorosynth("generate", *line, "--dry-run")
    assert code == 0
    assert list(tmp_path.iterdir()) == []
    n, size, shards = map(
        int, re.findall(r"would write (\d+) samples of (\d+) px as (\d+)", said)[0]
    )
    megabytes = float(re.search(r"about ([\d.]+) MB", said)[1])
    generate(Recipe.preset("paper"), tmp_path / "set", n, shard_size=15)
    files = list((tmp_path / "set").glob("shard-*.h5"))
    assert len(files) == shards == 3
    assert megabytes * 1e6 == pytest.approx(sum(p.stat().st_size for p in files), rel=0.03)
    assert {sample.image.shape for _, sample in read_samples(tmp_path / "set")} == {(size, size)}
