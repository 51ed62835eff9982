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
    s1
        Frames of S1, see ``readings``: ``"240"`` or a ``"quarter"`` of each sequence.
    s2
        Frames that S2 is fine-tuned on: ``"714"`` or ``"493"``.
    layers
        Span of layers: ``"23-29"``, the deepest seven, or ``"22-29"``, all eight that are named.
    threshold
        Threshold on the maps: eq. (1), or ``"half"`` for .5.
    false_positives
        Whole of the percentage: the ``"image"``, or its ``"background"`` pixels.
    gain
        Reading of Fig. 6: ``"difference"`` of the two means, or their ``"ratio"`` less one.
    mean
        Weights of "average Dice": all ``"sequences"`` alike, or all ``"frames"``.
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
    s1: Literal["240", "quarter"] = "240"
    s2: Literal["714", "493"] = "714"
    layers: Literal["23-29", "22-29"] = "23-29"
    threshold: Literal["paper", "half"] = "paper"
    false_positives: Literal["image", "background"] = "image"
    gain: Literal["difference", "ratio"] = "difference"
    mean: Literal["sequences", "frames"] = "sequences"
    device: str = "auto"

    def __post_init__(self) -> None:
        if not self.seeds or min(self.seeds) < 0 or len(set(self.seeds)) < len(self.seeds):
            raise UsageError("`seeds` needs whole numbers from 0 on, each once")

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

    def split(self, name: str) -> str:
        """Return the name of a split under the chosen reading, as ``data.split_of`` takes it.

        Parameters
        ----------
        name
            Name of the split.
        """
        default = {"S1": "240", "S2": "714"}
        choice = {"S1": self.s1, "S2": self.s2}.get(name)
        return name if choice == default.get(name) else f"{name}-{choice}"

    @property
    def cut(self) -> float:
        """The threshold on the maps."""
        return published.THRESHOLD if self.threshold == "paper" else 0.5
