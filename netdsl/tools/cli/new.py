"""`netdsl new`: a spec of one's own that starts as a copy of one from the zoo."""

from __future__ import annotations

from pathlib import Path

import click

from netdsl.text.files import create
from netdsl.tools.cli._tell import say
from netdsl.tools.cli.show import spec_text

SECTION = "Write a spec"


@click.command(
    epilog="""\b
Examples:
  netdsl new vgg my.net
  netdsl new resnet nets/ours.net
"""
)
@click.argument("name", metavar="NAME")
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
def command(name: str, file: Path) -> None:
    """Copy a spec of the zoo into FILE, to start from. An existing file is never replaced."""
    text = spec_text(name)
    if not file.parent.is_dir():
        raise click.UsageError(f"there is no directory '{file.parent}' to write into")
    try:
        create(text.encode(), file)
    except FileExistsError:
        raise click.UsageError(f"'{file}' exists; choose another name") from None
    say(f"wrote {file}", err=True)
    for wanted in _drawn_in(text):
        say(f"it draws in '{wanted}', which must lie beside it: netdsl show {Path(wanted).stem}", err=True)


def _drawn_in(text: str) -> list[str]:
    """The files that a spec uses or extends."""
    from netdsl.syntax import parse, tree
    from netdsl.text.diagnostics import Report
    from netdsl.text.source import Source

    statements = parse(Source("spec", text), Report()).statements
    return [str(each.path.value) for each in statements if isinstance(each, (tree.Use, tree.Extends))]
