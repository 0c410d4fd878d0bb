"""The default: layers and blocks as boxes on a straight spine, in as many columns as make type largest on a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netdsl.backends.pictures import collapse, graph
from netdsl.backends.pictures.cards import TITLE
from netdsl.backends.pictures.drawing import Drawing
from netdsl.backends.pictures.model import Picture, terse
from netdsl.backends.pictures.options import Options
from netdsl.backends.pictures.sheet import LEAST, legibility, sheet
from netdsl.ir import Network

LESS = "a page has no room for all that was asked for: "
HOPELESS = 150
"""More boxes than this are on no page, however little they say."""
SEVERAL = False
"""Whether it draws several networks side by side."""
TAKES = ("direction", "depth", "open", "wrap")
"""The options that it takes of those that not every style takes."""


def picture(network: Network, options: Options) -> Picture:
    """What is drawn of a network; with `expand` everything is, each repetition in full."""
    return next(pictures(network, options))


def pictures(network: Network, options: Options) -> Iterator[Picture]:
    """What may be drawn of a network, from the most open to the least."""
    if options.expand:
        found = iter((collapse.layers(network, expand=True),))
    elif options.depth is not None or options.open:
        found = collapse.asked(network, depth=options.depth, opened=options.open)
    else:
        found = collapse.blocks(network)
    for each in found:
        picture = graph.picture(each, options.problems)
        yield replace(picture, notes=(*picture.notes, LESS + each.less)) if each.less else picture


def draw(networks: tuple[Network, ...], options: Options) -> Drawing:
    """The drawing of one network: the most open one that can be read on a page."""
    best = None
    asked = bool(options.depth or options.open)
    for each in pictures(networks[0], options):
        if asked and len(each.nodes) > HOPELESS and not each.notes:
            continue
        full, short = sheet(each, options), sheet(terse(each), options, TITLE) if asked else None
        for drawing in filter(None, (full, short)):
            if best is None or legibility(drawing, options) > legibility(best, options):
                best = drawing
            if legibility(best, options) >= LEAST:
                return best
    assert best is not None
    return best
