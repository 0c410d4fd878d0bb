"""Two networks to one list of rows: which layer of one is which of the other, and what only one of them has.

Layers are aligned in the order in which they are written: first those of the trunk and forks as wholes, then what is in
the forks. How they are wired is compared at the end, when it is known which belong together.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Literal, NamedTuple, TypeAlias

from netdsl.analysis.compare.align import Gains, Item, align, item, trunk
from netdsl.analysis.compare.layers import Layer, Layers
from netdsl.ir import AuxHead, NamedOutput

Pair: TypeAlias = "tuple[Layer | None, Layer | None]"
"""A layer on the left, on the right, or on both sides."""
Ends: TypeAlias = "list[tuple[NamedOutput | AuxHead | None, NamedOutput | AuxHead | None]]"
"""Further outputs, or aux heads, in the same way."""


class Run(NamedTuple):
    """Consecutive layers that only one side has (0: left), and the pair before them."""

    side: int
    layers: list[Layer]
    before: Pair


class Rewired(NamedTuple):
    """What takes another value than its counterpart, shares the weights of another layer, or joins its branches in
    another order: a pair of layers, or what is told by its title."""

    what: Literal["value", "weights", "order"]
    pair: Pair
    title: str
    left: int | None
    right: int | None


@dataclass(frozen=True, slots=True)
class Match:
    """How two networks fit. `exact` says whether it is known to be the best way."""

    sides: tuple[Layers, Layers]
    rows: list[Pair]
    runs: list[Run]
    rewired: list[Rewired]
    ends: Ends
    exact: bool


def match(one: Layers, other: Layers) -> Match:
    """Set two networks against each other; both were numbered by the same `Numbers`."""
    return _Matcher(one, other).match()


class _Matcher:
    def __init__(self, one: Layers, other: Layers):
        self.sides = one, other
        self.numbers, self.gains = one.numbers, Gains()
        self.exact = True
        shared = range(min(len(one.network.inputs), len(other.network.inputs)))
        self.mates = {value: value for value in shared}, {value: value for value in shared}
        """For the values of each side those of the other."""
        self.origins: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def match(self) -> Match:
        one, other = self.sides
        heads = _ends(one.network.aux, other.network.aux)
        ends = _ends(one.network.outputs, other.network.outputs) + heads
        names = [("", ""), *((left.name, right.name) for left, right in heads if left and right)]
        for left, right in names:
            self.sequences(one.sequences[left], other.sequences[right])
        rows = self.rows()
        runs = [run for side in (0, 1) for pair in names for run in self.runs(side, pair[side])]
        return Match(self.sides, rows, runs, list(self.rewired(rows, ends)), ends, self.exact)

    # Which belong together -------------------------------------------------------------------------------------------

    def sequences(self, left: list[Layer], right: list[Layer]) -> None:
        """Pair the layers of two paths; where only one of them has forks, its forks are taken apart."""
        items = [trunk(layers, self.numbers) for layers in (left, right)]
        if not all(any(len(each.layers) > 1 for each in side) for side in items):
            items = [self.singles(layers) for layers in (left, right)]
        self.items(*items)

    def singles(self, layers: Sequence[Layer]) -> list[Item]:
        return [item([layer], self.numbers) for layer in layers]

    def items(self, left: list[Item], right: list[Item]) -> None:
        """Pair the layers of items; those of forks that belong together by all that leads to them, else in order."""
        pairs, exact = align(left, right, self.gains)
        self.exact &= exact
        for i, j in pairs:
            one, other = left[i].layers, right[j].layers
            if len(one) > 1:
                one, other = (sorted(layers, key=lambda layer: layer.origin) for layers in (one, other))
            if len(one) > 1 and [layer.origin for layer in one] != [layer.origin for layer in other]:
                self.items(self.singles(left[i].layers), self.singles(right[j].layers))
                continue
            for first, second in zip(one, other, strict=True):
                self.mates[0][first.node.id], self.mates[1][second.node.id] = second.node.id, first.node.id

    def rows(self) -> list[Pair]:
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

    def runs(self, side: int, name: str) -> Iterator[Run]:
        """What one side has alone on the main path, or in an aux head that both have."""
        mates, other = self.mates[side], self.sides[1 - side]
        before: Pair = (None, None)
        for paired, group in groupby(self.sides[side].sequences[name], lambda layer: layer.node.id in mates):
            layers = list(group)
            if paired:
                last, mate = layers[-1], other.by_value[mates[layers[-1].node.id]]
                before = (mate, last) if side else (last, mate)
            else:
                yield Run(side, layers, before)

    # Wiring ----------------------------------------------------------------------------------------------------------

    def rewired(self, rows: list[Pair], ends: Ends) -> Iterator[Rewired]:
        """What is wired otherwise, though it is the same layer, or the same end, on both sides."""
        for pair in rows:
            one, other = pair
            if one is not None and other is not None:
                for what, left, right in self.differing(one.inputs, other.inputs):
                    if what == "value" or not (one.commutative and other.commutative):
                        yield Rewired(what, pair, "", left, right)
                owners = one.node.shares, other.node.shares
                if owners != (None, None) and (owners[0] is None or self.mates[0].get(owners[0]) != owners[1]):
                    yield Rewired("weights", pair, "", *owners)
        networks = self.sides[0].network, self.sides[1].network
        titles = [("the result", networks[0].result, networks[1].result)]
        for first, second in ends:
            if first is not None and second is not None:
                kind = "aux head" if isinstance(first, AuxHead) else "output"
                titles.append((f"{kind} {first.name}", first.value, second.value))
        for title, *values in titles:
            behind = [(side.behind[value],) for side, value in zip(self.sides, values, strict=True)]
            for what, left, right in self.differing(*behind):
                yield Rewired(what, (None, None), title, left, right)

    def differing(
        self, left: Sequence[int], right: Sequence[int]
    ) -> list[tuple[Literal["value", "order"], int | None, int | None]]:
        """The values that two layers take which are not each other's counterparts. What comes through a layer that one
        side has alone needs no other word."""
        mates, back = self.mates
        if [mates.get(value) for value in left] == list(right):
            return []
        known = [value in mates for value in left], [value in back for value in right]
        origins = [mates.get(self.origin(0, value), -1) for value in left], [self.origin(1, value) for value in right]
        extra = Counter(origins[0]) - Counter(origins[1]), Counter(origins[1]) - Counter(origins[0])
        if not extra[0] and not extra[1]:
            moved = origins[0] != origins[1] and all(known[0]) and all(known[1])
            return [("order", None, None)] if moved else []
        sides = zip((left, right), origins, known, extra, strict=True)
        found = [
            [value for value, origin, direct in zip(*side, strict=True) if direct and origin in more]
            for *side, more in sides
        ]
        explained = not all(found) and not all(known[0] + known[1])
        return [] if explained else [("value", one, other) for one, other in zip_longest(*found)]

    def origin(self, side: int, value: int) -> int:
        """The last value up to this one that has a counterpart, else the input it comes from."""
        by_value, mates, known = self.sides[side].by_value, self.mates[side], self.origins[side]
        way = []
        while value in by_value and value not in mates:
            way.append(value)
            value = known.get(value, by_value[value].inputs[0])
        known.update(dict.fromkeys(way, value))
        return value


def _ends(one: Sequence[NamedOutput | AuxHead], other: Sequence[NamedOutput | AuxHead]) -> Ends:
    """Outputs, or aux heads, that belong together: by name and else in order."""
    named = {end.name: end for end in other}
    pairs = {end.name: named.pop(end.name) for end in one if end.name in named}
    rest = deque(named.values())
    found: Ends = [(end, pairs.get(end.name) or (rest.popleft() if rest else None)) for end in one]
    return found + [(None, end) for end in rest]
