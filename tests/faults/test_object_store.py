"""An object store that drops every k-th connection: the same set, at once or run again."""

import pytest
from faults_table import row
from small import small_recipe

from fluorosynth.dataset import generate, read_samples
from fluorosynth.errors import FluorosynthError
from fluorosynth.shards import digest

pytest.importorskip("moto")
from object_server import Cutter, pointed_to, served

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*trying again")]
BYTES = 4000  # that a connection carries before it is dropped


class EveryKth(Cutter):
    """Drops every k-th connection, for ever."""

    def __init__(self, port, k):
        self.k, self.seen = k, 0
        super().__init__(port, BYTES, times=10**9)

    def _pump(self, source, sink, carried):
        if not carried[0]:
            with self.lock:
                self.seen += 1
                carried[0] = 0 if self.seen % (2 * self.k) == 0 else -(10**12)
        super()._pump(source, sink, carried)


def test_every_kth_connection_is_dropped(tmp_path, monkeypatch):
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "cache"))
    recipe = small_recipe(tmp_path)
    generate(recipe, tmp_path / "whole", 12, seed=5, shard_size=4)
    whole = [(index, digest(sample)) for index, sample in read_samples(tmp_path / "whole")]
    count = row("`generate` and reading, S3", "every k-th connection dropped, k = 2, 3, 5")
    cuts = 0
    with served() as port:
        for k in (2, 3, 5):
            url, refusals = f"s3://sets/kth-{k}", 0
            with EveryKth(port, k) as proxy, pointed_to(proxy.port):
                for _ in range(5):
                    try:
                        generate(recipe, url, 12, seed=5, shard_size=4)
                        found = [(index, digest(sample)) for index, sample in read_samples(url)]
                        break
                    except FluorosynthError:
                        refusals += 1
                else:
                    found = None
            cuts += proxy.cut
            count.same += found == whole and not refusals
            count.refused += found == whole and refusals > 0
            count.lost += found != whole
    assert count.lost == 0, count
    assert cuts > 0
