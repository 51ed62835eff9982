import numpy as np
import pytest
import torch

from fluorosynth.learn.training.losses import LOSSES, cross_entropy_loss, dice_loss
from fluorosynth.learn.training.scores import dice_at, dice_of
from fluorosynth.sample import IGNORE


def batch(seed=0, ignore=True):
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(rng.normal(0, 2, (3, 2, 16, 12)).astype(np.float32))
    values = [0, 0, 0, 1, 255] if ignore else [0, 0, 0, 1]
    return logits, torch.from_numpy(rng.choice(values, (3, 16, 12)).astype(np.uint8))


def test_dice_is_equation_2():
    logits, masks = batch(ignore=False)
    for i, value in enumerate(dice_loss(logits, masks)):
        truth = masks[i].numpy()
        expected = 0.0
        for m, weight in ((0, 10 / 11), (1, 1 / 11)):
            p = 1 / (1 + np.exp(-logits[i, m].numpy().astype(float)))
            s = (truth == 1) if m == 0 else (truth == 0)
            expected -= weight * (2 * (s * p).sum() + 1) / (s.sum() + p.sum() + 1)
        assert value.item() == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_is_equation_3():
    logits, masks = batch()
    for i, value in enumerate(cross_entropy_loss(logits, masks)):
        p = 1 / (1 + np.exp(-logits[i].numpy().astype(float)))
        p /= p.sum(0)
        truth = masks[i].numpy()
        errors = np.where(truth == 1, -10 / 11 * np.log(p[0]), -1 / 11 * np.log(p[1]))
        assert value.item() == pytest.approx(errors[truth != 255].mean(), rel=1e-5)


def test_dice_agrees_with_monai():
    from monai.losses import DiceLoss

    logits, masks = batch(ignore=False)
    target = torch.stack([masks == 1, masks == 0], dim=1).float()
    theirs = DiceLoss(
        sigmoid=True, reduction="none", smooth_nr=1, smooth_dr=1, weight=[10 / 11, 1 / 11]
    )(logits, target)
    ours = dice_loss(logits, masks)
    torch.testing.assert_close(ours, theirs.squeeze().sum(1) - 1)  # theirs is 1 - Dice per map


@pytest.mark.parametrize("name", LOSSES)
def test_ignored_pixels_neither_count_nor_teach(name):
    logits, masks = batch()
    logits.requires_grad_()
    loss = LOSSES[name](logits, masks)
    loss.sum().backward()
    ignored = (masks == 255)[:, None].expand(-1, 2, -1, -1)
    assert logits.grad[ignored].abs().max() == 0
    assert logits.grad[~ignored].abs().min() > 0
    other = torch.where(ignored, -7 * logits + 3, logits)
    torch.testing.assert_close(LOSSES[name](other, masks), loss)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("value", [0, 1, 255])
def test_uniform_masks_and_large_logits_stay_finite(name, value):
    masks = torch.full((2, 8, 8), value, dtype=torch.uint8)
    logits = (torch.eye(2).repeat(4, 4)[None, None] * 400 - 200).expand(2, 2, 8, 8).clone()
    logits.requires_grad_()
    loss = LOSSES[name](logits, masks)
    loss.sum().backward()
    assert torch.isfinite(loss).all()
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", LOSSES)
def test_half_precision_logits_give_a_float32_loss(name):
    logits, masks = batch()
    loss = LOSSES[name](logits.bfloat16(), masks)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, LOSSES[name](logits, masks), rtol=0.01, atol=0.01)


def test_the_weights_move_the_best_answer_of_cross_entropy_as_stated():
    # 40 of 400 pixels are catheter, all alike: the best single p is 10 q / (1 + 9 q), q = 0.1
    masks = (torch.arange(400) < 40).to(torch.uint8).reshape(1, 20, 20)
    p = torch.linspace(0.01, 0.99, 981)
    logits = torch.stack([torch.logit(p), torch.logit(1 - p)], 1)[:, :, None, None]
    losses = cross_entropy_loss(logits.expand(-1, 2, 20, 20), masks.expand(981, -1, -1))
    assert p[losses.argmin()] == pytest.approx(10 * 0.1 / 1.9, abs=0.002)


