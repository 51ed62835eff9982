"""The published numbers against one another: what was typed once has to fit together."""

import numpy as np
import pytest

from fluorosynth.io.published import RUNS
from fluorosynth.learn.networks import build
from fluorosynth.learn.reproduce import published as p
from fluorosynth.learn.reproduce.claims import CLAIMS
from fluorosynth.learn.reproduce.config import ReproduceConfig
from fluorosynth.learn.reproduce.experiments import SPLITS
from fluorosynth.learn.reproduce.tables import TABLES


def test_counts_of_frames_add_up():
    for name in p.SEQUENCES:
        assert p.FINE_TUNING_S1[name] + p.TESTING_S1[name] == p.FRAMES[name]
        assert RUNS[name].last - RUNS[name].first == p.FRAMES[name]
    assert sum(p.FRAMES.values()) == p.IN_VIVO
    assert sum(p.FINE_TUNING_S1.values()) == SPLITS["S1"] == 240
    assert sum(p.FRAMES[name] for name in ("T1", "T4", "T6")) == SPLITS["S2"]
    assert sum(p.FRAMES[name] for name in ("T1", "T2", "T5")) == SPLITS["S3"]
    assert RUNS["phantom"].last == p.PHANTOM


@pytest.mark.parametrize("name", ["LOO", "S2, Exp. 1", "S3, Exp. 1", "S2, Exp. 2", "S3, Exp. 2"])
def test_means_of_table_4_are_of_its_rows(name):
    table = p.NUMBERS["table4"]
    row = [table[f"{name}, {s}"] for s in p.SEQUENCES if f"{name}, {s}" in table]
    assert np.mean(row) == pytest.approx(table[f"{name}, mean"], abs=0.016)


def test_the_means_of_the_text_are_those_of_table_5():
    """Section 4.2: "average Dice coefficient of 0.55"."""
    table = p.NUMBERS["table5"]
    for exp in (1, 2):
        row = [table[f"Dice, Exp. {exp}, {s}"] for s in p.SEQUENCES]
        assert np.mean(row) == pytest.approx(0.55, abs=0.016)


def test_the_networks_have_the_published_parameters():
    table = p.NUMBERS["table6"]
    for name, kind in (("light", "light"), ("Ambrosini", "ambrosini")):
        count = sum(value.numel() for value in build(kind).parameters())
        assert count == table[f"{name}, parameters"]
    assert 1 - table["light, ms an image"] / table["Ambrosini, ms an image"] == pytest.approx(
        0.84, abs=0.005
    )


def test_the_publication_bears_out_its_own_claims():
    for name, claims in CLAIMS.items():
        for claim in claims:
            assert claim.holds(p.NUMBERS[name]), claim.text
    assert CLAIMS.keys() == {name for name, numbers in p.NUMBERS.items() if numbers}
    assert TABLES.keys() == p.NUMBERS.keys() == p.TITLES.keys()


def test_defaults_are_the_publications():
    config = ReproduceConfig()
    assert (config.size, config.synthetic, config.cut) == (256, 9000, 0.01)
    assert (config.pretrain_epochs, config.pretrain_batch) == (12, 30)
    assert (config.finetune_epochs, config.finetune_batch) == (50, 10)
    assert (config.share, config.tested) == (1.0, 0)
