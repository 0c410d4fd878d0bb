"""The default: layers and blocks as boxes on a straight spine, in as many columns as make type largest on a page."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.backends.pictures import collapse, graph
from netdsl.backends.pictures.drawing import Drawing
from netdsl.backends.pictures.model import Picture
from netdsl.backends.pictures.options import Options
from netdsl.backends.pictures.sheet import LEAST, legibility, sheet
from netdsl.ir import Network

SEVERAL = False
"""Whether it draws several networks side by side."""


def picture(network: Network, options: Options) -> Picture:
    """What is drawn of a network; with `expand` everything is, each repetition in full."""
    return next(pictures(network, options))


def pictures(network: Network, options: Options) -> Iterator[Picture]:
    """What may be drawn of a network, from the most open to the least."""
    if options.expand:
        found = iter((collapse.layers(network, expand=True),))
    elif options.depth is not None or options.open:
        found = iter((collapse.asked(network, depth=options.depth, opened=options.open),))
    else:
        found = collapse.blocks(network)
    return (graph.picture(each, options.problems) for each in found)


def draw(networks: tuple[Network, ...], options: Options) -> Drawing:
    """The drawing of one network: the most open one that can be read on a page."""
    best = None
    for each in pictures(networks[0], options):
        drawing = sheet(each, options)
        if best is None or legibility(drawing, options) > legibility(best, options):
            best = drawing
        if legibility(best, options) >= LEAST:
            break
    assert best is not None
    return best
