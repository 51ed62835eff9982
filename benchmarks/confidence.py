"""Fit the tracker's confidence, and say how well it works on sequences that it was not fitted on.

    python benchmarks/confidence.py            # prints what stands in track/confidence.py
    python benchmarks/confidence.py --keep F   # keeps what was seen in F, or takes it from there

Sequences of `physics` of other seeds than those of ``tracking.py``, tracked without giving up. Two
logistic regressions: that the centreline is off by over 3 px, and that the tip is by over 6 px.
Scores are of cross-validation in ten parts; all of a sequence is in one part.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm
from tracking import FAR, cases, interval, measured

from fluorosynth.track.confidence import TOLERATED, features
from fluorosynth.track.config import TrackConfig
from fluorosynth.track.follow import begin, follow

SEEDS, COUNT = (101, 103, 104), 40
TIP_FAR = 6.0  # px
BODY = ("1", "worst_looks", "unsure", "points", "changed", "age", "returned", "drift")
TIP = ("1", "looks", "tip_looks", "age", "tip_returned", "drift", "unended", "growth")
PARTS = 10


def rows(seeds, count):
    """Yield what was seen of each tracked frame, and its errors."""
    for seed in seeds:
        for name, images, masks, truths, (first, points, width, tip), deep in cases(seed, count):
            if deep < 1:
                continue
            now = begin(images[first], points, width, bool(tip))
            for t in range(first + 1, len(images)):
                if now.lost:
                    break
                now = follow(images[t], now, TrackConfig())
                found = measured(truths[t], masks[t], images[t], now.points)
                if np.isfinite(found["error"]):
                    seen = features(now.signs)
                    yield {"sequence": f"{seed}-{name}", "case": f"{seed}-{name}-{id(points)}"} | {
                        **seen,
                        "error": found["error"],
                        "tip": found["tip"],
                    }


def fitted(x, y):
    """Return the weights of a logistic regression; the first column is constant."""
    deviation = np.where(x.std(0) > 0, x.std(0), 1.0)
    z = x / deviation

    def loss(b):
        odds = z @ b
        value = np.logaddexp(0, np.where(y, -odds, odds)).sum() + 0.5 * (b[1:] ** 2).sum()
        slope = z.T @ (1 / (1 + np.exp(-odds)) - y) + np.r_[0, b[1:]]
        return value, slope

    return minimize(loss, np.zeros(x.shape[1]), jac=True, method="BFGS").x / deviation


def held_out(x, y, groups):
    """Return the log odds of each row by the regression of the other parts."""
    names = list(dict.fromkeys(groups))
    order = np.random.default_rng(0).permutation(len(names))
    part = {name: int(order[k]) % PARTS for k, name in enumerate(names)}
    parts = np.array([part[g] for g in groups])
    odds = np.empty(len(y))
    for k in range(PARTS):
        odds[parts == k] = x[parts == k] @ fitted(x[parts != k], y[parts != k])
    return odds


def by_sequence(values, groups):
    found = {}
    for value, group in zip(values, groups, strict=True):
        found.setdefault(group, []).append(float(value))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keep", type=Path, help="a file of what was seen of each frame")
    options = parser.parse_args()
    if options.keep and options.keep.exists():
        found = json.loads(options.keep.read_text())
    else:
        found = list(tqdm(rows(SEEDS, COUNT), file=sys.stderr))
        if options.keep:
            options.keep.write_text(json.dumps(found))
    rng = np.random.default_rng(0)
    groups = np.array([row["sequence"] for row in found])
    cases_ = np.array([row["case"] for row in found])
    error, tip = (np.array([row[k] for row in found], float) for k in ("error", "tip"))
    print(f"# {len(found)} frames of {len(set(groups))} sequences, {(error > FAR).mean():.1%} off")
    x = np.array([[row[name] for name in BODY] for row in found])
    odds = held_out(x, error > FAR, groups)
    flagged = odds > np.log(TOLERATED / (1 - TOLERATED))
    before = np.zeros(len(found), bool)
    for case in dict.fromkeys(cases_):
        rows_ = np.flatnonzero(cases_ == case)
        before[rows_] = np.maximum.accumulate(flagged[rows_])
    for what, values, mask in (
        ("flagged before or there, of frames off", before, error > FAR),
        ("flagged there, of frames off", flagged, error > FAR),
        ("flagged, of frames that are right", flagged, error <= FAR),
    ):
        share, low, high = interval(
            by_sequence(values[mask], groups[mask]), lambda v: 100 * v.mean(), rng
        )
        print(f"# {what}: {share:.0f} % ({low:.0f} to {high:.0f})")
    for name, names, y, rows_ in (
        ("BODY", BODY, error > FAR, np.ones(len(found), bool)),
        ("TIP", TIP, tip > TIP_FAR, np.isfinite(tip)),
    ):
        x = np.array([[row[k] for k in names] for row in found])[rows_]
        print(f"{name}: Mapping[str, float] = {{")
        for key, weight in zip(names, fitted(x, y[rows_]), strict=True):
            print(f'    "{key}": {weight:.2f},')
        print("}")
        odds = held_out(x, y[rows_], groups[rows_])
        for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1)):
            risk = 1 / (1 + np.exp(-odds))
            among = (risk >= low) & (risk < high)
            is_ = y[rows_][among].mean() if among.any() else np.nan
            print(f"# risk said {low:.0%} to {high:.0%}: {among.sum()} frames, {is_:.0%} off")
        if name == "TIP":
            far = tip[rows_] > 20
            print(f"# of tips off by over 20 px, confidence below .5: {(odds[far] > 0).mean():.0%}")


if __name__ == "__main__":
    main()
