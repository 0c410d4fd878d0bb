"""`netdsl lsp`: the language server, which editors start."""

from __future__ import annotations

from importlib.util import find_spec

import click

SECTION = "Set it up"


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
        raise click.ClickException("the language server needs pygls; install it with `pip install 'netdsl[lsp]'`")
    from netdsl.tools.lsp.server import start

    start(tcp)
