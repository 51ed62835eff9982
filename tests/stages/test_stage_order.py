"""The order of stages: followed through when a recipe is built, and told in the docs."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import fluorosynth, rendered, small_recipe

from fluorosynth.core.component import kinds
from fluorosynth.errors import UsageError
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Sample
from fluorosynth.stages.attenuate import Attenuate
from fluorosynth.stages.base import Intensity, Stage
from fluorosynth.stages.compose import Compose
from fluorosynth.stages.display import Display
from fluorosynth.stages.engage import Engage
from fluorosynth.stages.expose import Expose
from fluorosynth.stages.flip import Flip
from fluorosynth.stages.jitter import Jitter
from fluorosynth.stages.noise import Noise
from fluorosynth.stages.one_of import OneOf
from fluorosynth.stages.render import Render
from fluorosynth.stages.visible import Visible

STAGES = kinds(Stage, "fluorosynth.stages")
CHAIN = Render(), Expose(), Attenuate(), Noise(), Display()


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return small_recipe(tmp_path_factory.mktemp("order"))


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        (
            (*CHAIN, Noise()),
            "'noise' takes a sample that is exposed, but 'display' before it gives one that is "
            "displayed: put it between 'expose' and 'display'",
        ),
        (
            (Noise(), *CHAIN),
            "'noise' takes a sample that is exposed, but the background is at rest: put it between "
            "'expose' and 'display'",
        ),
        (
            (Render(), Flip()),
            "'flip' takes a sample that is at rest or moved, but 'render' before it gives one that "
            "is rendered: put it before 'render'",
        ),
        (
            (Render(), Render()),
            "'render' takes a sample that is at rest or moved, but 'render' before it gives one "
            "that is rendered: put it before 'render'",
        ),
        (
            (Compose((Flip(),), 0.5), Engage(), Render()),
            "'engage' takes a sample that is at rest, but 'flip' before it gives one that is "
            "moved: put it first",
        ),
        (
            (*CHAIN[:-1], Compose((Display(),), 0.5), Visible()),
            "'visible' takes a sample that is displayed, but 'expose' before it gives one that is "
            "exposed: put it after 'display'",
        ),
        (
            (Render(), OneOf((Jitter(), Expose())), Jitter()),
            "'jitter' takes a sample that is rendered, but 'expose' before it gives one that is "
            "exposed: put it after 'render' and before 'expose'",
        ),
        (
            (Flip(),),
            "a recipe ends with a sample that is rendered or displayed, but 'flip' gives one that "
            "is moved: add 'render' after the geometry",
        ),
        (
            (),
            "a recipe ends with a sample that is rendered or displayed, but the background is at "
            "rest: add 'render' after the geometry",
        ),
        (
            CHAIN[:-1],
            "a recipe ends with a sample that is rendered or displayed, but 'expose' gives one "
            "that is exposed: add 'display' after it",
        ),
    ],
)
def test_the_offending_pair_is_named_when_the_recipe_is_built(recipe, stages, said):
    with pytest.raises(UsageError) as caught:
        replace(recipe, stages=stages)
    assert str(caught.value) == said


def test_a_file_is_refused_by_its_name(recipe, tmp_path):
    (tmp_path / "mine.toml").write_text(recipe.to_toml().replace('"jitter"', '"noise"', 1))
    text = re.sub(
        r"^(amount|reference) = .*\n", "", (tmp_path / "mine.toml").read_text(), flags=re.M
    )
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(UsageError, match=r"mine\.toml: .*'noise' takes .* 'render' before it"):
        Recipe.read(tmp_path / "mine.toml")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(sorted(set(STAGES) - {"one_of", "compose"})), max_size=4))
def test_what_may_stand_together_does_work_together(recipe, middle):
    """Of a recipe that builds, no stage refuses what it is handed."""
    for begin, end in (((), CHAIN), ((Render(),), (Expose(), Display())), (CHAIN[:-1], CHAIN[-1:])):
        stages = (*begin, *(STAGES[kind]() for kind in middle), *end)
        try:
            built = replace(recipe, stages=stages)
        except UsageError:
            continue
        assert built.sample(0, 0).image.dtype == np.uint8


def test_a_single_stage_takes_a_plain_picture():
    """Where nothing is pending a stage asks for no mask, but for the right kind of picture."""
    frame = np.full((40, 60), 100, np.uint8)
    exposed = Expose()(Sample(frame), rng())
    assert Noise()(exposed, rng()).image.shape == (40, 60)
    assert Display()(exposed, rng()).image.dtype == np.uint8
    with pytest.raises(UsageError, match=r"'noise' takes .* but this one is at rest or dis"):
        Noise()(Sample(frame), rng())
    with pytest.raises(UsageError, match=r"an array of \(40, 60\) float64"):
        Noise()(Sample(frame.astype(float)), rng())
    with pytest.raises(UsageError, match=r"an array of \(40, 60, 3\) uint8"):
        Expose()(Sample(np.zeros((40, 60, 3), np.uint8)), rng())
    with pytest.raises(UsageError, match=r"'jitter' takes a sample that is rendered"):
        Jitter()(Sample(frame), rng())
    with pytest.raises(UsageError, match=r"'noise' takes .*, but this one is moved"):
        Noise()(Flip()(Sample(frame), rng()), rng())


def test_sequences_refuse_the_same():
    for stage in (Noise(), Display()):
        with pytest.raises(UsageError, match="this one is rendered or displayed"):
            stage.over([rendered()], lambda _: rng())


def test_a_stage_of_ones_own_states_its_place(recipe):
    @dataclass(frozen=True)
    class Paint(Stage, kind="paint"):
        takes = "at rest", "moved"
        gives = "rendered"

        def __call__(self, sample, rng):
            return Render()(sample, rng)

    @dataclass(frozen=True)
    class Grain(Intensity, kind="grain"):
        def apply(self, sample, rng):
            return sample

    assert replace(recipe, stages=(Paint(), Grain(), Jitter())).sample(0, 0).mask.any()
    with pytest.raises(UsageError, match=r"'grain' takes .* put it after 'render'"):
        replace(recipe, stages=(Grain(), Paint()))


def test_the_docs_say_what_each_stage_takes_and_gives():
    page = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text("utf-8")
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (.*) \| (.*) \|$", page, re.M)
    told = {kind: row[1:] for row in rows for kind in re.findall(r"`(\w+)`", row[0])}
    for kind, cls in STAGES.items():
        if kind not in ("one_of", "compose"):
            *others, last = cls.takes
            takes = f"{', '.join(others)} or {last}" if others else last
            assert told[kind] == (takes, cls.gives or "the same"), kind


@pytest.mark.parametrize("name", Recipe.presets())
def test_recipe_show_tells_what_each_stage_is_given(name):
    code, said, _ = fluorosynth("recipe", "show", name)
    assert code == 0
    shown = Recipe.from_toml(said)
    assert shown == Recipe.preset(name)
    rows = re.findall(r"^# (\w+) +(.+?) +-> (.+)$", said, re.M)
    assert rows == shown.passage()
    assert [kind for kind, _, _ in rows] == [stage.kind for stage in shown.stages]
