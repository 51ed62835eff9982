"""What is in a checkpoint's file, checked before any of it is used."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from annotated_types import Ge, Gt, Interval
from pydantic import BaseModel, ConfigDict, TypeAdapter
from torch import Tensor

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.guard import validated
from fluorosynth.io.whole_zip import read_whole_zip
from fluorosynth.learn.networks import Network, build

FORMAT, VERSION = "fluorosynth-model", 1
_FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
SIZE_OF_OLD = 256  # px, of the pictures behind a file that does not name their size


class _Table(BaseModel):
    """Further keys are those of later versions, and passed over."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


class NormalisationTable(_Table):
    """Fields of ``data.normalise.Normalisation``.

    Parameters
    ----------
    mean
        Mean, grey levels.
    deviation
        Standard deviation, grey levels.
    per_image
        Whether each image's own are used instead.
    """

    mean: float
    deviation: Annotated[float, Gt(0)]
    per_image: bool = False


class MaskTable(_Table):
    """Fields of ``checkpoint.MaskDefaults``.

    Parameters
    ----------
    min_length
        Length of the shortest skeleton that is kept, px.
    min_presence
        Least probability of an instrument, in [0, 1].
    presence
        Offset and slope of the curve of that probability.
    presence_above
        Threshold above which it counts evidence, in [0, 1); None: the model's own.
    """

    min_length: Annotated[float, Ge(0)] = 0.0
    min_presence: Annotated[float, Interval(ge=0, le=1)] = 0.0
    presence: tuple[float, float] | None = None
    presence_above: Annotated[float, Interval(ge=0, lt=1)] | None = None


class Kind(_Table):
    """What tells a checkpoint from another file, in any version.

    Parameters
    ----------
    format
        Name of the format.
    format_version
        Version of the format.
    """

    format: Literal["fluorosynth-model"]
    format_version: int


class Header(Kind):
    """The JSON text of a checkpoint.

    Parameters
    ----------
    format
        Name of the format.
    format_version
        Version of the format.
    network
        Kind of network.
    network_config
        Arguments of its constructor.
    layout_version
        Version of its layout.
    normalisation
        Normalisation of its input.
    threshold
        Threshold on its map, in [0, 1).
    recipe
        Hash of the recipe of its training data, or empty.
    config
        Settings of its training.
    masks
        Settings for its masks; files before version 0.2 have none.
    size
        Longer side of the pictures of its training, px; files before version 0.2 have none.
    """

    network: str
    network_config: dict[str, Any]
    layout_version: int
    normalisation: NormalisationTable
    threshold: Annotated[float, Interval(ge=0, lt=1)]
    recipe: str
    config: dict[str, Any]
    masks: MaskTable = MaskTable()
    size: Annotated[int, Interval(ge=16, le=8192)] = SIZE_OF_OLD


