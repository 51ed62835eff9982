import csv
import dataclasses
import io
import tomllib

import cv2
import numpy as np
import pytest
import torch
from makers import Lines, picture, recipe, write_set

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.learn.checkpoint import Model, load_model
from fluorosynth.learn.data import Normalisation, RecipeDataset, open_dataset
from fluorosynth.learn.device import OutOfMemoryError, memory_errors
from fluorosynth.learn.networks import build
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.scores import dice_at, dice_of
from fluorosynth.learn.training.train import DivergedError, train

TINY = TrainConfig(network="light_plain", epochs=2, batch_size=4, seed=3)


def tiny(**changes):
    return dataclasses.replace(TINY, **changes)


def test_a_network_learns(tmp_path):
    lines = Lines(48, 32)
    result = train(lines, tiny(epochs=6, lr=3e-3), tmp_path, quiet=True)
    assert result.dice > 0.8
    model = load_model(result.path)
    image, mask = picture(1000, 32)  # never seen
    with torch.inference_mode():
        found = model.network.maps(model.normalisation(torch.from_numpy(image)[None, None]))
    truth, found = mask == 1, found[0, 0].numpy() > 0.5
    assert 2 * (truth & found).sum() / (truth.sum() + found.sum()) > 0.7


def test_the_run_folder_tells_everything(tmp_path):
    run, data = tmp_path / "run", open_dataset(write_set(tmp_path / "data", [12]))
    train(data, TINY, run, quiet=True)
    settings = tomllib.loads((run / "config.toml").read_text())
    assert settings["train"]["network"] == "light_plain"
    assert settings["train"]["lr"] == 1e-3
    assert settings["data"]["source"] == str(tmp_path / "data")
    assert (settings["data"]["training_images"], settings["data"]["validation_images"]) == (11, 1)
    lines = (run / "metrics.csv").read_text().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("epoch,train_loss,train_dice,validation_loss,validation_dice")
    assert "epoch 2/2" in (run / "log.txt").read_text()
    assert cv2.imread(str(run / "curves.png")) is not None
    assert cv2.imread(str(run / "overlays" / "epoch-002.png")).shape[:2] >= (512, 256)
    model = load_model(run)
    assert model.recipe == data.recipe != ""
    greys = np.stack([data[i][0] for i in range(12)])
    assert model.normalisation.mean == pytest.approx(greys.mean(), abs=1)  # of 11 of them
    assert not [path for path in run.iterdir() if path.name.endswith(".part")]


def test_progress_goes_to_stderr_and_names_loss_dice_rate_and_time_left(tmp_path, capfd):
    train(Lines(10, 32), TINY, tmp_path)
    out, err = capfd.readouterr()
    assert out == ""
    for part in ("epoch 2/2", "loss=", "Dice=", "image/s", "<"):
        assert part in err


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "cross_entropy"},
        {"loss": "dice_ce", "warmup": 2, "start_bias": 4.0},
        {"channels": 3},
        {"crop": 20, "per_image": True},
        {"precision": "bf16"},
        {"ema": 0.5, "schedule": "cosine"},
        {"workers": 1},
    ],
    ids=str,
)
def test_every_option_runs(tmp_path, changes):
    result = train(Lines(10, 32), tiny(epochs=1, **changes), tmp_path, quiet=True)
    model = load_model(result.path)
    assert model.network.channels == changes.get("channels", 1)
    assert model.normalisation.per_image == changes.get("per_image", False)
    assert model.config["loss"] == changes.get("loss", "dice")


def test_samples_made_on_the_fly_train_too(tmp_path):
    pairs = RecipeDataset(recipe(), 1, 12)
    assert train(pairs, TINY, tmp_path, quiet=True).epoch in (1, 2)
    assert load_model(tmp_path).recipe == pairs.recipe


