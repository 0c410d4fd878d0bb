"""`netdsl summary`: the table of a network: layers, output shapes, parameters, multiply-adds."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from netdsl.tools.cli._known import known, network
from netdsl.tools.cli._spec import Request, SizeParameter, SpecParameter, spec_options

if TYPE_CHECKING:
    from netdsl.backends.table import Summary
    from netdsl.ir import Network

SECTION = "See it"
LINES = 60
"""A table that has no more is read at a glance."""


@click.command(
    short_help="Print the table of a network.",
    epilog="""\b
Examples:
  netdsl summary vgg19.net
  netdsl summary resnet:50-layer --markdown > table.md
  netdsl summary resnet50 --symbolic
  netdsl summary googlenet --json | jq .params
  netdsl summary resnet:50-layer --memory --batch 32 --budget 24GB
""",
)
@click.argument("spec", type=SpecParameter(), metavar="FILE[:VARIANT]")
@click.option("--json", "format_", flag_value="json", help="As JSON, all figures exact.")
@click.option("--markdown", "format_", flag_value="markdown", help="As a Markdown table.")
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    metavar="N",
    help="Show N levels of groups; 1 is the paper's table.  [default: as many as fit 60 lines]",
)
@click.option("--memory", is_flag=True, help="What training takes: kept values, peak, optimizer, in all.")
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="With --memory: samples at a time.")
@click.option("--budget", type=SizeParameter(), help="With --memory: 24GB, 512MiB; what fits, what is computed again.")
@click.option("--symbolic", is_flag=True, help="Outputs in terms of the input: 512 x H/32 x W/32.")
@click.option("--expand", is_flag=True, help="Show every repetition in full.")
@spec_options
def command(
    spec: str,
    format_: str | None,
    depth: int | None,
    memory: bool,
    batch: int | None,
    budget: int | None,
    expand: bool,
    symbolic: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Print the table of a network: its layers, shapes, parameters, multiply-adds.

    Of a spec with errors, what is known, with exit status 1; its messages go to stderr.

    --memory tells instead what a training step takes, worked out from the spec, for the plain module in float32: what
    each layer keeps for the backward pass, and the peak. With --budget also what `compile --for training` computes
    again to fit it, and the largest batch that fits as it is.
    """
    if memory and (symbolic or expand):
        raise click.UsageError("--symbolic and --expand are for the table of layers, not for --memory")
    if memory:
        return _memory(Request(spec, variant, settings, input_), format_, depth, batch or 1, budget, color)
    if batch is not None or budget is not None:
        raise click.UsageError("--batch and --budget go with --memory")
    made, report, ending = known(Request(spec, variant, settings, input_), color)

    from netdsl.backends import table

    summary = table.summary(made, expand=expand, depth=depth, symbolic=symbolic)
    if depth is None and not expand:
        summary = table.fitting(summary, LINES)
    if format_ == "json":
        from netdsl.tools.render.as_json import document

        messages = document(report)["diagnostics"]
        text = table.to_json(summary, sizes=_sizes(made), valid=not report.errors, diagnostics=messages)
    elif format_ == "markdown":
        text = table.to_markdown(summary)
    else:
        write_table(summary, color)
        return ending
    click.echo(text, nl=False)
    return ending


def _memory(
    request: Request, format_: str | None, depth: int | None, batch: int, budget: int | None, color: str
) -> int:
    """Print what training takes."""
    from netdsl.backends.table import memory
    from netdsl.tools.cli._columns import tell

    found = memory.fitting(memory.memory(network(request, color), batch, budget), LINES, depth)
    right = (3, 4, 5)[: len(found.head) - 3]
    rows = [found.head, *memory.cells(found)]
    if format_ == "json":
        click.echo(json.dumps(memory.document(found), indent=2))
    elif format_ == "markdown":
        click.echo(memory.to_markdown(found), nl=False)
    else:
        tell(memory.title(found), rows, right, color, memory.notes(found))
    return 0


def _sizes(network: Network) -> dict[str, object] | None:
    """The valid sizes of each dimension of the input, as `netdsl sizes --json` has them; None where they cannot be told
    from this network alone."""
    from netdsl.passes.sizes import valid_inputs

    inputs = valid_inputs(network)
    return None if inputs is None or any(each.asks for each in inputs.dimensions) else inputs.document()


def write_table(summary: Summary, color: str) -> None:
    """Print a table to standard output: as a terminal shows it best, or as plain text."""
    from netdsl.backends import table
    from netdsl.tools.render.paint import wants_color

    colored = wants_color(sys.stdout, color)
    if colored or sys.stdout.isatty():
        from netdsl.tools.terminal import show

        show(summary, sys.stdout, colored)
    else:
        click.echo(table.to_text(summary), nl=False)
