"""A network and some dimensions of its first input, to all sizes for which every layer has a shape.

All sizes from 1 on are one family at first, 1 + k. It goes through the network layer by layer, and falls apart where
an operator answers otherwise for some: a pooling by 2 makes two families of it, a kernel of 7 those below 7 and the
others. In the end each family has one answer: the shapes of all layers, or the layer that refuses it.

Layers that ask the same of the same have one shape, whatever it is, and what passes a shape on has that of its input:
so a network has far fewer shapes than values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from netdsl.ir import Network, Node
from netdsl.passes.sizes.families import Family, Found, Solution
from netdsl.passes.sizes.progression import Apart, Progression
from netdsl.shapes import Shape
from netdsl.text.diagnostics import OpError

MOST_FAMILIES, MOST_ASKED = 5000, 1_000_000
"""Networks whose sizes fall into more families are left alone, and those whose layers would be asked more often."""
_LONGEST = 1_000_000
"""So far sizes are told one by one, before they go on by a modulus."""


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
            if node.op.keeps_shape and built_as is None:
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
            left += family.parts(fallen.apart)
        asked += len(family.found)
        if asked > MOST_ASKED:
            return None
    return None


def _key(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(each.coefficients if isinstance(each, Progression) else each for each in shape)
