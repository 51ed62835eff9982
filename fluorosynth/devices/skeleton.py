"""The skeleton of a mask, cut at its junctions into branches, each an ordered path of pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.geometry.arc_length import arc_length
from fluorosynth.geometry.filled_box import filled_box
from fluorosynth.geometry.neighbours import neighbour_counts
from fluorosynth.geometry.thin import thinned

Bools = NDArray[np.bool_]
Array = NDArray[np.float64]
Depth = NDArray[np.float32]  # distance to the background, in pixels
Pixel = tuple[int, int]

AROUND = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
MAX_BRANCHES = 300  # ten instruments that all cross make about 100


@dataclass(frozen=True)
class Branch:
    """A piece of skeleton between two junctions or free ends.

    Parameters
    ----------
    points
        Points, ``(n, 2)``, (x, y) in px.
    nodes
        Numbers of the junctions at its ends; None: a free end.
    closed
        Whether it is a ring.
    """

    points: Array
    nodes: tuple[int | None, int | None] = (None, None)
    closed: bool = False

    @property
    def length(self) -> float:
        """Length in pixels."""
        return float(arc_length(self.points)[-1])

    def reversed(self) -> Branch:
        """Return the same branch, walked the other way."""
        return Branch(self.points[::-1], self.nodes[::-1], self.closed)


@dataclass(frozen=True)
class Node:
    """A junction of a skeleton.

    Parameters
    ----------
    centre
        Centre, ``(2,)``, (x, y) in px.
    radius
        Radius of the mask's inscribed disc around it, px.
    """

    centre: Array
    radius: float


def branches_of(mask: Bools, depth: Depth) -> tuple[list[Branch], list[Node]]:
    """Cut the skeleton of a mask at its junctions: pixels with three or more neighbours.

    Parameters
    ----------
    mask
        Pixels of instruments, ``(H, W)`` bool.
    depth
        Distance to the background or the border, ``(H, W)`` float32, px.

    Returns
    -------
    tuple of list of Branch, list of Node
        Branches, without the points that the discs of junctions and the corners of blunt ends
        distort, and the junctions that their ``nodes`` number.

    Raises
    ------
    BadDataError
        When there are more than ``MAX_BRANCHES``.

    Examples
    --------
    >>> from fluorosynth.geometry.distance import depth_in
    >>> mask = np.zeros((40, 40), bool)
    >>> mask[18:21, 2:38] = mask[2:38, 18:21] = True
    >>> branches, nodes = branches_of(mask, depth_in(mask))
    >>> len(branches), len(nodes), nodes[0].centre.round()
    (4, 1, array([19., 19.]))
    """
    rows, columns = filled_box(mask)
    skeleton = np.pad(thinned(mask[rows, columns]), 1).astype(np.uint8)
    corner = np.array([columns.start, rows.start]) - 1  # of the padded box
    junction = skeleton * (neighbour_counts(skeleton) > 2).astype(np.uint8)
    _, clusters = cv2.connectedComponents(junction)
    nodes = []
    for points in _parts(np.asarray(clusters)):
        x, y = (points + corner).T
        nodes.append(Node(np.array([x.mean(), y.mean()]), float(depth[y, x].max())))
    count, pieces = cv2.connectedComponents(skeleton - junction)
    if count > MAX_BRANCHES:
        raise BadDataError(f"the mask's skeleton has {count} branches: these are no instruments")
    near = neighbour_counts(skeleton - junction)
    branches = []
    for points in _parts(np.asarray(pieces)):
        path, closed = _walk(points, near[points[:, 1], points[:, 0]])
        ends = _ends(path, np.asarray(clusters))
        branch = Branch(np.array(path, float) + corner, ends, closed)
        branches.append(_trim(branch, nodes, depth))
    return branches, nodes


def _parts(labels: NDArray[np.int32]) -> list[NDArray[np.intp]]:
    """Return the pixels of each label from 1, ``(n, 2)``, (x, y), row by row."""
    y, x = np.nonzero(labels)
    own = labels[y, x]
    order = np.argsort(own, kind="stable")
    first = np.flatnonzero(np.diff(own[order])) + 1
    return np.split(np.column_stack([x, y])[order], first) if len(own) else []


def _walk(points: NDArray[np.intp], neighbours: NDArray[np.uint8]) -> tuple[list[Pixel], bool]:
    """Order the pixels of a branch by walking it; none has more than two neighbours."""
    x, y = points.T
    start = np.lexsort((y, x, neighbours))[0]
    left = set(map(tuple, points.tolist()))
    path, ahead = [(int(x[start]), int(y[start]))], AROUND[0]
    left.discard(path[0])
    while left:
        px, py = path[-1]
        step = px + ahead[0], py + ahead[1]  # mostly straight on
        if step not in left or len(path) == 1:
            for ahead in AROUND:
                if (step := (px + ahead[0], py + ahead[1])) in left:
                    break
            else:
                break
        path.append(step)
        left.discard(step)
    return path, bool(neighbours[start] > 1)


def _ends(path: list[Pixel], clusters: NDArray[np.generic]) -> tuple[int | None, int | None]:
    first, last = (
        sorted(set(clusters[y - 1 : y + 2, x - 1 : x + 2].ravel().tolist()) - {0})
        for x, y in (path[0], path[-1])
    )
    if len(path) == 1:  # both ends are this pixel: share out what it touches
        last = first[1:]
    return (first[0] - 1 if first else None), (last[0] - 1 if last else None)


def _trim(branch: Branch, nodes: list[Node], depth: Depth) -> Branch:
    """Drop the points that the discs of junctions and the corners of blunt ends distort."""
    if branch.closed:
        return branch
    x, y = branch.points.astype(int).T
    good = np.ones(len(x), bool)
    for end, node in enumerate(branch.nodes):
        if node is None:
            deep = depth[y, x] if end == 0 else depth[y, x][::-1]
            near = deep[: int(4 * np.median(deep)) + 2]
            blunt = int(np.argmax(near >= 0.8 * np.median(near)))
            good[slice(0, blunt) if end == 0 else slice(len(x) - blunt, None)] = False
        else:
            away = np.linalg.norm(branch.points - nodes[node].centre, axis=1)
            good &= away > nodes[node].radius
    kept = np.flatnonzero(good) if good.any() else np.array([len(x) // 2])
    return replace(branch, points=branch.points[kept[0] : kept[-1] + 1])
