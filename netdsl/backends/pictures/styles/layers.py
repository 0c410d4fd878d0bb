"""Every primitive as a box of its own, inside the frames of the spec; what repeats is drawn once unless `expand`."""

from __future__ import annotations

from netdsl.backends.pictures import collapse, graph
from netdsl.backends.pictures.drawing import Drawing
from netdsl.backends.pictures.model import Picture
from netdsl.backends.pictures.options import Options
from netdsl.backends.pictures.sheet import sheet
from netdsl.ir import Network

SEVERAL = False
TAKES = ("direction", "wrap")


def picture(network: Network, options: Options) -> Picture:
    """Every primitive of a network."""
    return graph.picture(collapse.primitives(network, expand=options.expand), options.problems)


def draw(networks: tuple[Network, ...], options: Options) -> Drawing:
    """The drawing of one network."""
    return sheet(picture(networks[0], options), options)
