"""What a keystroke costs in the studio: from the key to the new diagram of ResNet-152 on the screen of a real browser,
beside compiling and drawing the same text in a process that has done so before.

    python benchmarks/studio.py
    python benchmarks/studio.py --rounds 40

Both are measured in turn, so that a busy machine slows both. The browser's time is its own: from the event of the key
to the second frame after the picture was put in its place.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import tempfile
import threading
import time
from pathlib import Path

from _measured import Figure
from keystroke import RESNET

from netdsl.backends.pictures import diagram
from netdsl.backends.purpose.race import Spread
from netdsl.compiler import compile
from netdsl.text.source import Source

MOST = 1.5
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WATCH = """() => {
    let pressed = 0;
    window.taken = [];
    addEventListener("keydown", () => (pressed = performance.now()), true);
    const painted = () => window.taken.push(performance.now() - pressed);
    new MutationObserver(() => requestAnimationFrame(() => requestAnimationFrame(painted)))
        .observe(document.getElementById("picture"), { childList: true });
}"""
PAUSE = 1.2
"""Seconds until the studio has looked at what it looks at when the typing rests."""


def in_process(text: str) -> float:
    """Milliseconds to compile a text and draw it."""
    start = time.perf_counter()
    network = compile(Source("resnet152.net", text)).network
    assert network is not None
    diagram(network)
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    from playwright.sync_api import sync_playwright

    from netdsl.tools.studio.file import File
    from netdsl.tools.studio.routes import Server

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "resnet152.net"
    path.write_text(RESNET)
    server = Server(File(path), 0)
    threading.Thread(target=server.serve_until_stopped).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.goto(server.address)
            page.locator("#picture svg").filter(has_text="ResNet-152").wait_for()
            page.locator(".cm-content").focus()
            page.keyboard.press("Control+Home")
            page.keyboard.press("ArrowDown")
            page.keyboard.press("ArrowDown")
            page.keyboard.press("End")  # behind `param classes = 1000`
            page.evaluate(WATCH)
            in_process(RESNET)
            gc.collect()
            gc.freeze()
            ours, theirs = [], []
            for number in range(rounds + 2):
                key, text = ("1", RESNET.replace("= 1000", "= 10001")) if number % 2 == 0 else ("Backspace", RESNET)
                ours.append(in_process(text))
                before = page.evaluate("taken.length")
                page.keyboard.press(key)
                page.wait_for_function("(count) => taken.length > count", arg=before)
                theirs.append(page.evaluate("(at) => taken[at]", before))
                time.sleep(PAUSE)
            browser.close()
    finally:
        server.should_exit = True
        folder.cleanup()
    ours, theirs = ours[2:], theirs[2:]  # the first ones are warmer than nothing, and colder than the others
    for name, found in (("compile and draw in process, ms", ours), ("shown in the browser, ms", theirs)):
        print(f"{name:34} {Spread.of(found).median:8.1f}")
    ratio = Figure(
        "studio, ResNet-152: browser over process",
        Spread.of([b / a for a, b in zip(ours, theirs, strict=True)]),
        MOST,
        most=True,
    )
    print(ratio.row)


if __name__ == "__main__":
    main()
