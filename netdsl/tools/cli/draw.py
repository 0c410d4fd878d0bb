"""`netdsl draw`: specs to their picture, in the styles of the papers."""

from __future__ import annotations

from typing import Any

import click

from netdsl.backends.artefacts import diagrams
from netdsl.tools.cli._output import make
from netdsl.tools.cli._pictures import chosen, picture_options
from netdsl.tools.cli._spec import SpecParameter, requests, spec_options

SECTION = "See it"


@click.command(
    short_help="Draw specs: on a page, in full, or as in the papers.",
    epilog="""\b
Examples:
  netdsl draw googlenet.net                               write googlenet.svg
  netdsl draw googlenet.net -o googlenet.pdf              for a paper; .tex is TikZ, .mmd Mermaid
  netdsl draw googlenet --open inception3a --legend       one of its blocks open
  netdsl draw vgg19 plain:34 resnet34 --style paper       side by side, as in the ResNet paper
  netdsl draw block:inception --style paper               a block with its parameters
  netdsl draw lenet5 --style volumes -o lenet5.png        feature maps to scale
""",
)
@click.argument("specs", type=SpecParameter(), metavar="FILE[:VARIANT]...", nargs=-1, required=True)
@click.option(
    "-o", "--out", metavar="OUT", help="The .svg, .png, .pdf, .tex, .mmd or .dot file to write, or - for SVG on stdout."
)
@picture_options
@click.option("--force", is_flag=True, help="Replace a file that netdsl did not write.")
@spec_options
def command(
    specs: tuple[str, ...],
    out: str | None,
    force: bool,
    variant: str | None,
    settings: tuple[str, ...],
    input_: str | None,
    color: str,
    **given: Any,
) -> int:
    """Draw specs: blocks on a page, every layer, or the figures of the papers.

    The styles: `blocks` fits a page; `layers` shows every primitive; `paper` has tall columns of one-line boxes, of
    several networks side by side; `volumes` has feature maps as boxes to scale; `graph` units as circles.
    """
    first, *others = requests(specs, variant, settings, input_)
    options = {**chosen(given), "symbols": first.symbols or None}
    return make(first, out, diagrams(), "svg", force=force, color=color, beside=tuple(others), **options)
