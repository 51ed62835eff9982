"""Which part of a set is this job's, as schedulers say it in the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fluorosynth.errors import UsageError


@dataclass(frozen=True)
class Scheduler:
    """Environment variables of one scheduler's job arrays.

    Parameters
    ----------
    name
        Name of the scheduler.
    index
        Variable with the job's number in its array.
    first
        Variable with the least number, or the number itself.
    count
        Variable with the number of jobs; empty where the scheduler does not say it.
    last
        Variable with the greatest number, where there is no ``count``.
    step
        Variable with the distance of neighbouring numbers.
    """

    name: str
    index: str
    first: str | int
    count: str = ""
    last: str = ""
    step: str = ""


SCHEDULERS = (
    Scheduler(
        "SLURM",
        "SLURM_ARRAY_TASK_ID",
        "SLURM_ARRAY_TASK_MIN",
        "SLURM_ARRAY_TASK_COUNT",
        "SLURM_ARRAY_TASK_MAX",
        "SLURM_ARRAY_TASK_STEP",
    ),
    Scheduler("PBS", "PBS_ARRAY_INDEX", 0),
    Scheduler("Torque", "PBS_ARRAYID", 0),
    Scheduler("LSF", "LSB_JOBINDEX", 1, last="LSB_JOBINDEX_END", step="LSB_JOBINDEX_STEP"),
    Scheduler(
        "SGE", "SGE_TASK_ID", "SGE_TASK_FIRST", last="SGE_TASK_LAST", step="SGE_TASK_STEPSIZE"
    ),
    Scheduler("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", 0, "AWS_BATCH_JOB_ARRAY_SIZE"),
    Scheduler("Kubernetes", "JOB_COMPLETION_INDEX", 0),
    Scheduler("Google Batch", "BATCH_TASK_INDEX", 0, "BATCH_TASK_COUNT"),
    Scheduler("Cloud Run", "CLOUD_RUN_TASK_INDEX", 0, "CLOUD_RUN_TASK_COUNT"),
)


def parse_part(text: str, environment: Mapping[str, str]) -> tuple[int, int]:
    """Return (part, parts), 1 <= part <= parts, of ``"3/8"``, ``"auto"`` or ``"auto/8"``.

    ``auto`` takes both numbers from the scheduler's environment; ``auto/8`` takes only the number
    of this job, counted from 0, where the scheduler does not tell how many there are (PBS,
    Kubernetes).

    Parameters
    ----------
    text
        Text as the user wrote it.
    environment
        Environment variables.

    Raises
    ------
    UsageError
        When it is none of these, no scheduler's variables are set, or the number is beyond the
        parts.

    Examples
    --------
    >>> parse_part("3/8", {})
    (3, 8)
    >>> parse_part("auto/8", {"JOB_COMPLETION_INDEX": "2"})
    (3, 8)
    """
    found = re.fullmatch(r"(auto|\d{1,9})(?:/(\d{1,9}))?", text.strip())
    if found is None or (found[1] != "auto" and found[2] is None):
        raise UsageError(f"part {text!r}: write it as 3/8, auto or auto/8")
    if found[2] is not None and not int(found[2]):
        raise UsageError(f"part {text!r}: there is at least one part")
    if found[1] != "auto":
        part, parts = int(found[1]), int(found[2])
    else:
        part, parts = _of_scheduler(int(found[2] or 0), environment)
    if not 1 <= part <= parts:
        raise UsageError(f"part {part} of {parts}: parts are numbered from 1 to {parts}")
    return part, parts


def _of_scheduler(parts: int, environment: Mapping[str, str]) -> tuple[int, int]:
    for scheduler in SCHEDULERS:
        index = _number(scheduler.index, environment)
        if index is None:
            continue
        variable, first = scheduler.index, scheduler.first
        start = first if isinstance(first, int) else _number(first, environment)
        if start is None:
            raise UsageError(
                f"part auto: {scheduler.name} sets {variable} = {index} without {first}: "
                f"write ${variable}/8 for 8 parts numbered from 1"
            )
        step = _number(scheduler.step, environment) or 1
        jobs = _number(scheduler.count, environment)
        last = _number(scheduler.last, environment)
        spanned = None if last is None else (last - start) // step + 1
        known = jobs if jobs is not None else spanned
        if known is not None and (parts not in (0, known) or spanned not in (None, known)):
            own = f"${variable}" if start else f"$(({variable} + 1))"
            raise UsageError(
                f"part auto: {scheduler.name} runs {known} jobs of this array, {start} to "
                f"{last or start + known - 1}, which are not all parts in order: "
                f"write {own}/8 for 8 parts numbered from 1"
            )
        parts = parts or known or 0
        if not parts:
            raise UsageError(
                f"part auto: {scheduler.name} sets {variable} but not how many jobs there are: "
                f"write auto/8 for 8 jobs numbered from {start}"
            )
        part = (index - start) // step + 1
        if not 1 <= part <= parts:
            raise UsageError(
                f"part auto: {variable} = {index} is none of {parts} jobs that are numbered from "
                f"{start}: number them so, or write ${variable}/{parts} for parts numbered from 1"
            )
        return part, parts
    names = ", ".join(scheduler.index for scheduler in SCHEDULERS)
    raise UsageError(f"part auto: this is no job of an array; none of {names} is set")


def _number(name: str, environment: Mapping[str, str]) -> int | None:
    """Return a variable's value; None where it is unset, empty or, as SGE has it, undefined."""
    value = environment.get(name, "")
    if value in ("", "undefined"):
        return None
    if not re.fullmatch(r"\d{1,9}", value):
        raise UsageError(f"part auto: {name} = {value!r} is no number")
    number = int(value)
    # LSF sets it to 0 outside of arrays
    return None if name == "LSB_JOBINDEX" and number == 0 else number
