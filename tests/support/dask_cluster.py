"""A Dask cluster of two worker processes on this machine."""

import contextlib
import subprocess
import sys

from small import environment

CLUSTER = """
import os, sys, time
from distributed import Client, LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=int(sys.argv[1]), threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster, Client(cluster) as client:
        print(cluster.scheduler_address, flush=True)
        for line in sys.stdin:  # asked who works: so many, when the killed have been replaced
            found, many = {}, int(line)
            for _ in range(30):  # one that was just killed is asked, and does not answer
                cluster.scale(many)  # who was killed while starting has been given up
                try:
                    client.wait_for_workers(many, timeout=10)
                    found = client.run(os.getpid)
                    break
                except (OSError, TimeoutError):
                    time.sleep(1)
            print(*found.values(), flush=True)
"""


class Cluster:
    """A scheduler and two workers; one that is killed is replaced.

    Parameters
    ----------
    process
        Process that keeps them.
    """

    def __init__(self, process):
        self.process = process
        self.address = process.stdout.readline().strip()

    def workers(self, many=2):
        """Return the process numbers of the workers, when there are so many."""
        self.process.stdin.write(f"{many}\n")
        self.process.stdin.flush()
        return [int(word) for word in self.process.stdout.readline().split()]


@contextlib.contextmanager
def cluster(folder, workers=2):
    """Run a cluster, with the environment of now."""
    script = folder / "cluster.py"
    script.write_text(CLUSTER)
    variables = {k: v for k, v in environment().items() if k != "PYTHONWARNINGS"}
    with subprocess.Popen(
        [sys.executable, script, str(workers)], env=variables, cwd=folder,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        yield Cluster(process)
        process.stdin.close()
        process.wait(60)