def test_averaged_weights_are_those_that_are_kept(tmp_path):
    lines = Lines(10, 32)
    one_step = tiny(epochs=1, ema=0.999, batch_size=9)
    train(lines, one_step, tmp_path / "run", quiet=True)
    kept, last = (
        torch.load(tmp_path / "run" / name, weights_only=True)["weights"]["layers.1.weight"]
        for name in ("best.pt", "last.pt")
    )
    torch.manual_seed(3)
    first = build("light_plain").state_dict()["layers.1.weight"]
    assert (last - first).abs().max() > 1e-4
    torch.testing.assert_close(kept, 0.1 * first + 0.9 * last)  # (1 + 0) / (10 + 0) of the start


def test_ignored_pixels_count_in_no_score():
    rng = np.random.default_rng(0)
    masks = rng.choice(np.uint8([0, 0, 1, 255]), (3, 16, 16))
    maps = rng.random((3, 16, 16), np.float32)
    turned = np.where(masks == 255, 1 - maps, maps)
    by_hand = [
        2 * ((p > 0.5) & (m == 1)).sum() / (((p > 0.5) & (m < 2)).sum() + (m == 1).sum())
        for p, m in zip(maps, masks, strict=True)
    ]
    for seen in (torch.from_numpy(maps), torch.from_numpy(turned)):
        truth = torch.from_numpy(masks)
        assert dice_of(seen > 0.5, truth).tolist() == pytest.approx(by_hand)
        assert dice_at(seen, truth, (0.2, 0.5))[:, 1].tolist() == pytest.approx(by_hand)


def test_settings_of_a_run_cannot_change_under_way(tmp_path):
    train(Lines(10, 32), tiny(epochs=1), tmp_path, quiet=True)
    with pytest.raises(UsageError, match=r"lr = 0.001, not 0.01"):
        train(Lines(10, 32), tiny(epochs=1, lr=0.01), tmp_path, quiet=True)
    with pytest.raises(UsageError, match="network = 'light_plain', not 'light'"):
        train(Lines(10, 32), tiny(epochs=1, network="light"), tmp_path, quiet=True)
    other = Lines(10, 32)
    other.fingerprint = "other"
    with pytest.raises(UsageError, match="data = 'lines', not 'other'"):
        train(other, tiny(epochs=1), tmp_path, quiet=True)


def test_two_runs_cannot_share_a_folder(tmp_path):
    from filelock import FileLock

    with FileLock(tmp_path / ".lock"), pytest.raises(UsageError, match="another process"):
        train(Lines(10, 32), TINY, tmp_path, quiet=True)


def test_divergence_is_an_error_that_says_what_to_lower(tmp_path):
    with pytest.raises(DivergedError, match=r"epoch \d+, step \d+: lower `lr` \(now 1e\+30\)"):
        train(Lines(10, 32), tiny(lr=1e30), tmp_path, quiet=True)


def test_out_of_memory_is_an_error_that_says_what_to_lower():
    with (
        pytest.raises(OutOfMemoryError, match="lower `batch_size`"),
        memory_errors("lower `batch_size`"),
    ):
        torch.empty(2**58)


class Hungry(Lines):
    """Pictures that need more memory than there is."""

    def __getitem__(self, index):
        if index == 3:
            np.empty(2**60, np.uint8)
        return super().__getitem__(index)


def test_a_training_without_memory_says_what_to_lower(tmp_path):
    with pytest.raises(
        OutOfMemoryError, match=r"lower `batch_size` \(now 4\) or train on crops \(`crop`\)"
    ):
        train(Hungry(10, 32), TINY, tmp_path, quiet=True)


def test_the_defaults_are_the_publications():
    config = TrainConfig()
    assert (config.network, config.loss, config.lr) == ("light", "dice", 1e-3)
    assert (config.batch_size, config.epochs, config.validation) == (30, 12, 0.1)
    assert (config.schedule, config.ema, config.crop, config.warmup) == ("constant", 0, 0, 0)


