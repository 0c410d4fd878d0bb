"""`netdsl check`: are the specs right? Every message of every file, in one run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._spec import STDIN, Request, SpecParameter, show, spec_options, status
from netdsl.tools.verdicts import Question

if TYPE_CHECKING:
    from netdsl.diagnostics import Diagnostic, Report


@click.command(
    epilog="""\b
Examples:
  netdsl check vgg19.net                  every shape, every claim
  netdsl check vgg.net                    every variant of its table
  netdsl check specs/*.net --format json
"""
)
@click.argument("specs", type=SpecParameter(), metavar="FILE[:VARIANT]...", nargs=-1, required=True)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--cache/--no-cache", default=True, help="Skip what was found right before.", show_default=True)
@spec_options
def command(
    specs: tuple[str, ...],
    format_: str,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
    cache: bool,
) -> int:
    """Check specs: that every shape fits and every claim holds.

    A file with a table is checked for every variant unless one is chosen. Messages go to stderr, JSON to stdout.
    """
    reports = []
    worst = 0
    for spec in specs:
        request = Request(spec, variant, settings, input_)
        question = (
            Question(request.path, request.variant, settings, input_) if cache and request.path != STDIN else None
        )
        known = question.recall() if question else None
        if known is not None:
            if format_ == "text":
                click.echo(_ok(request, known))
            continue
        report, variants = _check(request)
        if question is not None and not len(report):
            question.keep(report.sources, variants)
        reports.append(report)
        worst = max(worst, status(report))
        if format_ == "text":
            show(report, color)
            verdict = _verdict(request, report, variants)
            click.echo(f"\n{verdict}\n" if len(report) else verdict, err=bool(report.errors))
    if format_ == "json":
        from netdsl.diagnostics import Report
        from netdsl.tools.render import render

        every = Report()
        for report in reports:
            every.sources.update(report.sources)
            for diagnostic in report:
                every.add(diagnostic)
        click.echo(render(every, "json"), nl=False)
    return worst


def _check(request: Request) -> tuple[Report, tuple[str, ...]]:
    """The messages of a spec, and the variants it was checked for."""
    first = request.compile()
    if request.variant is not None or not first.variants:
        return first.report, (request.variant,) if request.variant else ()
    # Which variant was not asked: all of them. What all of them say is said once; what only some say names these.
    from netdsl.diagnostics import Report

    together = Report()
    said: dict[Diagnostic, list[str]] = {}
    for each in first.variants:
        report = request.compile(each).report
        together.sources.update(report.sources)
        for diagnostic in report:
            said.setdefault(diagnostic, []).append(each)
    for diagnostic, variants in said.items():
        if len(variants) < len(first.variants):
            diagnostic = replace(diagnostic, message=f"{diagnostic.message} (variant {', '.join(variants)})")
        together.add(diagnostic)
    return together, first.variants


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
