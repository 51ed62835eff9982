import pickle
import random
import zipfile

import pytest
import torch
from fluorosynth_cli.main import main

from fluorosynth.errors import BadDataError
from fluorosynth.learn.checkpoint import (
    Model,
    find_model,
    load_model,
    load_training,
    save_model,
    weights_hash,
)
from fluorosynth.learn.data import Normalisation
from fluorosynth.learn.networks import build


@pytest.fixture
def model():
    torch.manual_seed(0)
    network = build("light_plain", {"channels": 2})
    return Model(network, Normalisation(120.5, 31.25, True), 0.35, "abc", {"lr": 0.001})


def change(path, **changes):
    content = torch.load(path, weights_only=True)
    for old, new in changes.pop("text", {}).items():
        content["header"] = content["header"].replace(old, new)
    torch.save({**content, **changes}, path)


def test_everything_comes_back(tmp_path, model):
    save_model(tmp_path / "m.pt", model)
    back = load_model(tmp_path / "m.pt")
    assert (back.network.kind, back.network.config) == ("light_plain", {"channels": 2})
    assert (back.normalisation, back.threshold) == (model.normalisation, 0.35)
    assert (back.recipe, back.config) == ("abc", {"lr": 0.001})
    assert not back.network.training
    for key, value in model.network.state_dict().items():
        assert torch.equal(back.network.state_dict()[key], value)


def test_a_run_folder_stands_for_its_best_model(tmp_path, model):
    with pytest.raises(BadDataError, match=r"no best\.pt"):
        find_model(tmp_path)
    save_model(tmp_path / "best.pt", model)
    assert load_model(tmp_path).threshold == 0.35
    with pytest.raises(BadDataError, match="no run that could go on"):
        load_training(tmp_path / "best.pt")
    with pytest.raises(BadDataError, match="there is no model 'nowhere'"):
        load_model("nowhere")


class Harm:
    def __reduce__(self):
        return (open, ("harm-was-done", "w"))


def test_code_in_a_checkpoint_is_not_run(tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_model(tmp_path / "m.pt", model)
    content = torch.load(tmp_path / "m.pt", weights_only=True)
    torch.save({**content, "training": Harm()}, tmp_path / "m.pt")
    (tmp_path / "p.pt").write_bytes(pickle.dumps(Harm()))
    for name in ("m.pt", "p.pt"):
        with pytest.raises(BadDataError, match=name):
            load_model(name)
    assert not (tmp_path / "harm-was-done").exists()


def test_broken_files_are_refused_in_a_sentence(tmp_path, model):
    path = tmp_path / "m.pt"
    save_model(path, model)
    whole = path.read_bytes()
    for length in (0, 100, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:length])
        with pytest.raises(BadDataError, match=r"m\.pt is no checkpoint, or a broken one"):
            load_model(path)
    for content in ([1, 2], {"weights": {}}, {"header": "{}", "weights": {}}, {"header": 3}):
        torch.save(content, path)
        with pytest.raises(BadDataError, match=r"m\.pt is no model of fluorosynth"):
            load_model(path)


def outcome(path):
    """Return what is read of a file, or None where it is refused in a sentence that names it."""
    try:
        back = load_model(path)
    except BadDataError as refusal:
        said = str(refusal)
    else:
        return weights_hash(back.network), back.normalisation, back.threshold, back.config
    assert str(path) in said
    assert "\n" not in said
    return None


def test_what_is_damaged_anywhere_is_refused_or_read_as_it_was(tmp_path, model):
    path = tmp_path / "m.pt"
    save_model(path, model)
    whole, intact = path.read_bytes(), outcome(path)
    directory, pickled = whole.index(b"PK\x01\x02"), whole.index(b"header")
    places = [*range(directory, len(whole), 37), *range(0, directory, directory // 40)]
    places += [directory + 38, *range(pickled, pickled + 2000, 100)]
    read = 0
    for place in places:
        for change in (0x10, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= change
            path.write_bytes(damaged)
            found = outcome(path)
            assert found in (None, intact), place
            read += found is not None
    assert 0 < read < len(places)


def rewritten(path, changed):
    """Write a checkpoint again, its list of tensors changed and all its checksums right."""
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w") as target:
        for name, content in members.items():
            target.writestr(name, changed(content) if name.endswith("data.pkl") else content)


def test_what_is_crafted_ends_in_a_sentence(tmp_path, model):
    path, rng = tmp_path / "m.pt", random.Random(0)
    for _ in range(150):
        save_model(path, model)

        def change(content):
            content = bytearray(content)
            content[rng.randrange(len(content))] = rng.randrange(256)
            return bytes(content)

        rewritten(path, change)
        outcome(path)
    for old, new in (
        ('"channels": 2', '"channels": 200000000'),
        ('"threshold": 0.35', '"threshold": 1e999'),
        ('"deviation": 31.25', '"deviation": 0.0'),
        ('"size": 256', '"size": -3'),
        ('"recipe": "abc"', '"recipe": {}'),
    ):
        save_model(path, model)
        content = torch.load(path, weights_only=True)
        assert old in content["header"]
        torch.save({**content, "header": content["header"].replace(old, new)}, path)
        assert outcome(path) is None
    save_model(path, model)
    content = torch.load(path, weights_only=True)
    content["weights"]["layers.1.weight"].view(-1)[3] = float("nan")
    torch.save(content, path)
    with pytest.raises(BadDataError, match=r"weights 'layers.1.weight' holds what is no number"):
        load_model(path)


def test_a_file_that_unpacks_to_more_than_its_size_is_refused(tmp_path, model):
    save_model(tmp_path / "m.pt", model)
    with (
        zipfile.ZipFile(tmp_path / "m.pt") as source,
        zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for entry in source.infolist():
            bomb.writestr(entry.filename, b"\0" * entry.file_size)
    with pytest.raises(BadDataError, match="refused"):
        load_model(tmp_path / "bomb.pt")


def test_models_of_others_are_refused_by_name(tmp_path, model):
    path = tmp_path / "m.pt"
    cases = [
        ({"text": {'"light_plain"': '"resnet"'}}, "no network 'resnet'"),
        ({"text": {'"light_plain"': '"light"'}}, "does not fit its network"),
        ({"text": {'"layout_version": 1': '"layout_version": 2'}}, "layout 2 of 'light_plain'"),
        ({"text": {'"format_version": 1': '"format_version": 9'}}, "format version 9"),
        ({"text": {'"channels": 2': '"depth": 2'}}, "depth"),
        ({"weights": {}}, "does not fit its network"),
    ]
    for changes, message in cases:
        save_model(path, model)
        change(path, **changes)
        with pytest.raises(BadDataError, match=message):
            load_model(path)


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path, model):
    path = tmp_path / "m.pt"
    save_model(path, model)
    before = path.read_bytes()
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError)):
        save_model(path, model, {"cannot": (i for i in range(3))})
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["m.pt"]


def test_half_the_size_predicts_nearly_the_same(tmp_path, model):
    full, half = tmp_path / "full.pt", tmp_path / "half.pt"
    save_model(full, model)
    main(["model", "export", str(full), "--out", str(half)])
    assert half.stat().st_size < 0.56 * full.stat().st_size
    back = load_model(half)
    assert next(back.network.parameters()).dtype == torch.float32
    assert (back.threshold, back.normalisation) == (model.threshold, model.normalisation)
    frames = torch.rand(1, 2, 64, 64)
    model.network.eval()
    with torch.inference_mode():
        expected = model.network.maps(frames)
        torch.testing.assert_close(back.network.maps(frames), expected, atol=2e-3, rtol=0)
