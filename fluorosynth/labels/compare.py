"""Two labellings of one sequence against each other, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluorosynth.errors import BadDataError
from fluorosynth.geometry.arc_length import arc_length
from fluorosynth.labels.frames import check_source
from fluorosynth.labels.model import FrameLabels, Labels
from fluorosynth.metrics import CentrelinePair, count
from fluorosynth.sample import IGNORE, INSTRUMENT

SPACING = 0.5  # px between the places of a curve that are measured


@dataclass(frozen=True)
class Agreement:
    """How two labellings of one frame agree; 1 and 0 px where both say that it is empty.

    Parameters
    ----------
    index
        Number of the frame.
    dice
        Overlap of the masks, in [0, 1].
    cldice
        Overlap of their centrelines, in [0, 1].
    distance
        Mean distance from a place on either's curves to the nearest on the other's, px; NaN
        where just one has a curve.
    tip_error
        Mean distance from the one's tips in view to the nearest of the other's, px; NaN where
        either has none.
    """

    index: int
    dice: float
    cldice: float
    distance: float
    tip_error: float


def compare(one: Labels, two: Labels) -> list[Agreement]:
    """Compare the frames that both have labelled completely.

    Parameters
    ----------
    one
        Labels that are taken for the truth: Dice is symmetric, tip errors are not.
    two
        Labels of the same frames.

    Raises
    ------
    BadDataError
        When they are of different frames, or have none in common.

    Examples
    --------
    >>> from fluorosynth.labels import FrameLabels, Instrument, Source
    >>> def drawn(y):
    ...     line = Instrument(np.float32([[2, y], [40, y]]), np.float32([4, 4]), "catheter_0")
    ...     return Labels(Source("run.dcm", 9, 64, 64), (FrameLabels(5, (line,)),))
    >>> (frame,) = compare(drawn(20), drawn(22))
    >>> frame.dice < 0.6, frame.distance, frame.tip_error
    (True, 2.0, 2.0)
    """
    check_source(one, two.source, "the first labels")
    common = [f.index for f in one.frames if f.complete and _complete(two, f.index)]
    if not common:
        raise BadDataError("there is no frame that both have labelled completely")
    return [_agreement(one, two, index) for index in common]


def _complete(labels: Labels, index: int) -> bool:
    frame = labels.at(index)
    return frame is not None and frame.complete


def _agreement(one: Labels, two: Labels, index: int) -> Agreement:
    truth, other = one.mask(index), two.mask(index)
    truth = np.where(other == IGNORE, np.uint8(IGNORE), truth)
    found = other == INSTRUMENT
    frames = [labels.at(index) or FrameLabels(index) for labels in (one, two)]
    distance = _distance(*[_places(frame, one.source.shape) for frame in frames])
    tips = [[i.points[-1] for i in frame.instruments if i.tip_in_view] for frame in frames]
    return Agreement(
        index,
        count(found, truth).dice,
        CentrelinePair(found, truth).cldice,
        distance,
        _tips(*[np.array(t, np.float64).reshape(-1, 2) for t in tips]),
    )


def _places(frame: FrameLabels, shape: tuple[int, int]) -> np.ndarray:
    """Return places at equal distances on a frame's curves, in the frame."""
    found = [np.empty((0, 2))]
    for instrument in frame.instruments:
        points = instrument.points.astype(np.float64)
        arc = arc_length(points)
        marks = np.linspace(0, arc[-1], max(round(arc[-1] / SPACING), 1) + 1)
        found.append(np.column_stack([np.interp(marks, arc, column) for column in points.T]))
    places = np.concatenate(found)
    inside = np.all((places >= -0.5) & (places <= np.array(shape[::-1]) - 0.5), axis=1)
    return places[inside]


def _distance(one: np.ndarray, two: np.ndarray) -> float:
    from scipy.spatial import cKDTree

    if not len(one) and not len(two):
        return 0.0
    if not len(one) or not len(two):
        return float("nan")
    return float(np.mean([cKDTree(one).query(two)[0].mean(), cKDTree(two).query(one)[0].mean()]))


def _tips(one: np.ndarray, two: np.ndarray) -> float:
    if not len(one) or not len(two):
        return float("nan")
    return float(np.linalg.norm(one[:, None] - two, axis=2).min(axis=1).mean())
