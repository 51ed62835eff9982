"""Fit the tracker's confidence, and say how well it works on sequences that it was not fitted on.

    python benchmarks/confidence.py            # prints what stands in track/confidence.py
    python benchmarks/confidence.py --keep F   # keeps what was seen in F, or takes it from there

Sequences of `physics` of other seeds than those of ``tracking.py``, tracked without giving up. Two
logistic regressions: that the centreline is off by over 3 px, and that the tip is by over 6 px.
Each instrument is also looked for where it has gone: in a frame from which it was painted out, and
in one of another sequence. Scores are of cross-validation in ten parts, a sequence in one part.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm
from tracking import FAR, cases, interval, measured

from fluorosynth.track.confidence import DOUBT, TOLERATED, features
from fluorosynth.track.config import TrackConfig
from fluorosynth.track.follow import begin, follow

SEEDS, COUNT = (101, 103, 201), 40
TIP_FAR = 6.0  # px
AGES = (1, 4, 10, 20)  # frames since it was shown, at which an instrument is taken away
BODY = ("1", "unlike", "strayed", "unsure", "longer", "shorter", "tip_looks", "unended")
TIP = ("1", "looks", "tip_looks", "tip_returned", "unended", "tip_swollen")
PARTS = 10


def rows(seeds, count):
    """Yield what was seen of each tracked frame, and its errors."""
    for seed in seeds:
        found = [case for case in cases(seed, count) if case[-1] >= 1]
        for number, (name, images, masks, truths, (first, points, width, tip), _) in enumerate(
            found
        ):
            about = {"sequence": f"{seed}-{name}", "case": f"{seed}-{number}"}
            now = begin(images[first], points, width, bool(tip))
            for t in range(first + 1, len(images)):
                if now.lost:
                    break
                if t - first == AGES[number % 4]:
                    without = painted_out(images[t], masks[t], truths[t], width, number)
                    yield about | gone(without, now)
                other = found[(number + 1) % len(found)]
                if t - first == AGES[(number + 2) % 4] and other[0] != name:  # else it is there
                    yield about | gone(other[1][t], now)
                now = follow(images[t], now, TrackConfig())
                off = measured(truths[t], masks[t], images[t], now.points)
                if np.isfinite(off["error"]):
                    errors = {"error": off["error"], "tip": off["tip"], "gone": False}
                    yield about | errors | features(now.signs)


def gone(image, now):
    """Return what is seen of an instrument in a frame that does not show it."""
    signs = follow(image, now, TrackConfig()).signs
    return {"error": 1e9, "tip": np.nan, "gone": True} | features(signs)


def painted_out(image, mask, truth, width, seed):
    """Return a frame without its instruments, with noise of its own strength in their place."""
    place = cv2.dilate((mask > 0).astype(np.uint8), np.ones((7, 7)))
    cv2.polylines(place, [np.rint(truth).astype(np.int32)], False, 1, int(2 * width) + 3)
    smooth = cv2.inpaint(image, place, 3, cv2.INPAINT_TELEA)
    noise = np.std(image.astype(float) - cv2.GaussianBlur(image, (0, 0), 1.5))
    grain = np.random.default_rng(seed).normal(0, noise, image.shape)
    return np.clip(smooth + np.where(place > 0, grain, 0), 0, 255).astype(np.uint8)


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
    groups, each, away = (np.array([row[k] for row in found]) for k in ("sequence", "case", "gone"))
    error, tip = (np.array([row[k] for row in found], float) for k in ("error", "tip"))
    off, right = (error > FAR) & ~away, error <= FAR
    count = len(set(groups))
    print(f"# {(~away).sum()} frames of {count} sequences, {off.sum()} off; {away.sum()} gone")
    x = np.array([[row[name] for name in BODY] for row in found])
    confidence = 1 / (1 + np.exp(held_out(x, error > FAR, groups)) * (1 - TOLERATED) / TOLERATED)
    doubt, lost = confidence < DOUBT, confidence < TrackConfig().give_up
    before = np.zeros(len(found), bool)
    for case in dict.fromkeys(each):
        rows_ = np.flatnonzero((each == case) & ~away)
        before[rows_] = np.maximum.accumulate(doubt[rows_])
    for what, values, among in (
        ("in doubt before or there, of frames off", before, off),
        ("in doubt there, of frames off", doubt, off),
        ("in doubt, of frames that are right", doubt, right),
        ("lost, of frames that are right", lost, right),
        ("lost, of frames where it has gone", lost, away),
    ):
        rates = by_sequence(values[among], groups[among])
        share, low, high = interval(rates, lambda v: 100 * v.mean(), rng)
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
