"""Who may talk to the server: the browser of the user who started it, from its own page."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 8 * 2**20  # bytes of a request: a frame of 256 curves is less
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """ASGI middleware that lets requests through which know the token and come from the page.

    The token is the first part of the path, so that pictures and modules carry it too; cookies
    would be shared with every other server of the machine. The Host header must be the server's
    own, which ends DNS rebinding, and Origin, where a browser sends it, the page's.

    Parameters
    ----------
    app
        Program that is guarded; it sees paths without the token.
    token
        Secret that the user's browser was given.
    hosts
        Values that the Host header may have: name and port.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Sequence[str]) -> None:
        self._app, self._token = app, token
        self._hosts = tuple(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope.get("headers", [])}
        _, given, rest = [*scope["path"].split("/", 2), "", ""][:3]
        refusal = self._refusal(given, headers)
        if scope["type"] != "http" or refusal:
            await PlainTextResponse(refusal, 403, HEADERS)(scope, receive, send)
            return
        if int(headers.get("content-length", 0) or 0) > MAX_BODY:
            await PlainTextResponse("too large", 413, HEADERS)(scope, receive, send)
            return
        inner = {**scope, "path": "/" + rest, "raw_path": b"", "root_path": ""}
        await self._app(inner, _limited(receive), _hardened(send))

    def _refusal(self, given: str, headers: dict[str, str]) -> str:
        if headers.get("host", "") not in self._hosts:
            return "wrong host"
        origin = headers.get("origin")
        if origin is not None and origin not in [f"http://{host}" for host in self._hosts]:
            return "wrong origin"
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "wrong site"
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            return "wrong token: open the address that fluorosynth annotate printed"
        return ""


def _limited(receive: Receive) -> Receive:
    """Return ``receive`` that ends a body which is longer than allowed, whatever it claimed."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return message if seen <= MAX_BODY else {"type": "http.disconnect"}

    return limited


def _hardened(send: Send) -> Send:
    async def hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            extra = [(k.lower().encode(), v.encode()) for k, v in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", []), *extra]}
        await send(message)

    return hardened
