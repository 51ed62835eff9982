"""Pools rendered once: the same pictures with and without what is kept on disk."""

import pickle

import numpy as np
import pytest

from fluorosynth.backgrounds.limbs import Limbs
from fluorosynth.backgrounds.procedural import Procedural

SOURCES = [Procedural(count=5), Limbs(count=5)]


def pictures(pool, numbers=range(5)):
    return [pool.image(k).copy() for k in numbers]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "pools"))
    return tmp_path / "pools"


def never(size, rng):
    raise AssertionError("rendered again")


@pytest.mark.parametrize("source", SOURCES)
def test_the_second_run_renders_nothing_and_shows_the_same(source, folder, monkeypatch):
    first = pictures(source.open(64, 3))
    again = source.open(64, 3)
    again.render = never
    assert all(map(np.array_equal, first, pictures(again)))
    monkeypatch.setenv("FLUOROSYNTH_CACHE", "off")
    assert all(map(np.array_equal, first, pictures(source.open(64, 3))))


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_is_kept_where_that_is_off(source, folder, monkeypatch, tmp_path):
    monkeypatch.setenv("FLUOROSYNTH_CACHE", "off")
    monkeypatch.chdir(tmp_path)
    pictures(source.open(64, 3))
    assert not list(tmp_path.iterdir())


def test_seeds_sizes_and_settings_are_not_mixed_up(folder):
    ways = [(64, 3, 1.0), (65, 3, 1.0), (64, 4, 1.0), (64, 3, 0.5)]
    found = [
        Procedural(count=2, noise=noise).open(size, seed).image(0) for size, seed, noise in ways
    ]
    assert len({image.tobytes() for image in found}) == 4
    assert len(list(folder.iterdir())) == 4


def test_pools_of_different_counts_share_their_pictures(folder):
    few = pictures(Procedural(count=2).open(64, 0), range(2))
    more = Procedural(count=9).open(64, 0)
    more.render = never
    assert all(map(np.array_equal, few, pictures(more, range(2))))
    assert len(list(folder.iterdir())) == 1


def test_damage_is_rendered_again(folder):
    first = pictures(Limbs(count=5).open(64, 3))
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:100] + b"x" + whole[101:-9])
    assert all(map(np.array_equal, first, pictures(Limbs(count=5).open(64, 3))))
    assert file.read_bytes() == whole


def test_a_worker_that_is_not_forked_finds_them(folder):
    pool = Limbs(count=5).open(64, 3)
    first = pictures(pool)
    other = pickle.loads(pickle.dumps(pool))
    other.render = never
    assert all(map(np.array_equal, first, pictures(other)))


def test_a_folder_that_cannot_be_written_costs_no_more_than_time(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("FLUOROSYNTH_CACHE", str(tmp_path / "file"))
    held = pictures(Limbs(count=5).open(64, 3))
    monkeypatch.setenv("FLUOROSYNTH_CACHE", "off")
    assert all(map(np.array_equal, held, pictures(Limbs(count=5).open(64, 3))))


def test_fresh_pictures_are_not_kept(folder):
    Procedural(count=0).open(64, 0).draw(np.random.default_rng(0))
    assert not folder.exists()