def test_data_that_cannot_teach(tmp_path):
    with pytest.raises(BadDataError, match="at least 2"):
        train(Lines(0), TINY, tmp_path / "a", quiet=True)
    lines = Lines(6, 32)
    lines.items = [(image, np.zeros_like(mask)) for image, mask in lines.items]
    with pytest.raises(BadDataError, match="no mask has a foreground"):
        train(lines, TINY, tmp_path / "b", quiet=True)
    lines.items = [picture(i, 32 + 8 * (i % 2)) for i in range(6)]
    with pytest.raises(BadDataError, match="`crop`"):
        train(lines, TINY, tmp_path / "c", quiet=True)
    train(lines, tiny(crop=32, epochs=1), tmp_path / "d", quiet=True)
    with pytest.raises(BadDataError, match="too small for crops of 36"):
        train(lines, tiny(crop=36, epochs=1), tmp_path / "e", quiet=True)


def test_a_shard_with_a_flipped_bit_is_refused(tmp_path):
    write_set(tmp_path / "data", [8])
    shard = tmp_path / "data" / "shard-00000.h5"
    content = bytearray(shard.read_bytes())
    at = content.index(picture(2)[0].tobytes())
    content[at + 7] ^= 1
    shard.write_bytes(content)
    with pytest.raises(BadDataError, match="shard-00000"):
        train(open_dataset(tmp_path / "data"), TINY, tmp_path / "run", quiet=True)


def test_training_leaves_the_callers_random_numbers_alone(tmp_path):
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    train(Lines(6, 32), tiny(epochs=1), tmp_path, quiet=True)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "`epochs` must be at least 1, not 0"),
        ({"lr": 0.0}, "`lr` must be above 0"),
        ({"ema": 1.0}, "ema"),
        ({"validation": 1.0}, "validation"),
        ({"loss": "l2"}, "dice, cross_entropy, dice_ce, dice_plain_ce"),
        ({"crop": -1}, "crop"),
    ],
)
def test_impossible_settings_are_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        tiny(**changes)


def test_an_unknown_device_or_network_is_refused(tmp_path):
    with pytest.raises(UsageError, match="device 'tpu'"):
        train(Lines(6, 32), tiny(device="tpu"), tmp_path / "a", quiet=True)
    with pytest.raises(UsageError, match="no network 'ligth'"):
        train(Lines(6, 32), tiny(network="ligth"), tmp_path / "b", quiet=True)
    other = Model(build("light"), Normalisation(0, 1))
    with pytest.raises(UsageError, match="'light', not 'light_plain'"):
        train(Lines(6, 32), TINY, tmp_path / "c", initial=other, quiet=True)


def test_the_rate_rises_then_falls(tmp_path):
    lines = Lines(12, 32)  # 10 for training: 2 steps an epoch
    settings = {"epochs": 3, "batch_size": 5, "validation": 0.15, "lr": 0.01}
    train(lines, tiny(**settings, warmup=3), tmp_path / "a", quiet=True)
    train(lines, tiny(**settings, warmup=1, schedule="cosine"), tmp_path / "b", quiet=True)
    texts = [(tmp_path / name / "metrics.csv").read_text() for name in "ab"]
    rates = [[float(row["lr"]) for row in csv.DictReader(io.StringIO(text))] for text in texts]
    assert rates[0] == pytest.approx([0.005, 0.01, 0.01])  # of each epoch's last step
    falling = [0.01 * 0.5 * (1 + np.cos(np.pi * step / 6)) for step in (1, 3, 5)]
    assert rates[1] == pytest.approx(falling)


@pytest.mark.parametrize("network", ["light_deep", "light_plain"])
def test_a_last_batch_that_a_batch_norm_cannot_take_is_left_out(tmp_path, network):
    config = TrainConfig(network=network, epochs=2, batch_size=4, crop=16, seed=0)
    train(Lines(5, 32), config, tmp_path / "run", Lines(2, 32), quiet=True)
    assert len((tmp_path / "run/metrics.csv").read_text().splitlines()) == 3
    alone = dataclasses.replace(config, batch_size=1)
    with pytest.raises(UsageError, match=r"single pictures of 16 px .* raise `batch_size`"):
        train(Lines(5, 32), alone, tmp_path / "alone", Lines(2, 32), quiet=True)
    larger = dataclasses.replace(alone, crop=33, epochs=1)
    train(Lines(3, 64), larger, tmp_path / "larger", Lines(2, 64), quiet=True)
