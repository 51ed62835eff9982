"""What a network sees in a frame, as curves to accept, correct or drop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.labels.model import Instrument
from fluorosynth.patches.edge import FieldEdge
from fluorosynth.sample import Image
from fluorosynth.track.identity import Known, Seen, identified

SHORTEST = 12.0  # px of the network's picture; what is shorter is rather a bone's edge
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
    config = SegmentConfig.of(model, min_length=SHORTEST, min_presence=0.0)  # a person decides

    def suggest(image: Image) -> tuple[Instrument, ...]:
        clip = np.broadcast_to(image, (1, model.network.channels, *image.shape))
        (found,) = segment(clip, inference, config)
        try:
            devices = trace(found.mask)
        except BadDataError:  # speckle
            return ()
        edge = FieldEdge(image)
        seen = [Seen(device, edge.at_ends(device)) for device in devices]
        (known,) = identified([seen], max(image.shape))
        return tuple(map(_instrument, known))

    return suggest


def _instrument(one: Known) -> Instrument:
    return Instrument(
        one.device.centreline,
        one.device.width,
        f"suggestion_{one.number + 1}",
        one.device.label,
        one.tip,
        "suggested",
    )
