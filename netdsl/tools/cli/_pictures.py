"""The options of pictures, which `draw` and `compile` share, as an artefact takes them: None for one not given."""

from __future__ import annotations

from typing import Any

import click

from netdsl.backends.pictures.options import styles
from netdsl.tools.cli._spec import options

picture_options = options(
    click.option("--style", type=click.Choice(styles()), help="How to draw it.  [default: blocks]"),
    click.option(
        "--direction",
        type=click.Choice(["tb", "lr"]),
        help="Of blocks and layers: down, or to the right.  [default: tb]",
    ),
    click.option("--expand", is_flag=True, help="Draw every repetition in full."),
    click.option(
        "--depth",
        type=click.IntRange(0),
        metavar="N",
        help="Of blocks: open calls to this depth, as far as a page takes; --expand draws all.  [default: what fits]",
    ),
    click.option(
        "--open",
        "open_",
        multiple=True,
        metavar="LABEL",
        help="Of blocks: open this one: a label, a path or its name.",
    ),
    click.option("--legend", is_flag=True, help="Say what the colours and lines mean."),
    click.option("--theme", type=click.Choice(["light", "dark"]), help="The colours.  [default: light]"),
    click.option(
        "--wrap",
        type=click.IntRange(1),
        metavar="N",
        help="Lay it out in N columns, or rows of volumes.  [default: what fits a page]",
    ),
    click.option("--dpi", type=click.IntRange(10, 1200), metavar="N", help="Dots per inch of a PNG.  [default: 144]"),
)


def chosen(given: dict[str, Any]) -> dict[str, Any]:
    """What was given of them, by the names of an artefact's options."""
    found = {name: given.get(name) for name in ("style", "direction", "depth", "theme", "wrap", "dpi")}
    found |= {name: given.get(name) or None for name in ("expand", "legend")}
    return {**found, "open": given.get("open_") or None}
