"""The page in a real browser: drawn, undone, tracked, corrected, by pointer and by keys."""

import shutil
import time

import numpy as np
import pytest
from pages import SIZE, Server, curve, sequence

pytest.importorskip("starlette")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of Playwright's own pipes
]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as api:
        opened = api.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def server(tmp_path):
    np.save(tmp_path / "run.npy", sequence())
    running = Server(tmp_path / "run.npy", tmp_path / "out", "--model", "none")
    yield running
    running.kill()


def opened(browser, server):
    """The page, ready; whatever goes wrong in it fails the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.goto(server.url)
    page.wait_for_selector("body[data-ready]", timeout=60_000)
    return page


def place(page, point):
    """Where a point of the frame is on the page: the frame is fitted into the canvas."""
    box = page.locator("#view").bounding_box()
    scale = min(box["width"], box["height"]) / SIZE
    left = box["x"] + (box["width"] - scale * SIZE) / 2
    top = box["y"] + (box["height"] - scale * SIZE) / 2
    return float(left + (point[0] + 0.5) * scale), float(top + (point[1] + 0.5) * scale)


def click(page, point):
    page.mouse.click(*place(page, point))


def until(condition):
    for _ in range(600):
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in 30 s")


def drawn(page, server, t=0, count=5):
    """Draw the line of frame ``t`` by clicks; return its label as saved."""
    page.keyboard.press("n")
    for point in curve(t)[2 :: len(curve(t)) // count]:
        click(page, point)
    page.keyboard.press("Enter")
    return until(lambda: saved(server, t))


def saved(server, t, handles=None):
    if not server.labels.exists():
        return None
    found = server.frames().get(t, {}).get("instruments")
    if handles is not None and found and len(found[0].get("handles", ())) != handles:
        return None
    return found and found[0]


def off(one, t):
    """Median distance of a label's points from the truth, px."""
    points, truth = np.array(one["points"]), curve(t)
    return float(np.median(np.hypot(*np.moveaxis(points[:, None] - truth[None], 2, 0)).min(axis=1)))


def test_drawn_dragged_undone_and_redone(browser, server):
    page = opened(browser, server)
    drawn(page, server)
    one = until(lambda: saved(server, 0, handles=5))
    assert off(one, 0) < 1
    x, y = one["handles"][2]
    page.mouse.move(*place(page, (x, y)))
    page.mouse.down()
    page.mouse.move(*place(page, (x + 10, y)), steps=4)
    page.mouse.up()
    until(lambda: abs(saved(server, 0)["handles"][2][0] - x - 10) < 0.5)
    page.keyboard.press("Control+z")
    until(lambda: abs(saved(server, 0)["handles"][2][0] - x) < 0.01)
    page.keyboard.press("Control+y")
    until(lambda: abs(saved(server, 0)["handles"][2][0] - x - 10) < 0.5)
    for _ in range(20):
        page.keyboard.press("Control+z")
    until(lambda: 0 not in server.frames())
    assert page.wrong == []
    page.close()


def test_points_are_put_in_and_taken_out(browser, server):
    page = opened(browser, server)
    drawn(page, server)
    one = until(lambda: saved(server, 0, handles=5))
    middle = np.mean(one["handles"][1:3], axis=0)
    spot = min(one["points"], key=lambda p: np.hypot(*(p - middle)))
    page.mouse.dblclick(*place(page, spot))
    until(lambda: saved(server, 0, handles=6))
    page.keyboard.press("Delete")
    until(lambda: saved(server, 0, handles=5))
    assert page.wrong == []
    page.close()


