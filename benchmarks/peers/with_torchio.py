"""TorchIO: a picture is a volume one voxel deep."""

import job
import SimpleITK
import torch
import torchio

torch.set_num_threads(1)
SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
FAR = job.SHIFT * job.SIDE
STILL = {"scales": 0, "degrees": 0, "translation": 0}
MOVES = torchio.OneOf(
    [
        torchio.RandomAffine(**{**STILL, "degrees": (0, 0, 0, 0, 0, job.DEGREES)}),
        torchio.RandomAffine(**{**STILL, "scales": job.ZOOM}, isotropic=True),
        torchio.RandomAffine(**{**STILL, "translation": (-FAR, FAR, -FAR, FAR, 0, 0)}),
        torchio.RandomFlip(axes=(0, 1), flip_probability=1),
    ]
)
IMAGES, MASKS = (torch.tensor(a)[:, None, :, :, None] for a in (job.pictures(), job.masks()))


def move(picture, instrument, rng):
    subject = torchio.Subject(
        image=torchio.ScalarImage(tensor=IMAGES[picture]),
        mask=torchio.LabelMap(tensor=MASKS[instrument]),
    )
    moved = MOVES(subject)
    image = moved.image.data[0, :, :, 0].round().clamp(0, 255).numpy()
    return image, moved.mask.data[0, :, :, 0].numpy() > 0


make = job.one_by_one(move, torch.manual_seed)
