"""In which order stages can stand: what each takes and gives, followed through a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fluorosynth.errors import UsageError
from fluorosynth.sample import Sample

if TYPE_CHECKING:
    from fluorosynth.stages.base import Stage

State = Literal["at rest", "moved", "rendered", "exposed", "displayed"]
"""What a sample is: unmoved; with geometry pending; with its mask; intensities; grey levels."""

States = tuple[State, ...]
Flow = Mapping[State, str]
"""The states that a sample may be in at some point of a recipe, and the stage that gave each."""

AT_REST: States = ("at rest",)
MOVED: States = ("moved",)
PENDING: States = ("at rest", "moved")
RENDERED: States = ("rendered",)
EXPOSED: States = ("exposed",)
DISPLAYED: States = ("displayed",)
GREY: States = ("rendered", "displayed")
PICTURE: States = ("rendered", "exposed", "displayed")
PLAIN: States = (*AT_REST, *DISPLAYED)
ANY: States = (*AT_REST, *MOVED, *PICTURE)

UINT8, FLOAT32 = np.dtype(np.uint8), np.dtype(np.float32)

START: Flow = {"at rest": ""}
PLACES = {
    AT_REST: "first",
    PENDING: "before 'render'",
    RENDERED: "after 'render' and before 'expose'",
    EXPOSED: "between 'expose' and 'display'",
    DISPLAYED: "after 'display'",
    GREY: "after 'render', but not between 'expose' and 'display'",
    PICTURE: "after 'render'",
}
LACKING = {
    "at rest": "add 'render' after the geometry",
    "moved": "add 'render' after the geometry",
    "exposed": "add 'display' after it",
}


def follow(stages: Iterable[Stage], given: Flow = START) -> Flow:
    """Return the states that a sample may be in after ``stages``.

    Raises
    ------
    UsageError
        Naming the stage that does not take what it would be given, the one that gives it, and
        where the first can stand.
    """
    for stage in stages:
        given = stage.follow(given)
    return given


def step(stage: Stage, given: Flow) -> Flow:
    """Return the states after one stage; see ``follow``."""
    for state, giver in given.items():
        if state not in stage.takes:
            raise misplaced(stage, _source(f"{giver!r} before it", giver), [state])
    return given if stage.gives is None else {stage.gives: stage.kind}


def check_recipe(stages: Iterable[Stage]) -> None:
    """Raise UsageError unless the stages can stand so and end in a picture to be shown."""
    for state, giver in follow(stages).items():
        if state in LACKING:
            source = _source(f"{giver!r}", giver)
            raise UsageError(
                f"a recipe ends with a sample that is {either(GREY)}, but {source} {state}: "
                f"{LACKING[state]}"
            )


def passage(stages: Iterable[Stage]) -> list[tuple[str, str, str]]:
    """Return what each stage of a recipe is given and what it gives.

    Returns
    -------
    A row for each stage: its kind, the states before and the states after it, in words.

    Examples
    --------
    >>> from fluorosynth.recipe import Recipe
    >>> passage(Recipe.preset("paper").stages)[1]
    ('render', 'moved', 'rendered')
    """
    rows, given = [], START
    for stage in stages:
        after = stage.follow(given)
        rows.append((stage.kind, either(given), either(after)))
        given = after
    return rows


def check_sample(stage: Stage, sample: Sample) -> None:
    """Raise UsageError unless ``stage`` takes the sample as it is.

    A picture that no stage has been at needs no mask: where nothing is to be moved, it is as good
    as displayed, or exposed where it is float32.
    """
    states, takes = states_of(sample), stage.takes
    for state in states:  # cheap: runs for each stage of each sample
        if state in takes:
            return
    raise misplaced(stage, "this one is", states or [_form(sample.image)])


def states_of(sample: Sample) -> States:
    """Return the states that a sample may be in, told from its arrays; () for odd pictures."""
    image: Any = sample.image
    dtype = image.dtype
    if image.ndim != 2 or dtype not in (UINT8, FLOAT32):
        return ()
    if sample.matrix is not None:
        return MOVED
    if dtype == FLOAT32:
        return EXPOSED
    return PLAIN if sample.mask is None else GREY


def misplaced(stage: Stage, source: str, given: Iterable[str]) -> UsageError:
    """Return the one error about a stage at the wrong place."""
    place = PLACES.get(stage.takes)
    way_out = f": put it {place}" if place else ""
    takes = f"{stage.kind!r} takes a sample that is {either(stage.takes)}"
    return UsageError(f"{takes}, but {source} {either(given)}{way_out}")


def either(states: Iterable[str]) -> str:
    """Return states in words.

    Examples
    --------
    >>> either(PENDING)
    'at rest or moved'
    """
    *others, last = states
    return f"{', '.join(others)} or {last}" if others else last


def _source(name: str, giver: str) -> str:
    return f"{name} gives one that is" if giver else "the background is"


def _form(image: Any) -> str:
    return f"an array of {image.shape} {image.dtype}"
