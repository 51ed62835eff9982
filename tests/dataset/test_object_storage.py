"""A set in object storage has the bytes of one in a folder, whatever happens on the way."""

import contextlib
import importlib.util
import shutil
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import boto3
import fsspec
import numpy as np
import object_server
import pytest
import s3fs
from fsspec.registry import _registry
from object_server import Cutter, Failing, pointed_to, served
from small import command, content, environment, small_recipe, started, wait_until

from fluorosynth.dataset import object_store
from fluorosynth.dataset.generation import MissingShardsError, finish, generate
from fluorosynth.dataset.manifest import read_samples
from fluorosynth.dataset.verification import verify
from fluorosynth.errors import (
    BadDataError,
    DataWarning,
    InterruptedRunError,
    MissingExtraError,
    UsageError,
)
from fluorosynth.io import object_cache, remote
from fluorosynth.io.place import local, url_of
from fluorosynth.io.remote import Remote
from fluorosynth.learn.checkpoint import load_model, weights_hash
from fluorosynth.learn.data import open_dataset
from fluorosynth.learn.data import shards as learn_shards
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.train import train

N, SHARD = 12, 4
pytestmark = pytest.mark.filterwarnings("ignore:.*(trying again|waiting for)")


@pytest.fixture(scope="module")
def server():
    with served() as port:
        yield port


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return small_recipe(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    generate(recipe, out, N, seed=5, shard_size=SHARD)
    return out


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "cache"))


def objects(prefix, hidden=False):
    """Return what the server holds, hidden objects if asked for."""
    found = object_server.objects(prefix)
    return {name: held for name, held in found.items() if hidden or not name.startswith(".")}


def test_the_objects_are_the_files_of_a_folder(server, recipe, whole):
    url = "s3://sets/whole"
    assert generate(recipe, url, N, seed=5, shard_size=SHARD).made == N
    assert objects("whole") == content(whole)
    assert generate(recipe, url, N, seed=5, shard_size=SHARD).made == 0
    assert not Path("s3:").exists()
    with pytest.raises(UsageError, match=r"s3://sets/whole holds .* its seed is 5, yours 6"):
        generate(recipe, Path(url), N, seed=6, shard_size=SHARD)  # a path has lost a slash


def test_parts_and_what_is_missing(server, recipe, whole):
    url = "s3://sets/parts"
    generate(recipe, url, N, seed=5, shard_size=SHARD, part=(2, 2))
    with pytest.raises(MissingShardsError, match="lacks 2 of 3 shards: 0, 2"):
        finish(recipe, url, N, seed=5, shard_size=SHARD)
    generate(recipe, url, N, seed=5, shard_size=SHARD, part=(1, 2))
    assert "dataset.json" not in objects("parts")
    finish(recipe, url, N, seed=5, shard_size=SHARD)
    assert objects("parts") == content(whole)


def test_a_set_grows(server, recipe, whole):
    generate(recipe, "s3://sets/grown", 6, seed=5, shard_size=SHARD)
    grown = generate(recipe, "s3://sets/grown", N, seed=5, shard_size=SHARD, workers=2)
    assert grown.made == 8
    assert objects("grown") == content(whole)


def test_what_is_read_is_what_was_written(server, recipe, whole, tmp_path):
    url = "s3://sets/read"
    generate(recipe, url, N, seed=5, shard_size=SHARD)
    for (i, a), (j, b) in zip(read_samples(url), read_samples(whole), strict=True):
        assert i == j
        assert np.array_equal(a.image, b.image)
    near, far = open_dataset(whole), open_dataset(url)
    assert (len(far), far.fingerprint, far.recipe) == (N, near.fingerprint, near.recipe)
    for index in (11, 0, 5):
        assert np.array_equal(far[index], near[index])
    assert all(not problems for _, problems in verify(url))
    files = [p for p in (tmp_path / "cache/objects").iterdir() if not p.name.startswith(".")]
    assert len(files) == 3
    for path in files:  # what lies in the cache is checked, and fetched again
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert np.array_equal(open_dataset(url)[11], near[11])


def test_a_changed_object_is_named_and_never_used(server, recipe):
    url = "s3://sets/changed"
    generate(recipe, url, N, seed=5, shard_size=SHARD)
    data = bytearray(objects("changed")["shard-00001.h5"])
    data[-100] ^= 1
    boto3.client("s3").put_object(Bucket="sets", Key="changed/shard-00001.h5", Body=bytes(data))
    wrong = {name: problems for name, problems in verify(url) if problems}
    assert list(wrong) == ["shard-00001.h5"]
    with pytest.raises(BadDataError, match=r"s3://sets/changed/shard-00001\.h5: its checksum is"):
        open_dataset(url)[5]


