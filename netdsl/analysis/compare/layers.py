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
from netdsl.shapes import Shape, numel

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
    - `trunk`: whether all that comes later goes through it. `loose`: its value reaches no end of the network.
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
    loose: bool = False

    @property
    def name(self) -> str:
        """The name of its operator."""
        return self.node.op.name

    @property
    def weighted(self) -> bool:
        """Whether it has weights of its own."""
        return self.node.shares is None and self.node.op.weighted

    @property
    def planes(self) -> tuple[Shape, ...]:
        """The shapes of its inputs without their channels."""
        return tuple(shape[1:] for shape in self.shapes)


class Numbers:
    """Gives equal things the same number."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._operators: dict[tuple[int, tuple[Shape, ...], bool], tuple[int, int, Cost]] = {}

    def of(self, thing: Hashable) -> int:
        return self._numbers.setdefault(thing, len(self._numbers))

    def operator(self, op: Operator, shapes: tuple[Shape, ...], shared: bool) -> tuple[int, int, Cost]:
        """The form, the exact number and the cost of an operator. Stacks share theirs, so each is asked once."""
        key = id(op), shapes, shared
        if key not in self._operators:
            spelled = canonical(op, shapes)
            values = [getattr(spelled, name) for name in type(spelled).model_fields]
            form = self.of((spelled.name, shared, *((type(value).__name__, value) for value in values)))
            self._operators[key] = form, self.of((form, shapes)), price(op, shapes, shared)
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
        self.sequences: dict[str, list[Layer]] = {"": [], **{head.name: [] for head in network.aux}}
        origins = [numbers.of(("input", value)) for value in self.behind]
        for node in network.nodes:
            inputs = tuple(self.behind[value] for value in node.inputs)
            self.behind.append(inputs[0] if node.op.transparent else node.id)
            origins.append(origins[inputs[0]])
            if node.op.transparent:
                continue
            head = self.scopes.heads.get(node.id, "")
            shapes = tuple(network.shapes[value] or () for value in node.inputs)
            form, exact, cost = numbers.operator(node.op, shapes, node.shares is not None)
            weight = _WEIGHT_LAYER if node.op.weight_layer else _WEIGHTS.get(node.op.family, 1.0)
            origins[-1] = numbers.of((form, *sorted(origins[value] for value in inputs)))
            layer = Layer(node, inputs, shapes, cost, bool(head), form, exact, weight, origins[-1])
            self.by_value[node.id] = layer
            self.sequences[head].append(layer)
        given = [*(each.value for each in network.outputs), *(each.value for each in network.aux)]
        ends = (network.result, *given)
        _find_loose(list(self.by_value.values()), {self.behind[value] for value in ends})
        for sequence in self.sequences.values():
            _find_trunk([layer for layer in sequence if not layer.loose])

    def called(self, value: int | None) -> str | None:
        """What a value is called: the path of the layer that gives it, or the input's name."""
        if value is None:
            return None
        return self.by_value[value].node.path if value in self.by_value else self.network.inputs[value].name


def _find_loose(layers: list[Layer], needed: set[int]) -> None:
    """A layer is loose where nothing that is `needed` takes its value."""
    for layer in reversed(layers):
        layer.loose = layer.node.id not in needed
        if not layer.loose:
            needed.update(layer.inputs)


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


def price(op: Operator, shapes: tuple[Shape, ...], shared: bool) -> Cost:
    """The cost of an operator on inputs of these shapes. Weights that are another layer's cost nothing."""
    weights = () if shared else op.weights(shapes).values()
    params = sum(numel(weight.shape) for weight in weights if weight.trainable and not weight.buffer)
    return Cost(params, op.macs(shapes))
