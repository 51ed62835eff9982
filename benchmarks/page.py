"""How fast and how large the page of ``annotate`` is: long runs and large pictures, in Chromium.

    python benchmarks/page.py --out page.json

For each case a run is made, half of its frames labelled, and the page opened. Measured: the time
from a key, or a move of the slider, to the frame's being on the canvas; from a change to its being
saved; the page's JavaScript heap, arrays included; the most memory that the server took.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

from fluorosynth.labels import FrameLabels, FrameSequence, Instrument, Labels, write_labels

CASES = {
    "1000 frames of 512 px": (1000, 512),
    "60 frames of 2048 px": (60, 2048),
    "10000 frames of 128 px": (10000, 128),
}
SHOWN = 40  # frames that are gone to, one after another
DRIFT = 8  # different pictures of a run


def curve(t, size):
    y = np.linspace(0, 0.8 * size, 200)
    x = size * (0.4 + 0.08 * np.sin(y / (0.2 * size)) + 0.002 * (t % DRIFT))
    return np.stack([x, y], axis=1).astype(np.float32)


def run(folder, count, size):
    """Write a run and the labels of its first half; return both paths."""
    rng = np.random.default_rng(0)
    ground = cv2.GaussianBlur(rng.normal(0, 60, (size, size)).astype(np.float32), (0, 0), size / 40)
    stills = []
    for t in range(DRIFT):
        frame = np.clip(150 + 8 * ground, 60, 230).astype(np.uint8)
        at = np.round(curve(t, size) * 16).astype(np.int32)
        cv2.polylines(frame, [at], False, 60, max(size // 100, 2), cv2.LINE_AA, 4)
        noisy = cv2.GaussianBlur(frame, (0, 0), 1) + rng.normal(0, 3, frame.shape)
        stills.append(np.clip(noisy, 0, 255).astype(np.uint8))
    path = folder / "run.npy"
    frames = np.lib.format.open_memmap(path, "w+", np.uint8, (count, size, size))
    for t in range(count):
        frames[t] = stills[t % DRIFT]
    frames.flush()
    source = FrameSequence(path).source
    width = np.full(200, size / 80, np.float32)
    sure = np.linspace(1, 0.8, 200).astype(np.float32)
    known = tuple(
        FrameLabels(
            t,
            (Instrument(curve(t, size), width, "catheter_1", origin="tracked", confidence=sure),),
        )
        for t in range(count // 2)
    )
    (folder / "out").mkdir()
    write_labels(folder / "out/labels.json", Labels(source, known))
    return path, folder / "out"


# Waits for the canvas to hold the frame that the act asks for.
TIMED = """async ([act, value]) => {
  const view = document.getElementById("view"), was = view.dataset.frame;
  const before = performance.now();
  if (act === "key") {
    const event = new KeyboardEvent("keydown", { key: value, bubbles: true });
    document.body.dispatchEvent(event);
  } else {
    const slider = document.getElementById("slider");
    slider.value = value;
    slider.dispatchEvent(new Event("input"));
  }
  while (view.dataset.frame === was) await new Promise(requestAnimationFrame);
  return performance.now() - before;
}"""


def measured(page, server, count):
    each = [page.evaluate(TIMED, ["key", "ArrowRight"]) for _ in range(SHOWN - 1)]
    places = np.linspace(count - 1, 0, 12).astype(int)
    far = [page.evaluate(TIMED, ["slide", int(k)]) for k in places]
    saved = []
    page.keyboard.press("Tab")
    for _ in range(8):
        began = time.perf_counter()
        page.keyboard.press("]")
        page.wait_for_function("document.getElementById('saved').textContent.startsWith('saved')")
        saved.append(1000 * (time.perf_counter() - began))
    memory = page.evaluate("performance.memory.usedJSHeapSize")
    status = Path(f"/proc/{server.pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return {
        "next frame, ms": round(statistics.median(each), 1),
        "next frame, slowest, ms": round(max(each), 1),
        "any frame, ms": round(statistics.median(far), 1),
        "change saved, ms": round(statistics.median(saved), 1),
        "page's heap, MB": round(memory / 2**20),
        "server's peak, MB": round(int(peak.split()[1]) / 2**10),
    }


def case(browser, count, size):
    with tempfile.TemporaryDirectory() as name:
        path, out = run(Path(name), count, size)
        words = ["annotate", str(path), "--out", str(out), "--model", "none", "--no-browser"]
        server = subprocess.Popen(
            [sys.executable, "-m", "fluorosynth_cli.main", *words],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800}, bypass_csp=True)
            address = server.stdout.readline().strip()
            began = time.perf_counter()
            page.goto(address)
            page.wait_for_selector("body[data-ready]", timeout=120_000)
            opened = time.perf_counter() - began
            found = {"opened, s": round(opened, 1), **measured(page, server, count)}
            page.close()
            return found
        finally:
            server.kill()
            server.communicate()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    result = {}
    with sync_playwright() as api:
        flags = ["--no-sandbox", "--enable-precise-memory-info"]
        browser = api.chromium.launch(executable_path=chromium, args=flags)
        for name, (count, size) in CASES.items():
            result[name] = case(browser, count, size)
            print(name, result[name], file=sys.stderr)
        browser.close()
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
