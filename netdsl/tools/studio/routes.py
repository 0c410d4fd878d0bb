"""The studio's server: its own files, and one door for questions, behind `safety` and in front of the workers."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from netdsl.tools.studio.file import File
from netdsl.tools.studio.questions import placed
from netdsl.tools.studio.safety import Guard
from netdsl.tools.studio.workers import Workers

PAGE = Path(__file__).parent / "page"
FILES = {
    "studio.js": "text/javascript",
    "studio.css": "text/css",
    "icon.svg": "image/svg+xml",
    "licenses.txt": "text/plain",
}
PORTS = range(7741, 8741)
"""Where studios are. One without a file is at the first, if it is free; each file has its own, since a browser keeps by
the address what is not saved."""
TRIED = 20
"""So many ports from there on are tried."""


def application(file: File | None, port: int, token: str, workers: Workers) -> Starlette:
    """The server of a file, or of none."""

    async def index(request: Request) -> Response:
        text = (PAGE / "index.html").read_text("utf-8")
        return HTMLResponse(text.replace("{nonce}", request.state.nonce))

    async def asset(request: Request) -> Response:
        name = request.url.path.lstrip("/")
        return FileResponse(PAGE / name, media_type=FILES[name])

    async def ask(request: Request) -> Response:
        try:
            question = json.loads(await request.body())
        except ClientDisconnect:
            return JSONResponse({"wrong": "the question was cut off"}, 400)
        except (ValueError, RecursionError):
            question = None
        if not isinstance(question, dict):
            return JSONResponse({"wrong": "a question is an object in JSON"}, 400)
        return JSONResponse(await answered(question))

    async def answered(question: dict[str, Any]) -> dict[str, Any]:
        if question.get("ask") == "file":
            return {"file": file.state() if file is not None else None}
        if question.get("ask") == "save":
            if file is None:
                return {"wrong": "there is no file to save into"}
            return file.save(question.get("text"), question.get("digest"))
        own = file.home if file is not None else None
        return await workers.ask(placed(question, own), str(question.get("asker")))

    @asynccontextmanager
    async def alive(_app: Starlette) -> AsyncIterator[None]:
        workers.start()
        yield
        await workers.end()

    return Starlette(
        routes=[
            Route("/", index),
            *(Route(f"/{name}", asset) for name in FILES),
            Route("/ask", ask, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, port=port, token=token)],
        lifespan=alive,
    )


class Server(uvicorn.Server):
    """A studio that has its port and its address, and runs when told to."""

    def __init__(self, file: File | None, port: int | None = None, workers: Workers | None = None):
        self.socket = _bound(port, PORTS[0] if file is None else PORTS[int(file.id, 16) % len(PORTS)])
        token = secrets.token_urlsafe(24)
        self.port = self.socket.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/?token={token}"
        self.workers = workers or Workers()
        app = application(file, self.port, token, self.workers)
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                ws="none",
                http="h11",
                server_header=False,
                limit_concurrency=64,
                timeout_graceful_shutdown=1,
            )
        )

    def serve_until_stopped(self) -> None:
        self.run(sockets=[self.socket])


def _bound(port: int | None, usual: int = PORTS[0]) -> socket.socket:
    """A socket of this machine alone: on the port asked for, or on the first that is free from the usual one on. Raises
    `OSError`."""
    for each in range(usual, usual + TRIED) if port is None else (port,):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(("127.0.0.1", each))
            found.listen()  # from here on it is taken
            return found
        except OSError:
            found.close()
            if port is not None:
                raise
    return _bound(0)
