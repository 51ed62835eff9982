"""Which epoch's model a run keeps, and with which threshold."""

from __future__ import annotations

from collections.abc import Mapping

from fluorosynth.learn.training.scores import Scores

CHOOSE_FROM = 10  # validation images: fewer say little about a threshold


def kept_threshold(scores: Scores, images: int, own: float) -> float:
    """Return the threshold of a model: the best of the validation, if it says enough.

    Parameters
    ----------
    scores
        Measures of the validation.
    images
        Number of its images.
    own
        Threshold that the model came with.

    Examples
    --------
    >>> scores = Scores(loss=-0.5, dice=0.6, threshold=0.99, best_dice=0.7, own_dice=0.6)
    >>> kept_threshold(scores, 100, own=0.45), kept_threshold(scores, 1, own=0.45)
    (0.99, 0.45)
    """
    return scores.threshold if images >= CHOOSE_FROM else own


def kept_dice(scores: Scores, images: int, continued: bool) -> float:
    """Return the Dice by which epochs are compared, with each other and with what was before.

    Parameters
    ----------
    scores
        Measures of the validation.
    images
        Number of its images.
    continued
        Whether the run goes on from a model: then it is the Dice above the threshold that would
        be kept; of a fresh network that above 0.5.
    """
    if not continued:
        return scores.dice
    return scores.best_dice if images >= CHOOSE_FROM else scores.own_dice


def merit(row: Mapping[str, float]) -> float:
    """Return the Dice by which an epoch is compared.

    Parameters
    ----------
    row
        Measures of the epoch.
    """
    return row.get("kept_dice", row["validation_dice"])  # runs of old have no other
