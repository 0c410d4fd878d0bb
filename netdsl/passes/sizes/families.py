"""Families of sizes, for each of which a network has one answer, and what all of them say together.

A family states a shape in its own terms only where that is asked for: what was found for the one that it is a part of
stands as it was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import lcm
from typing import Any, NamedTuple

from netdsl.ir import Network, Node
from netdsl.passes.sizes.progression import Apart, Progression, Refine, Split
from netdsl.passes.sizes.sets import SizeSet, canonical
from netdsl.shapes import Shape


class Found(NamedTuple):
    """A shape as it was found, for the sizes start + step k for k below `most`: sizes in it are progressions in k."""

    start: int
    step: int
    most: int | None
    shape: tuple[Any, ...]


@dataclass(frozen=True)
class Family:
    """The sizes start + step k for k below `count` (None: all), and what becomes of them: the shapes that were `found`,
    for them or for a family that they are a part of, up to the layer that refuses them (`refused`), if there is one;
    `numbers` says which of them each value has."""

    start: int
    step: int
    count: int | None
    found: tuple[Found, ...]
    numbers: tuple[int, ...]
    refused: Node | None = None

    def shape_at(self, value: int, size: int) -> Shape:
        """The shape of a value for one size of the family."""
        start, step, _, shape = self.found[self.numbers[value]]
        k = (size - start) // step
        return tuple(each.at(k) if isinstance(each, Progression) else each for each in shape)

    def own(self, found: Found) -> tuple[Any, ...]:
        """A shape that was found for a family that this one is a part of, in its own k."""
        start, step, most, shape = found
        if (start, step, most) == (self.start, self.step, self.count):
            return shape
        place = self.step // step, (self.start - start) // step, self.count
        return tuple(each.placed(*place) if isinstance(each, Progression) else each for each in shape)

    @property
    def shapes(self) -> tuple[Any, ...]:
        """The shapes of all values, for a family that no layer refuses."""
        distinct = list(map(self.own, self.found))
        return tuple(distinct[number] for number in self.numbers)

    def parts(self, apart: Apart) -> Iterator[Family]:
        """The families into which it falls."""
        count = self.count
        if isinstance(apart, Split):
            yield self._part(1, 0, apart.at)
            yield self._part(1, apart.at, None if count is None else count - apart.at)
        elif isinstance(apart, Refine):
            for each in range(apart.by if count is None else min(apart.by, count)):
                yield self._part(apart.by, each, None if count is None else -(-(count - each) // apart.by))

    def _part(self, step: int, start: int, count: int | None) -> Family:
        return replace(self, start=self.start + self.step * start, step=self.step * step, count=count)

    def stands(self, before: Node | None = None) -> bool:
        """Whether all layers have a shape; with `before`, all layers before that one."""
        return self.refused is None or (before is not None and self.refused.id >= before.id)

    def __contains__(self, size: int) -> bool:
        k, rest = divmod(size - self.start, self.step)
        return rest == 0 and k >= 0 and (self.count is None or k < self.count)


@dataclass(frozen=True)
class Solution:
    """All sizes of some axes of an input, by families; the others are as in `shape`."""

    axes: tuple[int, ...]
    shape: Shape
    families: tuple[Family, ...]

    @property
    def far(self) -> int:
        """A size from which on only families without end remain: where one ends another begins."""
        return max(each.start for each in self.families)

    @property
    def period(self) -> int:
        """By what all families without end repeat."""
        return lcm(*(each.step for each in self.families if each.count is None))

    def valid(self, before: Node | None = None) -> SizeSet:
        """The sizes for which all layers have a shape; with `before`, all layers before that one."""
        flags = bytearray(self.far + self.period)
        for each in self.families:
            if each.stands(before):
                end = len(flags) if each.count is None else each.start + each.step * each.count
                place = range(each.start, end, each.step)
                flags[each.start : end : each.step] = b"\1" * len(place)
        return canonical(bytes(flags), self.period)

    def family(self, size: int) -> Family:
        """The family of a size."""
        return next(each for each in self.families if size in each)

    @cached_property
    def varied(self) -> tuple[frozenset[int], ...]:
        """For every value, the places in its shape that change with the size, among all sizes for which it has one."""
        return self._varied(self.families)

    @cached_property
    def varied_among_valid(self) -> tuple[frozenset[int], ...]:
        """The same among the valid sizes alone."""
        return self._varied(tuple(each for each in self.families if each.refused is None))

    def _varied(self, families: tuple[Family, ...]) -> tuple[frozenset[int], ...]:
        numbers = self.families[0].numbers
        known: dict[int, dict[int, Any]] = {number: {} for number in numbers}
        varied: dict[int, set[int]] = {number: set() for number in numbers}
        seen: set[tuple[int, int]] = set()
        for family in families:
            for number, found in enumerate(family.found):
                if (number, id(found)) in seen:
                    continue
                if family.count == 1:
                    shape = family.own(found)
                else:
                    shape = found.shape
                    seen.add((number, id(found)))
                for place, size in enumerate(shape):
                    if isinstance(size, Progression) or known[number].setdefault(place, size) != size:
                        varied[number].add(place)
        frozen = {number: frozenset(places) for number, places in varied.items()}
        return tuple(frozen[number] for number in numbers)


def weights_at(network: Network, solution: Solution, size: int) -> Iterator[tuple[Node, tuple[Shape, ...]]]:
    """Each layer, and the shapes of its weights for one size."""
    family = solution.family(size)
    for node in network.nodes:
        inputs = tuple(family.shape_at(value, size) for value in node.inputs)
        yield node, tuple(each.shape for each in node.op.weights(inputs).values())
