"""MONAI: dictionary transforms, one of four."""

import job
import numpy as np
import torch
from monai import transforms

torch.set_num_threads(1)
BOTH = "image", "mask"
MODES = {"mode": ("bilinear", "nearest"), "prob": 1}
EDGE = {**MODES, "padding_mode": ("border", "zeros")}
FAR = job.SHIFT * job.SIDE
MOVES = transforms.OneOf(
    [
        transforms.RandRotated(BOTH, range_x=(0, np.radians(job.DEGREES)), **EDGE),
        transforms.RandZoomd(
            BOTH,
            min_zoom=job.ZOOM[0],
            max_zoom=job.ZOOM[1],
            padding_mode=("edge", "constant"),
            **MODES,
        ),
        transforms.RandAffined(BOTH, translate_range=(FAR, FAR), **EDGE),
        transforms.OneOf(
            [transforms.RandFlipd(BOTH, prob=1, spatial_axis=axis) for axis in (0, 1)]
        ),
    ]
)
IMAGES, MASKS = (
    torch.tensor(a, dtype=torch.float32)[:, None] for a in (job.pictures(), job.masks())
)


def move(picture, instrument, rng):
    moved = MOVES({"image": IMAGES[picture], "mask": MASKS[instrument]})
    return moved["image"][0].round().clamp(0, 255).numpy(), moved["mask"][0].numpy() > 0.5


make = job.one_by_one(move, MOVES.set_random_state)
