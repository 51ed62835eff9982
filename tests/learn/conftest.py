import pytest
import torch
from makers import picture

from fluorosynth.learn.checkpoint import Model, save_model
from fluorosynth.learn.data import Normalisation
from fluorosynth.learn.networks import build


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def trained():
    """A small network that finds the lines of ``makers.picture``, after seconds of training."""
    torch.manual_seed(0)
    network = build("light_plain")
    network.lean_to_background(2.0)
    images, masks = (
        torch.stack([torch.from_numpy(part) for part in parts])
        for parts in zip(*(picture(i) for i in range(48)), strict=True)
    )
    frames, truth = Normalisation(145.0, 25.0)(images[:, None]), masks.float()
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for step in range(36):
        chosen = slice(8 * step % 48, 8 * step % 48 + 8)
        logits = network(frames[chosen])[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, truth[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return Model(network.eval(), Normalisation(145.0, 25.0), 0.45, size=64)


@pytest.fixture(scope="session")
def trained_file(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "lines.pt"
    save_model(path, trained)
    return path
