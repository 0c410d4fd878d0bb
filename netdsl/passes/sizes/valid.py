"""A network to the inputs that it is defined for: each dimension's sizes, and the statement that causes each condition.

The other dimensions are held at a size that is valid, the network's own where it is. Where the dimensions do not hang
together, which most do not, the valid inputs are all combinations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, islice
from typing import NamedTuple

from netdsl.ir import Network, Node, Scope
from netdsl.passes.sizes.families import Solution, weights_at
from netdsl.passes.sizes.sets import SizeSet, condition
from netdsl.passes.sizes.solve import Solver
from netdsl.shapes import Shape
from netdsl.text.source import Span

_NAMES = {2: ("channels", "length"), 3: ("channels", "height", "width"), 4: ("channels", "depth", "height", "width")}
_LETTERS = {"channels": "C", "length": "L", "depth": "D", "height": "H", "width": "W"}
_PLACES = {"channels": 0, "length": 1, "depth": 1, "height": -2, "width": -1}
_ASKING = re.compile(r"\b(channels|length|depth|height|width)\b")


class Cause(NamedTuple):
    """A statement that takes sizes away, and what is left after it, in `least`, and in the classes that go on."""

    span: Span
    left: SizeSet


class Dimension(NamedTuple):
    """One dimension of the input: its name, its place in the shape, its valid sizes, and why they are no more.

    Where another size makes another network (`asks`), since the text speaks of it, the sizes are those of the layers as
    they are here.
    """

    name: str
    place: int
    sizes: SizeSet
    causes: tuple[Cause, ...]
    solution: Solution
    asks: bool = False

    @property
    def letter(self) -> str:
        """`H` for the height."""
        return _LETTERS[self.name]

    @property
    def smallest(self) -> int:
        """The smallest valid size. There is one: that of the shape beside which the dimension was solved."""
        found = self.sizes.smallest
        assert found is not None
        return found


class Inputs(NamedTuple):
    """The valid sizes of a network's first input. `joint`: dimensions depend on each other, and the sizes of each are
    those that go with the others in `base`, which is a valid shape, the network's own where it is valid."""

    dimensions: tuple[Dimension, ...]
    joint: bool
    base: Shape

    @property
    def smallest(self) -> Shape:
        """The smallest valid input; where dimensions depend on each other, the smallest of each beside the others."""
        if self.joint:
            return self.base
        return tuple(each.smallest for each in self.dimensions)

    def outside(self, shape: Shape) -> Iterator[Dimension]:
        """The dimensions whose size in a shape is not valid."""
        return (each for each in self.dimensions if shape[each.place] not in each.sizes)

    def document(self) -> dict[str, object]:
        """For JSON: each dimension's set by its name, and `joint` where dimensions depend on each other."""
        found: dict[str, object] = {each.name: each.sizes.document() for each in self.dimensions}
        return {**found, "joint": True} if self.joint else found

    def text(self) -> str:
        """`H, W >= 32 and = 0 mod 32`; the dimensions that may have any size are left out."""
        limited = [each for each in self.dimensions if not each.sizes.everything]
        grouped = {
            sizes: [each.letter for each in limited if each.sizes == sizes]
            for sizes in dict.fromkeys(d.sizes for d in limited)
        }
        return "; ".join(condition(", ".join(letters), sizes) for sizes, letters in grouped.items())


def dimensions_of(rank: int) -> tuple[str, ...]:
    """What the sizes of a shape of so many are called, in order."""
    return _NAMES.get(rank, ("channels",))


def names(network: Network) -> tuple[str, ...]:
    """What the dimensions of the first input are called, in the order of its shape."""
    first = network.inputs[0]
    return _NAMES.get(len(first.shape)) or (("length",) if first.vocabulary else ("channels",))


def valid_inputs(network: Network, before: Node | None = None, solver: Solver | None = None) -> Inputs | None:
    """The valid sizes of the first input, the other inputs being as they are; with `before`, those for which the layers
    before that one have a shape. None where they are too many to tell, or where none was found. Who asks several times
    gives the same `solver`."""
    if not network.inputs:
        return None
    solver = solver or Solver(network)
    base = _base(solver, before)
    if base is None:
        return None
    found = []
    for place, name in enumerate(names(network)):
        solution = solver.solve((place,), base)
        if solution is None:
            return None
        causes = tuple(_causes(network, solution)) if before is None else ()
        found.append(Dimension(name, place, solution.valid(before), causes, solution, _asks(network, solution)))
    joint = before is None and (_joint(solver, found, base) or not _together(solver, found, base))
    return Inputs(tuple(found), joint, base)


def plane_as_built(network: Network) -> Inputs | None:
    """The sizes of the first input's plane that a module takes as it was built: its weights are those of the network's
    own input. None where they cannot be told, or where what is right for one dimension depends on the others."""
    if not network.inputs:
        return None
    shape, found, solver = network.inputs[0].shape, [], Solver(network, built=True)
    for place, name in enumerate(names(network)):
        if name == "channels":
            continue
        solution = solver.solve((place,), shape)
        if solution is None:
            return None
        found.append(Dimension(name, place, solution.valid(), (), solution))
    apart = _meet(network, found) or not _together(solver, found, shape)
    return None if apart else Inputs(tuple(found), False, shape)


def _together(solver: Solver, dimensions: list[Dimension], base: Shape) -> bool:
    """Whether the smallest sizes of all dimensions are valid together: a norm may refuse 1x1, and nothing else."""
    smallest = {each.place: each.smallest for each in dimensions}
    return solver.stands(tuple(smallest.get(place, size) for place, size in enumerate(base)))


