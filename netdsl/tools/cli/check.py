"""`netdsl check`: whether specs are right. All messages of all files in one run; what is certain can be mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._change import deliver, refuse_zoo
from netdsl.tools.cli._checked import Checked, again, check, with_proposals
from netdsl.tools.cli._spec import STDIN, Request, SpecParameter, format_option, spec_options
from netdsl.tools.cli._tell import say, show, status, sum_up, verdict, write_document

if TYPE_CHECKING:
    from netdsl.analysis.fixes import Fixed
    from netdsl.text.diagnostics import Report

SECTION = "Prove it"


@click.command(
    epilog="""\b
Examples:
  netdsl check vgg19.net                  every shape, every claim
  netdsl check vgg.net                    every variant of its table
  netdsl check --fix mine.net             mend what can only be meant one way
  netdsl check --diff mine.net            show what --fix would do
  netdsl check --fix - < a.net > b.net    as a filter
  netdsl check --format json *.net        for programs
  netdsl check --format sarif *.net       for code scanning
"""
)
@click.argument("specs", type=SpecParameter(), metavar="FILE[:VARIANT]...", nargs=-1, required=True)
@click.option("--fix", "fixing", is_flag=True, help="Mend what is certain in the files themselves.")
@click.option("--diff", "showing", is_flag=True, help="Show what --fix would do, and write nothing.")
@format_option
@click.option("--cache/--no-cache", hidden=True, expose_value=False, help="Of an earlier version; without effect.")
@spec_options
def command(
    specs: tuple[str, ...],
    fixing: bool,
    showing: bool,
    format_: str,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Check specs: that every shape fits and every claim holds.

    A file with a table is checked for every variant unless one is chosen. Messages go to stderr, all formats but text
    to stdout. Where there are several ways out of an error, the smallest that were found to work are shown.

    --fix makes the changes that are certain, checks again, and leaves to you what is a choice. It changes only the
    files that are named, never those that they use. The status is 1 while an error remains, and with --diff while
    there is something to mend.
    """
    requests = [Request(spec, variant, settings, input_) for spec in specs]
    if showing and format_ != "text":
        raise click.UsageError(f"--diff writes a diff; it does not go with --format {format_}")
    if fixing and not showing:
        _refuse(requests, format_)
    found = [_one(request, fixing, showing, format_ == "text", color) for request in requests]
    if format_ != "text":
        write_document([report for report, _ in found], format_)
    return max(worst for _, worst in found)


def _refuse(requests: list[Request], format_: str) -> None:
    """Refuse, before anything is changed, what --fix must not change."""
    for request in requests:
        refuse_zoo(request, "--fix")
        if request.path == STDIN and format_ != "text":
            raise click.UsageError(
                f"--fix writes the text of `-` to standard output; it does not go with --format {format_}"
            )


def _one(request: Request, fixing: bool, showing: bool, telling: bool, color: str) -> tuple[Report, int]:
    """Check one spec, mend it or show how, and tell of it if `telling`; its messages, and the exit status for it."""
    checked, fixed = _mended(request, showing) if fixing or showing else (check(request), None)
    to_mend = showing and fixed is not None and bool(fixed.fixed)
    report = checked.report if showing else with_proposals(request, checked)
    if telling and not showing:
        show(report, color)
    if telling and not to_mend:
        nothing = all(compilation.network is None for compilation, _said in checked.apart)
        fine = "ok, though it defines no network, only what others use" if nothing else "ok"
        line = verdict(request.name, report, checked.variants, fine=fine)
        piping = showing or (fixing and request.path == STDIN)
        sum_up(line, apart=bool(len(report)) and not showing, err=piping or bool(report.errors))
    if fixed is not None:
        _tell(request, fixed, showing)
    return report, max(status(report), int(to_mend))


def _mended(request: Request, showing: bool) -> tuple[Checked, Fixed | None]:
    """Make the certain changes, in the file or for show; what is found afterwards, and what was done."""
    from netdsl.analysis.fixes import fix
    from netdsl.text.source import Source

    checked = check(request)
    file = checked.together.file
    if file is None:
        return checked, None
    fixed = fix(checked.together, again(request))
    deliver(file.source, fixed.text, request.place, diff=showing)
    if fixed.fixed and not showing:
        checked = check(request, Source(file.source.name, fixed.text))
    return checked, fixed


def _tell(request: Request, fixed: Fixed, showing: bool) -> None:
    """What was mended, and what was not though it could have been."""
    if not fixed.problems:
        return
    did = "would fix" if showing else "fixed"
    problems = f"{fixed.problems} problem{'s' * (fixed.problems != 1)}"
    say(f"{did} {fixed.fixed} of {problems} in {request.name}", err=True)
    for diagnostic in fixed.left:
        assert diagnostic.span is not None
        line = fixed.compilation.report.sources[diagnostic.span.file].position(diagnostic.span.start).line
        say(f"left line {line} as it is: mended, it would bring another error to light ({diagnostic.code})", err=True)
