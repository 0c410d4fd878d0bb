"""What repeats in a chain of constructions, folded into loops.

Equal constructions in a row, or ones that differ by a constant step or by the index of a repetition in a rate, are a
`Run`; a few that come again and again are a `Cycle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from netdsl.backends.torch.classes import Attribute, changed, terms_of
from netdsl.backends.torch.construct import (
    Chain,
    Construct,
    Cycle,
    Run,
    Skeleton,
    alike,
    constants,
    skeleton,
    substituted,
)
from netdsl.backends.torch.terms import Term, name, turns_of

SHORTEST_RUN = 3
MOST_WRITTEN = 4
"""So many attributes that count up are a loop."""
SHORTEST_CYCLE = 5
LONGEST_PERIOD = 8


INDEX = name("i")


@dataclass(slots=True)
class _Step:
    """One construction of a chain as a loop sees it: its key, its skeleton and its constants.

    `turn` is the number that a repetition's index has in them; they are written with the index of a loop.
    """

    prefix: str
    number: int
    item: Any
    shape: Skeleton
    values: list[Any]
    turn: int | None = None

    def same(self, other: _Step) -> bool:
        same = self.shape == other.shape and self.turn is other.turn is None
        return same and all(map(alike, self.values, other.values))


def folded(item: Any, moving: bool) -> Any:
    """A construction with what repeats in its chains in loops; `moving` allows them to differ by constant steps."""
    if not isinstance(item, Chain):
        return _settled(item)
    if type(item) is not Chain or item.when:
        return type(item)(tuple((key, folded(each, moving)) for key, each in item.items), item.when)
    items = tuple((key, folded(each, moving) if isinstance(each, Chain) else each) for key, each in item.items)
    return Chain(tuple((key, _settled(each)) for key, each in _fold(items, moving)))


def gathered(attributes: Sequence[Attribute], moving: bool) -> list[Attribute]:
    """Attributes that count up and differ by constant steps, in loops: the branches of a join, many layers in a row."""
    rows = [_row(each.name, each.item) if each.when is None and not each.optional else None for each in attributes]
    found: list[Attribute] = []
    at = 0
    while at < len(attributes):
        length = _run(rows, at, moving=True)
        if length >= MOST_WRITTEN and not attributes[at].name.isdigit():
            found.append(Attribute(attributes[at].name, _folded(rows, at, length, plain=False)))
            at += length
            continue
        each = attributes[at]
        found.append(replace(each, item=folded(each.item, moving)))
        at += 1
    return found


def _settled(item: Any) -> Any:
    """A construction outside a loop: a repetition's index in it is a number."""
    if not isinstance(item, Construct):
        return item
    turns = _turns(item)
    return changed(item, lambda term: term.substitute(turns)) if turns else item


def _turns(item: Construct | Chain) -> dict[str, int]:
    """The indices of repetitions in a construction, with their numbers."""
    return {key: number for term in terms_of(item) for key, number in turns_of(term).items()}


def _fold(items: tuple[tuple[str, Any], ...], moving: bool) -> tuple[tuple[str, Any], ...]:
    """What repeats under consecutive keys, in loops."""
    if len(items) < SHORTEST_RUN:
        return items
    plain = all(key == str(place) for place, (key, _) in enumerate(items))
    rows = [_row(key, item) for key, item in items]
    found: list[tuple[str, Any]] = []
    at = 0
    while at < len(items):
        key, item = items[at]
        length = _run(rows, at, moving)
        if length >= SHORTEST_RUN:
            found.append((key, _folded(rows, at, length, plain)))
            at += length
            continue
        period, count = _cycle(rows, at) if plain else (1, 1)
        if count >= SHORTEST_CYCLE:
            found.append((key, Cycle(tuple(each for _, each in items[at : at + period]), count)))
            at += period * count
            continue
        found.append((key, item))
        at += 1
    return tuple(found)


def _row(key: str, item: Any) -> _Step | None:
    prefix = key.rstrip("0123456789")
    number = key[len(prefix) :]
    shape = skeleton(item) if number and str(int(number)) == number else None
    if shape is None:
        return None
    values = [value for _, value in constants(item)]
    turns = _turns(item)
    turn = None
    if len(turns) == 1:
        (turn,) = turns.values()
        index = dict.fromkeys(turns, INDEX)
        values = [value.substitute(index) if isinstance(value, Term) else value for value in values]
    return _Step(prefix, int(number), item, shape, values, turn)


def _run(rows: list[_Step | None], at: int, moving: bool) -> int:
    """How many constructions from `at` on differ by constant steps only, under keys that count up."""
    first = rows[at]
    if first is None:
        return 1
    steps: list[int] | None = None
    length = 1
    still = at + 1 < len(rows) and _still(first, rows[at + 1])
    while at + length < len(rows):
        before, row = rows[at + length - 1], rows[at + length]
        assert before is not None
        if row is None or (row.prefix, row.number) != (first.prefix, first.number + length) or row.shape != first.shape:
            break
        if row.turn != (first.turn if still or first.turn is None else first.turn + length):
            break
        moved = [_step(a, b) for a, b in zip(before.values, row.values, strict=True)]
        if None in moved or (steps is not None and moved != steps) or (any(moved) and not moving):
            break
        steps = moved  # type: ignore[assignment]
        length += 1
    return length


def _still(one: _Step, other: _Step | None) -> bool:
    """Whether what is in two constructions is the turn of a repetition around both."""
    return other is not None and one.turn is not None and one.turn == other.turn


def _step(a: Any, b: Any) -> int | None:
    if alike(a, b):
        return 0
    return b - a if type(a) is int and type(b) is int and b > a else None


def _folded(rows: list[_Step | None], at: int, length: int, plain: bool) -> Run:
    first, second = rows[at], rows[at + 1]
    assert first is not None and second is not None
    steps = tuple(_step(a, b) or 0 for a, b in zip(first.values, second.values, strict=True))
    if _still(first, second):
        return Run(_settled(first.item), length, steps, None if plain else (first.prefix, first.number))
    item = substituted(first.item, iter(first.values))
    return Run(item, length, steps, None if plain else (first.prefix, first.number), first.turn or 0)


def _cycle(rows: list[_Step | None], at: int) -> tuple[int, int]:
    """The period and the number of times that the constructions from `at` on repeat."""
    for period in range(2, min(LONGEST_PERIOD, (len(rows) - at) // SHORTEST_CYCLE) + 1):
        length = 0
        while at + period + length < len(rows):
            one, two = rows[at + length], rows[at + length + period]
            if one is None or two is None or not one.same(two):
                break
            length += 1
        count = length // period + 1
        if count >= SHORTEST_CYCLE:
            return period, count
    return 1, 1
