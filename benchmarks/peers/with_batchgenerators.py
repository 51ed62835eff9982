"""batchgeneratorsv2, which nnU-Net trains with: one of its spatial transforms."""

import random

import job
import numpy as np
import torch
from batchgeneratorsv2.transforms.spatial.mirroring import MirrorTransform
from batchgeneratorsv2.transforms.spatial.spatial import SpatialTransform
from batchgeneratorsv2.transforms.utils.random import OneOfTransform

torch.set_num_threads(1)
IMAGES = torch.tensor(job.pictures(), dtype=torch.float32)[:, None]
MASKS = torch.tensor(job.masks(), dtype=torch.int16)[:, None]


def spatial(centre_from_border=0.5, **changes):
    return SpatialTransform(
        patch_size=(job.SIDE, job.SIDE),
        patch_center_dist_from_border=int(centre_from_border * job.SIDE),
        padding_mode_image="border",
        mode_seg="nearest",
        **{"random_crop": False, **changes},
    )


MOVES = OneOfTransform(
    [
        spatial(p_rotation=1, rotation=(0, np.radians(job.DEGREES))),
        spatial(p_scaling=1, scaling=job.ZOOM, p_synchronize_scaling_across_axes=1),
        spatial(0.5 - job.SHIFT, random_crop=True),
        MirrorTransform(allowed_axes=(0, 1)),
    ]
)


def start(seed):
    for seeded in (torch.manual_seed, np.random.seed, random.seed):
        seeded(seed)


def move(picture, instrument, rng):
    moved = MOVES(image=IMAGES[picture], segmentation=MASKS[instrument])
    return moved["image"][0].round().clamp(0, 255).numpy(), moved["segmentation"][0].numpy() > 0


make = job.one_by_one(move, start)
