"""`netdsl lsp`: the language server, which editors start."""

from __future__ import annotations

import json
import re
import sys
from importlib.util import find_spec
from typing import Any, NoReturn

import click

SECTION = "Set it up"
MISSING = "the language server needs pygls; install it with `pip install 'netdsl[lsp]'`"
_LENGTH = re.compile(rb"Content-Length:\s*(\d+)", re.I)


@click.command(
    short_help="Run the language server for editors.",
    epilog="""\b
Examples:
  netdsl lsp                 what an editor's settings name as the command
  netdsl lsp --tcp 2087      for editors that connect to a port
""",
)
@click.option("--stdio", is_flag=True, help="Talk on standard input and output, which is what it does anyway.")
@click.option("--tcp", type=click.IntRange(1, 65535), metavar="PORT", help="Listen on a port of this machine instead.")
def command(stdio: bool, tcp: int | None) -> None:
    """Run the language server: messages, shapes, hover, completion and more in an editor.

    It talks the Language Server Protocol and does not end by itself; editors start it and end it.
    """
    if stdio and tcp is not None:
        raise click.UsageError("--stdio and --tcp exclude each other")
    if find_spec("pygls") is None:
        _decline(MISSING, tcp)
    from netdsl.tools.lsp.server import start

    start(tcp)


def _decline(why: str, tcp: int | None) -> NoReturn:
    """Say why there is no server, to an editor too: editors hide what a server writes to stderr, and show a message
    that it sends, for which no library is needed."""
    if tcp is None and not sys.stdin.isatty():
        size = 0
        while line := sys.stdin.buffer.readline().strip():
            match = _LENGTH.match(line)
            size = int(match[1]) if match else size
        try:
            asked = json.loads(sys.stdin.buffer.read(min(size, 1 << 24)) or b"null")
        except ValueError:
            asked = None
        if isinstance(asked, dict) and asked.get("method") == "initialize":
            _send({"method": "window/showMessage", "params": {"type": 1, "message": f"netdsl: {why}"}})
            _send({"id": asked.get("id"), "error": {"code": -32603, "message": why}})
    raise click.ClickException(why)


def _send(message: dict[str, Any]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    sys.stdout.buffer.flush()
