"""Trained networks as files that are safe to load from strangers."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError
from fluorosynth.io.atomic import replacing
from fluorosynth.learn.checkpoint_file import (
    FORMAT,
    SIZE_OF_OLD,
    VERSION,
    read_content,
    read_header,
    read_network,
)
from fluorosynth.learn.data.normalise import Normalisation
from fluorosynth.learn.networks import Network

BEST, LAST = "best.pt", "last.pt"
ADAPTED = "model.pt"


@dataclass(frozen=True)
class MaskDefaults:
    """What was chosen on synthetic validation beside the threshold.

    Parameters
    ----------
    min_length
        Length of the shortest skeleton that is kept, in pixels of the network's size.
    min_presence
        Least probability of an instrument at which a frame is not left empty.
    presence
        Offset and slope of ``prediction.presence.Presence``; None: never measured.
    presence_above
        Threshold on the map above which that counts evidence; None: the model's own.
    """

    min_length: float = 0.0
    min_presence: float = 0.0
    presence: tuple[float, float] | None = None
    presence_above: float | None = None


@dataclass
class Model:
    """A network with what is needed to use it and to know where it comes from.

    Parameters
    ----------
    network
        Network with its weights.
    normalisation
        Normalisation of its input.
    threshold
        Threshold on the catheter map, the best one on the validation data.
    recipe
        Hash of the recipe that made its training data (before any fine-tuning), or empty.
    config
        Settings of the training, JSON-compatible.
    masks
        Settings by which ``predict`` turns its maps into masks unless told otherwise.
    size
        Longer side in pixels of the pictures that it was trained on: what "as trained" means.
        Files that do not say so were trained at 256.
    """

    network: Network
    normalisation: Normalisation
    threshold: float = 0.5
    recipe: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    masks: MaskDefaults = MaskDefaults()
    size: int = SIZE_OF_OLD


def save_model(
    path: Path, model: Model, training: dict[str, Any] | None = None, half: bool = False
) -> None:
    """Write a checkpoint; it appears under its name only when complete.

    The file is a zip of tensors and one JSON text, read back without running any code from it.

    Parameters
    ----------
    path
        File to write.
    model
        Model to keep.
    training
        State that a training needs to go on: tensors, numbers and texts in dicts and lists.
    half
        Whether the weights are kept in float16, half the size; the network that is read computes in
        float32.
    """
    network = model.network
    weights = network.state_dict()
    if half:
        weights = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
    header = {
        "format": FORMAT,
        "format_version": VERSION,
        "network": network.kind,
        "network_config": network.config,
        "layout_version": network.version,
        "normalisation": model.normalisation.to_plain(),
        "threshold": model.threshold,
        "recipe": model.recipe,
        "config": model.config,
        "masks": asdict(model.masks),
        "size": model.size,
    }
    content = {"header": json.dumps(header), "weights": weights}
    whole = io.BytesIO()  # PyTorch does not say that a disk is full
    torch.save({**content, "training": training} if training else content, whole)
    with replacing(path) as part, whole.getbuffer() as written:
        part.write_bytes(written)


def load_model(source: str | Path, device: torch.device | str = "cpu") -> Model:
    """Read a checkpoint, the best one of a run folder, or the model in the box.

    Parameters
    ----------
    source
        File, folder of a training run or of ``adapt``, or ``"default"``.
    device
        Device that the network goes to. It is in evaluation mode.

    Raises
    ------
    BadDataError
        When the file is missing or broken, or not written by this package, or its weights are
        not those of the network that it names.
    """
    return _model(find_model(source), device)[0]


def as_model(model: Model | str | Path, device: torch.device | str = "cpu") -> Model:
    """Return a model as it is, or read the one that is named.

    Parameters
    ----------
    model
        Model, or a file, a run folder or ``"default"``.
    device
        Device that a network goes to when it is read.

    Raises
    ------
    BadDataError
        As ``load_model`` does.
    """
    return model if isinstance(model, Model) else load_model(model, device)


def load_training(path: Path, device: torch.device | str = "cpu") -> tuple[Model, dict[str, Any]]:
    """Read a checkpoint with what its run needs to go on.

    Parameters
    ----------
    path
        File of the checkpoint.
    device
        Device that the network goes to.

    Raises
    ------
    BadDataError
        As ``load_model`` does.
    """
    model, content = _model(path, device)
    if "training" not in content:
        raise BadDataError(f"{path} holds a model, but no run that could go on")
    return model, content["training"]


def weights_hash(network: Network) -> str:
    """Return the XXH3-128 of all weights and statistics, 32 hexadecimal digits.

    Parameters
    ----------
    network
        Network with its weights.
    """
    state = xxh3_128()
    for value in network.state_dict().values():
        state.update(value.detach().cpu().contiguous().numpy().tobytes())
    return state.hexdigest()


def find_model(source: str | Path) -> Path:
    """Return the file of a model that is named.

    Parameters
    ----------
    source
        File, run folder, or ``"default"``.

    Raises
    ------
    BadDataError
        When there is none.
    """
    path = Path(source)
    if path.is_dir():
        for name in (BEST, ADAPTED):
            if (path / name).exists():
                return path / name
        raise BadDataError(f"{path} holds no {BEST}: is it a finished training run?")
    if not path.exists() and str(source) == "default":
        path = Path(__file__).with_name("default.pt")
        if not path.is_file():
            raise BadDataError("this version has no trained model in the box: name one of your own")
    if not path.is_file():
        raise BadDataError(f"there is no model {str(source)!r}")
    return path


def _model(path: Path, device: torch.device | str) -> tuple[Model, dict[str, Any]]:
    content = read_content(path)
    header = read_header(path, content)
    network = read_network(path, header, content.get("weights"))
    model = Model(
        network.to(device).eval(),
        Normalisation(**dict(header.normalisation)),
        header.threshold,
        header.recipe,
        header.config,
        MaskDefaults(**dict(header.masks)),
        header.size,
    )
    return model, content
