"""What makes the shards of a set: processes of this machine, or those of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from fluorosynth.errors import FluorosynthError

Result = TypeVar("Result")
Progress = Callable[[int], None]
Task = Callable[[int, Progress], str]


class Engine(Protocol):
    """Runs tasks by their numbers, wherever it has room."""

    @property
    def elsewhere(self) -> bool:
        """Whether tasks run in other folders, or on other machines, than this process."""

    def run(self, task: Task, numbers: list[int], report: Progress) -> dict[int, str]:
        """Return ``task(number, tick)`` of each number.

        Parameters
        ----------
        task
            Work to be done; it can be pickled, and calls ``tick(count)`` as it gets on. Done
            twice it does no harm.
        numbers
            Numbers of the tasks, in any order.
        report
            Function to call here with the sum of new ticks, now and then.

        Raises
        ------
        InterruptedRunError
            When a process is killed and nobody can take its place. What a task raises comes out.
        """


def raised(result: Result | FluorosynthError) -> Result:
    """Return what another process returned; raise it where it is an error.

    Parameters
    ----------
    result
        Result, or the error that came in its place: one that crosses as an exception carries a
        traceback, which a sentence for people does not need.

    Raises
    ------
    FluorosynthError
        When it is one.
    """
    if isinstance(result, FluorosynthError):
        raise result
    return result
