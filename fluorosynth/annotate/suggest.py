"""What a network sees in a frame, as curves to accept, correct or drop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.labels.model import Instrument
from fluorosynth.sample import Device, Image

SHORTEST = 12.0  # px of the network's picture; what is shorter is rather a bone's edge
EDGE = 1.0  # px from the border within which an instrument leaves the picture
Suggester = Callable[[Image], tuple[Instrument, ...]]


def model_suggester(source: str = "default") -> Suggester:
    """Return a function from a frame to the instruments that a model sees in it.

    Parameters
    ----------
    source
        Checkpoint, folder of training or ``default``.

    Raises
    ------
    MissingExtraError
        When PyTorch is not installed.
    """
    from fluorosynth.devices.trace import trace
    from fluorosynth.learn.checkpoint import load_model
    from fluorosynth.learn.prediction.inference import Inference
    from fluorosynth.learn.prediction.segment import SegmentConfig, segment

    model = load_model(source, "cpu")
    inference = Inference(model)
    config = SegmentConfig.of(model, min_length=SHORTEST)

    def suggest(image: Image) -> tuple[Instrument, ...]:
        clip = np.broadcast_to(image, (1, model.network.channels, *image.shape))
        (found,) = segment(clip, inference, config)
        try:
            devices = trace(found.mask)
        except BadDataError:  # speckle
            return ()
        return tuple(_instrument(d, n, found.mask.shape) for n, d in enumerate(devices, 1))

    return suggest


def _instrument(device: Device, number: int, shape: tuple[int, int]) -> Instrument:
    x, y = device.centreline[-1]
    inside = EDGE <= x <= shape[1] - 1 - EDGE and EDGE <= y <= shape[0] - 1 - EDGE
    return Instrument(
        device.centreline,
        device.width,
        f"suggestion_{number}",
        device.label,
        bool(inside),
        "suggested",
    )
