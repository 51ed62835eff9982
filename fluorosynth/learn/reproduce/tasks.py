"""Work in steps that are kept by what they depend on: killed and started again, it goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xxhash import xxh3_128

from fluorosynth.errors import BadDataError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.text import read_json

DONE = "done.json"
# Takes its own folder, those of the parents by role, and its options
Run = Callable[[Path, "Mapping[str, Path]", "Mapping[str, Any]"], Any]


@dataclass(frozen=True, eq=False)
class Task:
    """One step.

    Parameters
    ----------
    name
        Name of the step, for people and for its folder.
    options
        Facts that its result depends on beside its parents, JSON-compatible.
    run
        Function that does it, in a folder of its own; what it returns, JSON-compatible, is kept.
    parents
        Steps whose results it needs, by role.
    images
        Number of pictures that pass through a network, forwards and backwards: a measure of its
        length.
    network
        Kind of that network.
    frames
        Number of pictures that are generated: a measure of its length too.
    """

    name: str
    options: Mapping[str, Any]
    run: Run
    parents: Mapping[str, Task] = field(default_factory=dict)
    images: int = 0
    network: str = "light"
    frames: int = 0

    @property
    def key(self) -> str:
        """Digest of all that the result depends on."""
        parents = {role: parent.key for role, parent in self.parents.items()}
        text = json.dumps([self.name, self.options, parents], sort_keys=True)
        return xxh3_128(text.encode()).hexdigest()[:12]

    def folder(self, root: Path) -> Path:
        """Return where its result lies below ``root``.

        Parameters
        ----------
        root
            Folder of the results.
        """
        return root / f"{self.name}-{self.key}"

    def done(self, root: Path) -> bool:
        """Tell whether it has been done.

        Parameters
        ----------
        root
            Folder of the results.
        """
        return self.record(root) is not None

    def record(self, root: Path) -> dict[str, Any] | None:
        """Return what was noted when it was done; None where it was not, or the note is damaged.

        Parameters
        ----------
        root
            Folder of the results.
        """
        try:
            found = read_json(self.folder(root) / DONE)
        except BadDataError:
            return None
        return found if isinstance(found, dict) and "result" in found else None


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """Return the tasks and all that they need, parents first, each once.

    Parameters
    ----------
    tasks
        Tasks that are wanted.
    """
    found: dict[str, Task] = {}

    def visit(task: Task) -> None:
        if task.key not in found:
            for parent in task.parents.values():
                visit(parent)
            found[task.key] = task

    for task in tasks:
        visit(task)
    return list(found.values())


def run_tasks(tasks: Iterable[Task], root: Path) -> Iterator[Task]:
    """Do what is not done yet, and yield each task before it is done.

    Parameters
    ----------
    tasks
        Tasks that are wanted.
    root
        Folder of the results.
    """
    for task in in_order(tasks):
        if task.done(root):
            continue
        yield task
        folder = task.folder(root)
        folder.mkdir(parents=True, exist_ok=True)
        parents = {role: parent.folder(root) for role, parent in task.parents.items()}
        began = time.perf_counter(), time.process_time()
        result = task.run(folder, parents, task.options)
        seconds = time.perf_counter() - began[0], time.process_time() - began[1]
        content = {"options": dict(task.options), "result": result, "seconds": seconds}
        with replacing(folder / DONE) as part:
            part.write_text(json.dumps(content), "utf-8")


def result_of(task: Task, root: Path) -> Any:
    """Return what a task that is done has returned.

    Parameters
    ----------
    task
        Task that is done.
    root
        Folder of the results.
    """
    found = task.record(root)
    if found is None:
        raise BadDataError(f"{task.folder(root) / DONE} is damaged: run the same command again")
    return found["result"]


def seconds_of(task: Task, root: Path) -> tuple[float, float] | None:
    """Return how long a task took, by the clock and of the processor; None where nobody knows.

    Parameters
    ----------
    task
        Task in question.
    root
        Folder of the results.
    """
    seconds = (task.record(root) or {}).get("seconds")
    return None if seconds is None else (float(seconds[0]), float(seconds[1]))
