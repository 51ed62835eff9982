"""Predictors: functions from an image to its catheter map, made of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.segment import SegmentConfig, segment
from fluorosynth.learn.prediction.torch_engine import Mode
from fluorosynth.sample import Image

AS_TRAINED = Mode(folded=False, channels_last=False)
Map = NDArray[np.float32]
Predictor = Callable[[Image], Map]


def frame_predictor(model: Model, config: SegmentConfig, device: str) -> Predictor:
    """Return a predictor of what ``predict`` finds in a frame, computed in float32.

    The map has the frame's size; it is zero all over where ``predict`` leaves the frame empty.

    Parameters
    ----------
    model
        Model, not changed.
    config
        Settings as for ``predict``; ``evaluate`` sees to threshold and minimal length.
    device
        PyTorch device.
    """
    inference = Inference(model, device, AS_TRAINED)

    def predicted(image: Image) -> Map:
        (found,) = segment(image.reshape(1, -1, *image.shape[-2:]), inference, config)
        return np.zeros_like(found.map) if found.presence < config.min_presence else found.map

    return predicted


def plain_predictor(
    model: Model, tta: bool = False, scales: Sequence[float] = (1.0,), turned: bool = False
) -> Predictor:
    """Return a predictor that runs the network in float32, on its device, at the image's size.

    Parameters
    ----------
    model
        Model, not changed.
    tta
        Average with the mirrored image.
    scales
        Factors of size to average over, see ``Inference.predict_maps``.
    turned
        Average over all eight flips and rotations by 90 degrees.
    """
    device = next(model.network.parameters()).device
    inference = Inference(model, str(device), AS_TRAINED)
    return lambda image: inference.predict_maps(image[None], tta, scales, turned)[0]
