"""`netdsl lint`: warnings of what the literature advises against, with the figures of the network, and safe edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import click

from netdsl.tools.cli._change import deliver, refuse_zoo
from netdsl.tools.cli._spec import STDIN, Request, SpecParameter, format_option, spec_options
from netdsl.tools.cli._tell import say, show, status, sum_up, verdict, write_document

if TYPE_CHECKING:
    from netdsl.compiler import Compilation
    from netdsl.text.diagnostics import Report

    Judge: TypeAlias = Callable[[Mapping[str, Compilation]], Report]

SECTION = "Prove it"
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
    judge = _judge(_codes(select), _codes(ignore))
    if (fix or diff) and (settings or input_ or variant):
        raise click.UsageError(
            "--fix and --diff change the file for all its variants, params and inputs; leave these out"
        )
    requests = [Request(spec, variant, settings, input_) for spec in specs]
    if fix and not diff:
        for request in requests:
            refuse_zoo(request, "--fix")
    reports = []
    worst = 0
    for request in requests:
        compilations: Mapping[str, Compilation] = request.compile_all()
        if fix or diff:
            compilations, changed = _mended(request, compilations, judge, diff)
            worst = max(worst, int(changed and diff))
        report = judge(compilations)
        reports.append(report)
        worst = max(worst, status(report), WARNED if report.warnings and not exit_zero and not diff else 0)
        if format_ == "text" and not diff:
            show(report, color)
            line = verdict(request.name, report, fine="nothing to say")
            sum_up(line, apart=bool(len(report)), err=bool(len(report)) or (fix and request.path == STDIN))
    if format_ != "text":
        write_document(reports, format_)
    return worst


def _codes(written: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code.strip().upper() for each in written for code in each.split(",") if code.strip())


def _judge(select: tuple[str, ...], ignore: tuple[str, ...]) -> Judge:
    """What finds the errors of a spec, as `check` shows them, and the warnings that are asked for."""
    from netdsl.analysis.lint import chosen, lint_variants

    try:
        chosen(select, ignore)
    except ValueError as problem:
        raise click.UsageError(f"{problem}; `netdsl lint --rules` lists them") from None

    def judge(compilations: Mapping[str, Compilation]) -> Report:
        report = lint_variants(compilations, select=select, ignore=ignore)
        for compilation in compilations.values():
            for each in compilation.report.errors:
                report.add(each)
        return report

    return judge


def _mended(
    request: Request, compilations: Mapping[str, Compilation], judge: Judge, diff: bool
) -> tuple[Mapping[str, Compilation], bool]:
    """Make the safe edits, in the file or for show; the spec as it is then, and whether something changed."""
    from netdsl.analysis.lint import mend
    from netdsl.text.source import Source

    file = next(iter(compilations.values())).file
    if file is None:
        return compilations, False
    found = mend(file.source, request.compile_all, judge)
    changed = deliver(file.source, found.text, request.place, diff=diff)
    if found.mended:
        did = "would mend" if diff else "mended"
        say(f"{request.name}: {did} {len(found.mended)} of its warnings", err=True)
    for warning, reason in found.refused:
        say(f"{request.name}: the edit for {warning.code} cannot be made: {reason}", err=True)
    return request.compile_all(Source(file.source.name, found.text)), changed


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
