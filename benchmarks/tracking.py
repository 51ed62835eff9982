"""How well curves are followed: generated sequences with exact truth, and a real one if there.

    python benchmarks/tracking.py --out tracking.json
    python benchmarks/tracking.py --real DIR   # DIR: run.dcm and centrelines.json

The tracker, and what it is measured against: the first curve kept, the first curve carried by
dense optical flow (DIS), and a network alone, frame by frame, of whose curves the one nearest to
the truth is taken. Every instrument starts from its truth in the first frame that shows 20 px of
it. Intervals are 95 %, from bootstrapping whole sequences.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import cKDTree
from tqdm import tqdm

from fluorosynth import Recipe
from fluorosynth.labels import FrameLabels, FrameSequence, Instrument, Labels, Source
from fluorosynth.track import TrackConfig, track
from fluorosynth.track.confidence import DOUBT

FRAMES, SHOWN, FAR = 32, 20.0, 3.0  # px
SEED, COUNT = 5, 40  # a seed that nothing was chosen on
EVERY, NOT_ASKED = 5, "not asked"  # the network is slow: it sees every fifth frame
DRAWN = 2.0  # px: a tip counts when it is this far from the border


def even(points, spacing=0.5):
    """Return places at equal distances on a curve."""
    points = np.asarray(points, float)
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    marks = np.linspace(0, arc[-1], max(round(arc[-1] / spacing), 1) + 1)
    return np.column_stack([np.interp(marks, arc, column) for column in points.T])


def in_frame(points, shape):
    return np.all((points >= -0.5) & (points <= np.array(shape[::-1]) - 0.5), axis=1)


def visible(points, mask, image):
    """Return which places lie in the frame, have a label, and are not in a collimator's shadow."""
    inside = in_frame(points, mask.shape)
    bright = cv2.dilate(cv2.blur(image, (3, 3)), np.ones((9, 9)))
    seen = (mask != 255) & (bright > max(16, 0.2 * np.median(image)))
    x, y = np.clip(np.rint(points).astype(int), 0, np.array(mask.shape[::-1]) - 1).T
    return inside & seen[y, x]


