"""Several consecutive frames as channels, for networks that see motion."""

from __future__ import annotations

import numpy as np

from fluorosynth.errors import UsageError
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.learn.data.derived import Derived
from fluorosynth.sample import Image, Mask


class Windows(Derived):
    """Each item with the frames before it in its sequence: ``(K, H, W)``, the newest last.

    At a sequence's start the first frame stands for those before it (Ambrosini et al. 2017 use
    frames t-3 to t).

    Parameters
    ----------
    pairs
        Items of a sequence follow one another.
    frames
        K, >= 1.

    Raises
    ------
    UsageError
        When the data is endless: its items are no sequence.
    """

    def __init__(self, pairs: LabelledDataset, frames: int) -> None:
        if pairs.endless:
            raise UsageError(
                "samples made on the fly are no sequence: generate a set of runs first, or use one "
                "input channel"
            )
        super().__init__(pairs)
        self.frames = frames

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        image, mask = self.pairs[index]
        images, earlier, sequence = [image], index, self.sequence(index)
        for _ in range(self.frames - 1):
            if earlier > 0 and self.sequence(earlier - 1) == sequence:
                earlier -= 1
                image = self.pairs[earlier][0]
            images.append(image)
        return np.stack(images[::-1]), mask
