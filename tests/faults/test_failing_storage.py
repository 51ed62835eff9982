"""Object storage of which every so many-th request fails: the same bytes, or a sentence."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from faults_table import row
from faulty_commands import GENERATE, TRAIN, refused, tree, unlike
from forked import HUNG, run
from object_server import WAYS, Failing, objects, pointed_to, served
from torch.utils.data import DataLoader

from fluorosynth.errors import BadDataError, InterruptedRunError
from fluorosynth.learn.data import open_dataset

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*(trying again|waiting for)")]
EVERY = (1, 2, 3, 5, 7, 11)  # requests
MADE = [*GENERATE, "--workers", 1]


@pytest.fixture(scope="module")
def server():
    with served() as port:
        yield port


def files(folder):
    """Return the files of a set."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.startswith(".")}


@pytest.mark.parametrize("way", WAYS)
def test_written(given, server, tmp_path, monkeypatch, way):
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "cache"))
    name, faults = "`generate --out s3://...`", []
    count = row(name, f"every k-th request {WAYS[way]}, then a sound store")
    for every in EVERY:
        place = f"{way}-{every}"
        lines = [[*MADE, "--out", f"s3://sets/{place}"]]
        with Failing(server, every, way) as proxy, pointed_to(proxy.port):
            code, said = run(lines, tmp_path / "log")
        fair = code == 0 or (refused(code, said) and "run the same command" in said)
        whole_first = code != 0 or "dataset.json" in objects(place)
        again, then = run([*lines, ["verify", f"s3://sets/{place}"]], tmp_path / "log")
        shown = {k: v for k, v in objects(place).items() if not k.startswith(".")}
        if proxy.failed and fair and whole_first and again == 0 and shown == files(given / "set"):
            count.same += 1
        else:
            count.lost += 1
            faults.append(f"{every}: {code} {said[-400:]} / {again} {then[-400:]} {sorted(shown)}")
    assert not faults, "\n".join(faults)


def reading(source, folder):
    """Return command lines by name that read a set and write into a folder."""
    out = ["--out", folder / "out"]
    train = ["train", source, "--network", "light", "--epochs", 1, *out, *TRAIN[2:]]
    return {
        "info": [["info", source]],
        "preview": [["preview", source, "--out", folder / "sheet.png"]],
        "verify": [["verify", source]],
        "export": [["export", source, "--to", "folder", *out, "--quiet"]],
        "train": [train],
        "train --workers 2": [[*train, "--workers", 2]],
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", reading("", Path()))
def test_read(given, server, tmp_path, monkeypatch, name, way):
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "cache"))
    folder, log, url, faults = tmp_path / "f", tmp_path / "log", f"s3://sets/read-{way}", []
    assert run([[*MADE, "--out", url]], log)[0] == 0
    lines = reading(url, folder)[name]
    folder.mkdir()
    code, said = run(lines, log)
    assert code == 0, said
    whole = tree(folder)
    command, _, options = name.partition(" ")
    what = f"`{command} s3://... {options}".strip() + "`"
    count = row(what, f"every k-th request {WAYS[way]}, then a sound store")
    for every in EVERY:
        shutil.rmtree(folder)
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        folder.mkdir()
        with Failing(server, every, way) as proxy, pointed_to(proxy.port):
            code, said = run(lines, log)
        fair = (code == 0 and not unlike(folder, whole)) or refused(code, said)
        again, then = run(lines, log)
        if fair and again == 0 and not unlike(folder, whole):
            count.same += 1
        else:
            count.lost += 1
            faults.append(f"{every}: {code} {said[-400:]} / {again} {then[-400:]}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.parametrize("way", WAYS)
def test_read_by_the_processes_of_a_loader(given, server, tmp_path, monkeypatch, way, context):
    """As a library: the set is opened while all is well, and fetched by who reads it."""
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "cache"))
    url, faults = f"s3://sets/loaded-{way}-{context}", []
    assert run([[*MADE, "--out", url]], tmp_path / "log")[0] == 0
    whole = [(image.tobytes(), mask.tobytes()) for image, mask in open_dataset(given / "set")]
    name = f"`DataLoader` of 2 processes ({context}), s3://..."
    count = row(name, f"every k-th request {WAYS[way]}")
    for every in EVERY:
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        pairs, read = open_dataset(url), []
        with Failing(server, every, way) as proxy, pointed_to(proxy.port):
            try:
                for image, mask in DataLoader(
                    pairs, None, num_workers=2, timeout=HUNG, multiprocessing_context=context
                ):
                    read.append((image.numpy().tobytes(), mask.numpy().tobytes()))
            except (BadDataError, InterruptedRunError) as error:
                end = str(error).strip().splitlines()[-1]
                named = proxy.failed and url in end and read == whole[: len(read)]
                count.refused += named
                count.lost += not named
                faults += [] if named else [f"{every}: {error}"]
                continue
        same = read == whole
        count.same += same
        count.lost += not same
        faults += [] if same else [f"{every}: {len(read)} of {len(whole)}"]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("way", WAYS)
def test_gone_while_a_training_reads(server, tmp_path, monkeypatch, way):
    """All requests fail from the k-th on: those of the loader's processes, too."""
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "cache"))
    folder, log, url, faults = tmp_path / "f", tmp_path / "log", f"s3://sets/gone-{way}", []
    assert run([[*MADE, "--out", url]], log)[0] == 0
    lines = reading(url, folder)["train --workers 2"]
    folder.mkdir()
    sound = Failing(server, 10**9, way)
    with sound, pointed_to(sound.port):
        code, said = run(lines, log)
    assert code == 0, said
    whole = tree(folder)
    what = f"all requests {WAYS[way]} from the k-th on, then a sound store"
    count = row("`train s3://... --workers 2`", what)
    for after in map(int, np.unique(np.linspace(1, sound.seen - 1, len(EVERY)))):
        shutil.rmtree(folder)
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        folder.mkdir()
        with Failing(server, 1, way, after) as proxy, pointed_to(proxy.port):
            code, said = run(lines, log)
        fair = code in (3, 4) and refused(code, said) and url in said
        again, then = run(lines, log)
        if proxy.failed and fair and again == 0 and not unlike(folder, whole):
            count.same += 1
        else:
            count.lost += 1
            faults.append(f"{after}: {code} {said[-400:]} / {again} {then[-400:]}")
    assert not faults, "\n".join(faults)
