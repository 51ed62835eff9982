"""How long a polyline is up to each of its points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def arc_length(points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the length of a polyline up to each of its points, ``(n,)`` float64.

    Parameters
    ----------
    points
        Points, ``(n, 2)``, n >= 1, (x, y) in px.

    Examples
    --------
    >>> arc_length(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 6.0]])).tolist()
    [0.0, 5.0, 7.0]
    """
    steps = np.linalg.norm(np.diff(points.astype(np.float64), axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])
