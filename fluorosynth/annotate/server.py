"""The page's server: frames out, changes in. Starlette and uvicorn, on the loopback alone."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing
from importlib.resources import files
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fluorosynth.annotate.document import Changed, Document, StaleError
from fluorosynth.annotate.guard import Guard
from fluorosynth.annotate.jobs import Jobs
from fluorosynth.annotate.suggest import Suggester
from fluorosynth.errors import FluorosynthError
from fluorosynth.labels.file import from_plain, to_plain
from fluorosynth.labels.frames import FrameSequence
from fluorosynth.labels.model import FrameLabels, Labels
from fluorosynth.labels.schema import FORMAT, VERSION
from fluorosynth.track.snap import snap
from fluorosynth.track.width import measure_width

HOST = "127.0.0.1"
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
Handler = Callable[[Request], Awaitable[Response]]


class Page:
    """The routes of one sequence.

    Parameters
    ----------
    frames
        Frames to label.
    document
        Their labels.
    suggester
        Source of suggestions; None: there are none.
    """

    def __init__(
        self, frames: FrameSequence, document: Document, suggester: Suggester | None = None
    ) -> None:
        self.frames, self.document, self.suggester = frames, document, suggester
        self.jobs = Jobs(document, frames)
        self.routes = [
            Route("/", self._asset),
            Route("/static/{name}", self._asset),
            Route("/frames/{index:int}", self._picture),
            Route("/api/state", self._state),
            Route("/api/changes", self._changes),
            Route("/api/frames", self._put, methods=["PUT"]),
            Route("/api/undo", self._undo, methods=["POST"]),
            Route("/api/redo", self._redo, methods=["POST"]),
            Route("/api/snap", self._snap, methods=["POST"]),
            Route("/api/width", self._width, methods=["POST"]),
            Route("/api/suggest", self._suggest, methods=["POST"]),
            Route("/api/track", self._track, methods=["POST"]),
            Route("/api/stop", self._stop, methods=["POST"]),
        ]

    async def _asset(self, request: Request) -> Response:
        """Return a file of the page itself."""
        name = request.path_params.get("name", "index.html")
        known = {f.name: f for f in (files("fluorosynth.annotate") / "static").iterdir()}
        kind = TYPES.get(name.rpartition(".")[2])
        if name not in known or kind is None:
            raise HTTPException(404, "no such file")
        content = known[name].read_bytes()
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})

    async def _picture(self, request: Request) -> Response:
        """Return a frame's pixels; they never change, so the browser may keep them.

        Plain bytes, row by row: to pack and unpack a PNG takes longer than to send 4 MB here.
        """
        index = request.path_params["index"]
        if not 0 <= index < len(self.frames):
            raise HTTPException(404, f"frame {index} of {len(self.frames)}")
        content = await run_in_threadpool(lambda: self.frames[index].tobytes())
        kept = {"Cache-Control": "private, max-age=86400, immutable"}
        return Response(content, media_type="application/octet-stream", headers=kept)

    async def _state(self, request: Request) -> Response:  # noqa: ARG002 - a route has one
        """Return all labels, and what the page can do here."""
        said = {
            **self._said(self.document.since(0)),
            "file": self.document.path.name,
            "suggests": self.suggester is not None,
        }
        return _with(said, labels=self.document.texts.of_all(self.document.labels))

    async def _changes(self, request: Request) -> Response:
        """Return the frames changed since ``?since=``, and how far tracking is."""
        try:
            since = int(request.query_params.get("since", "0"))
        except ValueError:
            raise HTTPException(400, "since is no number") from None
        return self._with_frames(self.document.since(since))

    async def _put(self, request: Request) -> Response:
        """Put frames in place of what they were: ``{"frames": [...], "seen": revision}``."""
        body = await _body(request)
        frames = self._parsed(body.get("frames"))
        seen = body.get("seen")
        if seen is not None and not isinstance(seen, int):
            raise HTTPException(400, "seen is no number")
        return await self._answered(self.document.put, frames, seen)

    async def _undo(self, request: Request) -> Response:  # noqa: ARG002
        """Take back the latest change."""
        return await self._answered(self.document.undo)

    async def _redo(self, request: Request) -> Response:  # noqa: ARG002
        """Make it again."""
        return await self._answered(self.document.redo)

    async def _snap(self, request: Request) -> Response:
        """Pull a rough curve to the instrument under it."""
        body = await _body(request)
        image, points = self._frame(body), _points(body)
        given = body.get("width")
        found = await run_in_threadpool(snap, image, points, None if given is None else _px(given))
        return JSONResponse(
            {
                "points": _numbers(found.points),
                "width": _numbers(found.width),
                "confidence": _numbers(found.confidence),
            }
        )

    async def _width(self, request: Request) -> Response:
        """Measure the width of an instrument along its centreline."""
        body = await _body(request)
        found = await run_in_threadpool(measure_width, self._frame(body), _points(body))
        return JSONResponse({"width": _numbers(found)})

    async def _suggest(self, request: Request) -> Response:
        """Return the instruments that the model sees in a frame."""
        body = await _body(request)
        image = self._frame(body)
        if self.suggester is None:
            raise HTTPException(400, "suggestions need PyTorch: pip install 'fluorosynth[train]'")
        found = await run_in_threadpool(self.suggester, image)
        frame = FrameLabels(0, found)
        plain = to_plain(Labels(self.frames.source, (frame,)))["frames"][0]
        return JSONResponse({"instruments": plain.get("instruments", [])})

    async def _track(self, request: Request) -> Response:
        """Begin to track: ``{"ids": [...], "first": i, "last": j}``."""
        body = await _body(request)
        ids, first, last = body.get("ids"), body.get("first"), body.get("last")
        if not (isinstance(ids, list) and all(isinstance(name, str) for name in ids)):
            raise HTTPException(400, "ids are no list of names")
        if not (isinstance(first, int) and isinstance(last, int)):
            raise HTTPException(400, "first and last are no numbers")
        self.jobs.start(ids, first, last)
        return JSONResponse(self._said(self.document.since(self.document.revision)))

    async def _stop(self, request: Request) -> Response:  # noqa: ARG002
        """End tracking with what is known by now."""
        self.jobs.stop()
        return JSONResponse(self._said(self.document.since(self.document.revision)))

    async def _answered(self, act: Callable[..., Changed], *arguments: Any) -> Response:
        try:
            changed = await run_in_threadpool(act, *arguments)
        except StaleError as error:
            return JSONResponse({"error": str(error)}, 409)
        except OSError as error:
            reason = error.strerror or error
            return JSONResponse({"error": f"not saved: {self.document.path.name}: {reason}"}, 507)
        return self._with_frames(changed)

    def _said(self, changed: Changed) -> dict[str, Any]:
        job = self.jobs.job
        return {
            "revision": changed.revision,
            "changed": list(changed.frames),
            "undo": self.document.can_undo,
            "redo": self.document.can_redo,
            "job": {
                "running": job.running,
                "done": job.done,
                "total": job.total,
                "error": job.error,
            },
        }

    def _with_frames(self, changed: Changed) -> Response:
        labels, texts = self.document.labels, self.document.texts
        now = [texts.of(labels.at(index) or FrameLabels(index)) for index in changed.frames]
        return _with(self._said(changed), frames=f"[{','.join(now)}]")

    def _parsed(self, plain: Any) -> tuple[FrameLabels, ...]:
        """Return frames as the label file has them, with all its checks."""
        source = to_plain(Labels(self.frames.source))["source"]
        file = {"format": FORMAT, "version": VERSION, "source": source, "frames": plain}
        return from_plain(file, "the change").frames

    def _frame(self, body: dict[str, Any]) -> Any:
        index = body.get("frame")
        if not isinstance(index, int) or not 0 <= index < len(self.frames):
            raise HTTPException(400, f"frame {index!r} of {len(self.frames)}")
        return self.frames[index]


def application(page: Page, token: str, hosts: list[str]) -> Guard:
    """Return the guarded ASGI application of a page.

    Parameters
    ----------
    page
        Routes.
    token
        Secret part of every path.
    hosts
        Values that the Host header may have.
    """
    refused: dict[Any, Any] = {
        FluorosynthError: _refused,
        HTTPException: _http_refused,
        ClientDisconnect: _http_refused,
    }
    return Guard(Starlette(routes=page.routes, exception_handlers=refused), token, hosts)


def listen(port: int) -> socket.socket:
    """Return a socket on the loopback.

    Parameters
    ----------
    port
        Number of the port; 0: any free one.
    """
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        probe.listen(64)
        return probe.dup()


def new_token() -> str:
    """Return a secret of 192 bits that may stand in a path."""
    return secrets.token_urlsafe(24)


def _with(said: dict[str, Any], **texts: str) -> Response:
    """Return an answer of which some values are JSON already: all labels are much to write down."""
    more = "".join(f',"{name}":{text}' for name, text in texts.items())
    return Response(json.dumps(said).removesuffix("}") + more + "}", media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return JSONResponse({"error": str(error)}, 400)


async def _http_refused(request: Request, error: Exception) -> Response:  # noqa: ARG001
    status = error.status_code if isinstance(error, HTTPException) else 413
    detail = error.detail if isinstance(error, HTTPException) else "too large"
    return JSONResponse({"error": detail}, status)


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise HTTPException(400, "no JSON") from None
    if not isinstance(body, dict):
        raise HTTPException(400, "no JSON object")
    return body


def _points(body: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
    try:
        points = np.array(body.get("points"), np.float32)
    except (ValueError, TypeError):
        points = np.empty(0, np.float32)
    if points.ndim != 2 or points.shape[1] != 2 or not 2 <= len(points) <= 2**16:
        raise HTTPException(400, "points are no list of at least two [x, y]")
    if not (np.abs(points) < 2**16).all():
        raise HTTPException(400, "a point is no pair of numbers in or near the frame")
    return points


def _px(value: Any) -> float:
    if not isinstance(value, int | float) or not 0 < value <= 1e4:
        raise HTTPException(400, f"width {value!r} is no number of px")
    return float(value)


def _numbers(values: np.ndarray[Any, np.dtype[np.float32]]) -> Any:
    return np.round(values.astype(np.float64), 2).tolist()
