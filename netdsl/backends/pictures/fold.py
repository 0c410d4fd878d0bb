"""Repetitions are drawn once: a run of equal boxes or frames, one after the other, becomes one "× N".

Two items are equal if they apply the same operators, wired in the same way; the number of input channels may differ
(the first of VGG's `conv3-64 x2` takes three), and so may the rate of a dropout. Of two closed blocks it is enough
that one statement made both. A run must be a chain: each item takes
values of the one before it, or from before the run, and only the next one takes its values. Or it is a repeated branch:
all items take the same values, and only what comes behind the run takes theirs. So nothing is lost in the picture.
Structures are numbered from the inside out, equal ones with the same number, so comparing two is comparing
numbers and the work is linear in the size of the network.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, TypeGuard

from netdsl.backends.pictures.items import Box, Frame, Item
from netdsl.ir import Network, Node
from netdsl.ops import Family


@dataclass(slots=True)
class _Form:
    """The structure of an item as a number, and the values from outside that it takes, in order of first use."""

    number: int
    outside: list[int]


class Folder:
    """Folds the items of one network. `stands` says for each value not drawn which value stands for it."""

    def __init__(self, network: Network):
        self.stands: dict[int, int] = {}
        self._numbers: dict[Hashable, int] = {}
        self._last_use = [0] * len(network.shapes)
        for node in network.nodes:
            for value in node.inputs:
                self._last_use[value] = node.id
        for value in (network.result, *(out.value for out in network.outputs), *(aux.value for aux in network.aux)):
            self._last_use[value] = len(network.shapes)

    def fold(self, items: list[Item]) -> list[Item]:
        """The items with each run as one item."""
        return self._fold(items)[0]

    def _fold(self, items: list[Item]) -> tuple[list[Item], list[_Form]]:
        forms = [self._form(item) for item in items]
        folded: list[Item] = []
        first = 0
        while first < len(items):
            after = max(self._run(items, forms, first), self._beside(items, forms, first))
            item = items[first]
            item.times = after - first
            item.upto = items[after - 1].end
            if item.times > 1:
                for hidden in items[first + 1 : after]:
                    shift = hidden.start - item.start
                    for value in range(hidden.start, hidden.end):
                        self.stands[value] = item.exit if _closed(item) else value - shift
                _pair(item, items[after - 1])
            folded.append(item)
            first = after
        return folded, forms

    def _run(self, items: list[Item], forms: list[_Form], first: int) -> int:
        """Where the run that begins at `first` ends."""
        after = first + 1
        ways: list[int | None] = []
        while after < len(items) and forms[after].number == forms[first].number:
            before, item = items[after - 1], items[after]
            if len(forms[after].outside) != len(forms[first].outside):
                break
            found = [
                value - item.start if value >= before.start else None if value == other else item.start
                for value, other in zip(forms[after].outside, forms[first].outside, strict=True)
            ]
            if item.start in found or (ways and found != ways) or all(way is None for way in found):
                break
            if max(self._last_use[before.start : before.end]) >= item.end:
                break
            ways = found
            after += 1
        return after

    def _beside(self, items: list[Item], forms: list[_Form], first: int) -> int:
        """Where the run of branches by one statement ends that begins at `first`."""
        after, item = first + 1, items[first]
        least = self._last_use[item.end - 1]
        while after < len(items) and forms[after] == forms[first] and items[after].span == item.span:
            end = items[after].end
            least = min(least, self._last_use[end - 1])
            if least < end:  # one of them is used before the last is made: they are no branches
                return first + 1
            after += 1
        return after if least >= items[after - 1].end else first + 1

    def _form(self, item: Item) -> _Form:
        if _closed(item):
            return _Form(self._number(("closed", item.kind, item.span)), list(item.entries))
        if isinstance(item, Frame):
            start = item.start
            item.children, forms = self._fold(item.children)
            parts: list[Hashable] = [item.kind, None if item.title == item.label else item.title, _named(item)]
            parts.append(tuple([child.times for child in item.children]))
            uses = [(form.number, form.outside) for form in forms]
        else:
            start = item.start
            parts = ["box", _named(item), item.passes]
            uses = [(self._number(_key(node)), list(node.inputs)) for node in item.nodes]
        places: dict[int, int] = {}
        for number, values in uses:
            parts.append(number)
            parts.extend(
                value - start if value >= start else -1 - places.setdefault(value, len(places)) for value in values
            )
            parts.append(None)
        return _Form(self._number(tuple(parts)), list(places))

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))


def _closed(item: Item) -> TypeGuard[Frame]:
    return isinstance(item, Frame) and item.closed


def _named(item: Item) -> Hashable:
    """Two items with labels of their own are equal only where one statement made both, in a repetition."""
    return None if item.label is None else item.span


def _key(node: Node) -> Hashable:
    """What makes two nodes equal, apart from their wiring."""
    op: Any = node.op.name if node.op.family is Family.REGULARIZATION else node.op
    return type(node.op), op, node.implicit, node.shares is None


def _pair(item: Item, last: Item) -> None:
    """Tell each box and frame in `item`, the first of a run, which one in `last` it also stands for."""
    stack: list[tuple[Item, Item]] = [(item, last)]
    while stack:
        one, other = stack.pop()
        if isinstance(one, Frame) and isinstance(other, Frame):
            one.last = other.last or other
            if not one.closed:
                stack.extend(zip(one.children, other.children, strict=True))
        elif isinstance(one, Box) and isinstance(other, Box):
            one.last = other.last or other
