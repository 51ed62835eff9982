"""A full disk, a folder that may not be written, two processes that write the same."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
from faults_table import TRIES, row
from faulty_commands import commands, half, refused, tree, unlike
from fluorosynth_cli.main import main
from forked import run, start, wait

from fluorosynth.annotate.document import Document
from fluorosynth.labels import FrameLabels, Instrument, Source, read_labels, to_plain

pytestmark = pytest.mark.slow
NOBODY = 65534
NAMES = list(commands(Path(), Path()))


def mount(folder, size):
    """Mount or resize a file system in memory; return whether that is allowed here."""
    how = f"remount,size={size}" if folder.is_mount() else f"size={size}"
    line = ["mount", "-t", "tmpfs", "-o", how, "tmpfs", folder]
    return subprocess.run(line, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def wholes(given, tmp_path_factory):
    """What each command writes where nothing is wrong."""
    found = {}
    for name in NAMES:
        folder = tmp_path_factory.mktemp("whole") / "f"
        folder.mkdir()
        code, said = run(commands(given, folder)[name], folder.parent / "log")
        assert code == 0, said
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        found[name] = tree(folder), size
    return found


def test_a_full_disk(given, wholes, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("mount") is None or not mount(disk, "1m"):
        pytest.skip("mounting a small file system needs rights that this user has not")
    count, faults = row("all of these", "disk full at 0, 40, 60, 80 %, then room"), []
    try:
        for name in NAMES:
            whole, size = wholes[name]
            for share in (0, 0.4, 0.6, 0.8):
                folder = disk / "f"
                mount(disk, "1g")
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                mount(disk, max(int(share * size), 4096))
                lines = commands(given, folder)[name]
                first, said = run(lines, tmp_path / "log")
                left = half(folder, whole)
                mount(disk, "1g")
                again, then = run(lines, tmp_path / "log")
                fair = refused(first, said) or (first == 0 and share)
                if fair and again == 0 and not left and not unlike(folder, whole):
                    count.same += 1
                    continue
                count.lost += 1
                faults.append(
                    f"{name} at {share}: {first}, {again}, {left} {unlike(folder, whole)}: "
                    f"{said[-300:]} / {then[-300:]}"
                )
    finally:
        subprocess.run(["umount", disk], check=False)
    assert not faults, "\n".join(faults)


def test_a_full_disk_under_labels_being_drawn(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("mount") is None or not mount(disk, "64k"):
        pytest.skip("mounting a small file system needs rights that this user has not")
    count = row("labels drawn in `annotate`", "disk full in the middle, then room")
    try:
        document = Document(disk / "labels.json", Source("run.npy", 500, 64, 64))
        for number in range(500):
            before = document.labels
            points = np.linspace((0, 0), (60, 60.5), 200, dtype=np.float32)
            drawn = Instrument(points, np.full(200, 3, np.float32), "catheter_1")
            change = [FrameLabels(number, (drawn,))]
            try:
                document.put(change)
            except OSError:
                break
        on_disk = to_plain(read_labels(document.path))
        kept = document.labels is before and on_disk == to_plain(before)
        mount(disk, "1g")
        document.put(change)
        saved = to_plain(read_labels(document.path)) == to_plain(document.labels)
        alone = [path.name for path in disk.iterdir()] == ["labels.json"]
    finally:
        subprocess.run(["umount", disk], check=False)
    assert kept
    assert saved
    assert alone
    count.same += 1


def as_nobody(lines):
    """Return what makes a process one without rights, all modules that it needs loaded before."""

    def prepare():
        for line in lines:
            with contextlib.suppress(SystemExit):
                main([str(word) for word in line])
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)

    return prepare


def test_a_folder_that_may_not_be_written(given, tmp_path):
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    inputs = shutil.copytree(given, place / "given")
    for path in (inputs, *inputs.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    count, faults = row("all of these", "folder that may not be written"), []
    try:
        for name in NAMES:
            folder, before = place / "f", tmp_path / name.replace(" ", "-").replace("/", "-")
            folder.mkdir()
            folder.chmod(0o555)
            before.mkdir()
            rights = as_nobody(commands(inputs, before)[name])
            code, said = run(commands(inputs, folder)[name], place / "log", rights)
            if refused(code, said) and not list(folder.iterdir()):
                count.refused += 1
            else:
                count.lost += 1
                faults.append(f"{name}: {code} {said[-400:]}")
            folder.chmod(0o755)
            shutil.rmtree(folder)
    finally:
        shutil.rmtree(place)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", NAMES)
def test_two_writers(given, wholes, tmp_path, name):
    whole, folder = wholes[name][0], tmp_path / "f"
    count, faults = row(f"`{name}`", "twice at a time"), []
    for _ in range(max(TRIES // 2, 1)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        lines = commands(given, folder)[name]
        logs = [tmp_path / "one", tmp_path / "two"]
        ends = [wait(process) for process in [start(lines, log) for log in logs]]
        said = [log.read_text() for log in logs]
        fair = [code == 0 or refused(code, text) for code, text in zip(ends, said, strict=True)]
        if 0 not in ends and all(fair):  # both gave way: once more
            ends.append(run(lines, tmp_path / "three")[0])
        if 0 in ends and all(fair) and not unlike(folder, whole):
            count.same += 1
        else:
            count.lost += 1
            faults.append(f"{ends} {unlike(folder, whole)} {[text[-300:] for text in said]}")
    assert not faults, "\n".join(faults)
