"""`netdsl summary`: the table of a network: layers, output shapes, parameters, multiply-adds."""

from __future__ import annotations

import sys

import click

from netdsl.tools.cli._known import known
from netdsl.tools.cli._spec import Request, SpecParameter, spec_options

SECTION = "See it"


@click.command(
    short_help="Print the table of a network.",
    epilog="""\b
Examples:
  netdsl summary vgg19.net
  netdsl summary resnet:50-layer --markdown > table.md
  netdsl summary googlenet --json | jq .params
""",
)
@click.argument("spec", type=SpecParameter(), metavar="FILE[:VARIANT]")
@click.option("--json", "format_", flag_value="json", help="As JSON, all figures exact.")
@click.option("--markdown", "format_", flag_value="markdown", help="As a Markdown table.")
@click.option(
    "--depth", type=click.IntRange(min=1), metavar="N", help="Show N levels of groups; 1 is the paper's table."
)
@click.option("--expand", is_flag=True, help="Show every repetition in full.")
@spec_options
def command(
    spec: str,
    format_: str | None,
    depth: int | None,
    expand: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Print the table of a network: its layers, shapes, parameters, multiply-adds.

    Of a spec with errors, what is known, with exit status 1; its messages go to stderr.
    """
    made, report, ending = known(Request(spec, variant, settings, input_), color)

    from netdsl.backends import table

    summary = table.summary(made, expand=expand, depth=depth)
    if format_ == "json":
        from netdsl.tools.render.as_json import document

        messages = document(report)["diagnostics"]
        text = table.to_json(summary, valid=not report.errors, diagnostics=messages)
    elif format_ == "markdown":
        text = table.to_markdown(summary)
    else:
        from netdsl.tools.render.paint import wants_color

        text = table.to_text(summary, bold=wants_color(sys.stdout, color))
    click.echo(text, nl=False, color=True)
    return ending
