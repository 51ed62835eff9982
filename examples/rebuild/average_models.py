"""Average the weights of models that were trained from one another.

    python examples/rebuild/average_models.py OUT MODEL=SHARE...

Fine-tuned weights lie in one valley with those that they came from; between them a network often
keeps what it knew and has what it learnt (Wortsman et al., "Robust fine-tuning of zero-shot
models", CVPR 2022). Shares are divided by their sum. OUT has the normalisation and threshold of the
first model.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch

from fluorosynth.learn.checkpoint import MaskDefaults, load_model, save_model


def main() -> None:
    """Read, average and write."""
    out, *named = sys.argv[1:]
    names, shares = zip(*(text.rsplit("=", 1) for text in named), strict=True)
    models = [load_model(name, torch.device("cpu")) for name in names]
    weights = torch.tensor([float(share) for share in shares])
    weights /= weights.sum()
    network = models[0].network
    states = [model.network.state_dict() for model in models]
    mean = {
        key: sum(w * state[key] for w, state in zip(weights, states, strict=True))
        if value.is_floating_point()
        else value
        for key, value in states[0].items()
    }
    network.load_state_dict(mean)
    save_model(Path(out), replace(models[0], network=network, masks=MaskDefaults()))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main()
    else:
        print(__doc__)
