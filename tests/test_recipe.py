"""Recipes: TOML and back, mistakes named, samples as pure functions of (recipe, seed, index)."""

import json
import pickle
import subprocess
import sys
import threading
import tomllib
from dataclasses import replace
from itertools import combinations, islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from small import PLAIN, assert_equal, command, curves_file, environment, frames_file, small_recipe

from fluorosynth import Recipe
from fluorosynth.backgrounds.ct import Ct
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.devices.masks import Masks
from fluorosynth.devices.polylines import Polylines
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.ranges import Choice, Constant, LogUniform, Uniform
from fluorosynth.sampler import OpenRecipe
from fluorosynth.shards import digest
from fluorosynth.stages.compose import Compose
from fluorosynth.stages.flip import Flip
from fluorosynth.stages.jitter import Jitter
from fluorosynth.stages.one_of import OneOf
from fluorosynth.stages.render import Render
from fluorosynth.stages.rotate import Rotate
from fluorosynth.stages.shift import Shift
from fluorosynth.stages.zoom import Zoom


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return small_recipe(tmp_path_factory.mktemp("recipe"))


# ---------------------------------------------------------------- text


@pytest.mark.parametrize("name", Recipe.presets())
def test_presets_survive_their_text(name):
    preset = Recipe.preset(name)
    text = preset.to_toml()
    assert Recipe.from_toml(text) == preset
    assert Recipe.from_toml(text).to_toml() == text


def test_paper_is_the_publication():
    """Section 3.2: every number of it, read as docs/paper.md reads it."""
    paper = Recipe.preset("paper")
    choice, render, jitter = paper.stages
    assert paper.size == 256
    assert choice == OneOf(
        (
            Rotate(Uniform(0, 90)),
            Zoom(Uniform(0.6, 1.4), "together"),
            Shift(Uniform(-0.2, 0.2), Uniform(-0.2, 0.2)),
            Flip("either"),
        )
    )
    assert render == Render("edge", "outer", 0.0)
    assert jitter == Jitter(50, "image")


def test_a_nested_recipe_survives_its_text(recipe):
    nested = replace(
        recipe,
        stages=(
            Compose((OneOf((Flip(), Zoom(LogUniform(0.5, 2), "apart")), (1, 2.5)), Shift()), 0.3),
            OneOf((Compose((Rotate(Constant(3)), Rotate(Choice((1, 2.5, 7)))), 1),)),
            Render("reflect"),
            Jitter(7, "local"),
        ),
        backgrounds=(*recipe.backgrounds, *recipe.backgrounds),
        background_odds=(3, 1),
        devices=(Polylines(Path('a "quoted"\nname/ü.json'), 0.25, (600, 800), "wire ü"),),
        size=100,
    )
    again = Recipe.from_toml(nested.to_toml())
    assert again == nested
    assert again.to_toml() == nested.to_toml()


def test_text_is_plain_toml(recipe):
    plain = tomllib.loads(recipe.to_toml())
    assert plain["size"] == 64
    assert [stage["kind"] for stage in plain["stages"]] == ["one_of", "render", "jitter"]


def test_whole_numbers_in_python_give_the_text_of_toml(recipe):
    ints = replace(recipe, stages=(Rotate(Uniform(0, 90)), Render()), background_odds=(2,))
    assert ints.to_toml() == Recipe.from_toml(ints.to_toml()).to_toml()