def test_dice_ce_is_the_sum():
    logits = torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    masks = (logits[:, 0] > 0.5).byte()
    parts = LOSSES["dice"](logits, masks) + LOSSES["cross_entropy"](logits, masks)
    assert torch.equal(LOSSES["dice_ce"](logits, masks), parts)


def test_dice_plain_ce_adds_the_unweighted_cross_entropy():
    logits = torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    masks = (logits[:, 0] > 0.5).byte()
    masks[:, 0] = IGNORE
    maps = torch.sigmoid(logits)
    catheter = maps[:, 0] / maps.sum(1)
    right = torch.where(masks == 1, catheter, 1 - catheter)[:, 1:]
    expected = LOSSES["dice"](logits, masks) - right.log().mean((1, 2))
    torch.testing.assert_close(LOSSES["dice_plain_ce"](logits, masks), expected)


def sharp(marked):
    """Logits that are sure of a ``(N, H, W)`` bool answer."""
    found = torch.where(marked, 20.0, -20.0)
    return torch.stack([found, -found], dim=1)


def some_of_64(count):
    return (torch.arange(64 * 64) < count).reshape(1, 64, 64)


@pytest.mark.parametrize("count", [1, 20, 200])
def test_what_is_invented_costs_by_its_size(count):
    empty = torch.zeros(1, 64, 64, dtype=torch.uint8)
    cost = dice_part("dice_ce_empty", sharp(some_of_64(count)), empty) + 1
    c = 0.005 * 64 * 64
    assert cost.item() == pytest.approx(
        10 / 11 * count / (count + c), abs=5e-3
    )  # the other map adds little


@pytest.mark.parametrize("count", [8, 200])
def test_what_is_missed_costs_by_its_size_too(count):
    masks = some_of_64(count).to(torch.uint8)
    cost = dice_part("dice_ce_empty", sharp(some_of_64(0)), masks) + 1
    c = 0.001 * 64 * 64
    assert cost.item() == pytest.approx(10 / 11 * count / (count + c), abs=5e-3)


def test_each_picture_is_judged_by_itself():
    logits, masks = batch()
    masks[1] = 0
    together = LOSSES["dice_ce_empty"](logits, masks)
    alone = [LOSSES["dice_ce_empty"](logits[i : i + 1], masks[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(together, torch.cat(alone))


@pytest.mark.parametrize("width", [1, 3, 9])
@pytest.mark.parametrize("share", [0, 0.25, 1])
def test_the_centreline_is_missed_by_length_whatever_the_width(width, share):
    masks = torch.zeros(1, 64, 64, dtype=torch.uint8)
    masks[0, 30 : 30 + width] = 1
    found = sharp((masks == 1) & (torch.arange(64) < 64 * share))
    added = LOSSES["dice_ce_centreline"](found, masks) - LOSSES["dice_ce_empty"](found, masks)
    assert added.item() == pytest.approx(0.3 * (1 - share), abs=0.02)  # ends of a skeleton


def test_no_centreline_is_none_missed():
    masks = torch.full((2, 64, 64), 255, dtype=torch.uint8)
    masks[0] = 0
    found = sharp(torch.zeros(2, 64, 64, dtype=torch.bool))
    added = LOSSES["dice_ce_centreline"](found, masks) - LOSSES["dice_ce_empty"](found, masks)
    assert added.tolist() == [0, 0]


def dice_part(name, logits, masks):
    return (
        LOSSES[name](logits, masks)
        - LOSSES["dice_plain_ce"](logits, masks)
        + dice_loss(logits, masks)
    )


def test_one_pixel_in_an_empty_picture_cost_half_a_catheter_before():
    empty = torch.zeros(1, 64, 64, dtype=torch.uint8)
    cost = dice_loss(sharp(some_of_64(1)), empty) + 1
    assert cost.item() == pytest.approx(10 / 11 / 2, abs=1e-3)


def test_an_empty_picture_scores_1_only_where_nothing_is_found():
    empty = torch.zeros(2, 8, 8, dtype=torch.uint8)
    maps = torch.zeros(2, 8, 8)
    maps[1, 3, 3] = 0.4
    scores = dice_at(maps, empty, (0.3, 0.5))
    assert scores.tolist() == [[1.0, 1.0], [0.0, 1.0]]
    assert dice_of(maps > 0.3, empty).tolist() == [1.0, 0.0]
