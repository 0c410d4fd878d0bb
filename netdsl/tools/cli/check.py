"""`netdsl check`: are the specs right? Every message of every file, in one run; what is certain can be mended."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._spec import STDIN, Request, SpecParameter, format_option, show, spec_options, status
from netdsl.tools.verdicts import Question

if TYPE_CHECKING:
    from netdsl.analysis.fixes import Fixed
    from netdsl.text.diagnostics import Report
    from netdsl.tools.cli._checked import Checked


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
@click.option("--cache/--no-cache", default=True, help="Skip what was found right before.", show_default=True)
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
    cache: bool,
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
        _refuse(requests, specs, format_)
    reports = []
    worst = 0
    for request in requests:
        asked = (request.path, request.variant, settings, input_)
        question = Question(*asked) if cache and request.path != STDIN else None
        known = question.recall() if question else None
        if known is not None:
            if format_ == "text":
                click.echo(_ok(request, known), err=showing)
            continue
        from netdsl.tools.cli._checked import check, with_proposals

        checked = check(request)
        fixed = None
        if (fixing or showing) and checked.together.file is not None:
            checked, fixed = _mend(request, checked, showing)
            if question is not None:
                question = None if showing else Question(*asked, text=fixed.text.encode())
        report = checked.report
        if question is not None and not len(report):
            question.keep(report.sources, checked.variants)
        changed = fixed is not None and bool(fixed.fixed)
        worst = max(worst, status(report), int(showing and changed))
        if not showing:
            report = with_proposals(request, checked)
        reports.append(report)
        piping = showing or (fixing and request.path == STDIN)
        if format_ == "text":
            if not showing:
                show(report, color)
            verdict = _verdict(request, report, checked.variants)
            if not (showing and changed):
                spaced = len(report) and not showing
                click.echo(f"\n{verdict}\n" if spaced else verdict, err=piping or bool(report.errors))
        if fixed is not None:
            _tell(request, fixed, showing)
    if format_ != "text":
        from netdsl.tools.render import render

        click.echo(render(_together(reports), format_), nl=False)
    return worst


def _refuse(requests: list[Request], specs: tuple[str, ...], format_: str) -> None:
    """Refuse, before anything is changed, what must not be changed."""
    for request, spec in zip(requests, specs, strict=True):
        if request.path == STDIN:
            if format_ != "text":
                raise click.UsageError(
                    f"--fix writes the text of `-` to standard output; it does not go with --format {format_}"
                )
        elif request.path not in (spec, spec.rpartition(":")[0]):
            raise click.UsageError(
                f"'{spec}' is a network of the zoo, which --fix does not change; "
                f"`netdsl new {spec} FILE` makes a copy of it that is yours"
            )


def _mend(request: Request, checked: Checked, showing: bool) -> tuple[Checked, Fixed]:
    """Make the certain fixes, in the file or for show; what is found afterwards, and what was done."""
    from netdsl.analysis.fixes import fix
    from netdsl.text.source import Source
    from netdsl.tools.cli._checked import again, check

    assert checked.together.file is not None
    source = checked.together.file.source
    fixed = fix(checked.together, again(request))
    if showing:
        from netdsl.text.edits import diff
        from netdsl.tools.render.line import visible

        written = diff(source, fixed.text)
        if sys.stdout.isatty():  # what a patch takes as it is, a terminal may obey
            written = "\n".join("\t".join(map(visible, line.split("\t"))) for line in written.split("\n"))
        click.echo(written.encode(), nl=False)
    elif request.path == STDIN:
        click.echo(fixed.text.encode(), nl=False)
    elif fixed.text != source.text:
        from netdsl.tools.cli._output import replace

        replace(fixed.text.encode(), Path(request.path))
    if fixed.fixed and not showing:
        checked = check(request, Source(source.name, fixed.text))
    return checked, fixed


def _tell(request: Request, fixed: Fixed, showing: bool) -> None:
    """What was mended, and what was not though it could have been."""
    if not fixed.problems:
        return
    did = "would fix" if showing else "fixed"
    problems = f"{fixed.problems} problem{'s' * (fixed.problems != 1)}"
    click.echo(f"{did} {fixed.fixed} of {problems} in {request.name}", err=True)
    for diagnostic in fixed.left:
        assert diagnostic.span is not None
        line = fixed.compilation.report.sources[diagnostic.span.file].position(diagnostic.span.start).line
        click.echo(
            f"left line {line} as it is: mended, it would bring another error to light ({diagnostic.code})", err=True
        )


def _together(reports: list[Report]) -> Report:
    """The messages of several files as one report."""
    from netdsl.text.diagnostics import Report

    every = Report()
    for report in reports:
        every.sources.update(report.sources)
        for diagnostic in report:
            every.add(diagnostic)
    return every


def _verdict(request: Request, report: Report, variants: tuple[str, ...]) -> str:
    count = [
        f"{len(found)} {kind}{'s' * (len(found) != 1)}"
        for kind, found in (("error", report.errors), ("warning", report.warnings))
        if found
    ]
    return f"{request.name}: {', '.join(count)}{_which(variants)}" if count else _ok(request, variants)


def _ok(request: Request, variants: tuple[str, ...]) -> str:
    return f"{request.name}: ok{_which(variants)}"


def _which(variants: tuple[str, ...]) -> str:
    return f" ({', '.join(variants)})" if variants else ""