def with_text(recipe, old, new):
    text = recipe.to_toml()
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("size = 64", "sise = 64", ["sise", "did you mean 'size'?"]),
        ("size = 64", 'size = "64"', ["size", "'64'"]),
        ("size = 64", "size = 64.5", ["size", "64.5"]),
        ("size = 64", "size = true", ["size", "True"]),
        ("size = 64", "size = 31", ["size", "32", "31"]),
        ("size = 64", "size = 5000", ["size", "4096", "5000"]),
        ("size = 64", "size = [64]", ["size"]),
        ("amount = 50", "amont = 50", ["stages[2].amont", "did you mean 'amount'?"]),
        ("amount = 50", "amount = 256", ["stages[2].amount", "255", "256"]),
        ("amount = 50", "amount = -1", ["stages[2].amount", "-1"]),
        ("amount = 50", "amount = 0.5", ["stages[2].amount", "0.5"]),
        ("amount = 50", "amount = { kind = 'uniform' }", ["stages[2].amount"]),
        ('kind = "jitter"', 'kind = "jiter"', ["stages[2].kind", "did you mean 'jitter'?"]),
        ('kind = "jitter"', "", ["stages[2]", "kind"]),
        ('kind = "jitter"', "kind = 3", ["stages[2]", "kind"]),
        ('reference = "image"', 'reference = "images"', ["stages[2].reference", "'images'"]),
        ("low = 0.6", "low = 1.6", ["low", "high", "1.6"]),
        ("low = 0.6", "low = nan", ["low", "nan"]),
        ("low = 0.6", "low = inf", ["low", "inf"]),
        ("low = 0.6", 'low = "a"', ["stages[0].stages[1].factor.low", "'a'"]),
        ("low = 0.6", "", ["stages[0].stages[1].factor", "low"]),
        ('kind = "folder"', 'kind = "folders"', ["backgrounds[0].kind", "'folder'"]),
        ('kind = "folder"', 'kind = "jitter"', ["backgrounds[0].kind", "known:", "procedural"]),
        ('kind = "polylines"', 'kind = "splines"', ["devices[0].kind", "did you mean 'spline'?"]),
        ("share = 1.0", "share = 1.5", ["devices[0].share", "1.5"]),
        ("share = 1.0", "share = 0", ["devices[0].share", "0"]),
        ("[[stages]]", "[[stages]", ["TOML"]),
        ("size = 64", "size = 64\nsize = 65", ["TOML"]),
    ],
)
def test_mistakes_are_named(recipe, tmp_path, old, new, said):
    path = tmp_path / "my recipe.toml"
    path.write_text(with_text(recipe, old, new))
    with pytest.raises(UsageError) as caught:
        Recipe.read(path)
    message = str(caught.value)
    for part in [str(path), *said]:
        assert part in message
    assert "pydantic" not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stages = 3",
        "backgrounds = {}\ndevices = []\nstages = []",
        "backgrounds = [3]",
        "backgrounds = []\ndevices = []\nstages = []",
        "[[backgrounds]]\nkind='procedural'\n[[devices]]\nkind='spline'\n",
        "a = 1979-05-27",
        "= 3",
    ],
)
def test_texts_that_are_no_recipe(text):
    with pytest.raises(UsageError, match=r"^mine: "):
        Recipe.from_toml(text, "mine")


