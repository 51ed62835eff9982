"""The server: for its own page alone, and every mistake ends in a sentence."""

import json
import time

import numpy as np
import pytest
from pages import SIZE, Server, curve, sequence
from small import command

starlette = pytest.importorskip("starlette")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("annotate")
    np.save(folder / "run.npy", sequence())
    running = Server(folder / "run.npy", folder / "out", "--model", "none")
    yield running
    running.kill()


def drawn(t=0, **more):
    points = curve(t)[::6].round(2).tolist()
    return {"id": "catheter_1", "points": points, "width": 4.0, **more}


def test_the_page_comes_with_its_parts(server):
    status, page, headers = server.request()
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert b"fluorosynth annotate" in page
    for name in ("main.js", "style.css", "icon.svg"):
        assert server.request(f"static/{name}")[0] == 200
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


def test_frames_are_the_frames(server):
    for index in (0, 7):
        _, content, headers = server.request(f"frames/{index}")
        assert headers["content-type"] == "application/octet-stream"
        assert content == sequence()[index].tobytes()
    assert server.request("frames/8")[0] == 404


@pytest.mark.parametrize("token", ["", "x", "0" * 32, "..", "%2e%2e"])
@pytest.mark.parametrize("path", ["", "api/state", "frames/0", "static/main.js"])
def test_without_the_token_nothing_is_served(server, token, path):
    status, content, _ = server.request(path, token=token)
    assert status == 403
    assert b"catheter" not in content


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_other_sites_are_refused_even_with_the_token(server, headers):
    for path, method in (("api/state", "GET"), ("api/undo", "POST")):
        assert server.request(path, method, headers=headers)[0] == 403


def test_its_own_page_is_not(server):
    own = {"Origin": f"http://{server.host}", "Sec-Fetch-Site": "same-origin"}
    assert server.request("api/state", headers=own)[0] == 200


@pytest.mark.parametrize(
    "name",
    ["..%2fserver.py", "../server.py", "%2e%2e/%2e%2e/errors.py", "server.py", "/etc/passwd"],
)
def test_no_other_file_is_served(server, name):
    assert server.request(f"static/{name}")[0] in (403, 404)


def test_a_change_is_saved_undone_and_made_again(server):
    status, said = server.json("api/frames", {"frames": [{"index": 3, "empty": True}]}, "PUT")
    assert (status, said["changed"], said["undo"]) == (200, [3], True)
    assert server.frames()[3]["empty"]
    assert server.json("api/undo", {})[1]["frames"] == [{"index": 3}]
    assert 3 not in server.frames()
    assert server.json("api/redo", {})[1]["changed"] == [3]
    assert server.frames()[3]["empty"]


def test_two_tabs_are_told_apart(server):
    seen = server.json("api/state", method="GET")[1]["revision"]
    change = {"frames": [{"index": 5, "instruments": [drawn(5)]}], "seen": seen}
    assert server.json("api/frames", change, "PUT")[0] == 200
    status, said = server.json("api/frames", change, "PUT")
    assert (status, said["error"]) == (409, "frame 5 was changed elsewhere meanwhile")
    _, changes = server.json(f"api/changes?since={seen}", method="GET")
    assert [frame["index"] for frame in changes["frames"]] == [5]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"index": 99}, "frame 99 of a sequence of 8 frames"),
        ({"index": 0, "instruments": [drawn(points=[[1, 2]])]}, "points"),
        ({"index": 0, "instruments": [drawn(points=[[3, 3], [3, 3]])]}, "all points are"),
        ({"index": 0, "instruments": [drawn(points=[[1, 1], ["a", 2]])]}, "points"),
        ({"index": 0, "instruments": [drawn(points=[[1e6, 1], [2, 2]])]}, "far outside"),
        ({"index": 0, "instruments": [drawn(), drawn()]}, "there twice"),
        ({"index": 0, "instruments": [drawn(width=-1)]}, "width"),
        ({"index": 0, "empty": True, "instruments": [drawn()]}, "is said to be empty"),
        ({"index": -1}, "index"),
        ([], "frames"),
    ],
    ids=str,
)
def test_what_is_no_label_is_refused_and_not_saved(server, frame, said):
    before = server.labels.read_bytes() if server.labels.exists() else b""
    status, answer = server.json("api/frames", {"frames": [frame]}, "PUT")
    assert status == 400
    assert said in answer["error"]
    assert (server.labels.read_bytes() if server.labels.exists() else b"") == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b"[" * 100_000, b'{"frames": NaN}'])
def test_bodies_that_are_none(server, body):
    assert server.request("api/frames", "PUT", body)[0] == 400


def test_a_body_beyond_the_limit(server):
    status, _, _ = server.request("api/frames", "PUT", b"x" * (8 * 2**20 + 1))
    assert status == 413
    assert server.request("api/state")[0] == 200


