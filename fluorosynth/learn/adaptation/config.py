"""How a network is adapted."""

from __future__ import annotations

from dataclasses import dataclass

from fluorosynth.core.check import Checked
from fluorosynth.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class AdaptConfig(Checked):
    """The settings of an adaptation.

    Parameters
    ----------
    samples
        Number of samples in an epoch, half of them of the plain recipe.
    epochs
        Number of epochs.
    layers
        Layers that train, as ``finetune`` names them.
    batch_size
        Number of samples in a batch.
    lr
        Rate of Adam.
    frames
        Number of frames of the run that become backgrounds and give curves, at most.
    held_out
        Number of samples of each recipe on which old and new model are compared.
    size
        Side of the samples in pixels; 0: that at which the model sees a frame.
    invert
        Whether dense material is bright in the run and in the labelled frames.
    seed
        Seed of the samples and of the training.
    """

    samples: int = 400
    epochs: int = 3
    layers: str = "7"
    batch_size: int = 10
    lr: float = 1e-3
    frames: int = 64
    held_out: int = 40
    size: int = 0
    invert: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("samples", 4), ("epochs", 1), ("frames", 1), ("held_out", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"`{name}` must be at least {least}, not {getattr(self, name)}")
