"""A network to its layers in order, ready to be set against those of another one.

How a spec is spelled does not matter here: blocks, groups, labels and repeats are looked through, as are identities.
What counts is numbered, so that equal things are found without looking inside, and one `Numbers` serves both networks.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from netdsl.analysis.compare.scopes import Scopes
from netdsl.ir import Network, Node
from netdsl.ops import Family, Operator
from netdsl.passes.costs import costs
from netdsl.shapes import Shape

TRAINING_ONLY = ("init", "bias_init")
"""Arguments that say how training begins, not what is computed."""

_WEIGHT_LAYER = 4.0
_WEIGHTS = {Family.REARRANGEMENT: 0.5, Family.REGULARIZATION: 0.7}
"""How much layers count beside others, where it is not 1."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Trainable parameters and multiply-adds."""

    params: int = 0
    macs: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.params + other.params, self.macs + other.macs)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.params - other.params, self.macs - other.macs)


@dataclass(slots=True, eq=False)
class Layer:
    """One node.

    - `inputs`: the values it takes, behind identities. `weight`: how much it counts beside others.
    - `form`: the number of its operator with the arguments spelled out (`pad=same` as numbers); `exact` knows the
      shapes of its inputs as well, and `origin` all that leads to it, in whatever order branches are joined.
    - `trunk`: whether all that comes later goes through it.
    """

    node: Node
    inputs: tuple[int, ...]
    shapes: tuple[Shape, ...]
    cost: Cost
    aux: bool
    form: int
    exact: int
    weight: float
    origin: int
    trunk: bool = True

    @property
    def name(self) -> str:
        """The name of its operator."""
        return self.node.op.name

    @property
    def planes(self) -> tuple[Shape, ...]:
        """The shapes of its inputs without their channels."""
        return tuple(shape[1:] for shape in self.shapes)

    @property
    def commutative(self) -> bool:
        """Whether the order of its inputs does not matter."""
        return self.name in ("add", "mul")


class Numbers:
    """Gives equal things the same number."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._operators: dict[tuple[int, tuple[Shape, ...], bool], tuple[int, int]] = {}

    def of(self, thing: Hashable) -> int:
        return self._numbers.setdefault(thing, len(self._numbers))

    def operator(self, node: Node, shapes: tuple[Shape, ...]) -> tuple[int, int]:
        """The form and the exact number of a node. Stacks share their operators, so each is asked once."""
        key = (id(node.op), shapes, node.shares is not None)
        if key not in self._operators:
            op = canonical(node.op, shapes)
            values = [getattr(op, name) for name in type(op).model_fields]
            form = self.of((op.name, node.shares is not None, *((type(value).__name__, value) for value in values)))
            self._operators[key] = form, self.of((form, shapes))
        return self._operators[key]


class Layers:
    """The layers of one complete network.

    `by_value` finds them by the number of their node, `sequences` has those of the main path (under "") and of each
    aux head (under its name) in order, and `behind` gives for each value the one behind identities.
    """

    def __init__(self, network: Network, numbers: Numbers):
        self.network, self.numbers, self.scopes = network, numbers, Scopes(network)
        self.behind = list(range(len(network.inputs)))
        self.by_value: dict[int, Layer] = {}
        heads = {
            node.id: scope.title for scope in network.body.scopes() if scope.kind == "aux" for node in scope.nodes()
        }
        self.sequences: dict[str, list[Layer]] = {"": [], **{head.name: [] for head in network.aux}}
        origins = [numbers.of(("input", value)) for value in self.behind]
        for node, figures in zip(network.nodes, costs(network), strict=True):
            inputs = tuple(self.behind[value] for value in node.inputs)
            self.behind.append(inputs[0] if node.op.transparent else node.id)
            origins.append(origins[inputs[0]])
            if node.op.transparent:
                continue
            shapes = tuple(network.shapes[value] or () for value in node.inputs)
            form, exact = numbers.operator(node, shapes)
            weight = _WEIGHT_LAYER if node.op.weight_layer else _WEIGHTS.get(node.op.family, 1.0)
            origins[-1] = numbers.of((form, *sorted(origins[value] for value in inputs)))
            cost, aux = Cost(figures.params, figures.macs), node.id in heads
            layer = Layer(node, inputs, shapes, cost, aux, form, exact, weight, origins[-1])
            self.by_value[node.id] = layer
            self.sequences[heads.get(node.id, "")].append(layer)
        for sequence in self.sequences.values():
            _find_trunk(sequence)

    def called(self, value: int | None) -> str | None:
        """What a value is called: the path of the layer that gives it, or the input's name."""
        if value is None:
            return None
        return self.by_value[value].node.path if value in self.by_value else self.network.inputs[value].name


def _find_trunk(layers: list[Layer]) -> None:
    """A layer is in the trunk where no value waits beside it for a later join."""
    last = {value: at for at, layer in enumerate(layers) for value in layer.inputs}
    waiting: set[int] = set()
    for at, layer in enumerate(layers):
        waiting -= {value for value in layer.inputs if last[value] == at}
        waiting |= {value for value in layer.inputs if last[value] > at}
        layer.trunk = not waiting
        if last.get(layer.node.id, at) > at:
            waiting.add(layer.node.id)


def canonical(op: Operator, shapes: tuple[Shape, ...]) -> Operator:
    """The operator with its arguments spelled out for these inputs, and without what matters to training only."""
    op = op.canonical(shapes)
    fields = type(op).model_fields
    drop = {name: fields[name].default for name in TRAINING_ONLY if name in fields and getattr(op, name) is not None}
    return op.model_copy(update=drop) if drop else op
