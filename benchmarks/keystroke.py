"""What a keystroke costs in an editor: from the change to its messages and inlay hints, through the real server.

    python benchmarks/keystroke.py

A client writes the change of one character and the request for hints to the server's standard input, as editors do, and
waits for the messages of that version and for the hints. Prints the median over many keystrokes, and its ratio to
`python -c pass` and to a request that the server only has to answer, taken in turn in this run.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SPECS = Path(__file__).parent.parent / "specs"
RESNET = """net ResNet-152
input 3x224x224
param classes = 1000
default conv(norm=bn, bias=false, act=relu)

conv1: conv7-64/2(norm=none, act=none); bn1: bn; relu
maxpool3/2(pad=1)
layer1: [1x1, 64; 3x3, 64; 1x1, 256] x3
layer2: [1x1, 128; 3x3, 128; 1x1, 512] x8 /2
layer3: [1x1, 256; 3x3, 256; 1x1, 1024] x36 /2
layer4: [1x1, 512; 3x3, 512; 1x1, 2048] x3 /2
gap; fc: fc-classes; softmax
"""


class Client:
    """An editor with one file open."""

    def __init__(self, name: str, text: str):
        self.server = subprocess.Popen(
            [sys.executable, "-m", "netdsl", "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.uri, self.version, self.number = (SPECS / name).as_uri(), 1, 0
        self.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.notify("initialized", {})
        document = {"uri": self.uri, "languageId": "net", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        self.published()

    @property
    def nowhere(self) -> dict[str, Any]:
        """A place with nothing to say: what is left of the time is that of the protocol."""
        return {"textDocument": {"uri": self.uri}, "position": {"line": 1_000, "character": 0}}

    def send(self, message: dict[str, Any]) -> None:
        assert self.server.stdin
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self.server.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.server.stdout
        length = 0
        while line := self.server.stdout.readline().strip():
            name, _, value = line.partition(b": ")
            length = int(value) if name == b"Content-Length" else length
        message: dict[str, Any] = json.loads(self.server.stdout.read(length))
        return message

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> int:
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        return self.number

    def request(self, method: str, params: Any) -> Any:
        number = self.ask(method, params)
        while (message := self.receive()).get("id") != number:
            pass
        assert "error" not in message, message
        return message["result"]

    def published(self) -> Any:
        """The messages of the newest version."""
        while True:
            message = self.receive()
            params = message.get("params") or {}
            if message.get("method") == "textDocument/publishDiagnostics" and params["version"] == self.version:
                return params["diagnostics"]

    def type(self, line: int, column: int, old: int, new: str) -> tuple[Any, Any]:
        """A keystroke: the messages and the hints that follow it."""
        self.version += 1
        start, end = {"line": line, "character": column}, {"line": line, "character": column + old}
        change = {"range": {"start": start, "end": end}, "text": new}
        document = {"uri": self.uri, "version": self.version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        view = {"start": {"line": 0, "character": 0}, "end": {"line": 60, "character": 0}}
        number = self.ask("textDocument/inlayHint", {"textDocument": {"uri": self.uri}, "range": view})
        messages: Any = None
        hints: Any = None
        while messages is None or hints is None:
            message = self.receive()
            params = message.get("params") or {}
            if message.get("id") == number:
                hints = message["result"]
            elif message.get("method") == "textDocument/publishDiagnostics" and params["version"] == self.version:
                messages = params["diagnostics"]
        return messages, hints

    def stop(self) -> None:
        self.request("shutdown", None)
        self.notify("exit", None)
        self.server.wait()


def seconds(run: Any, *arguments: Any) -> float:
    start = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - start


def measure(name: str, text: str, place: str, rounds: int) -> None:
    """Type a digit behind `place` and take it back, again and again, with pauses now and then as people make them."""
    before = text[: text.index(place) + len(place)]
    line, column = before.count("\n"), len(before.rpartition("\n")[2])
    client = Client(name, text)
    keys: list[float] = []
    echoes: list[float] = []
    passes: list[float] = []
    for turn in range(rounds):
        keys.append(seconds(client.type, line, column, turn % 2, "" if turn % 2 else "0"))
        echoes.append(seconds(client.request, "textDocument/hover", client.nowhere))
        if turn % 5 == 0:
            passes.append(seconds(subprocess.run, [sys.executable, "-c", "pass"]))
            time.sleep(0.4)
    client.stop()
    key, echo, nothing = (statistics.median(found) for found in (keys[4:], echoes[4:], passes))
    worst = sorted(keys[4:])[int(len(keys[4:]) * 0.95)]
    print(
        f"{name:14} {key * 1000:8.1f} ms {worst * 1000:8.1f} ms {key / nothing:12.2f} {key / echo:10.1f}"
        f"   (pass {nothing * 1000:.1f} ms, echo {echo * 1000:.1f} ms)"
    )


def main(rounds: int = 60) -> None:
    print(f"{'spec':14} {'median':>11} {'95 in 100':>11} {'of one pass':>12} {'of one echo':>11}")
    table = (SPECS / "resnet.net").read_text("utf-8")
    cell = next(line for line in table.splitlines() if line.startswith("| layer4")).rpartition(" x3 /2")[0]
    measure("resnet152.net", RESNET, "1x1, 204", rounds)
    measure("resnet.net", table, cell.removesuffix("8]"), rounds)
    measure("vgg19.net", (SPECS / "vgg19.net").read_text("utf-8"), "conv3-51", rounds)


if __name__ == "__main__":
    main()