def test_the_cache_keeps_to_its_bound(server, recipe, whole, tmp_path, monkeypatch):
    url = "s3://sets/bound"
    generate(recipe, url, N, seed=5, shard_size=SHARD)
    shards = [entry.stat().st_size for entry in whole.glob("shard-*.h5")]
    monkeypatch.setattr(object_cache, "SPARED", 0.0)
    monkeypatch.setattr(object_cache, "bytes_kept", lambda: sum(shards) - 1)
    assert len(list(read_samples(url))) == N  # one after the other
    files = [p for p in (tmp_path / "cache/objects").iterdir() if not p.name.startswith(".")]
    assert len(files) == 2


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_set_above_the_bound_trains_as_from_a_disk(
    server, recipe, tmp_path, monkeypatch, compression
):
    """The cache holds one shard of three; nothing that gave way is held open."""
    url, near = f"s3://sets/above-{compression}", tmp_path / "near"
    for out in (url, near):
        generate(recipe, out, N, seed=5, shard_size=SHARD, compression=compression)
    largest = max(path.stat().st_size for path in near.glob("shard-*.h5"))
    config = TrainConfig(network="light_plain", epochs=2, batch_size=2, validation=0.25)
    train(open_dataset(near), config, tmp_path / "on-disk", quiet=True)
    monkeypatch.setattr(object_cache, "SPARED", 0.0)
    for module in (object_cache, learn_shards):
        monkeypatch.setattr(module, "bytes_kept", lambda: largest)
    with pytest.warns(DataWarning, match="FLUOROSYNTH_OBJECTS_MB"):
        pairs = open_dataset(url)
    train(pairs, config, tmp_path / "fetched", quiet=True)
    one, other = (load_model(tmp_path / name).network for name in ("on-disk", "fetched"))
    assert weights_hash(one) == weights_hash(other)
    for index in (0, 11, 4, 1):
        assert np.array_equal(pairs[index], open_dataset(near)[index])
    cache = tmp_path / "cache/objects"
    assert len([path for path in cache.iterdir() if not path.name.startswith(".")]) == 1
    assert not [line for line in open_files() if str(cache) in line and "(deleted)" in line]
    assert [line for line in open_files() if str(cache) in line]


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_shard_that_gives_way_before_it_is_opened_is_fetched_again(
    server, recipe, whole, monkeypatch, compression
):
    """As where this process was stopped meanwhile, and others filled the cache."""
    url = f"s3://sets/gave-way-{compression}"
    generate(recipe, url, N, seed=5, shard_size=SHARD, compression=compression)
    near, gone = list(open_dataset(whole)), set()

    def gives_way(path, when):
        if (path, when) not in gone:
            gone.add((path, when))
            path.unlink()

    def kept(*given):
        path = object_cache.kept(*given)
        gives_way(path, "fetched")
        return path

    def locate(shard, locate=learn_shards._locate):
        gives_way(shard.path, "opened")
        return locate(shard)

    monkeypatch.setattr(object_store, "kept", kept)
    monkeypatch.setattr(learn_shards, "_locate", locate)
    for item, expected in zip(open_dataset(url), near, strict=True):
        assert np.array_equal(item, expected)
    assert len(gone) == 6  # each of three shards twice


def open_files():
    """Return the files that this process has open or mapped, as the kernel names them."""
    found = Path("/proc/self/maps").read_text().splitlines()
    for number in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that lists them
            found.append(str(number.readlink()))
    return found


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_many_processes_share_one_copy(server, recipe, whole, tmp_path, start):
    url = f"s3://sets/shared-{start}"
    generate(recipe, url, N, seed=5, shard_size=SHARD)
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    from torch.utils.data import DataLoader

    loader = DataLoader(
        open_dataset(url), batch_size=None, num_workers=2, multiprocessing_context=start
    )
    for (image, _), (expected, _) in zip(loader, open_dataset(whole), strict=True):
        assert np.array_equal(image, expected)
    left = [p.name for p in (tmp_path / "cache/objects").iterdir() if p.suffix != ".lock"]
    assert len(left) == 3