def _meet(network: Network, dimensions: list[Dimension]) -> bool:
    """Whether a layer mixes dimensions that both still change among the valid sizes when they come to it."""
    for node in network.nodes:
        places = [set().union(*(d.solution.varied_among_valid[value] for value in node.inputs)) for d in dimensions]
        if sum(map(bool, places)) > 1:
            out = [each.solution.varied_among_valid[node.id] for each in dimensions]
            if _whole(node, network.input_shapes(node)) or any(b - a for a, b in zip(places, out, strict=True)):
                return True
            if set.intersection(*map(set, out)):
                return True
    return False


def _base(solver: Solver, before: Node | None) -> Shape | None:
    """A shape that is valid: the network's own, else the nearest whose plane has one size in all dimensions."""
    shape = solver.network.inputs[0].shape
    if solver.stands(shape, before):
        return shape
    plane = tuple(range(1, len(shape))) or (0,)
    square = solver.solve(plane, shape)
    if square is None:
        return None
    sizes, size = square.valid(before), shape[plane[0]]
    near = [each for each in (sizes.below(size), sizes.above(size)) if each is not None]
    if not near:
        return None
    nearest = min(near, key=lambda each: abs(each - size))
    base = tuple(nearest if place in plane else each for place, each in enumerate(shape))
    return base if solver.stands(base, before) else None  # a size that has no bound in its set may still be too large


def _joint(solver: Solver, dimensions: list[Dimension], base: Shape) -> bool:
    """Whether the sizes of one dimension depend on those of another.

    They can only where one layer mixes them; then each is solved again beside other sizes of the others.
    """
    if not _mixed(solver.network, dimensions):
        return False
    for one in dimensions:
        for other in dimensions:
            size = base[other.place]
            for tried in () if one is other else (size - 1, size + 1, size * 2, size // 2):
                shape = tuple(tried if place == other.place else each for place, each in enumerate(base))
                solution = solver.solve((one.place,), shape) if tried > 0 else None
                if solution is not None and (
                    solution.valid() != one.sizes if tried in other.sizes else solution.valid().smallest is not None
                ):
                    return True
    return False


def _mixed(network: Network, dimensions: list[Dimension]) -> bool:
    """Whether a layer that may refuse it takes a size at another place than the input has it, or two in one."""
    for node in network.nodes:
        if not node.op.takes_any and any(
            d.solution.varied[value] - {d.place} for d in dimensions for value in node.inputs
        ):
            return True
    return any(map(_whole, network.nodes, (network.input_shapes(node) for node in network.nodes)))


def _whole(node: Node, shapes: tuple[Shape, ...] | None) -> bool:
    """Whether a layer holds all sizes of its input against others: a product of matrices, a `reshape` to a size."""
    if shapes is None:
        return False
    return node.op.name == "reshape" or (len(shapes) > 1 and node.op.window(shapes) is None)


def _asks(network: Network, solution: Solution) -> bool:
    """Whether the text speaks of a dimension that changes with this one, so that another size makes other layers; a
    `residual` does without words, where its shortcut depends on the channels."""
    varied = solution.varied

    def asked(value: int, text: str, known: frozenset[str]) -> bool:
        shape = network.shapes[value]  # where it is not known, what speaks of it is no layer yet
        words = set(_ASKING.findall(text)) - known
        return shape is not None and any(_PLACES[word] % len(shape) in varied[value] for word in words)

    left = [(network.body, frozenset(network.settings))]
    while left:
        scope, outside = left.pop()
        known = outside | frozenset(scope.arguments)
        definition = network.definitions.get(scope.definition or "")
        defaults = definition.parameters if definition is not None else {}
        texts = [(scope.entry, text or "", outside) for text in {**defaults, **scope.terms}.values()]
        texts += [(each.value, each.test, known) for each in scope.choices]
        for child in scope.children:
            if isinstance(child, Scope):
                left.append((child, known))
            else:
                texts += [(value, text, known) for value in child.inputs[:1] for text in child.terms.values()]
        if any(asked(*each) for each in texts) or (scope.kind == "residual" and 0 in varied[scope.entry]):
            return True
    return False


def _causes(network: Network, solution: Solution) -> Iterator[Cause]:
    """The statements for which the sizes are no more than they are, with what each leaves of those before it."""
    final = solution.valid()
    nodes = [node for each in sorted(_binding(solution, final)) if (node := network.node(each)) is not None]
    for span, group in groupby(nodes, key=lambda node: node.span):
        last = list(group)[-1]
        following = network.node(last.id + 1) if last is not network.nodes[-1] else None
        yield Cause(span, solution.valid(following) if following is not None else final)


def _binding(solution: Solution, final: SizeSet) -> set[int]:
    """The layers that refuse the largest size below the least one (where sizes end, below the last), and those of the
    classes that are missing, right behind it and for ever."""
    classes = final.residues or range(final.modulus)
    regular = (n for n in range(final.least - 1, 0, -1) if n % final.modulus in classes and n not in final)
    missing = (n for start in (final.least, solution.far) for n in range(start, start + solution.period))
    refused = (solution.family(n).refused for n in (*islice(regular, 1), *missing))
    return {node.id for node in refused if node is not None}


def changing_weights(network: Network, dimension: Dimension) -> Node | None:
    """The first layer whose weights have other shapes for other sizes of a dimension: it is built anew for each."""
    first = dimension.smallest
    last = dimension.sizes.above(first + dimension.solution.period) or max(dimension.sizes.exceptions)
    pairs = zip(*(weights_at(network, dimension.solution, size) for size in (first, last)), strict=True)
    return next((node for (node, one), (_, other) in pairs if one != other), None)


def keeps_shape(network: Network, dimensions: tuple[Dimension, ...]) -> bool:
    """Whether the result has the same shape for all valid sizes of these dimensions, as behind a global pooling."""
    return not any(each.solution.varied_among_valid[network.result] for each in dimensions)
