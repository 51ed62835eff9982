"""What a network says of a frame as what windows keep away from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.geometry.neighbours import neighbour_counts
from fluorosynth.sample import Image

Map = NDArray[np.float32]
Detector = Callable[[Image], Map]  # (H, W) uint8 -> (H, W) in [0, 1], 1 where an instrument is

SEEN = 0.5  # of the map: here the network has found something
DOUBT = 0.05  # of the map: from here on a pixel may be instrument
MARGIN = 0.02  # of the longer side, beyond what may be instrument
LONG = 0.1  # of the longer side: a part this long goes on beyond its ends
REACH = 0.25  # of the longer side: how far it may go on unseen
BACK = 0.08  # of the longer side: the stretch that gives its direction
SPREAD = 0.15  # how much wider the way ahead becomes per px: 9 degrees to either side
NEAR = 2  # frames before and after that count too


def detected_scores(maps: Sequence[Map]) -> list[Map]:
    """Return how surely each pixel of each frame is to be kept out of windows, in [0, 1].

    1 where the map is above a twentieth in this frame or one of its neighbours, with a margin, and
    straight ahead of the ends of what was found: networks lose an instrument before it ends.

    Parameters
    ----------
    maps
        Maps of frames that follow one another, ``(H, W)`` float32 in [0, 1]; of a single picture
        just one.

    Returns
    -------
    list of Map
        One per frame, ``(H, W)`` float32.

    Examples
    --------
    >>> found = np.zeros((100, 100), np.float32)
    >>> found[:50, 40:44] = 1
    >>> (score,) = detected_scores([found])
    >>> float(score[20, 45]), float(score[65, 42]), float(score[20, 70])
    (1.0, 1.0, 0.0)
    """
    own = [_kept_out(found) for found in maps]
    return [np.maximum.reduce(own[max(t - NEAR, 0) : t + NEAR + 1]) for t in range(len(own))]


def finds(maps: Sequence[Map]) -> bool:
    """Tell whether a network found an instrument anywhere: a part that is long enough.

    Parameters
    ----------
    maps
        Maps, ``(H, W)`` float32 in [0, 1].
    """
    return any(len(_ends(found)) > 0 for found in maps)


def _kept_out(found: Map) -> Map:
    reach = max(3, round(MARGIN * max(found.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    kept = cv2.dilate((found > DOUBT).astype(np.uint8), disc)
    ahead = REACH * max(found.shape)
    for end, direction in _ends(found):
        across = np.array([-direction[1], direction[0]])
        near, far = end - 2 * reach * direction, end + ahead * direction
        wide = reach + SPREAD * ahead
        corners = [near - reach * across, near + reach * across]
        corners += [far + wide * across, far - wide * across]
        cv2.fillConvexPoly(kept, np.rint(corners).astype(np.int32), 1)
    return np.asarray(kept, np.float32)


def _ends(found: Map) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the ends of long parts, ``(x, y)``, and the unit vectors that lead beyond them."""
    from skimage.morphology import skeletonize

    longer, ends = max(found.shape), []
    thin = skeletonize(found > SEEN).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(thin)
    tips = (thin > 0) & (neighbour_counts(thin) == 1)
    for part in range(1, count):
        if stats[part, cv2.CC_STAT_AREA] < LONG * longer:
            continue
        line = np.argwhere(parts == part)[:, ::-1].astype(float)
        for end in np.argwhere(tips & (parts == part))[:, ::-1].astype(float):
            near = line[np.linalg.norm(line - end, axis=1) <= BACK * longer]
            step = end - near.mean(axis=0)
            if (length := float(np.linalg.norm(step))) > 0:
                ends.append((end, step / length))
    return ends