def test_snap_finds_the_line(server):
    truth = curve(0)[3:-3]
    rough = truth[::9] + np.float32([3, -1])
    status, found = server.json("api/snap", {"frame": 0, "points": rough.tolist()})
    assert status == 200
    points = np.array(found["points"])
    off = np.abs(points[:, None] - truth[None]).astype(float)
    distance = np.hypot(*np.moveaxis(off, 2, 0)).min(axis=1)
    assert np.median(distance) < 1
    assert 2.5 < np.median(found["width"]) < 6.5


@pytest.mark.parametrize(
    "body",
    [
        {"frame": 0},
        {"frame": 0, "points": [[1, 2]]},
        {"frame": 0, "points": [[1, 2], [3, "x"]]},
        {"frame": 0, "points": [[1, 2], [3, 1e9]]},
        {"frame": "0", "points": [[1, 2], [9, 9]]},
        {"frame": 99, "points": [[1, 2], [9, 9]]},
        {"frame": 0, "points": [[1, 2], [9, 9]], "width": 0},
    ],
    ids=str,
)
def test_snapping_nothing(server, body):
    status, said = server.json("api/snap", body)
    assert status == 400
    assert said["error"]


def test_tracking_in_the_background(server):
    change = {"frames": [{"index": 0, "instruments": [drawn(0)]}, {"index": 3}], "seen": None}
    assert server.json("api/frames", change, "PUT")[0] == 200
    seen = server.json("api/state", method="GET")[1]["revision"]
    body = {"ids": ["catheter_1"], "first": 0, "last": 4}
    assert server.json("api/track", body)[0] == 200
    for _ in range(600):
        _, said = server.json(f"api/changes?since={seen}", method="GET")
        if not said["job"]["running"]:
            break
        time.sleep(0.1)
    assert said["job"]["error"] == ""
    for frame in said["frames"]:
        (one,) = [i for i in frame["instruments"] if i["id"] == "catheter_1"]
        assert one["origin"] == "tracked"
        points, truth = np.array(one["points"]), curve(frame["index"])
        off = np.hypot(*np.moveaxis(points[:, None] - truth[None], 2, 0)).min(axis=1)
        assert np.median(off) < 1.5
    assert [frame["index"] for frame in said["frames"]] == [1, 2, 3, 4]
    assert server.json("api/undo", {})[1]["changed"] == [1, 2, 3, 4]  # one step


@pytest.mark.parametrize(
    "body",
    [
        {"ids": ["catheter_1"], "first": 3, "last": 2},
        {"ids": ["catheter_1"], "first": 0, "last": 8},
        {"ids": "catheter_1", "first": 0, "last": 2},
        {"ids": [], "first": None, "last": 2},
    ],
    ids=str,
)
def test_tracking_nowhere(server, body):
    assert server.json("api/track", body)[0] == 400


def test_no_suggestions_without_a_model(server):
    status, said = server.json("api/suggest", {"frame": 0})
    assert status == 400
    assert "PyTorch" in said["error"]


def test_killed_and_started_again_nothing_is_lost(tmp_path):
    np.save(tmp_path / "run.npy", sequence(3))
    first = Server(tmp_path / "run.npy", tmp_path / "out", "--model", "none")
    first.json("api/frames", {"frames": [{"index": 1, "instruments": [drawn(1)]}]}, "PUT")
    refused = command("annotate", tmp_path / "run.npy", "--out", tmp_path / "out", "--no-browser")
    assert refused.returncode == 2
    assert "is being edited by another" in refused.stderr
    first.kill()
    again = Server(tmp_path / "run.npy", tmp_path / "out", "--model", "none")
    _, state = again.json("api/state", method="GET")
    assert [frame["index"] for frame in state["labels"]["frames"]] == [1]
    code, said = again.stop()
    assert code == 0
    assert "1 of 3 frames labelled" in said
    assert "Traceback" not in said


def test_labels_of_another_sequence_are_refused(tmp_path):
    np.save(tmp_path / "run.npy", sequence(3))
    np.save(tmp_path / "other.npy", sequence(4, 96))
    server = Server(tmp_path / "run.npy", tmp_path / "out", "--model", "none")
    server.json("api/frames", {"frames": [{"index": 1, "empty": True}]}, "PUT")
    server.kill()
    before = server.labels.read_bytes()
    refused = command("annotate", tmp_path / "other.npy", "--out", tmp_path / "out", "--no-browser")
    assert refused.returncode == 3
    assert f"3 frames of {SIZE} x {SIZE} px" in refused.stderr
    assert server.labels.read_bytes() == before
    name = json.loads(before)["source"]["name"]
    assert name == "run.npy"  # and no path
