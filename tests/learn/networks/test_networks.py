"""Contract of every network that is discovered, and the publication's numbers."""

import pickle

import numpy as np
import pytest
import torch

from fluorosynth.errors import UsageError
from fluorosynth.learn.networks import build, networks

KINDS = sorted(networks())

# Keras' layer, output shape and parameters (a batch norm counts four per channel), in order
LIGHT = """
InputLayer 256 1 0|Conv2D 256 16 32|Conv2D 256 16 2320|BatchNormalization 256 16 64|Add 256 16 0
Activation 256 16 0|Conv2D 128 32 2080|BatchNormalization 128 32 128|Activation 128 32 0
Conv2D 128 32 9248|BatchNormalization 128 32 128|Add 128 32 0|Activation 128 32 0
Conv2D 64 64 8256|BatchNormalization 64 64 256|Activation 64 64 0|Conv2D 64 64 36928
BatchNormalization 64 64 256|Add 64 64 0|Activation 64 64 0|Conv2D 32 128 32896
BatchNormalization 32 128 512|Activation 32 128 0|Conv2D 32 128 147584
BatchNormalization 32 128 512|Activation 32 128 0|Conv2D 32 128 147584
BatchNormalization 32 128 512|Add 32 128 0|Activation 32 128 0|UpSampling2D 64 128 0
Concatenate 64 192 0|Conv2D 64 96 165984|Conv2D 64 96 18528|BatchNormalization 64 96 384
BatchNormalization 64 96 384|Add 64 96 0|Activation 64 96 0|UpSampling2D 128 96 0
Concatenate 128 128 0|Conv2D 128 64 73792|Conv2D 128 64 8256|BatchNormalization 128 64 256
BatchNormalization 128 64 256|Add 128 64 0|Activation 128 64 0|UpSampling2D 256 64 0
Concatenate 256 80 0|Conv2D 256 40 28840|Conv2D 256 40 3240|BatchNormalization 256 40 160
BatchNormalization 256 40 160|Add 256 40 0|Activation 256 40 0|Conv2D 256 2 82
"""


def frames(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("kind", "layers", "parameters"),
    [("light", 55, 687_634), ("light_plain", 41, 686_290), ("ambrosini", 110, 14_133_154)],
)
def test_the_published_size(kind, layers, parameters):
    table = build(kind).table()
    assert len(table) == layers
    assert sum(row.trainable for row in table) == parameters


def test_light_layer_by_layer():
    rows = [
        f"{r.kind} {r.shape[0]} {r.shape[2]} {r.parameters}" for r in build("light").table(256, 256)
    ]
    assert rows == LIGHT.strip().replace("\n", "|").split("|")


def test_layers_23_to_29_are_the_bottom_block():
    net = build("light")
    assert [net.deepest(n) for n in (7, 13, 19)] == [(23, 29), (20, 32), (17, 35)]
    assert {row.name for row in net.table()[23:30]} == {"bottom"}
    assert [type(m).__name__ for m in net.layer_modules(23, 29)] == [
        "SameConv2d", "BatchNorm2d", "ReLU", "SameConv2d", "BatchNorm2d", "Add", "ReLU"
    ]  # fmt: skip
    assert net.layer_modules(23, 23)[0].weight.shape == (128, 128, 3, 3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("channels", "size"), [(1, (32, 32)), (4, (37, 50)), (1, (5, 3))])
def test_any_size_and_number_of_channels(kind, channels, size):
    net = build(kind, {"channels": channels}).eval()
    with torch.no_grad():
        maps = net.maps(frames(2, channels, *size))
    assert maps.shape == (2, 2, *size)
    assert 0 <= maps.min() <= maps.max() <= 1
    assert maps[:, 0].std() > 0
    assert maps[:, 1].std() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_border_is_repeated_to_fit(kind):
    net = build(kind).eval()
    image = frames(1, 1, 27, 30)
    padded = torch.nn.functional.pad(image, (0, 2, 0, 5), mode="replicate")
    with torch.no_grad():
        assert torch.equal(net(image), net(padded)[..., :27, :30])


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_tells_the_truth(kind):
    net, seen = build(kind).eval(), {}
    for row in net.table(40, 64):
        row.module.register_forward_hook(
            lambda module, args, out, number=row.number: seen.update({number: out.shape})
        )
    with torch.no_grad():
        net(frames(1, 1, 40, 64))
    for row in net.table(40, 64)[1:]:
        height, width, channels = row.shape
        assert seen[row.number] == (1, channels, height, width), row
    assert sum(r.trainable for r in net.table()) == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_reach_every_parameter(kind):
    net = build(kind).eval()  # a bias before a batch norm has no gradient in training mode
    net(frames(2, 1, 32, 32)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_is_deterministic_and_independent_of_the_batch(kind):
    net = build(kind).eval()
    batch = frames(3, 1, 32, 32)
    with torch.no_grad():
        together, again, alone = net(batch), net(batch), net(batch[1:2])
    assert torch.equal(together, again)
    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_config_and_weights_rebuild_the_network(kind):
    net = build(kind, {"channels": 2}).eval()
    twin = build(net.kind, net.config).eval()
    twin.load_state_dict(net.state_dict())
    image = frames(1, 2, 33, 40)
    with torch.no_grad():
        assert torch.equal(net(image), twin(image))
        assert torch.equal(net(image), pickle.loads(pickle.dumps(net))(image))


@pytest.mark.parametrize("kind", KINDS)
def test_export(kind):
    net, image = build(kind).eval(), frames(1, 1, 32, 48)
    program = torch.export.export(net, (image,))
    with torch.no_grad():
        torch.testing.assert_close(program.module()(image), net(image))


@pytest.mark.parametrize("kind", KINDS)
def test_frozen_layers_do_not_move(kind):
    torch.manual_seed(0)
    net = build(kind)
    first, last = net.deepest(7)
    net.freeze_outside(first, last)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    optimiser = torch.optim.Adam(p for p in net.parameters() if p.requires_grad)
    net.train()
    net(frames(2, 1, 32, 32)).square().sum().backward()
    optimiser.step()
    moved = {
        int(key.split(".")[1])
        for key, value in net.state_dict().items()
        if not torch.equal(value, before[key])
    }
    owners = {n for n in range(first, last + 1) if list(net.layers[n].parameters())}
    assert moved == owners


def test_noise_and_dropout_act_in_training_alone():
    net, image = build("ambrosini").train(), frames(1, 1, 32, 32)
    with torch.no_grad():
        assert not torch.equal(net(image), net(image))
        sigma = (net.layers[1](image) - image).std()
    assert np.isclose(sigma, 0.03, rtol=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: build("ligth"), "light"),
        (lambda: build("light", {"channels": 0}), "channels"),
        (lambda: build("light", {"depth": 3}), "depth"),
        (lambda: build("light").layer_modules(50, 55), "0-54"),
        (lambda: build("light").deepest(8), "odd"),
        (lambda: build("light").deepest(99), "do not exist"),
    ],
)
def test_what_does_not_exist_is_refused(call, message):
    with pytest.raises(UsageError, match=message):
        call()


def test_an_output_that_leans_to_background_begins_there():
    network, frames = build("light_plain").eval(), torch.zeros(1, 1, 16, 16)
    before = network(frames)
    network.lean_to_background(4.0)
    moved = torch.tensor([-4.0, 4.0])[:, None, None]
    assert torch.allclose(network(frames) - before, moved.expand_as(before[0]), atol=1e-5)
