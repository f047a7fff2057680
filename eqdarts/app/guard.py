"""Who may talk to the app: pages that it served itself, to this machine."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: How this machine may be called. By any other name a page elsewhere could have led a browser here (DNS rebinding).
NAMES = ("127.0.0.1", "localhost", "[::1]")
_SAFE = ("GET", "HEAD")

#: Everything comes from here, nothing is inline, and no page elsewhere shows this one.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: The report is one file with all inside. It runs as if it came from nowhere, and reaches nothing.
REPORT_POLICY = (
    "sandbox allow-scripts allow-downloads allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; base-uri 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class TooLarge(Exception):
    """More came than is taken."""


class Guard:
    """Answers only what is addressed to this machine and this port, and takes forms only from its own pages.

    limit: bytes of a request
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = _refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise TooLarge
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, counted, with_headers)


def _from_here(scope: Scope) -> bool:
    """Does it come from this machine, whatever its headers say? Whoever serves the app elsewhere opens it to nobody."""
    client = scope.get("client")
    if client is None:  # a socket without addresses, which is a file
        return True
    try:
        return ip_address(client[0]).is_loopback
    except ValueError:
        return False


def _refusal(scope: Scope) -> PlainTextResponse | None:
    headers = Headers(scope=scope)
    port = (scope.get("server") or ("", None))[1]
    hosts = {f"{name}:{port}" for name in NAMES} | (set(NAMES) if port == 80 else set())
    host = headers.get("host", "").lower()
    if host not in hosts:
        return PlainTextResponse("This page answers only to its own address.", 421)
    if not _from_here(scope):
        return PlainTextResponse("This page answers to its own machine only.", 403)
    if scope["method"] in _SAFE:
        return None
    if headers.get("origin") != f"http://{host}" or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return PlainTextResponse("Forms are taken from the pages of this app only.", 403)
    return None
