"""Frames with those before them, as a network of several channels takes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.frames import Frame, count_frames, frames_together, read_frames
from fluorosynth.io.sources import find_sources

Clip = tuple[Frame, NDArray[np.uint8]]


def read_clips(
    sources: Sequence[Path], number: int, channels: int, invert: bool = False
) -> Iterator[Clip]:
    """Yield each frame of a file with the clip that ends with it.

    Pictures of one folder follow one another by name, as the frames of a file do. At the start of a
    sequence the first frame stands for those before it.

    Parameters
    ----------
    sources
        Files, sorted.
    number
        Number of the one that is read.
    channels
        K, the frames in a clip.
    invert
        Whether dense material is bright in the files.

    Yields
    ------
    tuple
        The frame, and ``(K, H, W)`` uint8, the newest last.
    """
    path = sources[number]
    before = sources[max(0, number - channels + 1) : number]
    recent = list[NDArray[np.uint8]]()
    if before and count_frames(path) == 1:
        pictures = [p for p in before if p.parent == path.parent and count_frames(p) == 1]
        recent = [
            frame.image for picture in pictures for frame in read_frames(picture, None, invert)
        ]
    window = deque(recent, maxlen=channels)
    together = frames_together(path)
    for frame in read_frames(path, None, invert):
        if frame.index and frame.index % together == 0:
            window.clear()
        if window and window[-1].shape != frame.image.shape:
            window.clear()
        window.append(frame.image)
        start = [window[0]] * (channels - len(window))
        yield frame, np.stack([*start, *window])


def first_clips(src: str | Path, count: int, channels: int) -> list[NDArray[np.uint8]]:
    """Return the first clips of a source.

    Parameters
    ----------
    src
        File, folder or glob.
    count
        Number of clips, at most.
    channels
        Number K of frames in a clip.
    """
    sources = find_sources(src)
    clips = (clip for i in range(len(sources)) for _, clip in read_clips(sources, i, channels))
    return list(islice(clips, count))


def made_clips(count: int, channels: int) -> list[NDArray[np.uint8]]:
    """Return clips that stand still, made by the recipe ``paper``.

    Parameters
    ----------
    count
        Number of clips.
    channels
        Number K of frames in a clip.
    """
    from fluorosynth.recipe import Recipe

    sampler = Recipe.preset("paper").open(0)
    images = [sampler.sample(index).image for index in range(count)]
    return [np.stack([image] * channels) for image in images]
