"""The two networks of a comparison with the figures of their layers: what the findings and the rows are priced by."""

from __future__ import annotations

from collections.abc import Iterable

from netdsl.analysis.compare.changes import Cost
from netdsl.analysis.compare.difference import Spot
from netdsl.analysis.compare.rows import Row
from netdsl.analysis.compare.structure import Item, nodes
from netdsl.ir import Network, Node
from netdsl.passes.costs import costs


class Sides:
    """Two networks, `one` on the left and `other` on the right."""

    def __init__(self, one: Network, other: Network):
        self.one, self.other = one, other
        self.both = one, other
        self._costs = costs(one), costs(other)

    def cost(self, side: int, node: Node) -> Cost:
        """What a node of the left (0) or right (1) network costs."""
        found = self._costs[side][node.id - len(self.both[side].inputs)]
        return Cost(found.params, found.macs)

    def total(self, side: int, items: Iterable[Item]) -> Cost:
        """What some items cost together."""
        return sum((self.cost(side, node) for item in items for node in nodes(item)), Cost())

    def change(self, row: Row) -> Cost:
        """What a row costs on the right more than on the left."""
        left = self.cost(0, row.one.node) if row.one is not None else Cost()
        right = self.cost(1, row.other.node) if row.other is not None else Cost()
        return right - left

    def aux(self, row: Row) -> bool:
        """Whether a row lies in an auxiliary head."""
        return (row.one is not None and row.one.node.id in self.one.aux_nodes) or (
            row.other is not None and row.other.node.id in self.other.aux_nodes
        )

    def spot(self, row: Row) -> Spot:
        one, other = row.one, row.other
        shape = other.node.shape if other is not None else one.node.shape if one is not None else None
        return Spot(one.node.path if one is not None else None, other.node.path if other is not None else None, shape)

    def path(self, side: int, value: int | None) -> str | None:
        """What a value is called: the path of the layer that gives it, or the input's name."""
        if value is None:
            return None
        network = self.both[side]
        node = network.node(value)
        return node.path if node is not None else network.inputs[value].name