@pytest.mark.parametrize("after", [2_000, 20_000])
def test_connections_that_drop_in_the_middle(server, recipe, whole, after):
    name = f"dropped{after}"
    with Cutter(server, after, times=3) as proxy, pointed_to(proxy.port):
        generate(recipe, f"s3://sets/{name}", N, seed=5, shard_size=SHARD)
    assert proxy.cut == 3  # half a request, half a shard
    assert objects(name) == content(whole)
    with Cutter(server, after, times=3) as proxy, pointed_to(proxy.port):
        samples = list(read_samples(f"s3://sets/{name}"))
    assert len(samples) == N


class Holding(Failing):
    """A proxy that answers when it is let: never before ``free`` is set."""

    def __init__(self, port):
        self.free = threading.Event()
        super().__init__(port, 1, "error")

    def fails(self):
        self.free.wait()
        return False


def test_a_store_that_does_not_answer_is_named_while_it_is_waited_for(server, recipe):
    url = "s3://sets/slow"
    generate(recipe, url, 2)
    with warnings.catch_warnings(), Holding(server) as proxy, pointed_to(proxy.port):
        warnings.simplefilter("always", DataWarning)
        said = []

        def hear(message, *_):
            said.append(str(message))
            proxy.free.set()

        warnings.showwarning = hear
        assert len(open_dataset(url)) == 2
    assert said[0] == f"waiting for {url}"


def test_what_its_processes_warn_of_is_a_sentence(server, tmp_path):
    line = ["generate", "--recipe", "paper", "--set", "procedural.count=1", "--n", "4"]
    line += ["--size", "64", "--shard-size", "2", "--workers", "2", "--quiet"]
    with Failing(server, 1, "error", after=8) as proxy, pointed_to(proxy.port):
        variables = {k: v for k, v in environment().items() if k != "PYTHONWARNINGS"}
        with started(*line, "--out", "s3://sets/warned", env=variables) as run:
            printed = run.communicate(timeout=120)[1]
    assert run.returncode == 4
    assert "trying again" in printed
    for said in printed.splitlines():
        assert said.startswith(("Warning: s3://", "Warning: waiting for", "Error: s3://")), said


@pytest.mark.parametrize(("scheme", "tries"), [("gs", 1), ("memory", 5)])
def test_drivers_that_try_again_by_themselves_are_asked_once(monkeypatch, scheme, tries):
    class Gone(fsspec.AbstractFileSystem):
        asked = 0

        def info(self, path, **_):
            Gone.asked += 1
            raise ConnectionError("refused")

    monkeypatch.setitem(_registry, scheme, Gone)
    monkeypatch.setattr(remote, "PAUSE", 0.0)
    with pytest.raises(InterruptedRunError, match=r"refused.*; run the same command again"):
        Remote(f"{scheme}://sets/here").size("dataset.json")
    assert Gone.asked == tries


def test_a_store_that_is_gone_stops_the_run_and_the_same_call_goes_on(server, recipe, whole):
    said = "run the same command again"
    with (
        Cutter(server, 20_000, times=10**9) as proxy,
        pointed_to(proxy.port),
        pytest.raises(InterruptedRunError, match=said),
    ):
        generate(recipe, "s3://sets/gone", N, seed=5, shard_size=SHARD)
    assert "dataset.json" not in objects("gone")
    generate(recipe, "s3://sets/gone", N, seed=5, shard_size=SHARD)
    assert objects("gone") == content(whole)


def test_killed_and_started_again(server, tmp_path):
    line = ["generate", "--n", "900", "--shard-size", "60", "--size", "64", "--quiet"]
    url = "s3://sets/killed"
    first = started(*line, "--out", url, "--workers", "1")
    wait_until(lambda: sum(n.endswith(".h5") for n in objects("killed", hidden=True)) >= 2)
    first.kill()
    first.communicate()
    assert "dataset.json" not in objects("killed")
    again = command(*line, "--out", url, "--workers", "1")
    assert again.returncode == 0, again.stderr
    assert command(*line, "--out", tmp_path / "one", "--workers", "1").returncode == 0
    assert objects("killed") == content(tmp_path / "one")


