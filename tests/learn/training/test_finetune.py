import dataclasses

import pytest
import torch
from makers import Lines

from fluorosynth.errors import UsageError
from fluorosynth.learn.checkpoint import Model, load_model, save_model
from fluorosynth.learn.data import Normalisation
from fluorosynth.learn.networks import build, networks
from fluorosynth.learn.training.finetune import finetune, finetune_config, parse_layers


@pytest.fixture
def model():
    torch.manual_seed(5)
    return Model(build("light"), Normalisation(140.0, 30.0), recipe="made-by", size=32)


PLAIN = {"augment": False, "mix": 0.0}  # what the publication does


def state(network):
    return {key: value.clone() for key, value in network.state_dict().items()}


@pytest.mark.parametrize("layers", ["7", "13", "19", "40-43", "all"])
def test_frozen_tensors_are_the_same_bit_by_bit(tmp_path, model, layers):
    before = state(model.network)
    config = finetune_config(model, layers, epochs=1, batch_size=4, **PLAIN)
    finetune(Lines(10, 32), model, config, tmp_path, quiet=True)
    after = torch.load(tmp_path / "last.pt", weights_only=True)["weights"]
    changed = {int(key.split(".")[1]) for key in after if not torch.equal(after[key], before[key])}
    first, last = config.layers or (0, 54)
    owners = {
        row.number
        for row in model.network.table()
        if row.parameters and first <= row.number <= last
    }
    assert changed == owners  # batch norms among them by their running statistics
    assert all(torch.equal(model.network.state_dict()[key], before[key]) for key in before)


def test_the_publications_settings(model):
    config = finetune_config(model)
    assert (config.augment, config.mix, config.mix_recipe) == (True, 0.5, "physics")  # not theirs
    assert (config.layers, config.batch_size, config.epochs, config.lr) == ((23, 29), 10, 50, 1e-3)
    assert config.to_plain()["layers"] == "23-29"


def test_the_models_normalisation_and_recipe_stay(tmp_path, model):
    finetune(Lines(10, 32), model, finetune_config(model, epochs=1, **PLAIN), tmp_path, quiet=True)
    tuned = load_model(tmp_path)
    assert tuned.normalisation == model.normalisation
    assert tuned.recipe == "made-by"


def test_a_run_from_another_model_is_not_gone_on_with(tmp_path, model):
    config = finetune_config(model, epochs=1, **PLAIN)
    finetune(Lines(10, 32), model, config, tmp_path, quiet=True)
    with torch.no_grad():
        model.network.layers[1].weight += 1
    with pytest.raises(UsageError, match="with start ="):
        finetune(Lines(10, 32), model, config, tmp_path, quiet=True)


def test_a_tuned_model_can_be_tuned_again(tmp_path, model):
    save_model(tmp_path / "m.pt", model)
    again = load_model(tmp_path / "m.pt")
    config = finetune_config(again, "all", epochs=1, **PLAIN)
    assert finetune(Lines(10, 32), again, config, tmp_path / "run", quiet=True).epoch in (0, 1)


@pytest.mark.parametrize("kind", sorted(networks()))
def test_the_deepest_seven_of_every_network_have_weights(kind):
    network = build(kind)
    first, last = parse_layers("7", network)
    scales = [network.nodes[number].scale for number in range(first, last + 1)]
    assert network.multiple in scales  # the bottom is among them
    assert last - first == 6


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("8", "odd"),
        ("x", "23-29"),
        ("29-23", "do not exist"),
        ("50-60", "0-54"),
        ("4-5", "no weights"),
    ],
)
def test_layers_that_cannot_be_tuned(model, layers, message):
    with pytest.raises(UsageError, match=message):
        finetune_config(model, layers)


def test_resuming_keeps_frozen_layers_frozen(tmp_path, model):
    from test_resume import Stop

    from fluorosynth.errors import InterruptedRunError

    before = state(model.network)
    config = dataclasses.replace(
        finetune_config(model, epochs=2, batch_size=4, **PLAIN), checkpoint_every=1
    )
    for run in ("whole", "cut"):
        if run == "cut":
            with pytest.raises(InterruptedRunError):
                finetune(Stop(Lines(10, 32), 8), model, config, tmp_path / run, quiet=True)
        finetune(Lines(10, 32), model, config, tmp_path / run, quiet=True)
    ends = [
        torch.load(tmp_path / run / "last.pt", weights_only=True)["weights"]
        for run in ("whole", "cut")
    ]
    assert all(torch.equal(ends[0][key], ends[1][key]) for key in before)
    assert torch.equal(ends[1]["layers.33.weight"], before["layers.33.weight"])
