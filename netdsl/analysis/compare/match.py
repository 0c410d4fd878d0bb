"""Two networks to one list of rows: which layer of one is which of the other, and what only one of them has.

Layers are aligned in the order in which they are written: first those of the trunk and forks as wholes, then what is in
the forks. How they are wired is compared afterwards, when it is known which belong together.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import TypeAlias

from netdsl.analysis.compare.align import Gains, Item, align, singles, trunk
from netdsl.analysis.compare.layers import Layer, Layers
from netdsl.ir import AuxHead, NamedOutput

Pair: TypeAlias = "tuple[Layer | None, Layer | None]"
"""A layer on the left, on the right, or on both sides."""
Ends: TypeAlias = "list[tuple[NamedOutput | AuxHead | None, NamedOutput | AuxHead | None]]"
"""Further outputs, or aux heads, in the same way."""


class Match:
    """How two networks fit whose layers were numbered by the same `Numbers`.

    - `mates`: for the values of each side those of the other; `rows`: all layers, in pairs.
    - `ends`: further outputs and aux heads, in pairs; `paths`: the names of the sequences that both have.
    - `exact`: whether it is known to be the best way.
    """

    def __init__(self, one: Layers, other: Layers):
        self.sides = one, other
        self.exact = True
        self._numbers, self._gains = one.numbers, Gains()
        shared = range(min(len(one.network.inputs), len(other.network.inputs)))
        self.mates = dict(zip(shared, shared, strict=True)), dict(zip(shared, shared, strict=True))
        heads = _ends(one.network.aux, other.network.aux)
        self.ends = _ends(one.network.outputs, other.network.outputs) + heads
        self.paths = [("", ""), *((left.name, right.name) for left, right in heads if left and right)]
        for left, right in self.paths:
            self._sequences(one.sequences[left], other.sequences[right])
        self.rows = self._rows()

    def _sequences(self, left: list[Layer], right: list[Layer]) -> None:
        """Pair the layers of two paths; where only one of them has forks, its forks are taken apart."""
        items = [trunk(layers, self._numbers) for layers in (left, right)]
        if not all(any(len(each.layers) > 1 for each in side) for side in items):
            items = [singles(layers, self._numbers) for layers in (left, right)]
        self._items(*items)

    def _items(self, left: list[Item], right: list[Item]) -> None:
        """Pair the layers of items; those of forks that belong together by all that leads to them, else in order."""
        pairs, exact = align(left, right, self._gains)
        self.exact &= exact
        for i, j in pairs:
            inside = left[i].layers, right[j].layers
            one, other = (sorted(layers, key=lambda layer: layer.origin) for layers in inside)
            if len(one) > 1 and [layer.origin for layer in one] != [layer.origin for layer in other]:
                self._items(*(singles(layers, self._numbers) for layers in inside))
                continue
            for first, second in zip(one, other, strict=True):
                self.mates[0][first.node.id], self.mates[1][second.node.id] = second.node.id, first.node.id

    def _rows(self) -> list[Pair]:
        """All layers in the order of the left, each one of the right alone behind the one that is before it there."""
        one, other = self.sides
        behind: dict[int, list[Pair]] = defaultdict(list)
        last = -1
        for value, layer in other.by_value.items():
            last = self.mates[1].get(value, last)
            if value not in self.mates[1]:
                behind[last].append((None, layer))
        rows = behind[-1]
        for value, layer in one.by_value.items():
            mate = self.mates[0].get(value)
            rows += [(layer, other.by_value[mate] if mate is not None else None), *behind[value]]
        return rows


def _ends(one: Sequence[NamedOutput | AuxHead], other: Sequence[NamedOutput | AuxHead]) -> Ends:
    """Outputs, or aux heads, that belong together: by name and else in order."""
    named = {end.name: end for end in other}
    pairs = {end.name: named.pop(end.name) for end in one if end.name in named}
    rest = deque(named.values())
    found: Ends = [(end, pairs.get(end.name) or (rest.popleft() if rest else None)) for end in one]
    return found + [(None, end) for end in rest]