def test_files_that_are_no_text(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00\x80")
    for path in (tmp_path / "a.toml", tmp_path / "none.toml", tmp_path):
        with pytest.raises(UsageError, match=path.name):
            Recipe.read(path)


def test_unknown_preset_is_named():
    with pytest.raises(UsageError, match=r"'papre'; did you mean 'paper'\?"):
        Recipe.preset("papre")


def test_paths_are_relative_to_the_file(tmp_path, monkeypatch):
    home = tmp_path / "recipes ü"
    home.mkdir()
    small_recipe(home)
    text = (
        "size = 32\n[[backgrounds]]\nkind = 'folder'\npath = 'frames.npy'\n"
        "[[devices]]\nkind = 'polylines'\npath = 'curves.json'\n[[stages]]\nkind = 'render'\n"
    )
    (home / "mine.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    found = Recipe.read("recipes ü/mine.toml")
    assert found.sample(0, 0).image.shape == (32, 32)
    absolute = text.replace("'frames.npy'", repr(str(home / "frames.npy")))
    (tmp_path / "other.toml").write_text(absolute.replace("'curves", "'recipes ü/curves"))
    assert_equal(Recipe.read("other.toml").sample(0, 0), found.sample(0, 0))


# ---------------------------------------------------------------- samples


def hashes(sampler, indices):
    return [digest(sampler.sample(i)) for i in indices]


def test_a_sample_has_what_is_promised(recipe):
    sample = recipe.sample(seed=0, index=5)
    assert sample.image.shape == sample.mask.shape == (64, 64)
    assert sample.image.dtype == sample.mask.dtype == np.uint8
    assert set(np.unique(sample.mask)) <= {0, 1}
    assert sample.matrix is None
    assert json.loads(json.dumps(sample.meta)) == sample.meta
    assert sample.meta["devices"] == [d.id for d in sample.devices]


def test_any_order_gives_the_same_samples(recipe):
    forward = hashes(recipe.open(7), range(40))
    assert len(set(forward)) == 40
    order = np.random.default_rng(0).permutation(40)
    shuffled = dict(zip(order, hashes(recipe.open(7), order), strict=True))
    assert [shuffled[i] for i in range(40)] == forward
    assert [digest(recipe.sample(7, i)) for i in range(40)] == forward
    assert [digest(s) for s in islice(recipe.open(7), 40)] == forward


def test_iterating_a_recipe_is_seed_0(recipe):
    assert [digest(s) for s in islice(recipe, 5)] == hashes(recipe.open(0), range(5))
    assert isinstance(recipe.open(0), OpenRecipe)


def test_a_pickled_recipe_and_a_pickled_sampler_give_the_same(recipe):
    expected = hashes(recipe.open(3), range(8))
    recipe.sample(3, 0)  # opened sources must not travel, nor break the copy
    for other in (pickle.loads(pickle.dumps(recipe)), Recipe.from_toml(recipe.to_toml())):
        assert other == recipe
        assert hashes(other.open(3), range(8)) == expected
    assert hashes(pickle.loads(pickle.dumps(recipe.open(3))), range(8)) == expected


def test_a_fresh_process_gives_the_same(recipe, tmp_path):
    (tmp_path / "r.toml").write_text(recipe.to_toml())
    program = (
        "import sys; from fluorosynth import Recipe; from fluorosynth.shards import digest\n"
        "s = Recipe.read(sys.argv[1]).open(9)\n"
        "print(*[digest(s.sample(i)) for i in (6, 2, 4)])"
    )
    out = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "r.toml"],
        env={**environment(), "PYTHONHASHSEED": "1234", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert out == hashes(recipe.open(9), (6, 2, 4))


def test_samplers_in_threads_do_not_disturb_each_other(recipe):
    expected = {seed: hashes(recipe.open(seed), range(120)) for seed in (1, 2)}
    samplers = {seed: recipe.open(seed) for seed in (1, 2)}
    found = {}

    def work(seed):
        found[seed] = hashes(samplers[seed], range(120))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_interleaved_samplers_do_not_disturb_each_other(recipe):
    one, two = recipe.open(1), recipe.open(2)
    pairs = [(digest(one.sample(i)), digest(two.sample(i))) for i in range(10)]
    assert [a for a, _ in pairs] == hashes(recipe.open(1), range(10))
    assert [b for _, b in pairs] == hashes(recipe.open(2), range(10))


def test_what_a_caller_does_to_a_sample_stays_with_the_caller(recipe):
    """A training loop may write into its pictures."""
    sampler = recipe.open(5)
    expected = hashes(sampler, range(30))
    for i in range(30):
        sample = sampler.sample(i)
        for array in (sample.image, sample.mask):
            if array.flags.writeable:
                array[:] = 0
        for device in sample.devices:
            if device.centreline.flags.writeable:
                device.centreline[:] = -1
            if device.width.flags.writeable:
                device.width[:] = 1
        sample.meta["steps"] = None
        sample.meta["devices"].append("mine")
    assert hashes(sampler, range(30)) == expected


def test_a_caller_may_write_into_what_no_stage_has_copied(tmp_path):
    """Without a moving stage, image and curves come straight from the sources' memory."""
    sampler = small_recipe(tmp_path, stages=(Render(),)).open(5)
    expected = hashes(sampler, range(10))
    for i in range(10):
        sample = sampler.sample(i)
        for array in (sample.image, *(d.centreline for d in sample.devices)):
            if array.flags.writeable:
                array[:] = 0
    assert hashes(sampler, range(10)) == expected


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**62 - 1))
def test_seeds_and_indices_make_different_samples(recipe, seed, index):
    other = seed ^ (1 << (index % 64))
    here = recipe.open(seed)
    sample = here.sample(index)
    assert digest(sample) == digest(recipe.open(seed).sample(index))
    assert digest(sample) != digest(recipe.open(other).sample(index))
    assert digest(sample) != digest(here.sample(index ^ 1))
    assert digest(sample) != digest(here.sample(index ^ (1 << 61)))


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seeds_out_of_range_are_refused(recipe, seed):
    with pytest.raises(UsageError, match="seed"):
        recipe.open(seed)


@pytest.mark.parametrize("index", [-1, 2**62, 2**80])
def test_indices_out_of_range_are_refused(recipe, index):
    with pytest.raises(UsageError, match="index"):
        recipe.sample(0, index)


def test_odds_choose_the_source(tmp_path):
    odd = small_recipe(tmp_path)
    (tmp_path / "second").mkdir()
    second = Folder(frames_file(tmp_path / "second", 1))
    both = replace(odd, backgrounds=(*odd.backgrounds, second), background_odds=(1, 3))
    sampler = both.open(0)
    ids = [sampler.sample(i).meta["background"] for i in range(400)]
    share = ids.count("frames.npy") / 400  # the file of one frame has no frame number
    assert 0.68 < share < 0.82


