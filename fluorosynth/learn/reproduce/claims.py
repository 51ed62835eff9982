"""What the publication concludes from its tables, as tests on their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from fluorosynth.learn.reproduce import published

S = published.SEQUENCES


@dataclass(frozen=True)
class Claim:
    """What the publication concludes from a table, as a test on its numbers.

    Parameters
    ----------
    text
        Sentence that claims it.
    holds
        Whether numbers by the names of ``published.NUMBERS`` bear it out.
    """

    text: str
    holds: Callable[[Mapping[str, float]], bool]


CLAIMS: Mapping[str, tuple[Claim, ...]] = {
    "table2": (
        Claim(
            "seven layers are as good as nineteen, within .05",
            lambda n: abs(n["7 layers"] - n["19 layers"]) < 0.05,
        ),
    ),
    "fig4": (
        Claim(
            "the Dice loss ends above the cross-entropy in training",
            lambda n: all(
                n[f"training, Dice loss, Exp. {e}"] > n[f"training, cross-entropy, Exp. {e}"]
                for e in (1, 2)
            ),
        ),
        Claim(
            "fine-tuned with the cross-entropy, the network falls below half of the Dice loss",
            lambda n: all(
                n[f"fine-tuning, cross-entropy, Exp. {e}"]
                < 0.5 * n[f"fine-tuning, Dice loss, Exp. {e}"]
                for e in (1, 2)
            ),
        ),
    ),
    "table4": (
        Claim(
            "trained on synthetic pictures first, S2 is above leave-one-out",
            lambda n: n["S2, Exp. 1, mean"] > n["LOO, mean"],
        ),
        Claim(
            "T3 is the best of S3",
            lambda n: (
                n["S3, Exp. 1, T3"]
                == max(n[f"S3, Exp. 1, {s}"] for s in S if f"S3, Exp. 1, {s}" in n)
            ),
        ),
    ),
    "table5": (
        Claim(
            "T5 and T6, of low contrast, are the two worst",
            lambda n: {"T5", "T6"} == set(sorted(S, key=lambda s: n[f"Dice, Exp. 1, {s}"])[:2]),
        ),
        Claim(
            "synthetic pictures and the phantom lead to means within .1",
            lambda n: (
                abs(float(np.mean([n[f"Dice, Exp. 1, {s}"] - n[f"Dice, Exp. 2, {s}"] for s in S])))
                < 0.1
            ),
        ),
    ),
    "fig6": (
        Claim(
            "fine-tuning helps in both experiments, by over .05",
            lambda n: min(n.values()) > 0.05,
        ),
    ),
    "fig7": (
        Claim(
            "the two networks are within .1 of each other",
            lambda n: all(
                abs(n[f"light, Exp. {e}"] - n[f"Ambrosini, Exp. {e}"]) < 0.1 for e in (1, 2)
            ),
        ),
    ),
    "table3": (
        Claim(
            "S1 fine-tunes on 240 frames and tests on the other 967",
            lambda n: (
                sum(n[f"fine-tuning, {s}"] for s in S) == 240
                and sum(n[f"testing, {s}"] for s in S) == 967
            ),
        ),
        Claim(
            "S2 fine-tunes on more frames than it tests on",
            lambda n: n["fine-tuning, S2"] > n["testing, S2"],
        ),
    ),
    "table6": (
        Claim(
            "the light network is faster",
            lambda n: n["light, ms an image"] < n["Ambrosini, ms an image"],
        ),
    ),
}
