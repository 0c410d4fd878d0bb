"""`netdsl watch`: check a spec on every save, and draw it anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from netdsl.backends.artefacts import Artefact, diagrams
from netdsl.tools.cli._checked import Checked, check, with_proposals
from netdsl.tools.cli._output import check_place, kind_of, rendered, write
from netdsl.tools.cli._spec import STDIN, Request, SpecParameter, spec_options
from netdsl.tools.cli._tell import show, verdict

if TYPE_CHECKING:
    from netdsl.ir import Network

SECTION = "See it"


@click.command(
    short_help="Check a spec whenever it is saved.",
    epilog="""\b
Examples:
  netdsl watch vgg19.net                        its table, or its mistakes, on every save
  netdsl watch resnet.net                       every variant of its table
  netdsl watch resnet.net:50-layer -o r.svg     and its diagram; a viewer shows it grow
""",
)
@click.argument("spec", type=SpecParameter(), metavar="FILE[:VARIANT]")
@click.option("-o", "--out", metavar="OUT", help="The .svg, .png, .pdf or .dot file to draw into, on every save.")
@click.option(
    "--direction", type=click.Choice(["tb", "lr"]), default="tb", show_default=True, help="Down, or to the right."
)
@click.option("--expand", is_flag=True, help="Draw every repetition in full.")
@click.option("--force", is_flag=True, help="Replace a file that netdsl did not write.")
@click.option(
    "--depth", type=click.IntRange(min=1), default=1, metavar="N", help="Show N levels of groups.", show_default=True
)
@spec_options
def command(
    spec: str,
    out: str | None,
    direction: Literal["tb", "lr"],
    expand: bool,
    force: bool,
    depth: int,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Check a spec whenever it is saved, and the files that it uses and extends; Ctrl-C ends it.

    It prints the spec's table, or its messages. Where the spec is wrong, the last diagram stays.
    """
    if find_spec("watchfiles") is None:
        raise click.UsageError("watch needs the library watchfiles: pip install 'netdsl[watch]'")
    request = Request(spec, variant, settings, input_)
    if request.path == STDIN:
        raise click.UsageError("standard input cannot be watched; give a file")
    if out == STDIN:
        raise click.UsageError("-o needs a file to draw into")
    kind = kind_of(out, diagrams()) if out is not None else None
    if not Path(request.path).exists():
        show(request.compile().report, color)
        return 2

    def draw(kind: Artefact, path: Path, network: Network) -> str:
        """Draw into the file that was asked for; the words for it."""
        try:
            check_place(path, kind, force)
            write(rendered(kind, network, direction=direction, expand=expand), path, kind)
        except click.ClickException as problem:
            return f"; not drawn: {problem.format_message()}"
        return f"; wrote {path}"

    if kind is not None:
        check_place(Path(str(out)), kind, force)
    try:
        _follow(request, depth, color, partial(draw, kind, Path(str(out))) if kind is not None else None)
    except KeyboardInterrupt:
        click.echo()
    return 0


def _follow(request: Request, depth: int, color: str, draw: Callable[[Network], str] | None) -> None:
    from netdsl.tools.watch import files_of, looks, wait

    path = Path(request.path)
    files = {path}
    while True:
        click.clear()  # on a terminal; elsewhere it does nothing
        checked = check(request)
        files = files_of(path, checked.together) | ({path} if path.exists() else files)
        before = looks(files, checked.report.sources)
        now = time.strftime("%H:%M:%S")
        if path.exists():
            click.echo(f"{now} {_say(request, checked, depth, color, draw)}")
        else:
            click.echo(f"{now} {request.name} is gone; waiting for it to come back")
        wait(before)


def _say(request: Request, checked: Checked, depth: int, color: str, draw: Callable[[Network], str] | None) -> str:
    """Print the table of a spec or what is wrong with it, and draw it. Returns the last line."""
    report = with_proposals(request, checked)
    show(report, color)
    if len(report):
        click.echo(err=True)
    said = verdict(request.name, report, checked.variants)
    if report.errors:
        return said if draw is None else f"{said}; not drawn"
    networks = [each.network for each, _said in checked.apart if each.network is not None]
    if not networks:
        return f"{said}, but it defines no network"
    if len(networks) > 1:
        for each in networks:
            click.echo(repr(each))
        return said if draw is None else f"{said}; not drawn: choose one, `{request.name}:{checked.variants[0]}`"
    _table(networks[0], depth, color)
    return said + (draw(networks[0]) if draw is not None else "")


def _table(network: Network, depth: int, color: str) -> None:
    from netdsl.backends import table
    from netdsl.tools.cli.summary import write_table

    write_table(table.summary(network, depth=depth), color)
