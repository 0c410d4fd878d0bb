"""`netdsl fmt`: one layout for every spec. Files are changed in place, and only where that changes anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._change import deliver
from netdsl.tools.cli._spec import STDIN, color_option, read_stdin
from netdsl.tools.cli._tell import say, show

if TYPE_CHECKING:
    from netdsl.text.source import Source

SECTION = "Write a spec"


@click.command(
    epilog="""\b
Examples:
  netdsl fmt resnet.net               lay it out, in place
  netdsl fmt specs/*.net --check      which ones would change? (status 1 if any)
  netdsl fmt resnet.net --diff        show what would change
  netdsl fmt - < in.net > out.net     from standard input to standard output
"""
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--check", is_flag=True, help="Change nothing; list the files that would change.")
@click.option("--diff", "diff_", is_flag=True, help="Change nothing; print what would change, as a patch.")
@color_option
def command(files: tuple[str, ...], check: bool, diff_: bool, color: str) -> int:
    """Bring specs into the canonical layout.

    Tables, claims and comments are lined up, long lines broken, and the papers' names of operators spelled one way; the
    network stays the same. A file with a syntax error is left as it is, and the others are still laid out.

    Exit status: 0 fine; 1 for a syntax error, and with --check for a file that would change; 2 for a file that cannot
    be read or written.
    """
    from netdsl.tools.cli import WRONG_SPEC, WRONG_USE

    worst = same = 0
    for name in files:
        source = _read(name, color)
        text = None if source is None else _formatted(source, color)
        if source is None:
            worst = WRONG_USE
            continue
        if text is None:
            worst = worst or WRONG_SPEC
        differs = text is not None and text != source.text
        same += text is not None and not differs
        if diff_ and text is not None:
            deliver(source, text, None, diff=True)
        if check and differs:
            worst = worst or WRONG_SPEC
            say(f"{source.name}: would change", err=diff_)
        if check or diff_:
            continue
        if name == STDIN:
            deliver(source, source.text if text is None else text, None)  # a filter never loses the text it was given
        elif text is not None and differs:
            try:
                deliver(source, text, Path(name))
                say(f"{name}: formatted")
            except click.ClickException as problem:
                _refuse(problem.message, color)
                worst = WRONG_USE
    if same == len(files) and not diff_ and (check or STDIN not in files):
        click.echo("nothing to change" if same == 1 else f"nothing to change in {same} files")
    return worst


def _read(name: str, color: str) -> Source | None:
    """The text of a file, or None with a message where it cannot be read."""
    from netdsl import zoo
    from netdsl.elaborate.files import read, why
    from netdsl.text.diagnostics import did_you_mean
    from netdsl.text.source import Source

    if name == STDIN:
        return Source("<stdin>", read_stdin())
    path = Path(name)
    if not path.exists():
        beside = [each.name for each in path.parent.glob("*.net")] if path.parent.is_dir() else []
        of_zoo = f"a network of the zoo is copied first: `netdsl new {name} {name}.net`" if zoo.find(name) else None
        _refuse(
            f"there is no file '{name}'",
            color,
            of_zoo or did_you_mean(path.name, beside, f"the specs in '{path.parent}' are"),
        )
        return None
    if not path.is_file():
        inside = f"`netdsl fmt {name.rstrip('/')}/*.net` takes the files in it" if path.is_dir() else None
        _refuse(f"'{name}' is not a file", color, inside)
        return None
    try:
        return read(path, name)
    except (OSError, ValueError) as problem:
        _refuse(f"'{name}' cannot be read: {why(problem)}", color)
        return None


def _formatted(source: Source, color: str) -> str | None:
    """The canonical text, or None with the messages where there is a syntax error."""
    from netdsl.analysis.formatting import formatted

    text = formatted(source)
    if text is None:
        from netdsl.syntax import parse
        from netdsl.text.diagnostics import Report

        report = Report()
        parse(source, report)
        show(report, color)
    return text


def _refuse(message: str, color: str, help: str | None = None) -> None:
    from netdsl.text.diagnostics import Report

    report = Report()
    report.error("E0001", message, help=help)
    show(report, color)