def test_other_objects_are_left_alone(server, recipe):
    client = boto3.client("s3")
    client.put_object(Bucket="sets", Key="foreign/README.md", Body=b"somebody's")
    client.put_object(Bucket="sets", Key="stray/shard-00000.h5", Body=b"somebody's")
    for place in ("foreign", "stray"):
        with pytest.raises(UsageError, match="holds other files"):
            generate(recipe, f"s3://sets/{place}", N)
    with pytest.raises(BadDataError, match="is not there"):
        generate(recipe, "s3://no-such-bucket/set", 1)


def test_in_memory(recipe, whole):
    generate(recipe, "memory://sets/here", N, seed=5, shard_size=SHARD, workers=2)
    folder = Remote("memory://sets/here")
    there = {name for name in folder.sizes() if not name.startswith(".")}
    assert {name: folder.read(name, 10**9) for name in there} == content(whole)
    assert len(open_dataset("memory://sets/here")) == N


def test_a_set_that_ends_with_the_command_is_said_to():
    done = command("generate", "--n", 2, "--size", 64, "--out", "memory://sets/x", "--quiet")
    assert done.returncode == 0
    assert "memory://sets/x is in the memory of this command, and ends with it" in done.stderr


def test_the_commands_read_it(server, recipe, tmp_path):
    url = "s3://sets/commands"
    generate(recipe, url, 4, shard_size=2)
    info = command("info", url)
    assert (info.returncode, "4, indices 0..3" in info.stdout) == (0, True), info.stderr
    assert f"{url}/preview.png" in info.stdout
    for words in (
        ["verify", url, "--deep"],
        ["preview", url, "--out", tmp_path / "sheet.png"],
        ["export", url, "--to", "folder", "--out", tmp_path / "png"],
    ):
        done = command(*words)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "sheet.png").exists()


@pytest.mark.parametrize(("scheme", "driver"), [("gs", "gcsfs"), ("az", "adlfs")])
def test_a_driver_that_is_missing_is_named(recipe, scheme, driver, tmp_path, monkeypatch):
    if importlib.util.find_spec(driver):
        pytest.skip(f"{driver} is installed")
    monkeypatch.chdir(tmp_path)
    for use in (lambda url: generate(recipe, url, 2), open_dataset):
        with pytest.raises(MissingExtraError, match=f"{scheme}:// needs {driver}.*pip install"):
            use(f"{scheme}://sets/here")
    assert list(tmp_path.iterdir()) == []


TALKATIVE = """
import logging, fsspec
from fsspec.registry import _registry
from fluorosynth_cli.main import main

class Talkative(fsspec.AbstractFileSystem):
    def info(self, path, **_):
        logging.getLogger("gcsfs").error("out of retries, as gcsfs says it")
        raise ConnectionError("nobody there")

_registry["gs"] = Talkative
main(["info", "gs://sets/here"])
"""


def test_a_driver_s_own_notes_do_not_come_before_the_sentence():
    done = subprocess.run(
        [sys.executable, "-c", TALKATIVE], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 4
    assert done.stderr == (
        "Error: gs://sets/here/dataset.json: nobody there; run the same command again when it can "
        "be reached\n"
    )


def test_a_driver_that_lacks_an_account_says_so(recipe, monkeypatch):
    class WithoutAccount(fsspec.AbstractFileSystem):
        def __init__(self, **_):
            raise ValueError("account_name with credentials, please")

    monkeypatch.setitem(_registry, "az", WithoutAccount)
    with pytest.raises(BadDataError, match=r"az://sets/here cannot be used \(account_name"):
        generate(recipe, "az://sets/here", 2)


def test_a_profile_that_is_not_there_is_not_tried_again(server, recipe, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    s3fs.S3FileSystem.clear_instance_cache()
    with warnings.catch_warnings(record=True) as said, pytest.raises(BadDataError, match="nobody"):
        generate(recipe, "s3://sets/profile", 2)
    assert not said


@pytest.mark.parametrize(
    "place", ["ftp://host/set", "http://host/set", "S4://b/s", "s3://", "s3://b/../c"]
)
def test_places_that_are_none(recipe, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given in (place, Path(place)):
        with pytest.raises(UsageError):
            generate(recipe, given, 2)
    assert list(tmp_path.iterdir()) == []


def test_paths_and_urls_are_told_apart():
    assert url_of("C:/data") is None
    assert url_of("data/s3:") is None
    assert url_of(Path("s3://bucket/a/set/")) == "s3://bucket/a/set"
    assert local("data/set") == Path("data/set")
    with pytest.raises(UsageError, match="not a folder of this machine"):
        local(Path("gs://bucket/x"))
