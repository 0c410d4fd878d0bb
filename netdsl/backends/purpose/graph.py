"""The plan of an evaluation: what is computed, one step for each operation, in an order in which it can run.

A network becomes a `Graph` of its layers as they are in evaluation, and each pass of `passes/` makes a `Graph` with the
same results of another. Steps name their tensors by formulas over the plain network's `state_dict` (`tensors`), so that
a plan holds no number and needs no torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from netdsl.backends.purpose.tensors import Layer, Norm, Own, Tensors
from netdsl.backends.torch.plan import Plan
from netdsl.ir import Network, Node
from netdsl.ops import Operator
from netdsl.ops.bn import BatchNorm
from netdsl.ops.conv import Conv
from netdsl.ops.fc import Fc
from netdsl.ops.shared.conv import Convolution
from netdsl.shapes import Shape


@dataclass(frozen=True)
class Step:
    """One operation.

    - `value`: the number of the value it gives; those of the network's layers are the layers' own.
    - `op`, `inputs`, `shape`: the operator, the values it takes, and the shape it gives, for one sample.
    - `tensors`: the formula of its weights; None where it has none.
    - `layers`: the layers of the spec that it does the work of, by their numbers.
    - `activation`: what is done to the result in the same kernel.
    - `plus`: whether the last of `inputs` is added to the result, before the activation, in the same kernel.
    """

    value: int
    op: Operator
    inputs: tuple[int, ...]
    shape: Shape
    tensors: Tensors | None = None
    layers: tuple[int, ...] = ()
    activation: Operator | None = None
    plus: bool = False

    @property
    def filters(self) -> bool:
        """Whether it is a convolution, or a matrix product, whose weights are a matrix and a bias."""
        return isinstance(self.op, Convolution | Fc) and not isinstance(self.tensors, Own)

    @property
    def pointwise(self) -> bool:
        """Whether it is a convolution that looks at one pixel and gives as many."""
        op = self.op
        if not self.filters or not isinstance(op, Conv):
            return False
        return {*op.kernel, *op.stride} == {1} and set(op.pad) == {0} and op.groups == 1


@dataclass(frozen=True)
class Graph:
    """The steps of an evaluation. `results` are the values that are returned, by name.

    `guarded`: windows were placed for the network's own input size, so another would be answered wrongly.
    `channels_last`: maps are kept with the channels of a pixel side by side.
    """

    network: Network
    steps: tuple[Step, ...]
    results: Mapping[str, int]
    guarded: bool = False
    channels_last: bool = False

    @cached_property
    def made(self) -> dict[int, Step]:
        """The step that makes each value."""
        return {step.value: step for step in self.steps}

    @cached_property
    def users(self) -> dict[int, tuple[Step, ...]]:
        """The steps that take each value, once for each time."""
        found: dict[int, list[Step]] = {}
        for step in self.steps:
            for value in step.inputs:
                found.setdefault(value, []).append(step)
        return {value: tuple(steps) for value, steps in found.items()}

    def only(self, value: int) -> Step | None:
        """The step that takes a value, where it is the only one and the value is not returned."""
        users = self.users.get(value, ())
        return users[0] if len(users) == 1 and value not in self.results.values() else None

    def shape(self, value: int) -> Shape:
        """The shape of a value, for one sample."""
        return self.made[value].shape if value in self.made else self.network.inputs[value].shape

    def shapes(self, step: Step) -> tuple[Shape, ...]:
        """The shapes that a step is applied to."""
        return tuple(map(self.shape, step.inputs))

    @property
    def fresh(self) -> int:
        """A number that no value has yet."""
        return 1 + max((step.value for step in self.steps), default=len(self.network.inputs))

    def changed(self, steps: Iterable[Step], renamed: Mapping[int, int] | None = None) -> Graph:
        """The graph of other steps, in any order, whose values go by other numbers (`renamed`, also in turn)."""
        names = dict(renamed or {})

        def final(value: int) -> int:
            while value in names:
                value = names[value]
            return value

        found = tuple(replace(step, inputs=tuple(map(final, step.inputs))) for step in steps)
        results = {name: final(value) for name, value in self.results.items()}
        return replace(self, steps=_ordered(found), results=results)


def graph(network: Network, probabilities: bool = False) -> Graph:
    """The plan of a network's evaluation as the spec has it. A final softmax is left out unless `probabilities`, as it
    is in the plain module. Raises `ValueError` for a network with errors."""
    if not network.complete:
        raise ValueError(f"{network.name} has errors and cannot be compiled")
    result = Plan(network, probabilities).result
    results = {name: result if name == network.answer else value for name, value in network.returns.items()}
    return Graph(
        network, tuple(_step(network, node) for node in network.nodes), results, any(map(_sized, network.nodes))
    )


def trained(network: Network, probabilities: bool = False) -> Graph:
    """The plan of a network's training, heads and all, whose layers stay as the plain module has them. Raises
    `ValueError` for a network with errors."""
    plan = graph(network, probabilities)
    steps = tuple(
        Step(node.id, node.op, node.inputs, node.shape, layers=(node.id,)) for node in network.nodes if node.shape
    )
    results = {**plan.results, **{f"{item.name}*": item.value for item in network.aux}}
    found = replace(plan, steps=steps, results=results, guarded=False)
    needed = set(results.values())
    for step in reversed(steps):
        needed.update(step.inputs if step.value in needed else ())
    return found.changed(step for step in steps if step.value in needed)


def _step(network: Network, node: Node) -> Step:
    shapes = network.input_shapes(node)
    assert shapes is not None and node.shape is not None
    origin = node if node.shares is None else network.node(node.shares)
    assert origin is not None
    op, tensors = node.op, tensors_of(node.op, origin.path)
    if (isinstance(op, Convolution) and isinstance(tensors, Layer)) or _sized(node):
        op = op.canonical(shapes)
    return Step(node.id, op, node.inputs, node.shape, tensors, (node.id,))


def tensors_of(op: Operator, path: str) -> Tensors | None:
    """The formula of an operator's tensors, which the plain network keeps under `path`."""
    if isinstance(op, Fc):
        return Layer(path, op.bias)
    if isinstance(op, Convolution) and getattr(op, "connect", None) is None:
        return Layer(path, op.bias, standardized=bool(getattr(op, "standardize", False)))
    if isinstance(op, BatchNorm) and op.running:
        return Norm(path, op.eps, op.scale, op.offset)
    return Own(path) if op.weighted else None


def _sized(node: Node) -> bool:
    """Whether the padding of a window depends on the size of its input."""
    pad, ceil = getattr(node.op, "pad", None), getattr(node.op, "ceil", False)
    return (pad == "tf" and set(getattr(node.op, "stride", None) or (1,)) != {1}) or (
        bool(ceil) and isinstance(node.op, Convolution)
    )


def _ordered(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps so that each comes after those whose values it takes, otherwise as they stand."""
    made = {step.value: step for step in steps}
    done: dict[int, Step] = {}
    for step in steps:
        waiting = [step]
        while waiting:
            last = waiting[-1]
            missing = [made[value] for value in last.inputs if value in made and value not in done]
            if missing and last.value not in done:
                waiting += missing[::-1]
            else:
                done.setdefault(last.value, waiting.pop())
    return tuple(done.values())
