"""A network to its structure: layers in sequence, and forks whose branches meet again.

How a spec is spelled does not matter here: blocks, groups, labels, repeats and brackets are looked through, as are
identities, and what is left follows from the wiring alone. The layers between a value and the next one that all paths
to it must pass (its dominator) are a fork with branches; so a residual is the same whether it is written as
`[3x3, 64; 3x3, 64]`, as `residual { ... }`, as a block call, or flat with `add { @v3 | @v7 }`.

Every layer is in one place. A branch that takes a value from the middle of another one (wiring that no nesting can
say) begins with a `Source`, a reference to that value. Side branches (auxiliary heads, further outputs, layers that
nothing uses) are sequences of their own, which begin with the value they are taken from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from netdsl.analysis.compare.forms import Forms
from netdsl.ir import Network, Node
from netdsl.shapes import Shape

DEEPEST = 60
"""Forks are nested at most so deep; what lies deeper is a sequence with references."""


@dataclass(slots=True, eq=False)
class Layer:
    """One node. `form` numbers its operator, `exact` the operator on its input shapes."""

    node: Node
    shapes: tuple[Shape, ...]
    form: int
    exact: int
    weight: float


@dataclass(slots=True, eq=False)
class Source:
    """A sequence goes on from this value, which another one gives."""

    value: int
    form: int
    exact: int
    weight: float = 0.5


@dataclass(slots=True, eq=False)
class Fork:
    """Branches from one value, and the layer that joins them. `opened` is the branch that is told apart from it."""

    join: Layer
    branches: tuple[list[Item], ...]
    form: int
    exact: int
    weight: float
    opened: int | None = None


Item: TypeAlias = "Layer | Fork | Source"
HeadKind: TypeAlias = Literal["main", "output", "aux", "unused"]


@dataclass(slots=True, eq=False)
class Head:
    """What ends in a result: the main path, a further output, an auxiliary head, or layers that nothing uses."""

    kind: HeadKind
    name: str
    items: list[Item]
    weight: float | None = None


@dataclass(slots=True, eq=False)
class Structure:
    """A network and its heads, the main one first. `behind` gives for each value the one behind identities."""

    network: Network
    heads: list[Head]
    inputs: list[tuple[int, ...]] = field(repr=False)
    behind: list[int] = field(repr=False)


def structure(network: Network, forms: Forms) -> Structure:
    """The structure of a complete network. `forms` must be the same one for networks that are to be compared."""
    return _Builder(network, forms).structure()


class _Builder:
    def __init__(self, network: Network, forms: Forms):
        self.network = network
        self.forms = forms
        self.first = len(network.inputs)
        self.behind = list(range(self.first))
        self.inputs: list[tuple[int, ...]] = [()] * self.first
        for node in network.nodes:
            inputs = tuple(self.behind[value] for value in node.inputs)
            self.inputs.append(inputs)
            self.behind.append(inputs[0] if node.op.transparent else node.id)
        self.taken = [False] * len(self.inputs)
        self.dominators = _Dominators(self.inputs, self.first)

    def structure(self) -> Structure:
        network = self.network
        heads = [Head("main", "", self.sequence(self.behind[network.result], -1, 0, head=False))]
        heads += [Head("output", item.name, self.head(item.value)) for item in network.outputs]
        heads += [Head("aux", item.name, self.head(item.value), item.weight) for item in network.aux]
        for node in reversed(network.nodes):
            if not self.taken[node.id] and not node.op.transparent:
                heads.append(Head("unused", node.path, self.head(node.id)))
        return Structure(network, heads, self.inputs, self.behind)

    def head(self, value: int) -> list[Item]:
        return self.sequence(self.behind[value], -1, 0, head=True)

    def sequence(self, end: int, start: int, depth: int, head: bool) -> list[Item]:
        """The items after the value `start` (-1: from the inputs) that lead to the value `end`."""
        items: list[Item] = []
        value = end
        while value != start:
            if value < self.first:
                if head or self.first > 1:
                    items.append(self.source(value))
                break
            if self.taken[value]:
                items.append(self.source(value))
                break
            self.taken[value] = True
            inputs = self.inputs[value]
            if len(inputs) == 1:
                items.append(self.layer(value))
                value = inputs[0]
                continue
            entry = self.dominators.parent[value]
            if depth < DEEPEST:
                branches = tuple(self.sequence(each, entry, depth + 1, head) for each in inputs)
                items.append(self.fork(self.layer(value), branches))
            else:
                items.extend(reversed(self.flat(value, entry)))
            value = entry
        items.reverse()
        return items

    def flat(self, end: int, entry: int) -> list[Item]:
        """What lies between two values as a sequence, with a reference wherever it is not the one before that is
        taken."""
        found, stack = [end], [end]
        while stack:
            for value in self.inputs[stack.pop()]:
                if value != entry and value >= self.first and not self.taken[value]:
                    self.taken[value] = True
                    found.append(value)
                    stack.append(value)
        items: list[Item] = []
        last = entry
        for value in sorted(found):
            inputs = self.inputs[value]
            if inputs != (last,):
                items.extend(self.source(each) for each in inputs)
            items.append(self.layer(value))
            last = value
        return items

    def layer(self, value: int) -> Layer:
        node = self.network.node(value)
        assert node is not None
        shapes = self.network.input_shapes(node)
        assert shapes is not None
        form, exact, weight = self.forms.layer(node, shapes)
        return Layer(node, shapes, form, exact, weight)

    def source(self, value: int) -> Source:
        number = self.forms.number("source")
        return Source(value, number, number)

    def fork(self, join: Layer, branches: tuple[list[Item], ...]) -> Fork:
        forms = [self.forms.number(tuple(item.form for item in branch)) for branch in branches]
        exact = [self.forms.number(tuple(item.exact for item in branch)) for branch in branches]
        if join.node.op.name in COMMUTATIVE:
            forms.sort()
            exact.sort()
        form = self.forms.number(("fork", join.form, *forms))
        features = self.forms.features
        if form not in features:
            features[form] = self.forms.together(join.form, [item.form for branch in branches for item in branch])
        weight = join.weight + sum(item.weight for branch in branches for item in branch)
        return Fork(join, branches, form, self.forms.number(("fork", join.exact, *exact)), weight)


COMMUTATIVE = ("add", "mul")
"""Joins for which the order of the branches does not matter."""


class _Dominators:
    """For each value the last one that all paths to it pass: `parent`, -1 where that is the network's outside.

    The tree is kept with jump pointers (Myers, An applicative random-access stack, 1983), so that the meeting point
    of two values is found in logarithmic time however long the branches are.
    """

    def __init__(self, inputs: list[tuple[int, ...]], first: int):
        self.parent = [-1] * first
        self.depth = [1] * first
        self.jump = [-1] * first
        for each in inputs[first:]:
            above = each[0]
            for value in each[1:]:
                above = self.meet(above, value)
            self.parent.append(above)
            self.depth.append(self.level(above) + 1)
            far = self.jump[above] if above >= 0 else -1
            level = self.level(far)
            equal = self.level(above) - level == level - self.level(self.jump[far] if far >= 0 else -1)
            self.jump.append((self.jump[far] if far >= 0 else -1) if equal else above)

    def level(self, value: int) -> int:
        return self.depth[value] if value >= 0 else 0

    def meet(self, one: int, other: int) -> int:
        """The last value that all paths to both pass."""
        while self.level(one) != self.level(other):
            if self.level(one) < self.level(other):
                one, other = other, one
            jump = self.jump[one]
            one = jump if self.level(jump) >= self.level(other) else self.parent[one]
        while one != other:
            if self.jump[one] != self.jump[other]:
                one, other = self.jump[one], self.jump[other]
            else:
                one, other = self.parent[one], self.parent[other]
        return one


def nodes(item: Item) -> Iterator[Node]:
    """The nodes of an item, in order."""
    if isinstance(item, Layer):
        yield item.node
    elif isinstance(item, Fork):
        for branch in item.branches:
            for each in branch:
                yield from nodes(each)
        yield item.join.node


def following(items: Sequence[Item], index: int) -> Layer | None:
    """The layer behind an item: that joins, where it is a fork."""
    item = items[index + 1] if index + 1 < len(items) else None
    return item.join if isinstance(item, Fork) else item if isinstance(item, Layer) else None
