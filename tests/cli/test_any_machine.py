"""The commands where streams are closed, homes are missing and files belong to others."""

import fcntl
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from dicom_files import dataset, save
from makers import write_set
from small import environment, fluorosynth

from fluorosynth.core import numba_cache
from fluorosynth.shards.read import open_shard

GREY = np.random.default_rng(0).integers(90, 150, (64, 64)).astype(np.uint8)
LINE = cv2.line(np.zeros((64, 64), np.uint8), (0, 8), (50, 40), 255, 4)


def shell(line, folder, **changes):
    """Run a line of shell in which ``fluorosynth`` is this checkout's."""
    command = f"{sys.executable} -m fluorosynth_cli.main"
    return subprocess.run(
        ["bash", "-c", line.replace("fluorosynth", command, 1)],
        cwd=folder,
        env={**environment(), **changes},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


# ------------------------------------------------ streams


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", "<&- 2>&-"])
def test_closed_stderr_is_no_reason_to_stop(tmp_path, closed):
    write_set(tmp_path / "set", [3], 32)
    for command in ("verify set", "export set --to folder --out png"):
        done = shell(f"fluorosynth {command} {closed}", tmp_path)
        assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "png/images").iterdir())) == 3


def test_closed_stdout(tmp_path):
    write_set(tmp_path / "set", [3], 32)
    assert shell("fluorosynth verify set >&-", tmp_path).returncode == 0


def test_a_reader_that_has_seen_enough(tmp_path):
    done = shell("fluorosynth recipe show physics | head -n 1; echo ${PIPESTATUS[0]}", tmp_path)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""
    write_set(tmp_path / "set", [3], 32)
    done = shell(
        "fluorosynth export set --to folder --out png 2>&1 | head -c 1; echo ${PIPESTATUS[0]}",
        tmp_path,
    )
    assert done.stdout.splitlines()[-1].endswith("0")
    assert len(list((tmp_path / "png/images").iterdir())) == 3


def test_a_full_disk_is_an_error(tmp_path):
    done = shell("fluorosynth recipe list >/dev/full", tmp_path)
    assert done.returncode == 3
    assert "No space left" in done.stderr


# ------------------------------------------------ where compiled loops are kept


@pytest.fixture
def variables(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.setenv("MPLCONFIGDIR", "")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.delenv("MPLCONFIGDIR")
    return tmp_path


def test_the_private_folder_is_private(variables):
    folder = numba_cache.private_folder()
    assert folder == variables / "cache/fluorosynth/numba"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_uid == os.getuid()


def test_without_a_home_it_lies_with_the_temporary_files(variables, monkeypatch):
    (variables / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(variables / "file/no"))
    monkeypatch.setattr(numba_cache.tempfile, "tempdir", str(variables))
    folder = numba_cache.private_folder()
    assert folder.parent == variables
    assert numba_cache.private_folder() == folder
    folder.chmod(0o777)  # what others can write is not read again
    other = numba_cache.private_folder()
    assert other != folder
    assert other.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("how", ["world", "group", "link"])
def test_a_cache_that_others_can_write_is_not_used(variables, monkeypatch, how):
    given = variables / "given"
    given.mkdir()
    if how == "link":
        (variables / "link").symlink_to(given)
        given = variables / "link"
    else:
        given.chmod(0o777 if how == "world" else 0o770)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(given))
    numba_cache.choose_cache()
    assert os.environ["NUMBA_CACHE_DIR"] == str(variables / "cache/fluorosynth/numba")


def test_the_users_own_cache_counts(variables, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(variables / "own"))
    numba_cache.choose_cache()
    assert os.environ["NUMBA_CACHE_DIR"] == str(variables / "own")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_package_of_somebody_else_gets_a_cache_of_its_own(variables, monkeypatch):
    monkeypatch.setattr(numba_cache, "_PACKAGE", variables / "gone")
    numba_cache.choose_cache()
    assert os.environ["NUMBA_CACHE_DIR"].startswith(str(variables))


# ------------------------------------------------ files of others


def test_a_shard_that_is_locked_elsewhere_is_read(tmp_path):
    shard = write_set(tmp_path / "set", [3], 32) / "shard-00000.h5"
    with shard.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with open_shard(shard) as opened:
            assert opened.info.count == 3
        assert fluorosynth("verify", tmp_path / "set", "--quiet")[0] == 0


