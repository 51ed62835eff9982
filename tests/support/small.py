"""A small recipe from nothing but drawn curves, for tests of what is built on recipes."""

import contextlib
import io
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from fluorosynth_cli.main import main

from fluorosynth.backgrounds.folder import Folder
from fluorosynth.devices.polylines import Polylines
from fluorosynth.ranges import Uniform
from fluorosynth.recipe import Recipe
from fluorosynth.sample import Background, Device, Sample
from fluorosynth.stages.flip import Flip
from fluorosynth.stages.jitter import Jitter
from fluorosynth.stages.one_of import OneOf
from fluorosynth.stages.render import Render
from fluorosynth.stages.rotate import Rotate
from fluorosynth.stages.shift import Shift
from fluorosynth.stages.zoom import Zoom

PLAIN = Render("edge", "outer", 0.0)  # masks as wide as the instruments, as in the paper's recipe


def curve(phase=0.0, size=64):
    """Points (30, 2) float32 of a bent line from the left border to beyond the middle."""
    x = np.linspace(0, 0.8 * size, 30)
    return np.column_stack([x, size * (0.5 + 0.2 * np.sin(x / size * 5 + phase))]).astype("f4")


def device(phase=0.0, size=64, width=3.5, **named):
    points = curve(phase, size)
    return Device(points, np.full(len(points), width, np.float32), **named)


def curves_file(folder: Path, count=5, size=64) -> Path:
    """Centrelines as JSON, in a frame of ``size`` px; the last frame holds two devices."""
    devices = [
        {
            "points": curve(k, size).tolist(),
            "width": 2 + k % 4,
            "label": "catheter",
            "frame": k,
            "frame_size": [size, size],
        }
        for k in range(count)
    ]
    wire = {"points": curve(9.0, size).tolist(), "width": 1.5, "label": "guidewire"}
    path = Path(folder) / "curves.json"
    path.write_text(json.dumps([*devices, {**wire, "frame": count - 1}]))
    return path


def frames_file(folder: Path, count=4, size=64) -> Path:
    """Smooth grey frames as ``.npy``."""
    y, x = np.indices((size, size)) / size
    frames = [120 + 60 * np.sin(3 * x + k) + 40 * np.cos(4 * y - k) for k in range(count)]
    path = Path(folder) / "frames.npy"
    np.save(path, np.uint8(frames))
    return path


def small_recipe(folder: Path, size=64, **changes) -> Recipe:
    """The paper's stages over a few drawn frames and curves."""
    choices = OneOf((Rotate(Uniform(0, 90)), Zoom(Uniform(0.6, 1.4)), Shift(), Flip()))
    parts = {
        "backgrounds": (Folder(frames_file(folder)),),
        "devices": (Polylines(curves_file(folder), frame_size=(64, 64)),),
        "stages": (choices, PLAIN, Jitter()),
        "size": size,
    }
    return Recipe(**{**parts, **changes})


def background(size=64, seed=0) -> Background:
    noise = np.random.default_rng(seed).integers(60, 200, (size, size)).astype(np.uint8)
    ignore = np.zeros((size, size), bool)
    ignore[:5, -9:] = True
    return Background(noise, "noise", ignore)


def unrendered(size=64, seed=0) -> Sample:
    drawn = background(size, seed)
    meta = {"background": drawn.id, "devices": ["a", "b"]}
    devices = device(0.0, size, id="a"), device(2.0, size, 5.0, id="b")
    return Sample(drawn.image, devices, meta, ignore=drawn.ignore)


def rendered(size=64, seed=0) -> Sample:
    return PLAIN(unrendered(size, seed), np.random.default_rng(0))


def ct_file(folder: Path) -> Path:
    """A chest of a kind as NIfTI, 4 mm voxels: soft tissue, two lungs, a spine of bone."""
    import nibabel

    x, y, z = np.mgrid[-120:124:4, -80:84:4, -100:104:4]
    hu = np.full(x.shape, -1000, np.int16)
    hu[(x / 110) ** 2 + (y / 75) ** 2 < 1] = 40
    for side in (-1, 1):
        hu[((x - 55 * side) / 40) ** 2 + (y / 55) ** 2 + ((z - 20) / 70) ** 2 < 1] = -850
    hu[(x / 16) ** 2 + ((y + 50) / 16) ** 2 < 1] = 600
    path = folder / "chest.nii.gz"
    nibabel.save(nibabel.Nifti1Image(hu, np.diag([4.0, 4, 4, 1])), path)
    return path


def arrays(sample: Sample):
    """All arrays of a sample, by name."""
    found = {"image": sample.image, "mask": sample.mask, "ignore": sample.ignore}
    found |= {"matrix": sample.matrix, "pixels": sample.pixels}
    for i, d in enumerate(sample.devices):
        found |= {f"centreline {i}": d.centreline, f"width {i}": d.width}
    return {name: array for name, array in found.items() if array is not None}


def assert_equal(one: Sample, other: Sample):
    """Equal in every byte of every array, label, id and scalar."""
    left, right = arrays(one), arrays(other)
    assert left.keys() == right.keys()
    for name in left:
        assert left[name].dtype == right[name].dtype, name
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)
    assert [(d.label, d.id) for d in one.devices] == [(d.label, d.id) for d in other.devices]
    assert one.meta == other.meta


def turn(degrees):
    """Cosine and sine."""
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "fluorosynth_cli.main"]


def environment(*extra: Path) -> dict[str, str]:
    """What a fresh process needs to run the package from this checkout."""
    path = os.pathsep.join(map(str, (*extra, ROOT, ROOT / "cli")))
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "error"}


def command(*arguments, extra=()) -> subprocess.CompletedProcess[str]:
    """Run ``fluorosynth`` in a process of its own."""
    line = [*COMMAND, *map(str, arguments)]
    return subprocess.run(
        line, capture_output=True, text=True, env=environment(*extra), timeout=120, check=False
    )


def started(*arguments, **how) -> subprocess.Popen[str]:
    """Start ``fluorosynth`` in a process of its own, its stderr kept; ``how`` is ``Popen``'s."""
    how = {"env": environment(), "stderr": subprocess.PIPE, "text": True} | how
    return subprocess.Popen([*COMMAND, *map(str, arguments)], **how)


def wait_until(condition, seconds=60):
    """Wait until a condition holds; it is asked a hundred times a second."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"nothing happened in {seconds} s"
        time.sleep(0.01)


def content(folder: Path) -> dict[str, bytes]:
    """Return the files of a finished set by name."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.startswith(".")}


def fluorosynth(*arguments) -> tuple[int, str, str]:
    """Run ``fluorosynth`` here and return its exit code, stdout and stderr."""
    threads, handler = cv2.getNumThreads(), signal.getsignal(signal.SIGTERM)
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main([str(word) for word in arguments])
    except SystemExit as stop:
        code = stop.code
    finally:
        cv2.setNumThreads(threads)
        signal.signal(signal.SIGTERM, handler)
    return code, out.getvalue(), err.getvalue()
