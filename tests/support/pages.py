"""A real server of the annotation page in a process of its own, and requests to it."""

import http.client
import json
import signal
import subprocess
from urllib.parse import urlsplit

import cv2
import numpy as np
from small import started

SIZE = 128


def curve(t):
    """Where the instrument of frame ``t`` lies: ``(n, 2)``."""
    y = np.linspace(-2, 90, 60)
    return np.stack([40 + 0.8 * t + 14 * np.sin(y / 30), y], axis=1).astype(np.float32)


def sequence(count=8, size=SIZE):
    """Frames with one dark line that moves to the right: ``(count, size, size)`` uint8."""
    rng = np.random.default_rng(0)
    frames = []
    for t in range(count):
        frame = np.full((size, size), 150, np.uint8)
        points = np.round(curve(t) * 16).astype(np.int32)
        cv2.polylines(frame, [points], False, 90, 4, cv2.LINE_AA, 4)
        noisy = cv2.GaussianBlur(frame, (0, 0), 1) + rng.normal(0, 2, frame.shape)
        frames.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return np.stack(frames)


class Server:
    """``fluorosynth annotate`` at work."""

    def __init__(self, src, out, *options):
        words = ["annotate", str(src), "--out", str(out), "--no-browser", *options]
        self.process = started(*words, stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("http"):
            raise RuntimeError(self.process.stderr.read())
        self.labels = out / "labels.json"
        parts = urlsplit(self.url)
        self.host, self.path = parts.netloc, parts.path

    def request(self, path="", method="GET", body=None, headers=(), token=None):
        """Return status and body of an answer; ``token`` in place of the right one."""
        connection = http.client.HTTPConnection(self.host, timeout=60)
        start = self.path if token is None else f"/{token}/"
        content = body if isinstance(body, bytes | None) else json.dumps(body)
        connection.request(method, start + path, content, dict(headers))
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, content, dict(response.getheaders())

    def json(self, path, body=None, method="POST"):
        """Return status and decoded body of a change."""
        status, content, _ = self.request(path, method, body)
        return status, json.loads(content)

    def frames(self):
        """Return the frames in the label file by their index."""
        return {f["index"]: f for f in json.loads(self.labels.read_text())["frames"]}

    def kill(self):
        """End it without warning."""
        self.process.kill()
        self.process.communicate()

    def stop(self):
        """End it by Ctrl-C; return what it said."""
        self.process.send_signal(signal.SIGINT)
        said, errors = self.process.communicate(timeout=30)
        return self.process.returncode, said + errors
