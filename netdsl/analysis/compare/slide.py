"""Runs of extra items moved along equal ones, to begin where the spec begins something.

That a stack has one block more can be told in as many ways as the block has layers: of `a b a b a b` against
`a b a b` the new ones may be `a b` or, one further, `b a`. All are right; one is what the author wrote.
"""

from __future__ import annotations

from netdsl.analysis.compare.align import Pairs
from netdsl.analysis.compare.structure import Fork, Item, nodes
from netdsl.ir import Network

_LIGHT = 1.0
"""Layers of more weight than this begin something by themselves."""


def beginnings(network: Network) -> frozenset[int]:
    """The nodes with which something begins that the spec shows as one."""
    return frozenset(
        next(iter(scope.nodes()), network.nodes[0]).id
        for scope in network.body.scopes()
        if scope.kind in ("block", "bracket", "iteration", "group") and scope.children
    )


def moved(pairs: Pairs, left: list[Item], right: list[Item], begins: tuple[frozenset[int], frozenset[int]]) -> Pairs:
    """The pairs with each run of extra items moved to begin where the spec begins something, as late as can be:
    of `a b a b a b` against `a b a b` the last `a b` is the new one, not `b a`."""
    pairs = list(pairs)
    for number in range(len(pairs) + 1):
        top, first = (pairs[number - 1][0] + 1, pairs[number - 1][1] + 1) if number else (0, 0)
        i, j = pairs[number] if number < len(pairs) else (len(left), len(right))
        if (top < i) == (first < j):
            continue
        side = int(first < j)
        start, end = (first, j) if side else (top, i)
        shift = _shift(pairs, number, (left, right), side, (start, end), begins[side])
        for step in range(shift):
            pairs[number + step] = (i + step, first + step) if side else (top + step, j + step)
        for step in range(1, 1 - shift):
            one, other = pairs[number - step]
            pairs[number - step] = (one, end - step) if side else (end - step, other)
    return pairs


def _shift(
    pairs: Pairs,
    number: int,
    both: tuple[list[Item], list[Item]],
    side: int,
    run: tuple[int, int],
    begins: frozenset[int],
) -> int:
    """By how many items a run moves to the right, or to the left."""
    items, (start, end) = both[side], run

    def equal(at: int, moving: int, step: int) -> bool:
        """Whether the pair at `at` goes on where the pair beside it ends, and is equal to the item it would take
        the place of."""
        if not 0 <= at < len(pairs):
            return False
        if at not in (number, number - 1):
            beside = pairs[at - step]
            if (pairs[at][0] - beside[0], pairs[at][1] - beside[1]) != (step, step):
                return False
        one, other = both[0][pairs[at][0]], both[1][pairs[at][1]]
        return one.exact == other.exact == items[moving].exact

    best, rank = 0, _rank(items[start], begins)
    shift = 0
    while equal(number + shift, start + shift, 1):
        shift += 1
        each = _rank(items[start + shift], begins)
        if each >= rank:
            best, rank = shift, each
    shift = 0
    while equal(number - 1 - shift, end - 1 - shift, -1):
        shift += 1
        each = _rank(items[start - shift], begins)
        if each > rank:
            best, rank = -shift, each
    return best


def _rank(item: Item, begins: frozenset[int]) -> int:
    """How well a run begins with this item."""
    first = next(nodes(item), None)
    return 2 * (first is not None and first.id in begins) + (isinstance(item, Fork) or item.weight > _LIGHT)
