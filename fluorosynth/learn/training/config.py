"""Everything that decides how a network is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from fluorosynth.core.check import Checked
from fluorosynth.errors import UsageError

Precision = Literal["auto", "fp32", "bf16"]
LossName = Literal[
    "dice", "cross_entropy", "dice_ce", "dice_plain_ce", "dice_ce_empty", "dice_ce_centreline"
]

QUICK: dict[str, Any] = {
    "network": "light_deep",
    "loss": "dice_ce",
    "crop": 128,
    "epochs": 8,
    "batch_size": 10,
    "schedule": "cosine",
    "warmup": 20,
    "start_bias": 4.0,
}
"""Not the publication's: what learns most in minutes on a CPU, from 1500 samples."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Checked):
    """The settings of a run; the defaults are Gherardini et al. 2020, section 3.3.

    Parameters
    ----------
    network
        Kind of network.
    channels
        Channels of its input: consecutive frames, the newest last.
    loss
        Name of the loss: ``"dice"``, ``"cross_entropy"``, their sum ``"dice_ce"``;
        ``"dice_plain_ce"``, the Dice loss plus an unweighted cross-entropy; ``"dice_ce_empty"``,
        the same for data with empty pictures; or ``"dice_ce_centreline"``, that for thin
        wires; see ``learn.training.losses``.
    epochs
        Number of passes over the data.
    batch_size
        Number of items in the global batch, over all processes.
    lr
        Rate of Adam, whose betas are .9 and .999.
    schedule
        Course of the rate: ``"constant"``, or ``"cosine"``, which falls to 0 along half a cosine,
        every step.
    warmup
        Steps over which the rate first rises linearly from 0.
    start_bias
        Amount added to the background's bias at the start, and taken from the catheter's. Maps that
        begin near the classes' shares (4: at 2 % and 98 %) need not learn first that most pixels
        are background. 0: as PyTorch draws them.
    ema
        Decay per step of averaged weights, in [0, 1); 0: none. They are what is validated and
        kept as best. Around .999 for runs of thousands of steps; in the first ones the decay is
        at most (1 + step) / (10 + step), so that the random start is forgotten.
    validation
        Share of the data that is kept for validation, in (0, 1). The publication does not say.
    size
        Longer side in pixels to which pictures are resized; 0: as they are.
    crop
        Side of random square crops in pixels, new in every epoch; 0: whole images.
    augment
        Meet each picture mirrored, turned, zoomed and shifted a little, brighter or darker.
    mix
        Share of the pictures that are synthetic ones of ``mix_recipe``, new in every epoch, in
        [0, 1); 0: none.
    mix_recipe
        Name of a preset, or a recipe's TOML file.
    per_image
        Whether each image is normalised by itself instead of by the training set (eq. 4).
    layers
        First and last layer that train, as numbered by ``Network.table``; None: all.
    seed
        Seed of weights, order, crops, dropout and the validation part.
    device
        Name of a PyTorch device; ``"auto"``: CUDA, else MPS, else CPU.
    precision
        Precision of the arithmetic: ``"auto"`` is bf16 where the device has instructions for it.
    compile
        Whether ``torch.compile`` is used: a minute of preparation, then faster on a GPU.
    workers
        Processes that read or make images; 0: none, right for mapped shards.
    checkpoint_every
        Steps between two checkpoints within an epoch.
    """

    network: str = "light"
    channels: int = 1
    loss: str = "dice"
    epochs: int = 12
    batch_size: int = 30
    lr: float = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: int = 0
    start_bias: float = 0.0
    ema: float = 0.0
    validation: float = 0.1
    size: int = 0
    crop: int = 0
    augment: bool = False
    mix: float = 0.0
    mix_recipe: str = "physics"
    per_image: bool = False
    layers: tuple[int, int] | None = None
    seed: int = 0
    device: str = "auto"
    precision: Precision = "auto"
    compile: bool = False
    workers: int = 0
    checkpoint_every: int = 100

    def __post_init__(self) -> None:
        for name in ("channels", "epochs", "batch_size", "checkpoint_every"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        for name in ("size", "crop", "workers", "seed", "warmup", "start_bias"):
            self._require(name, getattr(self, name) >= 0, "at least 0")
        self._require("lr", 0 < self.lr < float("inf"), "above 0")
        self._require("ema", 0 <= self.ema < 1, "in [0, 1)")
        self._require("mix", 0 <= self.mix < 1, "in [0, 1)")
        self._require("validation", 0 < self.validation < 1, "between 0 and 1")
        losses = get_args(LossName)
        self._require("loss", self.loss in losses, ", ".join(losses))
        self._require("schedule", self.schedule in ("constant", "cosine"), "constant or cosine")
        self._require("precision", self.precision in ("auto", "fp32", "bf16"), "auto, fp32, bf16")

    def _require(self, name: str, holds: bool, what: str) -> None:
        if not holds:
            raise UsageError(f"`{name}` must be {what}, not {getattr(self, name)!r}")

    def to_plain(self) -> dict[str, Any]:
        """Return the fields as TOML and JSON can hold them: ``layers`` as "23-29" or "all"."""
        plain = asdict(self)
        plain["layers"] = "all" if self.layers is None else f"{self.layers[0]}-{self.layers[1]}"
        return plain

    def decisive(self) -> dict[str, Any]:
        """Return what a resumed run must have in common with its beginning."""
        free = ("device", "workers", "checkpoint_every", "compile")
        return {key: value for key, value in self.to_plain().items() if key not in free}
