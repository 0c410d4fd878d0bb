"""`netdsl lint`: what the literature says of a network that is right: warnings with figures, and safe edits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._spec import STDIN, Request, SpecParameter, format_option, show, spec_options, status

if TYPE_CHECKING:
    from netdsl.analysis.lint import Mended
    from netdsl.compiler import Compilation
    from netdsl.text.diagnostics import Report
    from netdsl.text.source import Source

WARNED = 1


@click.command(
    short_help="Warn of what costs or loses something.",
    epilog="""\b
Examples:
  netdsl lint vgg.net                     every variant, every rule
  netdsl lint specs/*.net --select W02    only what is about pixels
  netdsl lint net.net --ignore W0101,W03
  netdsl lint net.net --fix --diff        what --fix would change
  netdsl lint --rules                     the rules, and the papers they follow

In the text, `# netdsl: allow W0101` behind a statement, or on a line of its
own before one, silences the warning there; `allow-file` for the whole file.
Exit status: 0 nothing to say, 1 a warning or an error, 2 wrong use.
""",
)
@click.argument("specs", type=SpecParameter(), metavar="FILE[:VARIANT]...", nargs=-1)
@click.option("--select", metavar="CODES", multiple=True, help="Only these, as W0101 or W02; commas between.")
@click.option("--ignore", metavar="CODES", multiple=True, help="All but these.")
@click.option("--fix", is_flag=True, help="Make the edits that leave the network what it is.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 though there are warnings.")
@click.option("--rules", "list_", is_flag=True, help="List the rules instead.")
@format_option
@spec_options
def command(
    specs: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    diff: bool,
    exit_zero: bool,
    format_: str,
    list_: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Warn of what is legal, and yet costs or loses something, or is used nowhere.

    Each warning has the figures of the network at hand and a way out. A file with a table is judged in every variant
    unless one is chosen. Messages go to stderr, other formats than text to stdout.
    """
    if list_:
        return _list()
    if not specs:
        raise click.UsageError("which FILE? `netdsl lint --rules` lists what is looked for")
    asked = (_codes(select), _codes(ignore))
    _check_codes(*asked)
    if (fix or diff) and (settings or input_ or variant):
        raise click.UsageError(
            "--fix and --diff change the file for all its variants, params and inputs; leave these out"
        )
    from netdsl.text.diagnostics import Report

    every = Report()
    worst = 0
    for spec in specs:
        request = Request(spec, variant, settings, input_)
        compilations = _compilations(request)
        report = _judge(compilations, asked)
        if fix or diff:
            report, changed = _mend(request, compilations, asked, diff)
            worst = max(worst, int(changed and diff))
        worst = max(worst, status(report), WARNED if report.warnings and not exit_zero and not diff else 0)
        if format_ != "text":
            every.sources.update(report.sources)
            for each in report:
                every.add(each)
        elif not diff:
            show(report, color)
            click.echo(_verdict(request, report), err=bool(len(report)) or (fix and request.path == STDIN))
    if format_ != "text":
        from netdsl.tools.render import render

        click.echo(render(every, format_), nl=False)
    return worst


def _codes(written: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code.strip().upper() for each in written for code in each.split(",") if code.strip())


def _check_codes(select: tuple[str, ...], ignore: tuple[str, ...]) -> None:
    from netdsl.analysis.lint import chosen

    try:
        chosen(select, ignore)
    except ValueError as problem:
        raise click.UsageError(f"{problem}; `netdsl lint --rules` lists them") from None


def _compilations(request: Request, source: Source | None = None) -> Mapping[str, Compilation]:
    """The spec in the variant that was asked for, or in all; of its file, or of another text in its place."""
    first = request.compile(source=source)
    if request.variant is not None or not first.variants:
        return {request.variant or "": first}
    return {each: request.compile(each, source) for each in first.variants}


def _judge(compilations: Mapping[str, Compilation], asked: tuple[tuple[str, ...], tuple[str, ...]]) -> Report:
    """The errors of a spec, as `check` shows them, and the warnings about what can be known of it."""
    from netdsl.analysis.lint import lint_variants

    report = lint_variants(compilations, select=asked[0], ignore=asked[1])
    for compilation in compilations.values():
        for each in compilation.report.errors:
            report.add(each)
    return report


def _mend(
    request: Request,
    compilations: Mapping[str, Compilation],
    asked: tuple[tuple[str, ...], tuple[str, ...]],
    diff: bool,
) -> tuple[Report, bool]:
    """Make the safe edits, or show them; what is left to say, and whether something changed."""
    from netdsl.analysis.lint import mend
    from netdsl.text import edits
    from netdsl.text.source import Source

    file = next(iter(compilations.values())).file
    if file is None:
        return _judge(compilations, asked), False
    source = file.source
    _refuse_zoo(request)
    found = mend(source, lambda text: _compilations(request, text), lambda each: _judge(each, asked))
    changed = found.text != source.text
    if diff:
        click.echo(edits.diff(source, found.text), nl=False)
    elif request.path == STDIN:
        click.echo(found.text, nl=False)
    elif changed:
        from netdsl.tools.cli._output import replace

        replace(found.text.encode("utf-8"), Path(request.path))
    _tell(request, found, diff)
    return _judge(_compilations(request, Source(source.name, found.text)), asked), changed


def _refuse_zoo(request: Request) -> None:
    from netdsl import zoo

    if request.path != STDIN and Path(request.path).resolve().parent == zoo.directory().resolve():
        stem = Path(request.path).stem
        raise click.UsageError(
            f"'{stem}' belongs to the zoo, which --fix leaves alone; `netdsl new {stem} {stem}.net` copies it"
        )


def _tell(request: Request, found: Mended, diff: bool) -> None:
    """What was mended and what could not be, to stderr."""
    if found.mended:
        count = len(found.mended)
        click.echo(f"{request.name}: {'would mend' if diff else 'mended'} {count} of its warnings", err=True)
    for warning, reason in found.refused:
        click.echo(f"{request.name}: the edit for {warning.code} cannot be made: {reason}", err=True)


def _verdict(request: Request, report: Report) -> str:
    counts = [
        f"{len(found)} {kind}{'s' * (len(found) != 1)}"
        for kind, found in (("error", report.errors), ("warning", report.warnings))
        if found
    ]
    text = f"{request.name}: {', '.join(counts) or 'nothing to say'}"
    return f"\n{text}\n" if counts else text


def _list() -> int:
    """The rules, what each is for, and the papers it follows."""
    import textwrap

    from netdsl.analysis.lint import rules

    for rule in rules():
        click.echo(f"{rule.code}  {rule.title}{'  [--fix]' if rule.fixes else ''}")
        for text in (rule.why, *rule.literature):
            click.echo(textwrap.fill(text, 100, initial_indent="       ", subsequent_indent="       "))
        click.echo()
    return 0
