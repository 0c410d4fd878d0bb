"""Two networks to one list of rows: which layer of one is which of the other, and what only one of them has.

Layers with the same operators all the way from the inputs belong together, in whatever order they are written. The
rest is aligned in the order in which it is written. How the layers are wired is compared at the end, when it is known
which belong together: what takes another value though no layer came or went there is wired otherwise.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple, TypeAlias

from netdsl.analysis.compare.align import Gains, Item, align, settle, single, trunk
from netdsl.analysis.compare.layers import Layer, Layers
from netdsl.analysis.compare.scopes import BRANCHES
from netdsl.ir import AuxHead, NamedOutput

Pair: TypeAlias = "tuple[Layer | None, Layer | None]"
"""A layer on the left, on the right, or on both sides."""

_SHOWN = ("block", "bracket", "iteration", "group")
"""Scopes with which something begins that the spec shows as one."""


class Run(NamedTuple):
    """Consecutive layers that only one side has (0: left). `before` is the pair before them; `branch` says that they
    are a whole branch of a join that both have."""

    side: int
    layers: list[Layer]
    before: Pair
    branch: bool


class Rewired(NamedTuple):
    """What takes another value than its counterpart (`value`), shares other weights (`weights`), or joins its branches
    in another order (`order`): a pair of layers, or what is told by its title."""

    what: str
    pair: Pair
    title: str = ""
    left: int | None = None
    right: int | None = None


Ends: TypeAlias = "list[tuple[NamedOutput | AuxHead | None, NamedOutput | AuxHead | None]]"


@dataclass(frozen=True, slots=True)
class Match:
    """How two networks fit. `ends` are the further outputs and the aux heads that belong together."""

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
        self.exact = True
        shared = range(min(len(one.network.inputs), len(other.network.inputs)))
        self.mates: tuple[dict[int, int], dict[int, int]] = ({i: i for i in shared}, {i: i for i in shared})
        """For the values of each side those of the other."""
        self.gains, self.numbers = Gains(), one.numbers
        self._alone: tuple[dict[int, bool], dict[int, bool]] = ({}, {})
        self._origins: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def match(self) -> Match:
        one, other = self.sides
        outputs = _ends(one.network.outputs, other.network.outputs)
        heads = _ends(one.network.aux, other.network.aux)
        names = [("", ""), *((left.name, right.name) for left, right in heads if left and right)]
        for left, right in names:
            self.sequences(one.sequences[left], other.sequences[right])
        rows = self.rows()
        runs = [run for side in (0, 1) for run in self.runs(side, heads)]
        return Match(
            self.sides, rows, runs, list(self.rewired(rows, [*outputs, *heads])), [*outputs, *heads], self.exact
        )

    # Which belong together -------------------------------------------------------------------------------------------

    def sequences(self, left: list[Layer], right: list[Layer]) -> None:
        ends = {layer.origin: at + 1 for at, layer in enumerate(right) if not layer.waiting}
        common = [
            (at + 1, ends[layer.origin]) for at, layer in enumerate(left) if not layer.waiting and layer.origin in ends
        ]
        until = common[-1] if common else (0, 0)
        known: dict[int, deque[Layer]] = defaultdict(deque)
        for layer in right[: until[1]]:
            known[layer.origin].append(layer)
        same = [(layer, known[layer.origin].popleft()) for layer in left[: until[0]] if known.get(layer.origin)]
        taken = {id(layer) for pair in same for layer in pair}
        left = [one for one, _ in same] + [layer for layer in left if id(layer) not in taken]
        right = [other for _, other in same] + [layer for layer in right if id(layer) not in taken]
        items = [trunk(each, self.numbers) for each in (left, right)]
        if not all(any(item.fork for item in side) for side in items):
            items = [single(each, self.numbers) for each in (left, right)]
        self.items(*items)

    def items(self, left: list[Item], right: list[Item]) -> None:
        """Pair the layers of items; forks that belong together, and forks against layers, are taken layer by layer."""
        pairs, exact = align(left, right, self.gains)
        pairs = settle(pairs, (left, right), self.rank)
        self.exact &= exact
        top = first = 0
        for i, j in [*pairs, (len(left), len(right))]:
            gap = left[top:i], right[first:j]
            if any(item.fork for item in gap[0]) != any(item.fork for item in gap[1]):
                self.layers(*gap)
            self.layers(left[i : i + 1], right[j : j + 1])
            top, first = i + 1, j + 1

    def layers(self, left: list[Item], right: list[Item]) -> None:
        """Pair the layers in items."""
        if any(item.fork for item in (*left, *right)):
            layers = ([layer for item in side for layer in item.layers] for side in (left, right))
            self.items(*(single(each, self.numbers) for each in layers))
        elif left and right:
            one, other = left[0].layers[0].node.id, right[0].layers[0].node.id
            self.mates[0][one], self.mates[1][other] = other, one

    def rank(self, side: int, item: Item) -> int:
        """How well a run begins with this item."""
        beginning = self.sides[side].scopes.beginning(item.layers[0].node.id)
        return 2 * any(scope.kind in _SHOWN for scope in beginning) + (item.weight > 1)

    def rows(self) -> list[Pair]:
        """All layers in the order of the left, each one of the right alone behind the one that is before it there."""
        one, other = self.sides
        behind: dict[int, list[Layer]] = defaultdict(list)
        last = -1
        for value, layer in other.by_value.items():
            if value in self.mates[1]:
                last = self.mates[1][value]
            else:
                behind[last].append(layer)
        rows: list[Pair] = [(None, layer) for layer in behind[-1]]
        for value, layer in one.by_value.items():
            mate = self.mates[0].get(value)
            rows.append((layer, other.by_value[mate] if mate is not None else None))
            rows += [(None, layer) for layer in behind[value]]
        return rows

    # What one side has alone -----------------------------------------------------------------------------------------

    def runs(self, side: int, heads: Ends) -> Iterator[Run]:
        layers, mates = self.sides[side], self.mates[side]
        alone = {pair[side].name for pair in heads if pair[1 - side] is None and pair[side] is not None}
        for name, sequence in layers.sequences.items():
            if name in alone:
                continue
            run: list[Layer] = []
            branch: int | None = None
            before: Pair = (None, None)
            for layer in sequence:
                value = layer.node.id
                inside = None if value in mates else self.branch(side, value)
                if run and (value in mates or inside != branch):
                    yield Run(side, run, before, branch is not None)
                    run = []
                branch = inside
                if value in mates:
                    mate = self.sides[1 - side].by_value[mates[value]]
                    before = (mate, layer) if side else (layer, mate)
                else:
                    run.append(layer)
            if run:
                yield Run(side, run, before, branch is not None)

    def branch(self, side: int, value: int) -> int | None:
        """The branch around a layer that one side has alone, of a join that both have."""
        scopes, mates, known = self.sides[side].scopes, self.mates[side], self._alone[side]
        for scope in scopes.outward(value):
            joint = scopes.joint(scope) if scope.kind in BRANCHES else None
            if joint is not None and joint.id in mates:
                if id(scope) not in known:
                    first, last = scopes.spans[id(scope)]
                    known[id(scope)] = not any(each in mates for each in range(first, last + 1))
                return id(scope) if known[id(scope)] else None
        return None

    # Wiring ----------------------------------------------------------------------------------------------------------

    def rewired(self, rows: list[Pair], ends: Ends) -> Iterator[Rewired]:
        """What is wired otherwise, though it is the same layer, or the same end, on both sides."""
        for pair in rows:
            one, other = pair
            if one is None or other is None:
                continue
            for left, right in self.differing(one.inputs, other.inputs, one.commutative and other.commutative):
                yield Rewired("order" if left is right is None else "value", pair, "", left, right)
            owners = one.node.shares, other.node.shares
            if owners != (None, None) and (owners[0] is None or self.mates[0].get(owners[0]) != owners[1]):
                yield Rewired("weights", pair, "", *owners)
        networks = self.sides[0].network, self.sides[1].network
        results = [("the result", networks[0].result, networks[1].result)]
        results += [
            (f"{'aux head' if isinstance(left, AuxHead) else 'output'} {left.name}", left.value, right.value)
            for left, right in ends
            if left and right
        ]
        for title, *values in results:
            behind = [(side.behind[value],) for side, value in zip(self.sides, values, strict=True)]
            for left, right in self.differing(behind[0], behind[1], True):
                yield Rewired("value", (None, None), title, left, right)

    def differing(
        self, left: Sequence[int], right: Sequence[int], commutative: bool
    ) -> list[tuple[int | None, int | None]]:
        """The values that two layers take which are not each other's counterparts; (None, None) where only the order
        is another. What comes through a layer that one side has alone needs no other word."""
        mates, back = self.mates
        if [mates.get(value) for value in left] == list(right):
            return []
        origins = [mates.get(self.origin(0, value), -1) for value in left], [self.origin(1, value) for value in right]
        known = [value in mates for value in left], [value in back for value in right]
        if origins[0] == origins[1] or (commutative and sorted(origins[0]) == sorted(origins[1])):
            return []
        if Counter(origins[0]) == Counter(origins[1]):
            return [(None, None)] if all(known[0]) and all(known[1]) else []
        extra = Counter(origins[0]) - Counter(origins[1]), Counter(origins[1]) - Counter(origins[0])
        found: list[list[int]] = [[], []]
        through = [0, 0]
        for side, values in enumerate((left, right)):
            for value, origin, direct in zip(values, origins[side], known[side], strict=True):
                if extra[side][origin] > 0:
                    extra[side][origin] -= 1
                    through[side] += not direct
                    if direct:
                        found[side].append(value)
        for side in (0, 1):
            if not found[1 - side] and len(found[side]) <= through[1 - side]:
                return []
        return list(zip_longest(*found))

    def origin(self, side: int, value: int) -> int:
        """The last value before this one, or this one, that has a counterpart; else the input it comes from."""
        by_value, mates, found = self.sides[side].by_value, self.mates[side], self._origins[side]
        way = []
        while value in by_value and value not in mates:
            if value in found:
                value = found[value]
                break
            way.append(value)
            value = by_value[value].inputs[0]
        found.update(dict.fromkeys(way, value))
        return value


def _ends(one: Sequence[NamedOutput | AuxHead], other: Sequence[NamedOutput | AuxHead]) -> Ends:
    """Outputs, or aux heads, that belong together: by name and else in order."""
    named = {end.name: end for end in other}
    pairs = {end.name: named.pop(end.name) for end in one if end.name in named}
    rest = deque(end for end in other if end.name in named)
    found: Ends = [(end, pairs.get(end.name) or (rest.popleft() if rest else None)) for end in one]
    return found + [(None, end) for end in rest]
