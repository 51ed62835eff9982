"""The pixel paths of a mask's instruments: branches of its skeleton linked again end to end.

In crossings they are linked the straightest way through; over gaps, where the two sides aim at each
other.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from fluorosynth.devices.skeleton import Array, Bools, Branch, Depth, Node, branches_of

Stub = tuple[int, int]  # (branch, 0 for its first point or 1 for its last)
Pairs = dict[Stub, Stub]

MAX_GAP = 6.0  # background pixels between two parts of one instrument
GAP_BEND = np.deg2rad(80)  # sum of the turns into and out of the bridge of a gap
CROSSING_BEND = np.deg2rad(160)  # the same in a crossing, where directions are less certain


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
    branches, nodes = branches_of(mask, depth)
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


def _stubs_by_node(branches: list[Branch]) -> dict[int, list[Stub]]:
    stubs: dict[int, list[Stub]] = {}
    for i, branch in enumerate(branches):
        for end, node in enumerate(branch.nodes):
            if node is not None:
                stubs.setdefault(node, []).append((i, end))
    return stubs


def _at(depth: Depth, point: Array) -> float:
    return float(depth[int(point[1]), int(point[0])])


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
            pairs |= {p: q, q: p}
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
