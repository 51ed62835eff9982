"""Frames as they come: an iterator of pictures in, masks out, one by one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.learn.checkpoint import Model, as_model
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.segment import SegmentConfig, Segmented, segment
from fluorosynth.sample import Image


def predict_frames(
    frames: Iterable[Image],
    model: Inference | Model | str | Path = "default",
    config: SegmentConfig | None = None,
    *,
    device: str = "auto",
) -> Iterator[Segmented]:
    """Yield what is found in each frame of a live source, before the next one is asked for.

    The masks are those that ``predict`` writes for a file of the same frames. A network of K frames
    sees the K - 1 before, of the same size; at the start the first frame stands for them.

    Parameters
    ----------
    frames
        Frames of one sequence, ``(H, W)`` uint8, dense material dark; a generator that waits for a
        grabber, for example.
    model
        Network ready to predict, a model, or a checkpoint, a run folder or ``"default"``.
    config
        Settings by which frames become masks; None: as the model says.
    device
        PyTorch device of a model that is not ready yet; ``"auto"``: CUDA, else MPS, else CPU.

    Yields
    ------
    Segmented
        Map and mask at the frame's resolution, and the probability of an instrument.

    Raises
    ------
    BadDataError
        For a frame that is not ``(H, W)`` uint8, naming its number.

    Examples
    --------
    >>> frames = (np.full((64, 64), grey, np.uint8) for grey in (100, 101, 102))
    >>> [found.mask.shape for found in predict_frames(frames)]
    [(64, 64), (64, 64), (64, 64)]
    """
    inference = model if isinstance(model, Inference) else Inference(as_model(model), device)
    config = config or SegmentConfig.of(inference.model)
    window = deque[Image](maxlen=inference.channels)
    for number, frame in enumerate(frames):
        picture = isinstance(frame, np.ndarray) and frame.ndim == 2 and frame.size > 0
        if not picture or frame.dtype != np.uint8:
            raise BadDataError(
                f"frame {number} should be (H, W) uint8, not "
                f"{getattr(frame, 'shape', type(frame).__name__)} {getattr(frame, 'dtype', '')}"
            )
        if window and window[-1].shape != frame.shape:
            window.clear()
        window.append(frame.copy())  # a grabber may fill the same memory again
        start = [window[0]] * (inference.channels - len(window))
        (found,) = segment(np.stack([*start, *window])[None], inference, config)
        yield found
