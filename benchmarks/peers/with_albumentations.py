"""albumentations: one ``OneOf`` for picture and mask.

``Affine`` has one border for both: where the picture's edge is repeated, so is the mask's, and a
label that touches the edge is smeared. It is measured so, as one call gives them.
"""

import os

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations as album
import cv2
import job

cv2.setNumThreads(0)
SURE = {"border_mode": cv2.BORDER_REPLICATE, "p": 1}
MOVES = album.Compose(
    [
        album.OneOf(
            [
                album.Affine(rotate=(0, job.DEGREES), **SURE),
                album.Affine(scale=job.ZOOM, keep_ratio=True, **SURE),
                album.Affine(translate_percent=(-job.SHIFT, job.SHIFT), **SURE),
                album.OneOf([album.HorizontalFlip(p=1), album.VerticalFlip(p=1)], p=1),
            ],
            p=1,
        )
    ]
)


def move(picture, instrument, rng):
    moved = MOVES(image=job.pictures()[picture], mask=job.masks()[instrument])
    return moved["image"], moved["mask"]


make = job.one_by_one(move, MOVES.set_random_seed)
