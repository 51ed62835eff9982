"""The peers of the benchmark do one job: each gives what it asks for, and they agree."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

PEERS = Path(__file__).parents[2] / "benchmarks/peers"
NAMES = sorted(path.stem for path in PEERS.glob("with_*.py"))
ALWAYS = {
    "with_fluorosynth",
    "with_monai",
    "with_opencv",
    "with_scipy",
    "with_skimage",
    "with_torch",
}
TOLD = ["with_keras", "with_scipy", "with_skimage"]  # beside OpenCV: they take the draw


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch):
    """Import a peer, or skip the test where its library is not installed."""
    monkeypatch.syspath_prepend(PEERS)

    def found(name: str) -> ModuleType:
        try:
            return importlib.import_module(name)
        except ImportError:
            assert name not in ALWAYS
            pytest.skip("its library is not installed")

    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")  # other libraries' own
def test_a_sample_is_a_picture_with_grey_noise_where_the_mask_is(name: str, peer) -> None:
    images, masks = peer(name).make(8, seed=1)
    assert images.shape == masks.shape == (8, 256, 256)
    assert images.dtype == masks.dtype == np.uint8
    assert set(np.unique(masks)) == {0, 1}
    for image, mask in zip(images, masks, strict=True):
        inside = image[mask == 1].astype(int)
        assert np.ptp(inside) <= 100
        assert abs(inside.mean() - image[mask == 0].mean()) < 15
    again, _ = peer(name).make(8, seed=1)
    assert np.array_equal(images, again)


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.filterwarnings("ignore")
def test_the_same_draw_moves_picture_and_mask_alike(name: str, peer) -> None:
    other, opencv = peer(name), peer("with_opencv")
    for seed in range(12):
        (image, mask), (theirs, label) = (
            module.move(5, 7, np.random.default_rng(seed)) for module in (other, opencv)
        )
        assert np.mean(np.abs(image.astype(float) - theirs)) < 0.5
        assert 2 * np.sum(mask * label) > 0.99 * (np.sum(mask) + np.sum(label))
