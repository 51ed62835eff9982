"""Agreement with MONAI on random blobs and thin curves."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from fluorosynth.metrics import count, hausdorff95


def masks(seed):
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.normal(size=(2, 48, 64)), (0, 3, 3))
    return (np.abs(field) < (0.02, 0.03)[seed % 2]).astype(np.uint8)


@pytest.fixture(scope="module")
def oracle():
    import torch
    from monai.metrics import DiceMetric, HausdorffDistanceMetric, MeanIoU, get_confusion_matrix

    def both(mask):
        return torch.from_numpy(mask)[None, None].float()

    def measures(prediction, truth):
        p, t = both(prediction), both(truth)
        metrics = (DiceMetric(), MeanIoU(), HausdorffDistanceMetric(percentile=95))
        values = [float(metric(p, t)) for metric in metrics]
        return [*values, *get_confusion_matrix(p, t).flatten().tolist()]

    return measures


@pytest.mark.filterwarnings("ignore::FutureWarning:monai")
@pytest.mark.parametrize("seed", range(8))
def test_agreement_with_monai(oracle, seed):
    prediction, truth = masks(seed)
    counts = count(prediction, truth)
    dice, iou, distance, tp, fp, tn, fn = oracle(prediction, truth)
    assert (counts.tp, counts.fp, counts.tn, counts.fn) == (tp, fp, tn, fn)
    assert counts.dice == pytest.approx(dice, abs=1e-6)
    assert counts.iou == pytest.approx(iou, abs=1e-6)
    assert hausdorff95(prediction, truth) == pytest.approx(distance, abs=1e-5)
