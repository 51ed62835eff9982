"""From a mask to the pixel paths of its instruments: the topology behind ``trace``.

The skeleton is cut at its junctions into branches, and these are linked again end to end: in
crossings, the straightest way through; over gaps, where the two sides aim at each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.geometry.filled_box import filled_box
from fluorosynth.geometry.neighbours import neighbour_counts
from fluorosynth.geometry.thin import thinned

Bools = NDArray[np.bool_]
Array = NDArray[np.float64]
Depth = NDArray[np.float32]  # distance to the background, in pixels
Stub = tuple[int, int]  # (branch, 0 for its first point or 1 for its last)
Pairs = dict[Stub, Stub]
Pixel = tuple[int, int]

AROUND = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
MAX_BRANCHES = 300  # ten instruments that all cross make about 100
MAX_GAP = 6.0  # background pixels between two parts of one instrument
GAP_BEND = np.deg2rad(80)  # sum of the turns into and out of the bridge of a gap
CROSSING_BEND = np.deg2rad(160)  # the same in a crossing, where directions are less certain


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
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())

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


def pixel_paths(mask: Bools, depth: Depth, anything: Bools) -> list[Branch]:
    """Return one branch per instrument of a mask.

    Parameters
    ----------
    mask
        Instruments of one label, ``(H, W)`` bool.
    depth
        Distance to the background or the border, ``(H, W)`` float32, px.
    anything
        Instruments of all labels, ``(H, W)`` bool: what another one hides is no gap.

    Returns
    -------
    list of Branch
        Points are whole pixels, uneven where a crossing or gap is bridged, and short of tips and
        border by up to a width. A closed branch does not repeat its first point.
    """
    branches, nodes = _split(mask, depth)
    branches = [_trim(branch, nodes, depth) for branch in branches]
    branches = _merge_crossings(branches, nodes, depth)
    branches = link(branches, _pairs_in_crossings(branches, depth))
    return link(branches, _pairs_over_gaps(branches, depth, anything))


def link(branches: list[Branch], pairs: Pairs) -> list[Branch]:
    """Join branches whose ends are paired; a ring of pairs gives a closed branch.

    Parameters
    ----------
    branches
        Branches to join.
    pairs
        Partner of each paired end.
    """
    linked, done = [], set[int]()
    stubs = [(i, end) for i in range(len(branches)) for end in (0, 1)]
    for start in sorted(stubs, key=lambda stub: (stub in pairs, stub)):  # open chains first
        chain: list[Branch] = []
        stub: Stub | None = start
        while stub and stub[0] not in done:
            i, end = stub
            done.add(i)
            chain.append(branches[i].reversed() if end else branches[i])
            stub = pairs.get((i, 1 - end))
        if chain:
            closed = stub == start or chain[0].closed
            nodes = (None, None) if closed else (chain[0].nodes[0], chain[-1].nodes[1])
            linked.append(Branch(np.concatenate([b.points for b in chain]), nodes, closed))
    return linked


def _split(mask: Bools, depth: Depth) -> tuple[list[Branch], list[Node]]:
    """Cut the skeleton at its junctions: pixels with three or more neighbours."""
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
        branches.append(Branch(np.array(path, float) + corner, ends, closed))
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


def _stubs_by_node(branches: list[Branch]) -> dict[int, list[Stub]]:
    stubs: dict[int, list[Stub]] = {}
    for i, branch in enumerate(branches):
        for end, node in enumerate(branch.nodes):
            if node is not None:
                stubs.setdefault(node, []).append((i, end))
    return stubs


def _both_ways(pairs: Iterable[Sequence[Stub]]) -> Pairs:
    return {a: b for p, q in pairs for a, b in ((p, q), (q, p))}


def _at(depth: Depth, point: Array) -> float:
    return float(depth[int(point[1]), int(point[0])])


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


def _merge_crossings(branches: list[Branch], nodes: list[Node], depth: Depth) -> list[Branch]:
    """Make one node of the two that a crossing leaves, and drop the branch that lies between."""
    stubs = _stubs_by_node(branches)
    shared = {
        i
        for i, b in enumerate(branches)
        if None not in b.nodes and _is_shared(i, branches, stubs, nodes, depth)
    }
    group: dict[int | None, int | None] = {None: None, **{n: n for n in range(len(nodes))}}
    for i in shared:
        a, b = (group[n] for n in branches[i].nodes)
        group = {n: a if g == b else g for n, g in group.items()}
    return [
        replace(b, nodes=(group[b.nodes[0]], group[b.nodes[1]]))
        for i, b in enumerate(branches)
        if i not in shared
    ]


def _is_shared(
    i: int, branches: list[Branch], stubs: dict[int, list[Stub]], nodes: list[Node], depth: Depth
) -> bool:
    """Whether two instruments lie on each other along branch ``i``.

    Either the discs of its two junctions overlap, or all other branches lead away from it and it
    is short: at a crossing of 15 degrees the two lie on each other for some 7 widths.
    """
    a, b = (n for n in branches[i].nodes if n is not None)
    axis = nodes[b].centre - nodes[a].centre
    apart = float(np.linalg.norm(axis))
    if branches[i].length > 1.2 * apart + 2:  # a loop
        return False
    if apart < nodes[a].radius + nodes[b].radius + 2:
        return True
    others = {node: [s for s in stubs[node] if s[0] != i] for node in (a, b)}
    widths = [2 * _at(depth, branches[j].points[-e]) for s in others.values() for j, e in s]
    if not widths or apart > 7 * np.median(widths) + 4:
        return False
    return all(_heading(branches, s, depth) @ axis > 0 for s in others[a]) and all(
        _heading(branches, s, depth) @ axis < 0 for s in others[b]
    )


def _heading(branches: list[Branch], stub: Stub, depth: Depth) -> Array:
    """Fit the unit vector in which a branch runs out at its end: a parabola's last tangent."""
    points = branches[stub[0]].points if stub[1] == 0 else branches[stub[0]].points[::-1]
    near = points[: int(max(20, 5 * _at(depth, points[0])))]
    if len(near) < 2:
        return np.zeros(2)
    fit = np.polynomial.polynomial.polyfit(range(len(near)), near, 2 if len(near) > 7 else 1)
    return np.asarray(-fit[1] / max(float(np.linalg.norm(fit[1])), 1e-9))


