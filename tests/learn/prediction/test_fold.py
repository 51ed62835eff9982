import pytest
import torch
from torch import nn

from fluorosynth.learn.networks import build, networks
from fluorosynth.learn.networks.base import Network
from fluorosynth.learn.networks.modules import GaussianNoise
from fluorosynth.learn.prediction.fold import fold


def experienced(network):
    """Give the batch norms statistics and weights that training could have left."""
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 2)
            nn.init.uniform_(module.weight, -1.5, 1.5)
            nn.init.normal_(module.bias)
    return network.eval()


def frames(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", sorted(networks()))
@pytest.mark.parametrize(("channels", "size"), [(1, (32, 48)), (4, (37, 50)), (1, (5, 3))])
def test_folding_changes_no_map(kind, channels, size):
    torch.manual_seed(0)
    network = experienced(build(kind, {"channels": channels}))
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with torch.no_grad():
        truth = network.maps(frames(2, channels, *size))
        found = fold(network).maps(frames(2, channels, *size))
    assert truth.std() > 100 * 1e-4  # there is something to get wrong
    torch.testing.assert_close(found, truth, rtol=0, atol=1e-4)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize("kind", sorted(networks()))
def test_nothing_is_left_that_training_alone_needs(kind):
    left = {type(module) for module in fold(build(kind)).modules()}
    assert not left & {nn.BatchNorm2d, nn.Dropout, GaussianNoise}


def test_the_light_network_becomes_a_chain_of_convolutions():
    kinds = [type(module).__name__ for module in fold(build("light")).modules_in_order]
    assert set(kinds) == {"SameConv2d", "DoubledConv2d", "ReLU", "Add"}
    assert kinds.count("Add") == 1  # around the two convolutions at the bottom
    assert len(kinds) == 25


class Awkward(Network):
    """Where no rule may act: outputs that are used twice, batch norms after no convolution."""

    centre = 3

    def draw(self, graph):
        first = graph.conv(graph.batch_norm(graph.input), 4)
        normed = graph.batch_norm(first)
        both = graph.add(normed, first)
        small = graph.max_pool(both)
        doubled = graph.up(small)
        joined = graph.concatenate(doubled, both)
        added = graph.add(graph.conv(joined, 4), graph.conv(joined, 4, size=2))
        again = graph.add(added, doubled)
        graph.conv(graph.relu(again), 2, size=1)
        graph.conv(graph.concatenate(graph.relu(again), again), 2)


@pytest.mark.parametrize("size", [(8, 8), (7, 5)])
def test_what_is_used_twice_stays(size):
    network = experienced(Awkward())
    with torch.no_grad():
        truth, found = network.maps(frames(1, 1, *size)), fold(network).maps(frames(1, 1, *size))
    torch.testing.assert_close(found, truth, rtol=0, atol=1e-4)
