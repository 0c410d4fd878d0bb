"""What becomes of the text that a command makes of a spec: a patch to look at, standard output, or the file itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from netdsl.text.source import Source
    from netdsl.tools.cli._spec import Request


def deliver(source: Source, text: str, place: Path | None, *, diff: bool = False) -> bool:
    """Show what changes from `source` to `text`, if `diff`; else write `text` into the file `place`, or to standard
    output where that is None. A file that would stay as it is is not touched. Whether anything changes."""
    changed = text != source.text
    if diff:
        from netdsl.text.edits import diff as patch

        _print(_harmless(patch(source, text)))
    elif place is None:
        _print(text)
    elif changed:
        from netdsl.tools.cli._output import replace

        replace(text.encode("utf-8"), place)
    return changed


def _harmless(patch: str) -> str:
    """A patch for a terminal, which would obey what is hidden in a text; a program gets it to the letter."""
    if not sys.stdout.isatty():
        return patch
    from netdsl.text.visible import visible

    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in patch.split("\n"))


def _print(text: str) -> None:
    """Send text to stdout as it is, whatever the terminal's encoding and line ends are."""
    click.echo(text.encode("utf-8"), nl=False)


def refuse_zoo(request: Request, option: str) -> None:
    """Refuse, before any work is done, to change a network of the zoo; a file that is named as a file is the user's."""
    if request.of_zoo:
        raise click.UsageError(
            f"'{request.spec}' is a network of the zoo, which {option} does not change; "
            f"`netdsl new {request.spec} FILE` makes a copy of it that is yours"
        )
