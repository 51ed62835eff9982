"""Fine-tuning never makes a model worse silently: what is kept, and with which threshold."""

import csv
import json

import numpy as np
import pytest
import torch
from makers import Lines, picture
from test_resume import Stop

from fluorosynth.errors import InterruptedRunError, UsageError
from fluorosynth.learn import (
    LabelledDataset,
    evaluate_model,
    finetune,
    finetune_config,
    load_model,
    train,
)
from fluorosynth.learn.checkpoint import weights_hash
from fluorosynth.learn.data import split_validation
from fluorosynth.learn.training.config import TrainConfig

PLAIN = {"augment": False, "mix": 0.0}


class Wrong(LabelledDataset):
    """Pictures of lines whose masks lie elsewhere but in validation: learning them is harm."""

    fingerprint = "wrong"

    def __init__(self, n, right):
        self.items = [picture(i) for i in range(n)]
        for i in set(range(n)) - set(right):
            image, mask = self.items[i]
            self.items[i] = image, np.roll(mask, 20, axis=0)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        self._check(index)
        return self.items[index]


def validation_of(n, share, seed):
    return split_validation(Lines(n), share, seed)[1].indices.tolist()


def rows(run):
    with (run / "metrics.csv").open() as handle:
        return list(csv.DictReader(handle))


def test_a_model_that_gets_worse_is_not_kept(trained, tmp_path, capfd):
    pairs = Wrong(24, validation_of(24, 0.2, 0))
    config = finetune_config(trained, "all", epochs=2, lr=0.02, validation=0.2, **PLAIN)
    result = finetune(pairs, trained, config, tmp_path)
    assert result.epoch == 0
    assert result.dice == result.before > 0.6
    assert all(float(row["kept_dice"]) <= result.before for row in rows(tmp_path))
    kept = load_model(tmp_path)
    assert weights_hash(kept.network) == weights_hash(trained.network)
    assert (kept.threshold, kept.size) == (trained.threshold, trained.size)
    said = capfd.readouterr().err
    assert f"before: validation Dice {result.before:.4f} above 0.45" in said
    assert "no epoch is better than the model before" in (tmp_path / "log.txt").read_text()
    assert str(result).startswith("no epoch is better than the model before, validation Dice 0.")


def test_what_is_measured_before_is_what_evaluate_says(trained, tmp_path):
    pairs = Lines(24)
    config = finetune_config(trained, epochs=1, validation=0.5, size=48, **PLAIN)
    result = finetune(pairs, trained, config, tmp_path / "run", quiet=True)
    held_out = split_validation(pairs, 0.5, 0)[1]
    found = evaluate_model(trained, held_out, tmp_path / "report")  # at 64 px, not at 48
    assert result.before == pytest.approx(found.over_images(0.45)["dice"], abs=1e-6)


def test_a_better_model_is_kept_and_compared(trained, tmp_path):
    pairs = Lines(40)
    config = finetune_config(trained, "all", epochs=3, lr=2e-3, validation=0.3, **PLAIN)
    result = finetune(pairs, trained, config, tmp_path, quiet=True)
    assert result.epoch > 0
    assert result.dice > result.before
    assert f"before {result.before:.4f}" in str(result)
    kept = load_model(tmp_path)
    best = max(rows(tmp_path), key=lambda row: float(row["kept_dice"]))
    assert kept.threshold == float(best["validation_threshold"])  # 12 images choose one
    assert float(best["kept_dice"]) == float(best["validation_best_dice"])


@pytest.mark.parametrize("continued", [True, False])
def test_few_validation_images_choose_no_threshold(trained, tmp_path, continued):
    lines = Lines(20)
    if continued:
        config = finetune_config(trained, "all", epochs=1, validation=0.2, **PLAIN)
        finetune(lines, trained, config, tmp_path, quiet=True)
        assert "4 validation images choose no threshold" in (tmp_path / "log.txt").read_text()
    else:
        config = TrainConfig(network="light_plain", epochs=1, batch_size=8, validation=0.2)
        train(lines, config, tmp_path, quiet=True)
    assert load_model(tmp_path).threshold == (0.45 if continued else 0.5)
    (row,) = rows(tmp_path)
    key = "validation_own_dice" if continued else "validation_dice"
    assert float(row["kept_dice"]) == float(row[key])


def test_stopped_and_gone_on_with_it_ends_the_same(trained, tmp_path):
    lines, ends = Lines(12), []
    config = finetune_config(trained, epochs=2, batch_size=4, validation=0.2, mix=0.5, size=64)
    config = TrainConfig(**{**vars(config), "mix_recipe": "paper", "checkpoint_every": 2})
    for run in ("whole", "cut"):
        if run == "cut":
            with pytest.raises(InterruptedRunError):
                finetune(Stop(lines, 43), trained, config, tmp_path / run, quiet=True)
            saved = torch.load(tmp_path / "cut/last.pt", weights_only=True)["training"]
            assert json.loads(saved["before"])["own_dice"] > 0
        result = finetune(lines, trained, config, tmp_path / run, quiet=True)
        files = [torch.load(tmp_path / run / f, weights_only=True) for f in ("last.pt", "best.pt")]
        ends.append((files, result.dice, result.before))
    for one, other in zip(ends[0][0], ends[1][0], strict=True):
        assert all(torch.equal(one["weights"][k], other["weights"][k]) for k in one["weights"])
    assert ends[0][1:] == ends[1][1:]


def test_another_mix_is_another_run(trained, tmp_path):
    config = finetune_config(trained, epochs=1, **PLAIN)
    finetune(Lines(4), trained, config, tmp_path, quiet=True)
    other = finetune_config(trained, epochs=1, augment=True, mix=0.0)
    with pytest.raises(UsageError, match="with augment = False, not True"):
        finetune(Lines(4), trained, other, tmp_path, quiet=True)


def test_networks_of_several_frames_are_not_mixed(trained, tmp_path):
    config = TrainConfig(network="light_plain", channels=3, epochs=1, mix=0.5)
    with pytest.raises(UsageError, match="`mix` must be 0"):
        train(Lines(4), config, tmp_path, quiet=True)
