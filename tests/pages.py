"""A studio that runs, and a browser that looks at it, for the tests that need them."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("pygments")

from netdsl.tools.studio.file import File
from netdsl.tools.studio.routes import Server
from netdsl.tools.studio.workers import Workers

PATIENCE = 60
"""Seconds: machines that test are busy."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def running(file: File | None = None, port: int = 0, workers: Workers | None = None) -> Iterator[Server]:
    """A studio in a thread."""
    server = Server(file, port, workers or Workers(1))
    thread = threading.Thread(target=server.serve_until_stopped)
    thread.start()
    try:
        _until(lambda: server.started)
        yield server
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        server.socket.close()


def _until(done: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def where(page: Any, text: str) -> tuple[float, float]:
    """Where on the page a word of the text stands, the first one of its kind."""
    place = page.evaluate(
        """(text) => {
        const walker = document.createTreeWalker(document.querySelector(".cm-content"), NodeFilter.SHOW_TEXT);
        for (let node; (node = walker.nextNode()); ) {
            const at = node.data.indexOf(text);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + text.length);
            const box = range.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }
    }""",
        text,
    )
    assert place, f"{text} is not in sight"
    return tuple(place)


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless Chromium; the test is left out where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("a browser (chromium) is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
