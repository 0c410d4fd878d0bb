"""What a command tells of a spec: its messages, the line that sums them up, and the exit status that follows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from netdsl.text.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netdsl.text.diagnostics import Report

_ASKED = ("E0001", "E0205", "E0701")
"""Messages without a place under these codes are about the command line: an unknown file, param or variant."""


MOST_SHOWN = 1000
"""So many messages are shown of one report; what is written for programs has all of them."""


def show(report: Report, color: str) -> None:
    """The messages of a report, to stderr."""
    if len(report):
        from netdsl.tools.render import render
        from netdsl.tools.render.paint import wants_color

        colored = wants_color(sys.stderr, color)
        click.echo(render(report.first(MOST_SHOWN), color=colored), err=True, color=colored, nl=False)
        if len(report) > MOST_SHOWN:
            left = len(report) - MOST_SHOWN
            click.echo(f"\nand {left:,} more message{'s' * (left > 1)}; `--format json` writes all of them", err=True)
        _point_to_explain(report)


def _point_to_explain(report: Report) -> None:
    """Say, once at the end of the run and behind all else, where the codes of its messages are explained."""
    context = click.get_current_context(silent=True)
    if context is None:
        return
    root = context.find_root()
    seen: list[str] = root.meta.setdefault("netdsl.codes", [])
    if not seen:
        root.call_on_close(lambda: click.echo(f"see: netdsl explain {' '.join(sorted(seen)[:5])}", err=True))
    seen.extend(code for code in dict.fromkeys(each.code for each in report) if code not in seen)


def undefined(report: Report, name: str) -> None:
    """Add that a file which is right defines no network, to a command that is about networks."""
    report.error("E0703", f"'{name}' defines no network, only blocks")


def write_document(reports: Iterable[Report], format_: str) -> None:
    """The messages of several files as one document of a format for programs, to stdout."""
    from netdsl.tools.render import render
    from netdsl.tools.reports import together

    click.echo(render(together(reports), format_), nl=False)


def verdict(name: str, report: Report, variants: Iterable[str] = (), *, fine: str = "ok") -> str:
    """`a.net: 2 errors, 1 warning (A, B)`; `fine` takes the place of the counts where there is nothing to count."""
    counts = [
        f"{len(found)} {kind}{'s' * (len(found) != 1)}"
        for kind, found in (("error", report.errors), ("warning", report.warnings))
        if found
    ]
    which = f" ({', '.join(variants)})" if variants else ""
    return f"{name}: {', '.join(counts) or fine}{which}"


def sum_up(line: str, *, apart: bool, err: bool) -> None:
    """Print a verdict; `apart` from messages, which stand above and below it."""
    line = visible(line)
    click.echo(f"\n{line}\n" if apart else line, err=err)


def say(line: str, *, err: bool = False) -> None:
    """Print a line in which there are names from outside."""
    click.echo(visible(line), err=err)


def status(report: Report, *, asked_no_variant: bool = False) -> int:
    """The exit status for a report: 2 where what was asked for is not there, 1 where the spec is wrong, 0 otherwise."""
    from netdsl.tools.cli import WRONG_SPEC, WRONG_USE

    errors = report.errors
    if any(
        each.code in _ASKED and (each.span is None or (asked_no_variant and each.code == "E0701")) for each in errors
    ):
        return WRONG_USE
    return WRONG_SPEC if errors else 0
