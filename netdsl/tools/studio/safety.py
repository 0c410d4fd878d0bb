"""Who may ask the studio, how much and how often; and what its pages may do.

A page of another site that is open in the same browser can send requests to this machine, and a name that resolves to
it (DNS rebinding) makes them look as if they came from the studio's own. So the `Host` must be this machine's, a
question must have this origin, and carry a token that only the address told by `netdsl studio` has. The page itself
runs no script and loads nothing but its own files.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from hmac import compare_digest

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST = 8 * 2**20
"""Bytes of a question: a text of 1 MiB, however it is escaped."""
RATE, BURST = 60.0, 180.0
"""Questions in a second, and at once; a slider that is dragged asks as often as it is answered."""
TOKEN = "x-netdsl-token"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Lets in what is asked by the studio's own page, and nothing else."""

    def __init__(self, app: ASGIApp, *, port: int, token: str, clock: Callable[[], float] = time.monotonic):
        self.app, self.token, self.clock = app, token, clock
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self.left, self.seen = BURST, clock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the start and the end of the server; there are no sockets
            await self.app(scope, receive, send)
            return
        refused = self.refusal(scope["method"], Headers(scope=scope))
        app = self.app if refused is None else PlainTextResponse(refused[1] + "\n", refused[0])
        await app(scope, _bounded(receive), _dressed(send, scope))

    def refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        """The status and the reason with which a request is refused."""
        if headers.get("host") not in self.hosts:
            return 403, "The studio answers on this machine's own address alone."
        if method in ("GET", "HEAD"):
            return None
        if headers.get("origin") not in {f"http://{host}" for host in self.hosts}:
            return 403, "This question comes from another page."
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return 403, "This question comes from another page."
        if not compare_digest(headers.get(TOKEN, "").encode(), self.token.encode()):
            return 401, "Open the address that `netdsl studio` has printed."
        if not headers.get("content-length", "0").isdigit() or int(headers.get("content-length", "0")) > LONGEST:
            return 413, "This question is too long."
        return None if self._counted() else (429, "Too many questions at a time.")

    def _counted(self) -> bool:
        """Whether one more question may be asked now."""
        now = self.clock()
        self.left, self.seen = min(BURST, self.left + (now - self.seen) * RATE), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


def _bounded(receive: Receive) -> Receive:
    """The same request, which ends when it gets longer than it may be, whatever length it claims."""
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        return message if read <= LONGEST else {"type": "http.disconnect"}

    return bounded


def _dressed(send: Send, scope: Scope) -> Send:
    """The same response with the headers that every page has. A page that has styles made by script finds in
    `scope["state"]` the nonce that lets them in."""
    from secrets import token_urlsafe

    nonce = scope.setdefault("state", {})["nonce"] = token_urlsafe(16)

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value.replace("{nonce}", nonce)
        await send(message)

    return dressed