def read_content(path: Path) -> dict[str, Any]:
    """Return what a checkpoint's file holds, read without running any code from it.

    Parameters
    ----------
    path
        File of the checkpoint.

    Raises
    ------
    BadDataError
        When it is no checkpoint, or a damaged one.
    """
    broken = f"{path} is no checkpoint, or a broken one"
    try:
        whole = read_whole_zip(path)
    except BadDataError:
        raise
    except Exception as error:  # a damaged directory leads anywhere
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadDataError(f"{broken}: {reason}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(whole, map_location="cpu", weights_only=True)
    except Exception:  # of a crafted file: the reader raises anything
        raise BadDataError(f"{broken}: it is no list of tensors and texts alone") from None
    if not isinstance(content, dict):
        raise BadDataError(f"{path} is no model of fluorosynth")
    return content


def read_header(path: Path, content: dict[str, Any]) -> Header:
    """Return the header of a checkpoint, every value in its range.

    Parameters
    ----------
    path
        File of the checkpoint, for the message.
    content
        Content of the file, as it was read.

    Raises
    ------
    BadDataError
        Naming the first value that is missing or out of range.
    """
    text = content.get("header")
    if not isinstance(text, str):
        raise BadDataError(f"{path} is no model of fluorosynth: it has no header")
    kind: Kind = plain(path, Kind, text, "header")
    if kind.format_version != VERSION:
        raise BadDataError(f"{path} has format version {kind.format_version}")
    header: Header = plain(path, Header, text, "header")
    return header


def plain(path: Path, kind: Any, text: Any, name: str) -> Any:
    """Return the value of a JSON text in a checkpoint.

    Parameters
    ----------
    path
        File of the checkpoint, for the message.
    kind
        Type that the value must have.
    text
        Text to read.
    name
        Name of the text in the file, for the message.

    Raises
    ------
    BadDataError
        Naming the first value that does not fit.
    """
    with validated(f"{path} is no model of fluorosynth: {name}"):
        return _adapter(kind).validate_json(text)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def read_network(path: Path, header: Header, weights: Any) -> Network:
    """Return the network that a header names, with its weights.

    Parameters
    ----------
    path
        File of the checkpoint, for the message.
    header
        Header of the checkpoint.
    weights
        Weights that it holds, by name.

    Raises
    ------
    BadDataError
        When there is no such network, or these are not its weights, before memory is taken for it;
        or when one of them is no number.
    """
    try:
        with torch.device("meta"):
            expected = build(header.network, header.network_config)
        if header.layout_version != expected.version:
            raise BadDataError(
                f"{path} holds layout {header.layout_version} of {expected.kind!r}; "
                f"this is {expected.version}"
            )
        check_tensors(path, weights, expected.state_dict(), "weights")
        network = build(header.network, header.network_config)
    except UsageError as error:
        raise BadDataError(f"{path}: {error}") from None
    except (RuntimeError, OverflowError) as error:  # channels by the billion
        reason = " ".join(str(error).split())[:200]
        raise BadDataError(f"{path} does not fit its network: {reason}") from None
    network.load_state_dict(weights)
    return network


def check_tensors(path: Path, found: Any, expected: dict[str, Tensor], name: str) -> None:
    """Refuse tensors that are not those that are expected, or hold what is no number.

    Parameters
    ----------
    path
        File of the checkpoint, for the message.
    found
        Tensors by name, as they were read.
    expected
        Tensors of the shapes that they must have.
    name
        Name of the tensors in the file, for the message.

    Raises
    ------
    BadDataError
        Naming the first tensor that does not fit.
    """
    if not isinstance(found, dict):
        raise BadDataError(f"{path} is no model of fluorosynth: it has no {name}")
    strange = sorted(map(str, expected.keys() ^ found.keys()))
    if strange:
        which = "lacks" if strange[0] in expected else "has also"
        raise BadDataError(f"{path} does not fit its network: it {which} {name} {strange[0]!r}")
    for key, like in expected.items():
        check_tensor(path, found[key], like, f"{name} {key!r}")


def check_tensor(path: Path, value: Any, like: Tensor, name: str) -> Tensor:
    """Return a value that is a plain tensor of a shape, and holds numbers.

    Parameters
    ----------
    path
        File of the checkpoint, for the message.
    value
        Value that was read.
    like
        Tensor of the shape and kind that it must have.
    name
        Name of the value, for the message.

    Raises
    ------
    BadDataError
        When it does not fit.
    """
    if not (isinstance(value, Tensor) and value.layout == torch.strided) or value.is_quantized:
        raise BadDataError(f"{path} does not fit its network: {name} is no plain tensor")
    if value.device.type != "cpu":
        raise BadDataError(f"{path} does not fit its network: {name} is no plain tensor")
    if value.shape != like.shape:
        shapes = f"{tuple(value.shape)}, not {tuple(like.shape)}"
        raise BadDataError(f"{path} does not fit its network: {name} is {shapes}")
    if value.dtype not in (_FLOATS if like.is_floating_point() else (like.dtype,)):
        raise BadDataError(f"{path} does not fit its network: {name} is of {value.dtype}")
    if value.is_floating_point() and not value.isfinite().all():
        raise BadDataError(f"{path} is damaged: {name} holds what is no number")
    return value
