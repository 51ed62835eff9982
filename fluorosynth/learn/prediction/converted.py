"""Networks as ONNX, for other runtimes: converted once, then kept in the cache."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from xxhash import xxh3_128

from fluorosynth.errors import BadDataError, extra
from fluorosynth.io.atomic import replacing
from fluorosynth.io.cache import NETWORK, cache_folder, make_room_in
from fluorosynth.io.sealed import BLANK, KEY, check_seal, seal
from fluorosynth.learn.checkpoint import weights_hash
from fluorosynth.learn.networks import Network
from fluorosynth.learn.prediction.fold import fold
from fluorosynth.version import __version__

FRAMES, MAPS = "frames", "maps"


class Maps(nn.Module):
    """Normalised frames in, catheter maps out.

    Parameters
    ----------
    network
        Network, folded in here.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = fold(network).cpu()

    def forward(self, frames: Tensor) -> Tensor:
        """Return the catheter maps, ``(N, 1, H, W)`` float32 in [0, 1].

        Parameters
        ----------
        frames
            Normalised frames, ``(N, K, H, W)`` float32.
        """
        return torch.sigmoid(self.network(frames)[:, :1])


def converted(network: Network) -> bytes:
    """Return a network as ONNX: ``frames``, normalised, to ``maps``, as ``Maps`` has them.

    The first time this takes seconds.

    Parameters
    ----------
    network
        Network; it is not changed.

    Raises
    ------
    MissingExtraError
        When ONNX is not installed.
    """
    require_onnx()
    folder = cache_folder()
    if folder is None:
        return _convert(network)
    about = f"{network.kind} {network.config} {weights_hash(network)} {__version__} {versions()}"
    path = folder / f"{xxh3_128(about.encode()).hexdigest()}{NETWORK}"
    with suppress(OSError, BadDataError):  # missing, or damaged
        if check_seal(path):
            content = path.read_bytes()
            with suppress(OSError):  # a cache that may be read alone
                path.touch()  # for the order in which they go
            return content
    content = _convert(network)
    with suppress(OSError):  # likewise, or a full disk: it takes no more than seconds
        folder.mkdir(parents=True, exist_ok=True)
        make_room_in(folder)
        with replacing(path) as part:
            part.write_bytes(content)
    return content


def _convert(network: Network) -> bytes:
    example = torch.zeros((2, network.channels, 96, 80))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "network.onnx"
        write_onnx(Maps(network), example, FRAMES, MAPS, path)
        return path.read_bytes()


def write_onnx(
    module: nn.Module,
    example: Tensor,
    takes: str,
    gives: str,
    path: Path,
    about: dict[str, str] | None = None,
) -> None:
    """Write a module as a sealed ONNX file that takes any number of pictures of any size.

    Parameters
    ----------
    module
        Module of one input and one output.
    example
        Input of its shape and type, ``(N, K, H, W)``.
    takes
        Name of the input.
    gives
        Name of the output.
    path
        File to write.
    about
        Metadata.
    """
    free = torch.export.Dim.DYNAMIC
    dims: Any = ({0: free, 2: free, 3: free},)
    with _hushed():
        program = torch.onnx.export(
            module.eval(),
            (example,),
            input_names=[takes],
            output_names=[gives],
            dynamic_shapes=dims,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        assert program is not None  # noqa: S101 - for the type checker
        program.model.metadata_props.update({**(about or {}), KEY: BLANK})
        program.save(path)
    seal(path)


def versions() -> str:
    """Return the versions of what converts."""
    import onnx
    import onnxscript

    return f"torch {torch.__version__} onnx {onnx.__version__} onnxscript {onnxscript.__version__}"


def require_onnx() -> None:
    """Refuse to go on without the packages that convert.

    Raises
    ------
    MissingExtraError
        When one is not installed.
    """
    with extra("onnx", "networks are converted by ONNX"):
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep the exporter's notes on packages and on its own future to itself."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
