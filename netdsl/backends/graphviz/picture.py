"""From a network to the boxes and frames of its diagram, and which of them stands for each folded value."""

from __future__ import annotations

from dataclasses import dataclass, field

from netdsl.backends.graphviz.fold import Folder
from netdsl.backends.graphviz.items import Item
from netdsl.backends.graphviz.layers import layers, tidy
from netdsl.ir import Network


@dataclass
class Picture:
    """The items to draw, and for each value that is not drawn the one that stands for it."""

    network: Network
    items: list[Item]
    stands: dict[int, int] = field(default_factory=dict)

    def resolve(self, value: int) -> int:
        """The drawn value that stands for `value`, or itself."""
        while value in self.stands:
            value = self.stands[value]
        return value


def picture(network: Network, *, expand: bool = False) -> Picture:
    """The boxes and frames of `network`, folded unless `expand`."""
    folder = Folder(network)
    items = layers(network)
    return Picture(network, tidy(items if expand else folder.fold(items)), folder.stands)
