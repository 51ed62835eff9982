"""Pools on disk: whole or made again, whoever writes them, within their bound."""

import os
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fluorosynth.errors import UsageError
from fluorosynth.io.bounded import make_room
from fluorosynth.io.cache import PictureCache, code_key

SIZE = 24


def picture(k):
    return np.random.default_rng(k).integers(0, 256, (SIZE, SIZE), np.uint8)


@pytest.fixture
def cache(tmp_path):
    return PictureCache(tmp_path / "pools", "some", "what it depends on", SIZE)


def test_what_was_put_is_got_by_another_process_s_cache(cache):
    assert cache.get(3) is None
    cache.put(3, picture(3))
    again = PictureCache(cache.folder, "some", "what it depends on", SIZE)
    np.testing.assert_array_equal(again.get(3), picture(3))
    assert all(again.get(k) is None for k in (0, 2, 4, 10**6))  # holes, and beyond the end
    assert not again.get(3).flags.writeable


@pytest.mark.parametrize(("key", "size"), [("other", SIZE), ("what it depends on", SIZE + 1)])
def test_another_key_or_size_is_another_pool(cache, key, size):
    cache.put(0, picture(0))
    assert PictureCache(cache.folder, "some", key, size).get(0) is None


def test_a_picture_is_not_taken_for_another(cache):
    """Slots that changed places hold whole pictures, but not theirs."""
    for k in (0, 1):
        cache.put(k, picture(k))
    whole, slot = cache.path.read_bytes(), 16 + SIZE**2
    cache.path.write_bytes(whole[slot:] + whole[:slot])
    assert cache.get(0) is cache.get(1) is None


def test_no_damage_is_ever_read(cache):
    for k in range(4):
        cache.put(k, picture(k))
    whole, rng = cache.path.read_bytes(), random.Random(0)
    for _ in range(500):
        at = rng.randrange(len(whole))
        cut = rng.random() < 0.3
        flipped = whole[:at] + bytes([whole[at] ^ 1 << rng.randrange(8)]) + whole[at + 1 :]
        cache.path.write_bytes(whole[:at] if cut else flipped)
        found = [cache.get(k) for k in range(4)]
        assert sum(image is None for image in found) >= 1
        for k, image in enumerate(found):
            assert image is None or np.array_equal(image, picture(k))


def _fill(folder: Path, order: list[int]) -> bool:
    cache, whole = PictureCache(folder, "some", "what it depends on", SIZE), True
    for k in order:
        found = cache.get(k)
        whole &= found is None or np.array_equal(found, picture(k))
        cache.put(k, picture(k))
    return whole


def test_processes_write_the_same_pool_at_a_time(cache):
    orders = [random.Random(n).sample(range(40), 40) for n in range(4)]
    with ProcessPoolExecutor(4) as pool:
        assert all(pool.map(_fill, [cache.folder] * 4, orders))
    for k in range(40):
        np.testing.assert_array_equal(cache.get(k), picture(k))


def test_the_longest_unused_pools_go_first(tmp_path):
    pools = [PictureCache(tmp_path, f"n{n}", "key", SIZE) for n in range(4)]
    for n, pool in enumerate(pools):
        pool.put(0, picture(0))
        os.utime(pool.path, (n, n))
    assert pools[0].get(0) is not None  # used again: now the newest
    make_room(tmp_path.glob("*.pool"), 2 * pools[0].path.stat().st_size)
    assert [pool.path.exists() for pool in pools] == [True, False, False, True]
    make_room(tmp_path.glob("*.pool"), 0, keep=pools[0].path)
    assert [path.name for path in tmp_path.iterdir()] == [pools[0].path.name]


def test_a_new_pool_makes_room(tmp_path, monkeypatch):
    monkeypatch.setenv("FLUOROSYNTH_CACHE_MB", "0")
    (tmp_path / "mine.txt").write_text("not a pool")
    old, new = (PictureCache(tmp_path, name, "key", SIZE) for name in ("old", "new"))
    old.put(0, picture(0))
    new.put(0, picture(0))
    assert {path.name for path in tmp_path.iterdir()} == {"mine.txt", new.path.name}
    assert new.get(0) is not None
    assert old.get(0) is None
    monkeypatch.setenv("FLUOROSYNTH_CACHE_MB", "much")
    with pytest.raises(UsageError, match="FLUOROSYNTH_CACHE_MB should be a number"):
        PictureCache(tmp_path, "third", "key", SIZE).prepare()


def test_the_code_that_renders_is_part_of_the_key(tmp_path, monkeypatch):
    """A copy of the package with one changed line of a painter has another key."""
    import shutil
    import subprocess
    import sys

    import fluorosynth

    shutil.copytree(
        Path(fluorosynth.__file__).parent,
        tmp_path / "fluorosynth",
        ignore=lambda folder, names: (
            [n for n in names if not n.endswith((".py", ".pyi"))]
            if Path(folder).name in ("pack", "contrast", "__pycache__")
            else []
        ),
    )
    ask = "from fluorosynth.io.cache import code_key; print(code_key())"

    def key():
        done = subprocess.run(
            [sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert key() == code_key()
    ribs = tmp_path / "fluorosynth/anatomy/ribs.py"
    ribs.write_text(ribs.read_text().replace("0.045", "0.046") + "\n# other\n")
    assert key() != code_key()
