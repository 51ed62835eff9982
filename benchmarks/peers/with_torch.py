"""PyTorch on the CPU: batches of 32 through ``affine_grid`` and ``grid_sample``."""

import job
import numpy as np
import torch
from torch.nn import functional

torch.set_num_threads(1)
IMAGES, MASKS = (
    torch.tensor(a, dtype=torch.float32)[:, None] for a in (job.pictures(), job.masks())
)
BATCH = 32


def matrices(count, generator):
    """Draw one move for each of a batch: its ``(2, 3)`` map from the output's [-1, 1] square."""
    value = torch.rand(count, 2, generator=generator)
    angle, (low, high) = torch.deg2rad(job.DEGREES * value[:, 0]), job.ZOOM
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(-1, 2, 2)
    scale = torch.eye(2) / (low + (high - low) * value[:, 0])[:, None, None]
    flip = torch.diag_embed(torch.tensor([[-1.0, 1.0], [1.0, -1.0]]))[(2 * value[:, 0]).long()]
    square = torch.stack([turn, scale, torch.eye(2).expand(count, 2, 2), flip], 1)
    offset = torch.zeros(count, 4, 2, 1)
    offset[:, 2, :, 0] = 2 * job.SHIFT * (2 * value - 1)
    which = torch.randint(4, (count,), generator=generator)
    return torch.cat([square, offset], 3)[torch.arange(count), which]


@torch.inference_mode()
def make(n, seed):
    generator = torch.Generator().manual_seed(seed)
    images, labels = np.empty((2, n, job.SIDE, job.SIDE), np.uint8)
    for first in range(0, n, BATCH):
        count = min(BATCH, n - first)
        picture = IMAGES[torch.randint(job.PICTURES, (count,), generator=generator)]
        mask = MASKS[torch.randint(job.INSTRUMENTS, (count,), generator=generator)]
        grid = functional.affine_grid(matrices(count, generator), picture.shape, False)
        picture = functional.grid_sample(picture, grid, "bilinear", "border", False)
        mask = functional.grid_sample(mask, grid, "nearest", "zeros", False) > 0.5
        noise = torch.randint(-job.NOISE, job.NOISE + 1, picture.shape, generator=generator)
        grey = picture.mean((1, 2, 3), keepdim=True).round() + noise
        picture = torch.where(mask, grey, picture).round().clamp(0, 255)
        images[first : first + count] = picture[:, 0].byte().numpy()
        labels[first : first + count] = mask[:, 0].byte().numpy()
    return images, labels
