"""Clicks, keys and seconds to label a run on the page: suggested, or drawn, and tracked, or not.

    python benchmarks/annotating.py DIR   # run.dcm and centrelines.json

A program plays the person, in Chromium. It knows the hand-traced frames, and what tracking between
them gives for the others, and clicks there; it corrects what lies over 3 px off where the page says
that it is in doubt, and no more. Drawing each frame is measured in every eighth and multiplied.

Seconds are of the keystroke-level model (Card, Moran and Newell, Communications of the ACM 23,
1980): K = .28 s for a key (a typist of 40 words a minute), P = 1.1 s to point, B = .1 s to press
and .1 s to release, H = .4 s to change between mouse and keyboard, M = 1.35 s to decide, before
each curve, suggestion and frame that is looked at; and what the page lets one wait, as measured.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright
from tracking import even

from fluorosynth.labels import FrameLabels, FrameSequence, Instrument, Labels, read_labels
from fluorosynth.track import track

K, P, B, H, M = 0.28, 1.1, 0.1, 0.4, 1.35  # s
NEAR, EVERY = 3.0, 8  # px; frames
CLOSE = 1.5  # px: a drawn curve is this near to the truth
FPS = 15.0


def apart(one, two):
    """Return the mean distance between two curves, both ways, px."""
    one, two = even(one), even(two)
    away = np.linalg.norm(one[:, None] - two, axis=2)
    return float(away.min(axis=0).mean() + away.min(axis=1).mean()) / 2


class Hand:
    """What a person does on the page, counted."""

    def __init__(self, page, size):
        self.page, self.size = page, size
        self.clicks = self.keys = 0
        self.seconds = self.waited = 0.0
        self.at = "mouse"

    def _home(self, device):
        self.seconds += H * (self.at != device)
        self.at = device

    def think(self):
        self.seconds += M

    def key(self, name):
        self._home("keyboard")
        self.page.keyboard.press(name)
        self.keys += 1
        self.seconds += K

    def click(self, point):
        self._home("mouse")
        box = self.page.locator("#view").bounding_box()
        height, width = self.size
        scale = min(box["width"] / width, box["height"] / height)
        left = box["x"] + (box["width"] - scale * width) / 2
        top = box["y"] + (box["height"] - scale * height) / 2
        self.page.mouse.click(left + (point[0] + 0.5) * scale, top + (point[1] + 0.5) * scale)
        self.clicks += 1
        self.seconds += P + 2 * B

    def wait(self, condition):
        began = time.perf_counter()
        self.page.wait_for_function(condition, timeout=300_000)
        self.waited += time.perf_counter() - began

    def draw(self, curve):
        self.think()
        self.key("n")
        for point in clicked(self.page, curve):
            self.click(point)
        self.key("Enter")
        self.saved()

    def saved(self):
        self.wait("document.getElementById('saved').textContent.startsWith('saved')")

    def go(self, index):
        """Go to a frame: by the slider's pointer where it is far."""
        now = int(self.page.evaluate("document.getElementById('slider').value"))
        for _ in range(min(abs(index - now) // 10, 12)):
            self.key("Shift+ArrowRight" if index > now else "Shift+ArrowLeft")
        for _ in range(abs(index - now) % 10):
            self.key("ArrowRight" if index > now else "ArrowLeft")
        self.wait(f"document.getElementById('view').dataset.frame == {index}")

    def said(self):
        spent = self.seconds + self.waited
        return {
            "clicks": self.clicks,
            "keys": self.keys,
            "seconds": round(spent),
            "of them waiting": round(self.waited),
        }


def clicked(page, curve):
    """Return the fewest evenly spread points through which the page's curve is near enough."""
    curve = even(curve, 1.0)
    for count in range(3, 30):
        points = curve[np.rint(np.linspace(0, len(curve) - 1, count)).astype(int)]
        drawn = page.evaluate(
            "async (p) => (await import('./static/spline.js')).through(p)", points.tolist()
        )
        away = np.linalg.norm(curve[:, None] - even(drawn), axis=2).min(axis=1)
        if away.max() <= CLOSE:
            return points
    return points


def reference(folder, frames):
    """Return labels drawn by hand in the traced frames and tracked between them."""
    plain = json.loads((folder / "centrelines.json").read_text())
    keys = []
    for name, devices in sorted(plain.items()):
        if "frame" not in name:  # of another run
            continue
        lines = tuple(
            Instrument(
                np.float32(d["centreline_xy"]),
                np.full(len(d["centreline_xy"]), d["fwhm_px"], np.float32),
                instrument,
            )
            for instrument, d in sorted(devices.items())
        )
        keys.append(FrameLabels(int(name[-2:]), lines))
    labels = Labels(frames.source, tuple(keys))
    return track(frames, labels), [key.index for key in keys]


def by_clicks(hand, truth, count):
    sample = range(0, count, EVERY)
    for index in sample:
        before = hand.keys, hand.seconds
        hand.go(index)
        hand.keys, hand.seconds = before[0] + 1, before[1] + K  # to the next frame is one key
        for one in truth.at(index).instruments:
            hand.draw(one.points)
    found = {name: round(value * count / len(sample)) for name, value in hand.said().items()}
    return found | {"frames drawn, the rest alike": len(sample)}


def accept(hand, missing):
    """Ask for suggestions, take those that lie right; return the curves that are still missing."""
    hand.think()
    hand.key("u")
    hand.wait(
        "document.getElementById('toast').hidden || document.querySelector('#instruments li')"
    )
    for one in list(now(hand.page)):
        hand.think()
        near = [name for name, curve in missing.items() if apart(one["points"], curve) < NEAR]
        hand.key("a" if near else "x")
        hand.saved()
        missing = {name: curve for name, curve in missing.items() if name not in near[:1]}
    return missing


def by_tracking(hand, truth, traced, labels, suggested):
    """Label the run from its first traced frame; return what it took and what came out."""
    start = traced[0]
    hand.go(start)
    curves = {one.id: one.points for one in truth.at(start).instruments}
    missing = accept(hand, curves) if suggested else curves
    for curve in missing.values():
        hand.draw(curve)
    tracked(hand, "t", "Escape")
    tracked(hand, "Shift+t")
    corrected = []
    for _ in range(30):
        at = hand.page.evaluate("document.getElementById('slider').value")
        hand.key("d")
        hand.page.wait_for_timeout(300)
        index = int(hand.page.evaluate("document.getElementById('slider').value"))
        hand.think()
        if str(index) == at or index in corrected or index < int(at):
            break
        wrong = [
            curve
            for curve in (one.points for one in truth.at(index).instruments)
            if not any(apart(one["points"], curve) < NEAR for one in now(hand.page, index))
        ]
        if not wrong:
            continue
        corrected.append(index)
        for curve in wrong:
            remove_nearest(hand, index, curve)
            hand.draw(curve)
            tracked(hand, "t")
    frames = truth.source.frames
    hand.seconds += 2 * frames / FPS  # played through twice, at the end
    hand.key(" ")
    hand.key(" ")
    found = read_labels(labels)
    errors = {}
    for index in traced[1:]:
        for one in truth.at(index).instruments:
            near = [apart_one_way(one.points, i.points) for i in found.at(index).instruments]
            errors[f"frame {index}, {one.id}: px from the tracing"] = (
                round(min(near), 2) if near else None
            )
    complete = sum(frame.complete for frame in found.frames)
    return hand.said() | {
        "suggestions accepted": len(curves) - len(missing),
        "curves drawn at first": len(missing),
        "frames corrected": corrected,
        "frames complete": complete,
        **errors,
    }


def apart_one_way(truth, found):
    truth, found = even(truth), even(found)
    return float(np.linalg.norm(truth[:, None] - found, axis=2).min(axis=1).mean())


def remove_nearest(hand, index, curve):
    """Delete what lies where it should not, if there is something that is no other instrument."""
    for number, one in enumerate(now(hand.page, index)):
        if one.get("origin") == "tracked" and apart_one_way(one["points"], curve) < 40:
            for _ in range(number + 1):
                hand.key("Tab")
            hand.key("Delete")
            hand.saved()
            return


def tracked(hand, key, *before):
    for name in before:
        hand.key(name)
    hand.key(key)
    hand.page.wait_for_timeout(400)
    hand.wait("document.getElementById('progress').hidden")
    hand.saved()


def now(page, index=None):
    """Return the instruments of a frame as the page has them saved."""
    at = page.evaluate("document.getElementById('slider').value") if index is None else index
    said = page.evaluate("async () => (await fetch('api/state')).json()")
    for frame in said["labels"]["frames"]:
        if frame["index"] == int(at):
            return frame.get("instruments", [])
    return []


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    source = next(p for p in sorted(options.folder.iterdir()) if p.suffix == ".dcm")
    frames = FrameSequence(source)
    truth, traced = reference(options.folder, frames)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    result = {}
    with sync_playwright() as api, tempfile.TemporaryDirectory() as name:
        browser = api.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for way in ("suggest and track", "draw and track", "each frame by clicks"):
            out = Path(name) / way.split()[0]
            words = ["annotate", str(source), "--out", str(out), "--no-browser"]
            server = subprocess.Popen(
                [sys.executable, "-m", "fluorosynth_cli.main", *words],
                stdout=subprocess.PIPE,
                text=True,
            )
            try:
                page = browser.new_page(viewport={"width": 1280, "height": 800}, bypass_csp=True)
                page.goto(server.stdout.readline().strip())
                page.wait_for_selector("body[data-ready]", timeout=120_000)
                hand = Hand(page, frames.source.shape)
                if way.startswith("each"):
                    result[way] = by_clicks(hand, truth, len(frames))
                else:
                    suggested = way.startswith("suggest")
                    result[way] = by_tracking(hand, truth, traced, out / "labels.json", suggested)
                page.close()
            finally:
                server.kill()
                server.communicate()
            print(way, result[way], file=sys.stderr)
        browser.close()
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
