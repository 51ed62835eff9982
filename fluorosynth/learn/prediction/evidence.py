"""A network's maps as what others may look at: the tracker, and the search for patches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.segment import Map, SegmentConfig, segment
from fluorosynth.sample import Image


def network_evidence(source: str, device: str, frames: Sequence[Image]) -> Callable[[int], Map]:
    """Return the function that gives the map of a frame, by its number.

    Parameters
    ----------
    source
        Checkpoint, run folder or ``"default"``.
    device
        Name of a PyTorch device, or ``"auto"``.
    frames
        Frames, ``(H, W)`` uint8 each; a network of several channels sees those before a frame too.

    Raises
    ------
    BadDataError
        When there is no such network.
    """
    inference = Inference.load(source, device)
    config = SegmentConfig.of(inference.model)

    def evidence(index: int) -> Map:
        first = index - inference.channels + 1
        clip = np.stack([frames[max(t, 0)] for t in range(first, index + 1)])
        (found,) = segment(clip[None], inference, config)
        return found.map

    return evidence


def frame_evidence(source: str, device: str = "auto") -> Callable[[Image], Map]:
    """Return the function that gives the map of a single frame.

    Parameters
    ----------
    source
        Checkpoint, run folder or ``"default"``.
    device
        Name of a PyTorch device, or ``"auto"``.

    Returns
    -------
    Callable[[Image], Map]
        Of a frame ``(H, W)`` uint8 the map ``(H, W)`` float32 in [0, 1], 1 on instruments; a
        network of several channels sees the frame in each.

    Raises
    ------
    BadDataError
        When there is no such network.
    """
    inference = Inference.load(source, device)
    config = SegmentConfig.of(inference.model)

    def evidence(image: Image) -> Map:
        (found,) = segment(np.stack([image] * inference.channels)[None], inference, config)
        return found.map

    return evidence
