"""All of it: steps done or to do, and the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fluorosynth.core.spec import did_you_mean
from fluorosynth.errors import UsageError
from fluorosynth.io.place import local
from fluorosynth.learn.reproduce import published
from fluorosynth.learn.reproduce.claims import CLAIMS
from fluorosynth.learn.reproduce.config import ReproduceConfig
from fluorosynth.learn.reproduce.experiments import Experiments
from fluorosynth.learn.reproduce.tables import TABLES, Numbers
from fluorosynth.learn.reproduce.tasks import Task, in_order, result_of, run_tasks

STEPS = "steps"
Told = Callable[[Task, int, int], None]  # the step that begins, its number, and how many there are


@dataclass(frozen=True)
class Reproduced:
    """The numbers of the tables that were asked for.

    Parameters
    ----------
    config
        Settings of the reproduction.
    numbers
        Numbers by table: of each seed.
    surrogate
        Whether the real data was made.
    pictures
        Files of figures, by name: of the first seed.
    """

    config: ReproduceConfig
    numbers: dict[str, list[Numbers]]
    surrogate: bool
    pictures: dict[str, Path] = field(default_factory=dict)

    def mean(self, table: str) -> Numbers:
        """Return the means over seeds of a table's numbers.

        Parameters
        ----------
        table
            Name of the table.
        """
        rows = self.numbers[table]
        return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}

    def interval(self, table: str, name: str) -> tuple[float, float] | None:
        """Return the 95 % interval of a mean over seeds; None for one seed.

        Student's: of two or three seeds a bootstrap would only draw what is there.

        Parameters
        ----------
        table
            Name of the table.
        name
            Name of the number.
        """
        values = [row[name] for row in self.numbers[table]]
        if len(values) < 2:
            return None
        from scipy.stats import t

        half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5)
        return float(np.mean(values)) - half, float(np.mean(values)) + half


def pick_tables(names: Sequence[str] = ()) -> list[str]:
    """Return names of tables, all where none is given.

    Parameters
    ----------
    names
        Names asked for.

    Raises
    ------
    UsageError
        For an unknown one.
    """
    for name in names:
        if name not in TABLES:
            raise UsageError(f"`only`: no {name!r}{did_you_mean(name, TABLES)}")
    return list(names) or list(TABLES)


def plan(
    config: ReproduceConfig, weiss: Path | None, tables: Sequence[str], out: Path
) -> tuple[list[Task], list[Task]]:
    """Return all steps in their order, and those that are not done yet.

    Parameters
    ----------
    config
        Settings of the reproduction.
    weiss
        Folder of the WEISS files; None: a surrogate is made.
    tables
        Names of tables.
    out
        Folder of the steps.
    """
    experiments = Experiments(config, weiss)
    wanted = [
        task
        for seed in config.seeds
        for name in tables
        for task in TABLES[name].tasks(experiments, seed).values()
    ]
    steps = in_order(wanted)
    return steps, [task for task in steps if not task.done(out / STEPS)]


def reproduce(
    config: ReproduceConfig,
    weiss: Path | None,
    tables: Sequence[str],
    out: Path,
    told: Told | None = None,
    quiet: bool = True,
) -> Reproduced:
    """Do all steps that are not done yet and return the numbers.

    Parameters
    ----------
    config
        Settings of the reproduction.
    weiss
        Folder of the WEISS files; None: a surrogate is made.
    tables
        Names of tables.
    out
        Folder of the steps.
    told
        Function called before each step.
    quiet
        Whether no progress bars of trainings are shown.
    """
    experiments, root = Experiments(config, weiss, quiet), local(out) / STEPS
    wanted = {
        (name, seed): TABLES[name].tasks(experiments, seed)
        for seed in config.seeds
        for name in tables
    }
    everything = [task for found in wanted.values() for task in found.values()]
    total = sum(not task.done(root) for task in in_order(everything))
    for number, task in enumerate(run_tasks(everything, root), 1):
        if told:
            told(task, number, total)

    def of(task: Task) -> Any:
        return result_of(task, root)

    numbers: dict[str, list[Numbers]] = {name: [] for name in tables}
    for (name, _), tasks in wanted.items():
        numbers[name].append(TABLES[name].numbers(tasks, of, config))
    pictures = {}
    for name in tables:
        step, file = TABLES[name].picture
        if step:
            folder = wanted[name, config.seeds[0]][step].folder(root)
            pictures[name] = next(folder.glob(f"{file}*"))
    return Reproduced(config, numbers, weiss is None, pictures)


def differences(table: str, found: Reproduced) -> list[str]:
    """Return one sentence for each claim that the publication's numbers bear out and ours do not.

    The other way round counts as well.

    Parameters
    ----------
    table
        Name of the table.
    found
        Numbers of the tables.
    """
    ours, theirs = found.mean(table), published.NUMBERS[table]
    said = []
    for claim in CLAIMS.get(table, ()):
        here, there = claim.holds(ours), claim.holds(theirs)
        if here != there:
            which = "holds in the publication, not here" if there else "holds here, not there"
            said.append(f"{claim.text[0].upper()}{claim.text[1:]}: {which}.")
    return said