def test_tracked_corrected_and_tracked_again(browser, server):
    page = opened(browser, server)
    drawn(page, server)
    until(lambda: saved(server, 0, handles=5))
    page.keyboard.press("t")
    until(lambda: saved(server, 7))
    for t in range(1, 8):
        assert saved(server, t)["origin"] == "tracked"
        assert off(saved(server, t), t) < 1.5
    page.keyboard.press("End")
    page.wait_for_function("document.getElementById('frame-text').textContent.includes('8 of 8')")
    page.wait_for_selector("#instruments li")  # the page asks a few times a second
    spot = saved(server, 7)["points"][len(saved(server, 7)["points"]) // 2]
    click(page, spot)  # selects it
    page.keyboard.press("s")  # snapped: drawn from now on, a second key
    until(lambda: saved(server, 7)["origin"] == "drawn")
    page.keyboard.press("Shift+T")
    until(lambda: page.locator("#stop").is_hidden())
    until(lambda: off(saved(server, 4), 4) < 1.5)
    assert saved(server, 0)["origin"] == saved(server, 7)["origin"] == "drawn"
    assert page.wrong == []
    page.close()


def test_by_the_keyboard_alone(browser, server):
    page = opened(browser, server)
    page.keyboard.press("n")
    at, shown = np.array([SIZE / 2, SIZE / 2]), curve(0)[[3, 25, 50]]
    for point in np.round(shown):
        for axis, (back, on) in enumerate((("j", ";"), ("i", "l"))):
            far = int(point[axis] - at[axis])
            for _ in range(abs(far)):
                page.keyboard.press(on if far > 0 else back)
        at = np.array(point)
        page.keyboard.press("p")
    page.keyboard.press("Enter")
    one = until(lambda: saved(server, 0, handles=3))
    np.testing.assert_allclose(one["handles"], np.round(shown), atol=0.01)
    page.keyboard.press("]")
    until(lambda: np.mean(saved(server, 0)["width"]) > np.mean(one["width"]))
    page.keyboard.press("e")
    until(lambda: saved(server, 0)["tip_in_view"] is False)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("0")
    until(lambda: server.frames().get(1, {}).get("empty"))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    until(lambda: 0 not in server.frames())
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    keys = page.locator("#keys dt").all_inner_texts()
    assert {"t", "Ctrl+z", "?", "Space", "n"} <= set(keys)
    assert page.wrong == []
    page.close()


def test_the_server_is_killed_and_nothing_is_lost(browser, server, tmp_path):
    page = opened(browser, server)
    drawn(page, server)
    until(lambda: saved(server, 0, handles=5))
    server.kill()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#toast:not([hidden])")
    page.close()
    again = Server(tmp_path / "run.npy", tmp_path / "out", "--model", "none")
    page = opened(browser, again)
    page.wait_for_selector("#instruments li")
    assert "catheter_1" in page.locator("#instruments").inner_text()
    assert page.wrong == []
    page.close()
    again.kill()


def test_two_tabs_see_each_other(browser, server):
    one, other = opened(browser, server), opened(browser, server)
    drawn(one, server)
    until(lambda: saved(server, 0, handles=5))
    other.wait_for_selector("#instruments li")
    other.bring_to_front()
    other.keyboard.press("ArrowRight")
    other.keyboard.press("0")
    until(lambda: server.frames().get(1, {}).get("empty"))
    assert saved(server, 0)  # neither change has undone the other
    one.bring_to_front()
    one.keyboard.press("ArrowRight")
    one.wait_for_selector("#instruments li.empty")
    assert one.wrong == other.wrong == []
    one.close()
    other.close()


def test_a_wrong_token_shows_nothing(browser, server):
    page = browser.new_page()
    response = page.goto(f"http://{server.host}/{'x' * 32}/")
    assert response.status == 403
    assert "wrong token" in page.content()
    page.close()


def test_the_pixels_shown_are_the_pixels_labelled(browser, server):
    page = opened(browser, server)
    drawn(page, server)
    one = until(lambda: saved(server, 0, handles=5))
    found = page.evaluate(
        """async (one) => {
            const { cover } = await import("./static/raster.js");
            const pixels = new Set(), width = one.points.map(() => one.width);
            cover(one.points, width, [128, 128], (at) => pixels.add(at));
            return [...pixels];
        }""",
        one,
    )
    from fluorosynth.labels import read_labels

    assert sorted(found) == np.flatnonzero(read_labels(server.labels).mask(0) == 1).tolist()
    page.close()


def test_an_ignore_stroke_and_the_class(browser, server):
    page = opened(browser, server)
    page.keyboard.press("b")
    page.mouse.move(*place(page, (90, 100)))
    page.mouse.down()
    page.mouse.move(*place(page, (110, 100)), steps=5)
    page.mouse.up()
    page.keyboard.press("b")
    region = until(lambda: server.labels.exists() and server.frames()[0].get("ignore"))[0]
    assert region["width"] > 0
    page.keyboard.press("n")
    for point in curve(0)[[3, 25, 50]]:
        click(page, point)
    page.keyboard.press("Enter")
    until(lambda: saved(server, 0, handles=3))
    page.fill("#label", "guidewire")
    page.keyboard.press("Enter")
    until(lambda: saved(server, 0)["label"] == "guidewire")
    assert server.frames()[0]["ignore"]
    page.close()
