"""A network and some dimensions of its first input, to all sizes for which every layer has a shape.

All sizes from 1 on are one family at first, 1 + k. It goes through the network layer by layer, and falls apart where
an operator answers otherwise for some: a pooling by 2 makes two families of it, a kernel of 7 those below 7 and the
others. In the end each family has one answer: the shapes of all layers, or the layer that refuses it.

Layers that ask the same of the same have one shape, whatever it is, and what passes a shape on has that of its input:
so a network has far fewer shapes than values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import lcm
from typing import Any, NamedTuple

from netdsl.ir import Network, Node
from netdsl.ops import Operator
from netdsl.passes.sizes.progression import Apart, Progression, Refine, Split
from netdsl.passes.sizes.sets import SizeSet, canonical
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

MOST_FAMILIES, MOST_ASKED = 5000, 1_000_000
"""Networks whose sizes fall into more families are left alone, and those whose layers would be asked more often."""
_LONGEST = 1_000_000
"""So far sizes are told one by one, before they go on by a modulus."""


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
        return _parts(self, apart)

    def stands(self, before: Node | None = None) -> bool:
        """Whether all layers have a shape; with `before`, all layers before that one."""
        return self.refused is None or (before is not None and self.refused.id >= before.id)

    def __contains__(self, size: object) -> bool:
        if not isinstance(size, int):
            return False
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
        """A size from which on only families without end remain."""
        starts = (each.start if each.count is None else each.start + each.step * each.count for each in self.families)
        return max(starts, default=1)

    @property
    def period(self) -> int:
        """By what all families without end repeat."""
        return lcm(*(each.step for each in self.families if each.count is None))

    def valid(self, before: Node | None = None) -> SizeSet:
        """The sizes for which all layers have a shape; with `before`, all layers before that one."""
        flags = bytearray(self.far + self.period)
        for each in self.families:
            if each.stands(before):
                end = len(flags) if each.count is None else min(each.start + each.step * each.count, len(flags))
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
        known: list[dict[int, Any]] = [{} for _ in range(max(numbers) + 1)]
        varied: list[set[int]] = [set() for _ in known]
        seen: set[tuple[int, int]] = set()
        for family in families:
            for number, found in enumerate(family.found):
                if family.count != 1 and (number, id(found)) in seen:
                    continue
                if family.count != 1:
                    seen.add((number, id(found)))
                for place, size in enumerate(found.shape if family.count != 1 else family.own(found)):
                    if isinstance(size, Progression) or known[number].setdefault(place, size) != size:
                        varied[number].add(place)
        frozen = list(map(frozenset, varied))
        return tuple(frozen[number] for number in numbers)


class Solver:
    """Solves a network for the sizes of its first input; what was found is kept, since it is asked for several times.

    With `built` a layer also refuses what a module does not take that was built for the network's own input.
    """

    def __init__(self, network: Network, built: bool = False):
        self.network = network
        self._layers = _Layers(network, built)
        self._known: dict[tuple[tuple[int, ...], Shape], Solution | None] = {}

    def solve(self, axes: tuple[int, ...], shape: Shape | None = None) -> Solution | None:
        """All sizes of `axes` (places in the first input's shape, which have one size together); what else there is has
        its size in `shape`, which is the network's own unless given. None where they fall into too many families to
        tell."""
        whole = shape or self.network.inputs[0].shape
        at = axes, tuple(each for place, each in enumerate(whole) if place not in axes)
        if at not in self._known:
            self._known[at] = self._solved(axes, whole)
        return self._known[at]

    def stands(self, shape: Shape, before: Node | None = None) -> bool:
        """Whether all layers have a shape for an input; with `before`, all layers before that one."""
        return self._layers.through(self._first(shape)).stands(before)

    def _solved(self, axes: tuple[int, ...], whole: Shape) -> Solution | None:
        size = Progression((1, 1), None)
        first = tuple(size if place in axes else each for place, each in enumerate(whole))
        found = _settled(self._layers, self._first(first))
        if found is None:
            return None
        solution = Solution(axes, whole, tuple(found))
        return solution if solution.far + solution.period <= _LONGEST else None

    def _first(self, shape: tuple[Any, ...]) -> Family:
        others = (item.shape for item in self.network.inputs[1:])
        found = tuple(Found(1, 1, None, each) for each in (shape, *others))
        return Family(1, 1, None, found, self._layers.numbers)


class _Layers:
    """The layers of a network as what they ask of shapes: those that give a shape that no value before them has, each
    with what it is asked of, and for every value the number of its shape."""

    def __init__(self, network: Network, built: bool):
        self.built = dict(_built(network)) if built else {}
        self.inputs = len(network.inputs)
        self.asked: list[tuple[Node, tuple[int, ...]]] = []
        self.known: dict[Any, Any] = {}
        numbers = list(range(self.inputs))
        same: dict[Any, int] = {}
        for node in network.nodes:
            of, built_as = tuple(numbers[value] for value in node.inputs), self.built.get(node.id)
            if type(node.op).shape is Operator.shape and built_as is None:
                numbers.append(of[0])
                continue
            number = same.setdefault((id(node.op), built_as, of), self.inputs + len(self.asked))
            if number == self.inputs + len(self.asked):
                self.asked.append((node, of))
            numbers.append(number)
        self.numbers = tuple(numbers)

    def through(self, family: Family) -> Family:
        """The family with the shapes of all layers, or up to the one that refuses it. Raises `_Fallen`."""
        found, own = list(family.found), dict[int, tuple[Any, ...]]()
        place = family.start, family.step, family.count
        for node, of in self.asked[len(found) - self.inputs :]:
            for number in of:
                if number not in own:
                    own[number] = family.own(found[number])
            try:
                shape = self._shape(node, tuple(own[number] for number in of), family.count)
            except OpError:
                return replace(family, found=tuple(found), refused=node)
            except Apart as apart:
                raise _Fallen(replace(family, found=tuple(found)), apart) from None
            own[len(found)] = shape
            found.append(Found(*place, shape))
        return replace(family, found=tuple(found))

    def _shape(self, node: Node, inputs: tuple[Any, ...], count: int | None) -> Any:
        built = self.built.get(node.id)
        key = (id(node.op), count, built, tuple(map(_key, inputs)))
        found = self.known.get(key)
        if found is None:
            try:
                op = node.op if node.shape is not None else node.op.fitted(len(inputs[0]) - 1)
                found = op.shape(inputs)
                if built is not None and op.built(inputs) != built:
                    found = OpError("it is built for another input")
            except OpError as refusal:
                found = refusal
            self.known[key] = found
        if isinstance(found, OpError):
            raise found.with_traceback(None)
        return found


def _built(network: Network) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for node in network.nodes:
        shapes = network.input_shapes(node)
        if shapes is not None and (built := node.op.built(shapes)):
            yield node.id, built


class _Fallen(Exception):
    """A family that falls apart, as far as it came."""

    def __init__(self, family: Family, apart: Apart):
        self.family, self.apart = family, apart


def _settled(layers: _Layers, start: Family) -> list[Family] | None:
    """Families that have one answer each, in order; None where there are too many."""
    found: list[Family] = []
    left, asked = [start], 0
    for _ in range(MOST_FAMILIES):
        if not left:
            return sorted(found, key=lambda each: (each.start, each.step))
        family = left.pop()
        asked -= len(family.found)
        try:
            family = layers.through(family)
            found.append(family)
        except _Fallen as fallen:
            family = fallen.family
            left += _parts(family, fallen.apart)
        asked += len(family.found)
        if asked > MOST_ASKED:
            return None
    return None


def _parts(family: Family, apart: Apart) -> Iterator[Family]:
    """The families into which one falls."""
    count = family.count
    if isinstance(apart, Split):
        yield _part(family, 1, 0, apart.at)
        yield _part(family, 1, apart.at, None if count is None else count - apart.at)
    elif isinstance(apart, Refine):
        for each in range(apart.by if count is None else min(apart.by, count)):
            yield _part(family, apart.by, each, None if count is None else -(-(count - each) // apart.by))


def _part(family: Family, step: int, start: int, count: int | None) -> Family:
    return replace(family, start=family.start + family.step * start, step=family.step * step, count=count)


def _key(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(each.coefficients if isinstance(each, Progression) else each for each in shape)


def weights_at(network: Network, solution: Solution, size: int) -> Iterator[tuple[Node, tuple[Shape, ...]]]:
    """Each layer with its own weights, and their shapes, for one size."""
    family = solution.family(size)
    for node in network.nodes:
        if node.shares is None and node.op.weighted:
            inputs = tuple(family.shape_at(value, size) for value in node.inputs)
            yield node, tuple(each.shape for each in node.op.weights(inputs).values())
