"""How much of the publication is run, and which reading of an unclear sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from annotated_types import Interval

from fluorosynth.core.check import Checked
from fluorosynth.errors import UsageError
from fluorosynth.learn.reproduce import published


@dataclass(frozen=True, kw_only=True)
class ReproduceConfig(Checked):
    """The settings of a reproduction; the defaults are the publication's.

    Parameters
    ----------
    size
        Side of all pictures, px; others are resized.
    synthetic
        Number of synthetic pictures.
    share
        Share of the real frames for training and fine-tuning that is used, evenly spread.
    tested
        Test frames of each sequence, evenly spread; 0: all.
    pretrain_epochs
        Epochs of the training from scratch, leave-one-out too.
    finetune_epochs
        Epochs of the fine-tuning.
    pretrain_batch
        Batch of the training from scratch.
    finetune_batch
        Batch of the fine-tuning.
    seeds
        Seeds; the whole is done for each, and intervals are over them.
    layers
        Span of layers: "layers 22th to 29th" are eight where seven are named; ``"23-29"`` are the
        deepest seven of this project's network, ``"22-29"`` all eight.
    false_positives
        Whole of the percentage, which is not said: the ``"image"``, or its ``"background"`` pixels.
    gain
        Reading of Fig. 6, "81 % increase" in the text and "by 0.81" in the caption:
        ``"difference"`` of the two means, or their ``"ratio"`` less one.
    threshold
        Threshold on the maps: eq. (1), or ``"half"`` for .5.
    device
        Name of a PyTorch device, or ``"auto"``.
    """

    size: Annotated[int, Interval(ge=32, le=1024)] = published.SIZE
    synthetic: Annotated[int, Interval(ge=8)] = published.SYNTHETIC
    share: Annotated[float, Interval(gt=0, le=1)] = 1.0
    tested: Annotated[int, Interval(ge=0)] = 0
    pretrain_epochs: Annotated[int, Interval(ge=1)] = published.PRETRAINING["epochs"]
    finetune_epochs: Annotated[int, Interval(ge=1)] = published.FINE_TUNING["epochs"]
    pretrain_batch: Annotated[int, Interval(ge=1)] = published.PRETRAINING["batch_size"]
    finetune_batch: Annotated[int, Interval(ge=1)] = published.FINE_TUNING["batch_size"]
    seeds: tuple[int, ...] = (0,)
    layers: Literal["23-29", "22-29"] = "23-29"
    false_positives: Literal["image", "background"] = "image"
    gain: Literal["difference", "ratio"] = "difference"
    threshold: Literal["paper", "half"] = "paper"
    device: str = "auto"

    def __post_init__(self) -> None:
        if not self.seeds:
            raise UsageError("`seeds` needs at least one seed")

    @classmethod
    def quick(cls, **changes: Any) -> ReproduceConfig:
        """Return the settings for minutes on two cores: the pattern, not the numbers.

        Parameters
        ----------
        **changes
            Fields that differ.
        """
        small = {
            "size": 64,
            "synthetic": 400,
            "share": 0.12,
            "tested": 5,
            "pretrain_epochs": 8,
            "finetune_epochs": 12,
            "pretrain_batch": 8,
            "finetune_batch": 4,
        }
        return cls(**{**small, **changes})

    def to_plain(self) -> dict[str, Any]:
        """Return the fields, JSON-compatible."""
        return asdict(self)

    @property
    def cut(self) -> float:
        """The threshold on the maps."""
        return published.THRESHOLD if self.threshold == "paper" else 0.5
