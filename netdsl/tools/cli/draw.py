"""`netdsl draw`: a spec to its diagram."""

from __future__ import annotations

from typing import Literal

import click

from netdsl.backends.artefacts import diagrams
from netdsl.tools.cli._output import make
from netdsl.tools.cli._spec import Request, SpecParameter, spec_options

SECTION = "See it"


@click.command(
    epilog="""\b
Examples:
  netdsl draw googlenet.net                        write googlenet.svg
  netdsl draw googlenet.net -o googlenet.pdf       for a paper
  netdsl draw resnet:50-layer -o r.svg --expand    every block of a stack
"""
)
@click.argument("spec", type=SpecParameter(), metavar="FILE[:VARIANT]")
@click.option("-o", "--out", metavar="OUT", help="The .svg, .png, .pdf or .dot file to write, or - for SVG on stdout.")
@click.option(
    "--direction", type=click.Choice(["tb", "lr"]), default="tb", show_default=True, help="Down, or to the right."
)
@click.option("--expand", is_flag=True, help="Draw every repetition in full.")
@click.option("--force", is_flag=True, help="Replace a file that netdsl did not write.")
@spec_options
def command(
    spec: str,
    out: str | None,
    direction: Literal["tb", "lr"],
    expand: bool,
    force: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
) -> int:
    """Draw a spec: SVG, PNG, PDF, or the DOT text itself."""
    request = Request(spec, variant, settings, input_)
    return make(request, out, diagrams(), "svg", force=force, color=color, direction=direction, expand=expand)
