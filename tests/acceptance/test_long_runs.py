"""A sequence of 10,000 frames: tracked and opened in the page, within bounded memory."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pages import Server, curve, sequence
from small import environment

pytestmark = pytest.mark.slow

FRAMES, SIZE = 10_000, 128
MOST = 1100  # MB of a process; 757 and 953 were measured: mapped pixels, labels, their text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """``run.npy`` of 160 MB: eight pictures, there and back again."""
    folder = tmp_path_factory.mktemp("long")
    stills = sequence(8)
    order = [*range(8), *range(6, 0, -1)]
    frames = np.lib.format.open_memmap(folder / "run.npy", "w+", np.uint8, (FRAMES, SIZE, SIZE))
    for t in range(FRAMES):
        frames[t] = stills[order[t % len(order)]]
    frames.flush()
    return folder


def test_ten_thousand_frames_are_tracked(folder):
    start = "0: " + " ".join(f"{x:.1f},{y:.1f}" for x, y in curve(0)[2::8])
    words = ["track", str(folder / "run.npy"), "--start", start, "--out", str(folder / "t.json")]
    subprocess.run(
        [sys.executable, "-m", "fluorosynth_cli.main", *words, "--quiet"],
        env=environment(), check=True,
    )  # fmt: skip
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024 < MOST
    labels = json.loads((folder / "t.json").read_text())
    assert [frame["index"] for frame in labels["frames"]] == list(range(FRAMES))
    order = [*range(8), *range(6, 0, -1)]
    for frame in labels["frames"][::999]:
        points = np.array(frame["instruments"][0]["points"])
        truth = curve(order[frame["index"] % len(order)])
        away = np.linalg.norm(points[:, None] - truth[None], axis=2).min(axis=1)
        assert np.median(away) < 1.5


def test_ten_thousand_labelled_frames_are_opened_and_changed(folder):
    (folder / "page").mkdir()
    (folder / "page/labels.json").write_bytes((folder / "t.json").read_bytes())
    server = Server(folder / "run.npy", folder / "page", "--model", "none")
    try:
        status, said, _ = server.request("api/state")
        assert status == 200
        assert len(json.loads(said)["labels"]["frames"]) == FRAMES
        for index in np.linspace(0, FRAMES - 1, 40).astype(int):
            assert server.request(f"frames/{index}")[0] == 200
        for index in (3, 5000, 9999):
            body = {"frames": [{"index": index, "empty": True}]}
            assert server.json("api/frames", body, "PUT")[0] == 200
        assert server.frames()[5000] == {"index": 5000, "empty": True}
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        most = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        assert int(most.split()[1]) / 1024 < MOST
    finally:
        server.kill()
