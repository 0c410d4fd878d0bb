"""`netdsl conformance`: the figures of the networks beside their papers' and other implementations', with verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._spec import STDIN, Request, SpecParameter, color_option
from netdsl.tools.cli._tell import show, status, undefined

if TYPE_CHECKING:
    from netdsl.analysis.conformance import Conformance

SECTION = "Prove it"


@click.command(
    short_help="Hold the figures of networks against their papers.",
    epilog="""\b
Examples:
  netdsl conformance                      the whole zoo
  netdsl conformance --summary            how many figures match
  netdsl conformance googlenet vgg:D      some of it, with the reasons
  netdsl conformance mine.net             a spec of your own
  netdsl conformance --format markdown > docs/conformance.md
""",
)
@click.argument("specs", type=SpecParameter(), metavar="[FILE[:VARIANT]]...", nargs=-1)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How the figures are written.",
)
@click.option("--summary", is_flag=True, help="Only how many figures of each spec match.")
@click.option("--failed", is_flag=True, help="Only the figures that nothing explains.")
@color_option
def command(specs: tuple[str, ...], format_: str, summary: bool, failed: bool, color: str) -> int:
    """Hold the figures of networks against their papers and against other implementations.

    Parameters, multiply-adds, depths, map sizes: what the compiler computes, what the paper prints, what torchvision,
    timm and others have. Each figure gets a verdict: match, paper erratum, differs by design, or unsettled. There is
    no tolerance beyond the digits that are printed.

    A figure that a spec reports and that differs needs a note with the reason: `reported macs = 3.8G "erratum: ..."`,
    "by design: ..." or "unsettled: ...". The exit status is 1 where one has none.
    """
    from netdsl import zoo
    from netdsl.analysis.conformance import prove
    from netdsl.analysis.conformance.markdown import page
    from netdsl.analysis.conformance.sections import sections
    from netdsl.analysis.conformance.text import text, to_json
    from netdsl.text.visible import visible

    if failed and (summary or format_ == "markdown"):
        raise click.UsageError("--failed lists figures as text or JSON; leave out --summary and markdown")
    if summary and format_ == "json":
        raise click.UsageError("--summary is for text and markdown; the JSON has the counts of each network")
    found: list[Conformance] = []
    worst = 0
    for spec in specs or zoo.names():
        if spec == STDIN:
            raise click.UsageError("the figures of standard input cannot be held against anything; give a file")
        request = Request(spec, None)
        networks, report = prove(request.path, request.variant)
        if not networks and not report.errors:
            undefined(report, request.name)
        if report.errors:
            if not networks and any(each.code == "E0001" for each in report.errors):
                report = request.compile().report  # which looks for what was meant
            show(report, color)
            worst = max(worst, status(report))
        found += networks
    if not found and worst:
        return worst
    if format_ == "json":
        written = to_json(found, failed_only=failed)
    elif format_ == "markdown":
        written = page(sections(found), overview_only=summary)
    else:
        written = text(sections(found), overview_only=summary, failed_only=failed)
    # Notes and statements are the spec's own text: nothing of it may steer the terminal.
    click.echo("\n".join(map(visible, written.split("\n"))), nl=False)
    return max(worst, 0 if all(each.proved for each in found) else 1)