def test_a_shard_that_is_none(tmp_path):
    shard = write_set(tmp_path / "set", [3], 32) / "shard-00000.h5"
    shard.write_bytes(b"no HDF5")
    code, _, error = fluorosynth("verify", tmp_path / "set", "--quiet")
    assert code == 3
    assert "unable to" not in error.lower()


@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("generate --n 1", "https://host/set"),
        ("generate --n 1", "ftp://host/set"),
        ("patches run.npy", "s3://bucket/set"),
        ("export set --to folder", "s3://bucket/set"),
        ("export set --to folder", "gs://bucket/set"),
    ],
)
def test_other_machines_are_not_written_to(tmp_path, monkeypatch, out, command):
    monkeypatch.chdir(tmp_path)
    for option in ([f"--out={out}"], ["--out", out]):
        code, _, error = fluorosynth(*command.split(), *option)
        assert code == 2
        assert out in error
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------ --skip-bad, everywhere the same


@pytest.fixture
def study(tmp_path):
    """Two runs and their dose report, a broken picture, labelled pictures with a broken mask."""
    for name in ("cd", "bad", "labelled"):
        (tmp_path / name).mkdir()
    for k in (1, 3):
        save(dataset(np.stack([GREY] * 2)), tmp_path / f"cd/IM{k}")
    report = dataset(GREY[None], SOPClassUID="1.2.840.10008.5.1.4.1.1.88.67")
    del report.PixelData
    save(report, tmp_path / "cd/IM2")
    for k in range(4):
        cv2.imwrite(str(tmp_path / f"bad/{k}.png"), GREY)
        cv2.imwrite(str(tmp_path / f"labelled/{k}.png"), np.where(LINE > 0, 60, GREY))
        cv2.imwrite(str(tmp_path / f"labelled/{k}_mask.png"), LINE)
    for name in ("bad/1.png", "labelled/2_mask.png"):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:60])
    return tmp_path


COMMANDS = {
    "generate --backgrounds": "generate --n 1 --size 64 --backgrounds {bad} --out {out}",
    "generate --devices": "generate --n 1 --size 64 --devices {labelled} --out {out}",
    "patches": "patches {bad} --count 1 --size 16 --out {out}",
    "predict": "predict {bad} --model default --device cpu --size 64 --out {out}",
    "evaluate": "evaluate {labelled} --model default --device cpu --out {out}",
    "train": "train {labelled} --network light_plain --epochs 1 --device cpu --out {out}",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_skip_bad_means_the_same_in_every_command(study, command):
    names = {"bad": study / "bad", "labelled": study / "labelled"}
    broken = "1.png" if "{bad}" in COMMANDS[command] else "2_mask.png"
    words = COMMANDS[command].format(**names, out=study / "strict").split()
    code, _, error = fluorosynth(*words)
    assert code == 3
    assert broken in error
    words = COMMANDS[command].format(**names, out=study / "lenient").split()
    code, _, error = fluorosynth(*words, "--skip-bad")
    assert code == 0, error
    assert "left out" in error
    assert broken in error


def test_a_dose_report_is_no_reason_to_stop(study):
    line = ("predict", study / "cd", "--model", "default", "--size", 64, "--device", "cpu")
    code, _, error = fluorosynth(*line, "--out", study / "out", "--quiet")
    assert code == 0, error
    assert "IM2' is a DICOM structured report, no image" in error
    assert len(list((study / "out/masks").rglob("*.png"))) == 4
    journal = (study / "out/predictions.jsonl").read_text().splitlines()
    assert {json.loads(line)[0][-3:] for line in journal[1:]} == {"IM1", "IM3"}


LOOP = """
import numpy as np
from fluorosynth.core.numba_cache import damaged_cache
from fluorosynth.geometry.warp import transform
try:
    transform(np.float32([[1, 2]]), np.eye(3))
except Exception as error:
    print(damaged_cache(error))
"""


def test_a_damaged_compiled_loop_is_named(tmp_path):
    def said():
        done = subprocess.run(
            [sys.executable, "-c", LOOP],
            env={**environment(), "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    assert said() == ""
    (index,) = tmp_path.rglob("*.nbi")
    whole = index.read_bytes()
    index.write_bytes(whole[: len(whole) // 2])
    assert said() == str(index.parent)
    assert numba_cache.damaged_cache(ValueError("something else")) is None