def test_background_device_and_stages_are_drawn_apart(recipe):
    sampler = replace(recipe, stages=(Shift(), Shift(), Render())).open(12)
    metas = [sampler.sample(i).meta for i in range(1500)]
    moves = [[step[k] > 0 for step in m["steps"] for k in ("x", "y")] for m in metas]
    picks = [(m["background"], m["devices"][0], *up) for m, up in zip(metas, moves, strict=True)]
    for first, second in combinations(range(6), 2):
        table = stats.contingency.crosstab(*([p[k] for p in picks] for k in (first, second)))
        assert stats.chi2_contingency(table.count).pvalue > 1e-3 / 15


def test_a_recipe_without_render_says_so(recipe):
    with pytest.raises(UsageError, match="render"):
        replace(recipe, stages=(Rotate(),)).sample(0, 0)


@pytest.mark.parametrize("odds", [(1, 2), (0,), (-1,)])
def test_impossible_odds_are_refused(recipe, odds):
    with pytest.raises(ValueError, match="odds"):
        replace(recipe, background_odds=odds)


def test_a_missing_source_is_named(tmp_path):
    gone = small_recipe(tmp_path)
    (tmp_path / "curves.json").unlink()
    with pytest.raises(BadDataError, match=r"curves\.json"):
        gone.sample(0, 0)


def test_changed_sources_change_the_fingerprint(tmp_path):
    one = small_recipe(tmp_path).open(0).fingerprint
    assert one == small_recipe(tmp_path).open(0).fingerprint
    (tmp_path / "more").mkdir()
    more = curves_file(tmp_path / "more", count=6)
    changed_curves = small_recipe(tmp_path, devices=(Polylines(more),))
    assert changed_curves.open(0).fingerprint != one
    frames = np.load(tmp_path / "frames.npy")
    frames[0, 3, 3] ^= 1
    np.save(tmp_path / "frames.npy", frames)
    again = Recipe.from_toml(changed_curves.to_toml()).open(0).fingerprint
    assert again != changed_curves.open(1).fingerprint or again[0] != one[0]


# ---------------------------------------------------------------- changes by name


def test_other_sources_are_named_as_on_the_command_line(recipe, tmp_path):
    odd = replace(recipe, backgrounds=recipe.backgrounds * 2, background_odds=(1, 3))
    frames, curves = frames_file(tmp_path, 1), curves_file(tmp_path, 3)
    mine = odd.with_sources(frames, str(curves))
    assert mine == replace(
        odd, backgrounds=(Folder(frames),), background_odds=(), devices=(Polylines(curves),)
    )
    assert mine.with_sources() == mine
    assert odd.with_sources(devices=curves).background_odds == (1, 3)
    assert mine.with_sources("x.nii.gz").backgrounds == (Ct(Path("x.nii.gz")),)
    assert mine.with_sources("x", skip_bad=True).backgrounds == (Folder(Path("x"), skip_bad=True),)
    assert mine.with_sources(devices=tmp_path / "m").devices == (Masks(tmp_path / "m"),)
    assert mine.with_sources(devices=tmp_path).devices == (Polylines(tmp_path),)  # no masks there


def test_sources_are_taken_as_they_are(recipe):
    one, two = Folder("a"), Folder("b")
    assert recipe.with_sources(backgrounds=one).backgrounds == (one,)
    assert recipe.with_sources(backgrounds=[one, two]).backgrounds == (one, two)
    with pytest.raises(UsageError, match=r"`devices`\[0\] .* DeviceSource such as .*, not 3"):
        recipe.with_sources(devices=3)
    with pytest.raises(UsageError, match=r"`devices`\[0\] .* DeviceSource such as .*, not Folder"):
        recipe.with_sources(devices=one)


