"""A network and some dimensions of its first input, to all sizes for which every layer has a shape.

All sizes from 1 on are one family at first, 1 + k. It goes through the network layer by layer, and falls apart where
an operator answers otherwise for some: a pooling by 2 makes two families of it, a kernel of 7 those below 7 and the
others. In the end each family has one answer: the shapes of all layers, or the layer that refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import lcm
from typing import Any

from netdsl.ir import Network, Node
from netdsl.ops import Operator
from netdsl.passes.sizes.progression import Apart, Progression, Refine, Split
from netdsl.passes.sizes.sets import SizeSet, canonical
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

MOST_FAMILIES = 5000
"""Networks whose sizes fall into more families are left alone."""
_LONGEST = 1_000_000
"""So far sizes are told one by one, before they go on by a modulus."""


@dataclass(frozen=True)
class Family:
    """The sizes start + step k for k below `count` (None: all), and what becomes of them: `shapes` of all values, in
    which sizes are progressions in k, up to the layer that refuses them (`refused`), if there is one."""

    start: int
    step: int
    count: int | None
    shapes: tuple[Any, ...]
    refused: Node | None

    def shape_at(self, value: int, size: int) -> Shape:
        """The shape of a value for one size of the family."""
        k = (size - self.start) // self.step
        return tuple(each.at(k) if isinstance(each, Progression) else each for each in self.shapes[value])

    def parts(self, apart: Apart) -> Iterator[Family]:
        """The families into which it falls."""
        return _parts(self, apart)

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
    values: int
    """How many values the network has."""

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
            if each.refused is None or (before is not None and each.refused.id >= before.id):
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
        known: list[dict[int, Any]] = [{} for _ in range(self.values)]
        varied: list[set[int]] = [set() for _ in known]
        for family in families:
            for value, shape in enumerate(family.shapes):
                for place, size in enumerate(shape):
                    if isinstance(size, Progression) or known[value].setdefault(place, size) != size:
                        varied[value].add(place)
        return tuple(map(frozenset, varied))


def solve(network: Network, axes: tuple[int, ...], shape: Shape | None = None, built: bool = False) -> Solution | None:
    """All sizes of `axes` (places in the first input's shape, which have one size together); what else there is has its
    size in `shape`, which is the network's own unless given. With `built` a layer also refuses what a module does
    not take that was built for the network's own. None where the sizes fall into too many families to tell."""
    whole = shape or network.inputs[0].shape
    size = Progression((1, 1), None)
    first = tuple(size if place in axes else each for place, each in enumerate(whole))
    start = Family(1, 1, None, (first, *(item.shape for item in network.inputs[1:])), None)
    found = _settled(_Layers(network, built), start)
    if found is None:
        return None
    solution = Solution(axes, whole, tuple(found), len(network.shapes))
    return solution if solution.far + solution.period <= _LONGEST else None


class _Layers:
    """The layers of a network as what they ask of shapes. Those that are the same are asked once for the same."""

    def __init__(self, network: Network, built: bool):
        self.nodes = network.nodes
        self.built = dict(_built(network)) if built else {}
        self.first = len(network.inputs)
        self.passing = [type(each.op).shape is Operator.shape and each.id not in self.built for each in self.nodes]
        self.known: dict[Any, Any] = {}

    def through(self, family: Family) -> Family:
        """The family with the shapes of all layers, or up to the one that refuses it. Raises `_Fallen`."""
        shapes = list(family.shapes)
        for node, passing in zip(
            self.nodes[len(shapes) - self.first :], self.passing[len(shapes) - self.first :], strict=True
        ):
            if passing:
                shapes.append(shapes[node.inputs[0]])
                continue
            try:
                shapes.append(self._shape(node, tuple(shapes[value] for value in node.inputs), family.count))
            except OpError:
                return replace(family, shapes=tuple(shapes), refused=node)
            except Apart as apart:
                raise _Fallen(replace(family, shapes=tuple(shapes)), apart) from None
        return replace(family, shapes=tuple(shapes))

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
            raise found
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
    left = [start]
    for _ in range(MOST_FAMILIES):
        if not left:
            return sorted(found, key=lambda each: (each.start, each.step))
        try:
            found.append(layers.through(left.pop()))
        except _Fallen as fallen:
            left += _parts(fallen.family, fallen.apart)
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
    known: dict[int, Any] = {}
    for shape in family.shapes:
        if id(shape) not in known:
            known[id(shape)] = tuple(
                each.placed(step, start, count) if isinstance(each, Progression) else each for each in shape
            )
    shapes = tuple(known[id(shape)] for shape in family.shapes)
    return Family(family.start + family.step * start, family.step * step, count, shapes, None)


def _key(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(each.coefficients if isinstance(each, Progression) else each for each in shape)


def weights_at(network: Network, solution: Solution, size: int) -> Iterator[tuple[Node, tuple[Shape, ...]]]:
    """Each layer with its own weights, and their shapes, for one size."""
    family = solution.family(size)
    for node in network.nodes:
        if node.shares is None and node.op.weighted:
            inputs = tuple(family.shape_at(value, size) for value in node.inputs)
            yield node, tuple(each.shape for each in node.op.weights(inputs).values())
