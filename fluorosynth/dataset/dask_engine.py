"""Shards made by the workers of a Dask cluster."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fluorosynth.dataset.engine import Engine, Progress, Task, raised
from fluorosynth.errors import (
    BadDataError,
    FluorosynthError,
    InterruptedRunError,
    UsageError,
    extra,
)
from fluorosynth.io.patience import hushed, said_while_waiting

AHEAD = 2000  # tasks that the scheduler holds at a time
ANSWER = 5.0  # s after which a scheduler that is asked who works is said not to answer
RETRIES = 3  # of a task whose connection or disk fails


@dataclass(frozen=True)
class Dask(Engine):
    """See ``Engine``; takes the extra ``dask``.

    A shard whose worker is killed goes to another one; Dask gives up one that has killed four.

    Parameters
    ----------
    scheduler
        Address of the scheduler, such as ``tcp://10.0.0.1:8786``.
    """

    scheduler: str

    @property
    def elsewhere(self) -> bool:
        """Whether tasks run in other folders: yes."""
        return True

    def run(self, task: Task, numbers: list[int], report: Progress) -> dict[int, str]:
        """Map the numbers over the cluster; the task goes once to each worker."""
        if not numbers:
            return {}
        with extra("dask", "the engine dask needs distributed"):
            from distributed import Client, as_completed
            from distributed.comm import get_address_host
        try:
            if not self.scheduler:
                raise ValueError("no address")
            get_address_host(self.scheduler)  # ValueError; a client would not end for a minute
            with said_while_waiting(lambda: f"waiting for the Dask scheduler {self.scheduler}"):
                client = Client(self.scheduler, timeout=20, set_as_default=False)
        except (OSError, ValueError) as error:
            raise UsageError(f"no Dask scheduler at {self.scheduler!r}: {_reason(error)}") from None
        with hushed("distributed.client"), client, self._faults_said():
            name = f"fluorosynth-{secrets.token_hex(4)}"
            carrier, work = _carrier(task)
            with said_while_waiting(lambda: self._waited_for(client)):
                client.register_plugin(carrier, name)
            waiting, found = iter(numbers), {}

            def submit(count: int) -> list[Any]:
                return [
                    client.submit(work, name, n, key=f"{name}-{n}", retries=RETRIES, pure=False)
                    for n in islice(waiting, count)
                ]

            try:
                running = as_completed(submit(AHEAD), loop=client.loop)
                while not running.is_empty():
                    with said_while_waiting(lambda: self._waited_for(client)):
                        result = next(running).result()
                    number, digest, count = raised(result)
                    found[number] = digest
                    report(count)
                    running.update(submit(1))
            finally:
                with suppress(OSError):  # of a worker that went away, with its plugin
                    if client.status == "running":
                        client.unregister_worker_plugin(name)
        return found

    def _waited_for(self, client: Any) -> str:
        """Return a sentence where nobody is there to work: a queue of a cluster may be long."""
        silent = f"waiting for the Dask scheduler {self.scheduler}, which does not answer"
        if client.status == "connecting":  # again
            return silent
        try:
            there = client.sync(client.scheduler.identity, callback_timeout=ANSWER)["workers"]
        except OSError:  # TimeoutError is one
            return silent
        except Exception:  # it is being closed just now, and nothing is waited for
            return ""
        return "" if there else f"waiting for a worker: {self.scheduler} has none"

    @contextmanager
    def _faults_said(self) -> Iterator[None]:
        """Turn what stops a cluster into what its user can do about it."""
        from distributed import KilledWorker
        from distributed.comm import CommClosedError

        again = "run the same command to go on"
        try:
            yield
        except KilledWorker as error:
            raise InterruptedRunError(
                f"workers of the cluster were killed again and again (out of memory?): "
                f"{_reason(error)}; {again}"
            ) from None
        except (CancelledError, CommClosedError) as error:
            raise InterruptedRunError(
                f"the Dask scheduler {self.scheduler} or its workers went away: {_reason(error)}; "
                f"{again} when they are there"
            ) from None
        except (ImportError, AttributeError) as error:  # of unpickling: MissingExtraError is none
            if isinstance(error, FluorosynthError):
                raise
            raise BadDataError(
                f"a worker of {self.scheduler} cannot load what it is to do: {_reason(error)}; "
                "workers need the same packages as are here"
            ) from None


def _carrier(task: Task) -> tuple[Any, Callable[[str, int], Any]]:
    """Return what brings a task to each worker, those that come later included, and what runs it.

    Nothing of this package is named until a shard is made: a worker that lacks it would fail when
    it joins or reads its orders, and keep the shards that the scheduler gave it.
    """
    from distributed import WorkerPlugin
    from distributed.protocol.pickle import dumps

    class Carrier(WorkerPlugin):  # type: ignore[misc]
        def __init__(self, content: bytes) -> None:
            self.content = content
            self.task: Task | None = None

        def setup(self, worker: Any) -> None:  # noqa: ARG002
            self.lock = threading.Lock()

        def work(self, number: int) -> Any:
            from distributed.protocol.pickle import loads

            with self.lock:  # one at a time in each process, as samples are drawn
                self.task = self.task or loads(self.content)
                from fluorosynth.dataset.dask_engine import run_task

                return run_task(self.task, number)

    def work(name: str, number: int) -> Any:
        from distributed import get_worker

        return get_worker().plugins[name].work(number)

    return Carrier(dumps(task)), work


def run_task(task: Task, number: int) -> tuple[int, str, int] | FluorosynthError:
    """Run a task on a worker; return its number, what it returned and its ticks, or its error.

    Parameters
    ----------
    task
        Task to be run.
    number
        Number to run it with.

    Raises
    ------
    InterruptedRunError
        When another try may do.
    """
    import cv2

    cv2.setNumThreads(1)
    done = [0]

    def tick(count: int) -> None:
        done[0] += count

    try:
        return number, task(number, tick), done[0]
    except InterruptedRunError:
        raise
    except FluorosynthError as error:
        return error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