def contrast(points, width, image):
    """Return how deep an instrument is, in deviations of the noise of a picture of its width."""
    image = cv2.GaussianBlur(image, (0, 0), max(width / 2.355, 0.6)).astype(np.float32)
    tangent = np.gradient(points, axis=0)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    away = np.array([-2.5, -1.5, 0, 1.5, 2.5]) * max(width, 2)
    at = (points[:, None] + away[:, None] * normal[:, None]).astype(np.float32)
    values = cv2.remap(image, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    ground = values[:, [0, 1, 3, 4]]
    noise = 1.48 * np.median(np.abs(ground - np.median(ground, axis=1, keepdims=True)))
    return float(np.median(ground.mean(axis=1) - values[:, 2]) / max(noise, 0.5))


def measured(truth, mask, image, found):
    """Return error, missed share and tip error of a frame, px; NaN where there is no such thing."""
    seen = visible(truth, mask, image)
    none = {"error": np.nan, "missed": np.nan, "tip": np.nan}
    if seen.sum() < 6:
        return none
    if found is None or len(found) < 2:
        return none | {"missed": 1.0}
    places = even(found)
    own = visible(places, mask, image)
    own = own if own.any() else np.ones(len(places), bool)
    to_found = cKDTree(places).query(truth[seen])[0]
    to_truth = cKDTree(truth).query(places)[0][own]
    height, width = mask.shape
    x, y = truth[-1]
    tip = seen[-1] and DRAWN <= x < width - DRAWN and DRAWN <= y < height - DRAWN
    return {
        "error": (to_found.mean() + to_truth.mean()) / 2,
        "missed": float((to_found > FAR).mean()),
        "tip": float(np.linalg.norm(truth[-1] - found[-1])) if tip else np.nan,
    }


def cases(seed, count):
    """Yield (name, images, masks, truths, key): the instruments that can be seen, one at a time."""
    recipe = replace(Recipe.preset("physics"), frames=FRAMES).open(seed)
    for index in range(count):
        samples = recipe.sequence(index)
        images, masks = [s.image for s in samples], [s.mask for s in samples]
        for k in range(len(samples[0].devices)):
            truths = [even(s.devices[k].centreline) for s in samples]
            width = float(np.median(samples[0].devices[k].width))
            for first in range(FRAMES - 1):
                seen = visible(truths[first], masks[first], images[first])
                if seen.sum() * 0.5 >= SHOWN:
                    break
            else:
                continue
            rows = np.flatnonzero(in_frame(truths[first], masks[first].shape))
            key = truths[first][rows[0] : rows[-1] + 1]
            deep = contrast(truths[first][seen], width, images[first])
            ends = rows[-1] == len(truths[first]) - 1
            yield f"{index}", images, masks, truths, (first, key, width, ends), deep


def tracker(images, key, give_up):
    first, points, width, tip = key
    height, side = images[0].shape
    start = Instrument(points.astype(np.float32), np.full(len(points), width, np.float32), "i")
    start = replace(start, tip_in_view=bool(tip))
    labels = Labels(Source("run", len(images), height, side), (FrameLabels(first, (start,)),))
    done = track(images, labels, TrackConfig(give_up=give_up), first)
    curves = [done.at(t) and done.at(t).get("i") for t in range(first, len(images))]
    return [None if c is None else c.points for c in curves], [
        0.0 if c is None else c.score for c in curves
    ]


def keep(images, key):
    return [key[1]] * (len(images) - key[0])


def flow(images, key):
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    curves = [key[1]]
    for t in range(key[0] + 1, len(images)):
        field = dis.calc(images[t - 1], images[t], None)
        at = curves[-1].astype(np.float32)[None]
        moved = cv2.remap(field, at[..., 0], at[..., 1], cv2.INTER_LINEAR)[0]
        curves.append(curves[-1] + moved)
    return curves


def network(inference, images, key, truths):
    """Return, of the curves that the network's mask holds, the one nearest to the truth."""
    from fluorosynth.devices.trace import trace
    from fluorosynth.errors import BadDataError
    from fluorosynth.learn.prediction.segment import SegmentConfig, segment

    config = SegmentConfig.of(inference.model)
    curves = []
    for t in range(key[0], len(images)):
        if (t - key[0]) % EVERY:
            curves.append(NOT_ASKED)
            continue
        (seen,) = segment(images[t][None, None], inference, config)
        try:
            found = [d.centreline for d in trace(seen.mask)]
        except BadDataError:
            found = []
        near = [cKDTree(even(c)).query(truths[t])[0].mean() for c in found]
        curves.append(found[int(np.argmin(near))] if found else None)
    return curves


def interval(values, statistic, rng):
    """Return a statistic of all frames and its limits, drawing whole sequences."""
    groups = [np.array(v)[np.isfinite(v)] for v in values.values()]
    groups = [g for g in groups if len(g)]
    if not groups:
        return [np.nan] * 3
    whole = statistic(np.concatenate(groups))
    draws = [
        statistic(np.concatenate([groups[k] for k in rng.integers(0, len(groups), len(groups))]))
        for _ in range(1000)
    ]
    return [float(whole), *map(float, np.quantile(draws, [0.025, 0.975]))]


def table(found, rng):
    rows = {}
    for method, frames in found.items():
        rows[method] = {
            "error": interval(frames["error"], np.median, rng),
            "missed %": interval(frames["missed"], lambda v: 100 * v.mean(), rng),
            "missed % of what is drawn": interval(
                frames["missed, drawn"], lambda v: 100 * v.mean(), rng
            ),
            "tip": interval(frames["tip"], np.median, rng),
            "lost %": interval(frames["lost"], lambda v: 100 * v.mean(), rng),
            "over 3 px %": interval(frames["over"], lambda v: 100 * v.mean(), rng),
        }
    return rows


def generated(seed, count, with_network, give_up=None):
    give_up = TrackConfig().give_up if give_up is None else give_up
    inference = None
    if with_network:
        from fluorosynth.learn.prediction.inference import Inference

        inference = Inference.load("default", "cpu")
    found = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    flags, alarms, unseen, instruments = defaultdict(list), defaultdict(list), 0, 0
    for name, images, masks, truths, key, deep in tqdm(cases(seed, count), file=sys.stderr):
        if deep < 1:  # nobody could have drawn it
            unseen += 1
            continue
        instruments += 1
        first = key[0]
        on, scores = tracker(images, key, 0.0)
        gave_up = min(scores[1:]) < give_up  # else it would be the same again
        runs = {
            "tracker": tracker(images, key, give_up)[0] if gave_up else on,
            "tracker that never gives up": on,
            "first curve kept": keep(images, key),
            "optical flow (DIS)": flow(images, key),
        }
        if inference is not None:
            runs["network alone"] = network(inference, images, key, truths)
        for method, curves in runs.items():
            for t in range(first + 1, len(images)):
                if curves[t - first] is NOT_ASKED:
                    continue
                row = measured(truths[t], masks[t], images[t], curves[t - first])
                into = found[method]
                for what, value in row.items():
                    into[what][name].append(value)
                lost = curves[t - first] is None
                if not np.isnan(row["missed"]):
                    into["lost"][name].append(float(lost))
                    into["missed, drawn"][name].append(np.nan if lost else row["missed"])
                    over = np.nan if lost else float(row["error"] > FAR)
                    into["over"][name].append(over)
                if method != "tracker that never gives up":
                    continue
                if row["error"] > FAR:
                    flags[name].append(float(min(scores[1 : t - first + 1]) < DOUBT))
                elif row["error"] <= FAR:
                    alarms[name].append(float(scores[t - first] < DOUBT))
    rng = np.random.default_rng(0)
    return {
        "sequences": count,
        "instruments": instruments,
        "left out, contrast below the noise": unseen,
        "methods": table(found, rng),
        "flagged before or there, % of frames over 3 px": interval(
            flags, lambda v: 100 * v.mean(), rng
        ),
        "in doubt, % of frames that are right": interval(alarms, lambda v: 100 * v.mean(), rng),
    }


def real(folder):
    """Return errors from each traced frame of a real run to the others, and frames a second."""
    frames = FrameSequence(next(p for p in sorted(folder.iterdir()) if p.suffix == ".dcm"))
    plain = json.loads((folder / "centrelines.json").read_text())
    known = {int(k[-2:]): v for k, v in plain.items() if "frame" in k}
    images, rows = list(frames), []
    cv2.setNumThreads(1)
    for start, devices in known.items():
        key = FrameLabels(
            start,
            tuple(
                Instrument(
                    np.float32(d["centreline_xy"]),
                    np.full(len(d["centreline_xy"]), d["fwhm_px"], np.float32),
                    name,
                )
                for name, d in devices.items()
            ),
        )
        began = time.process_time()
        done = track(images, Labels(frames.source, (key,)))
        cpu = (time.process_time() - began) / (len(devices) * (len(images) - 1))
        for t, others in known.items():
            for name, d in others.items():
                if t == start:
                    continue
                i = done.at(t).get(name)
                row = {"from": start, "to": t, "instrument": name, "frames/s": round(1 / cpu, 1)}
                if i is None:
                    rows.append(row | {"lost": True})
                    continue
                truth, places = even(d["centreline_xy"]), even(i.points)
                to_found = cKDTree(places).query(truth)[0]
                rows.append(
                    row
                    | {
                        "traced to tracked, mean px": round(float(to_found.mean()), 2),
                        "95 %": round(float(np.quantile(to_found, 0.95)), 2),
                        "longer by px": round((len(places) - len(truth)) / 2, 0),
                        "tip px": round(float(np.linalg.norm(truth[-1] - places[-1])), 1),
                        "confidence": round(i.score, 2),
                        "of the tip": round(float(i.confidence[-1]), 2),
                    }
                )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--give-up", type=float, help="default: the tracker's own")
    parser.add_argument("--no-network", action="store_true", help="needs no torch")
    parser.add_argument("--real", type=Path, help="a folder with a run and centrelines.json")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    result = {}
    if options.count:
        network = not options.no_network
        result = generated(options.seed, options.count, network, options.give_up)
    if options.real:
        result["real"] = real(options.real)
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