def _bend(branches: list[Branch], p: Stub, q: Stub, depth: Depth) -> float:
    """Sum of the turns in radians from one stub onto the chord to another, and off it again."""
    leave, arrive = _heading(branches, p, depth), -_heading(branches, q, depth)
    chord = branches[q[0]].points[-q[1]] - branches[p[0]].points[-p[1]]
    length = float(np.linalg.norm(chord))
    if length < 2:  # too short to have a direction
        return _angle(leave, arrive)
    return _angle(leave, chord / length) + _angle(chord / length, arrive)


def _angle(a: Array, b: Array) -> float:
    return float(np.arccos(np.clip(a @ b, -1, 1)))


def _straightest(candidates: list[tuple[float, Stub, Stub]]) -> Pairs:
    """Pair greedily by the least bend."""
    pairs: Pairs = {}
    for _, p, q in sorted(candidates):
        if p not in pairs and q not in pairs:
            pairs |= _both_ways([(p, q)])
    return pairs


def _pairs_in_crossings(branches: list[Branch], depth: Depth) -> Pairs:
    candidates = []
    for stubs in _stubs_by_node(branches).values():
        for p, q in combinations(stubs, 2):
            bend = _bend(branches, p, q, depth)
            if bend < CROSSING_BEND or len(stubs) == 2:
                candidates.append((bend, p, q))
    return _straightest(candidates)


def _pairs_over_gaps(branches: list[Branch], depth: Depth, anything: Bools) -> Pairs:
    stubs = [(i, end) for i, b in enumerate(branches) if not b.closed for end in (0, 1)]
    tips = np.array([branches[i].points[-end] for i, end in stubs]).reshape(-1, 2)
    reach = np.array([16 * _at(depth, tip) for tip in tips]) + MAX_GAP
    candidates = []
    for m, p in enumerate(stubs):
        apart = np.linalg.norm(tips - tips[m], axis=1)
        for n in np.flatnonzero(apart[:m] < np.minimum(reach[m], reach[:m])):
            q = stubs[n]
            if p[0] != q[0] and _gap(tips[m], tips[n], anything) <= MAX_GAP:
                bend = _bend(branches, p, q, depth)
                if bend < GAP_BEND:
                    candidates.append((bend, p, q))
    return _straightest(candidates)


def _gap(a: Array, b: Array, anything: Bools) -> float:
    """Length of the background between two points."""
    length = float(np.linalg.norm(b - a))
    x, y = np.linspace(a, b, int(length) + 2).round().astype(int).T
    return float(np.mean(~anything[y, x])) * length