def test_values_are_changed_by_name(recipe):
    mine = recipe.with_values(
        "jitter.amount=20", "rotate.angle.high = 45", "size=128", "jitter.reference=local",
        "frames=3", "motion.pan=0.5", "motion.rate.low=8",
    )  # fmt: skip
    choice, *others = recipe.stages[0].stages
    assert mine == replace(
        recipe,
        stages=(OneOf((Rotate(Uniform(0, 45)), *others)), PLAIN, Jitter(20, "local")),
        size=128,
        frames=3,
        motion=replace(recipe.motion, pan=0.5, rate=Uniform(8, 15)),
    )
    assert choice == Rotate(Uniform(0, 90))
    assert recipe.with_values() is recipe
    twice = replace(recipe, stages=(Shift(), Shift(), Render())).with_values("shift.x.low=-0.1")
    assert [stage.x.low for stage in twice.stages[:2]] == [-0.1, -0.1]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("jiter.amount=3", "'jiter.amount=3': nothing is a 'jiter'; did you mean 'jitter'?"),
        ("jitter.amont=3", "unknown key; did you mean 'amount'?"),
        ("jitter.amount=x", "stages[2].amount should be a valid integer, not 'x'"),
        ("jitter.amount=300", "stages[2].amount should be at most 255, not 300"),
        ("sise=128", "'sise=128': the recipe has no key 'sise'"),
        ("jitter", "'jitter': write it as stage.key=value"),
        ("size=1", "size should be at least 32, not 1"),
    ],
)
def test_values_that_name_nothing_are_refused(recipe, setting, said):
    with pytest.raises(UsageError) as caught:
        recipe.with_values(setting)
    assert said in str(caught.value)
    assert "--" not in str(caught.value)


# ---------------------------------------------------------------- somebody else's components

PLUGIN = '''
from dataclasses import dataclass
import numpy as np
from fluorosynth.ranges import Range, Uniform
from fluorosynth.sample import Sample
from fluorosynth.stages.base import Intensity, record


@dataclass(frozen=True)
class Veil(Intensity, kind="veil"):
    """Contrast lost to scatter."""

    strength: Range = Uniform(0.2, 0.5)

    def apply(self, sample, rng):
        k = self.strength.draw(rng)
        image = np.uint8(sample.image * (1 - k) + 255 * k)
        return Sample(image, sample.devices, record(sample, self, {"strength": k}), sample.mask)
'''


def install(folder, group, name, target, files):
    """Lay out an installed distribution as pip does."""
    for file, text in files.items():
        (folder / file).write_text(text)
    about = folder / f"plug_{name}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plug-{name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{group}]\n{name} = {target}\n")
    return folder


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    folder.mkdir()
    install(folder, "fluorosynth.stages", "veil", "somebodys:Veil", {"somebodys.py": PLUGIN})
    monkeypatch.syspath_prepend(folder)
    yield folder
    sys.modules.pop("somebodys", None)


def test_an_installed_stage_is_used_from_toml(recipe, plugin):
    text = recipe.to_toml() + '\n[[stages]]\nkind = "veil"\nstrength = {kind="constant", value=0.5}'
    found = Recipe.from_toml(text)
    assert Recipe.from_toml(found.to_toml()) == found
    plain, veiled = recipe.sample(0, 3), found.sample(0, 3)
    np.testing.assert_array_equal(veiled.image, np.uint8(plain.image * 0.5 + 127.5))
    assert veiled.meta["steps"][-1] == {"kind": "veil", "strength": 0.5}


def test_an_installed_stage_is_used_by_the_commands(recipe, plugin, tmp_path):
    path = tmp_path / "veiled.toml"
    path.write_text(recipe.to_toml() + '\n[[stages]]\nkind = "veil"\n')
    out = tmp_path / "set"
    run = ("generate", "--recipe", path, "--n", 6, "--out", out, "--workers", 2, "--shard-size", 3)
    made = command(*run, "--set", "veil.strength.high=0.3", extra=[plugin])
    assert made.returncode == 0, made.stderr
    assert "veil" in (out / "dataset.json").read_text()
    without = command("verify", out, "--deep")
    assert without.returncode == 2
    assert "'veil'" in without.stderr
    assert "Traceback" not in without.stderr


def test_an_entry_point_under_another_name_is_refused(recipe, plugin):
    """A kind that reads back as nothing would make sets that nobody can verify."""
    install(plugin, "fluorosynth.stages", "mist", "somebodys:Veil", {})
    with pytest.raises(UsageError, match=r"'mist'.*'veil'"):
        Recipe.from_toml(recipe.to_toml())


def test_a_broken_plugin_is_named(recipe, plugin):
    install(plugin, "fluorosynth.stages", "fog", "not_there_at_all:Fog", {})
    with pytest.raises(UsageError, match=r"'fog'.*not_there_at_all"):
        Recipe.from_toml(recipe.to_toml())


def test_a_stage_of_ones_own_needs_no_installation(recipe):
    space = {"__name__": "mine"}
    exec(PLUGIN.replace('"veil"', '"my_veil"'), space)
    mine = replace(recipe, stages=(*recipe.stages, space["Veil"]()))
    assert mine.sample(0, 0).image.min() > recipe.sample(0, 0).image.min()
