"""Shards made by the workers of a Dask cluster."""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fluorosynth.dataset.engine import Engine, Progress, Task
from fluorosynth.errors import (
    FluorosynthError,
    InterruptedRunError,
    UsageError,
    extra,
)
from fluorosynth.io.patience import said_while_waiting

AHEAD = 2000  # tasks that the scheduler holds at a time
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
            from distributed import Client, KilledWorker, as_completed
            from distributed.comm import get_address_host
        try:
            if not self.scheduler:
                raise ValueError("no address")
            get_address_host(self.scheduler)  # ValueError; a client would not end for a minute
            with said_while_waiting(lambda: f"waiting for the Dask scheduler {self.scheduler}"):
                client = Client(self.scheduler, timeout=20, set_as_default=False)
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise UsageError(f"no Dask scheduler at {self.scheduler!r}: {reason}") from None
        with client:
            name = f"fluorosynth-{secrets.token_hex(4)}"
            try:
                with said_while_waiting(lambda: self._lacks_workers(client)):
                    client.register_plugin(_carrier(task), name)
            except OSError as error:  # CommClosedError is one
                raise InterruptedRunError(
                    f"a worker of the cluster went away at the start: {error}; run the same "
                    "command to go on"
                ) from None
            waiting, found = iter(numbers), {}

            def submit(count: int) -> list[Any]:
                return [
                    client.submit(_work, name, n, key=f"{name}-{n}", retries=RETRIES, pure=False)
                    for n in islice(waiting, count)
                ]

            try:
                running = as_completed(submit(AHEAD), loop=client.loop)
                while not running.is_empty():
                    with said_while_waiting(lambda: self._lacks_workers(client)):
                        future = next(running)
                    number, digest, count = _raised(future.result())
                    found[number] = digest
                    report(count)
                    running.update(submit(1))
            except KilledWorker as error:
                reason = " ".join(str(error).split())
                raise InterruptedRunError(
                    f"workers of the cluster were killed again and again (out of memory?): "
                    f"{reason}; run the same command to go on"
                ) from None
            finally:
                with suppress(OSError):  # of a worker that went away, with its plugin
                    client.unregister_worker_plugin(name)
        return found

    def _lacks_workers(self, client: Any) -> str:
        """Return a sentence where nobody is there to work: a queue of a cluster may be long."""
        try:
            there = client.scheduler_info()["workers"]
        except Exception:  # it is being closed just now, and nothing is waited for
            return ""
        return "" if there else f"waiting for a worker: {self.scheduler} has none"


def _carrier(task: Task) -> Any:
    """Return what brings a task to each worker, those that come later included."""
    from distributed import WorkerPlugin

    class Carrier(WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:  # noqa: ARG002
            import cv2

            cv2.setNumThreads(1)
            self.task, self.lock = task, threading.Lock()

    return Carrier()


def _work(name: str, number: int) -> tuple[int, str, int] | FluorosynthError:
    """Run a task on a worker; one at a time in each process, as samples are drawn."""
    from distributed import get_worker

    carrier = get_worker().plugins[name]
    done = [0]

    def tick(count: int) -> None:
        done[0] += count

    with carrier.lock:
        try:
            return number, carrier.task(number, tick), done[0]
        except InterruptedRunError:
            raise  # another try may do
        except FluorosynthError as error:
            return error


def _raised(result: tuple[int, str, int] | FluorosynthError) -> tuple[int, str, int]:
    if isinstance(result, FluorosynthError):
        raise result
    return result
