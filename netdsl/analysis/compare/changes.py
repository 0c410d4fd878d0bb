"""A pair of layers to the arguments in which they differ, and what each of these costs.

The cost of a change is found by making it: params and multiply-adds of the left layer with one argument after the
other set as on the right. So the parts add up to the whole, whatever they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from netdsl.analysis.compare.forms import TRAINING_ONLY, canonical
from netdsl.analysis.compare.structure import Layer
from netdsl.ops import Operator
from netdsl.shapes import Shape, numel
from netdsl.text.diagnostics import OpError


@dataclass(frozen=True, slots=True)
class Cost:
    """Trainable parameters and multiply-adds."""

    params: int = 0
    macs: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.params + other.params, self.macs + other.macs)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.params - other.params, self.macs - other.macs)


class Argument(NamedTuple):
    """An argument that has another value; `name` is empty where the operators are different ones."""

    name: str
    before: Any
    after: Any


def cost(op: Operator, shapes: tuple[Shape, ...], shared: bool) -> Cost:
    """The cost of an operator on inputs of these shapes. Weights that are another layer's cost nothing."""
    weights = () if shared else op.weights(shapes).values()
    params = sum(numel(weight.shape) for weight in weights if weight.trainable and not weight.buffer)
    return Cost(params, op.macs(shapes))


def arguments(one: Layer, other: Layer) -> tuple[Argument, ...]:
    """The arguments in which two layers differ. What amounts to the same on their inputs is no difference (`pad=same`
    and `pad=1` of a 3x3 kernel), nor is what follows from another argument (the padding of `same`)."""
    left, right = one.node.op, other.node.op
    if one.form == other.form or left is right:
        return ()
    if type(left) is not type(right):
        return (Argument("", left, right),)
    first, second = canonical(left, one.shapes), canonical(right, other.shapes)
    names = [name for name in type(left).model_fields if name not in TRAINING_ONLY]
    written = [name for name in names if getattr(left, name) != getattr(right, name)]
    real = [name for name in written if getattr(first, name) != getattr(second, name)] or written
    return tuple(Argument(name, *_values(name, left, right, first, second)) for name in real)


def _values(name: str, left: Operator, right: Operator, first: Operator, second: Operator) -> tuple[Any, Any]:
    """The values as written; where one is left to a default of `none`, what that amounts to."""
    before, after = getattr(left, name), getattr(right, name)
    return (
        getattr(first, name) if before is None else before,
        getattr(second, name) if after is None else after,
    )


def prices(one: Layer, other: Layer, order: tuple[Argument, ...], whole: Cost) -> tuple[list[Cost], Cost]:
    """What each argument costs when they are changed in this order, and what other inputs cost.

    `whole` is the difference of the two layers. Where an argument means nothing without the others (an operator
    replaced, a padding that needs its kernel), the last one has the cost of all.
    """
    op = one.node.op
    shared = one.node.shares is not None
    if not order:
        return [], whole
    try:
        before = cost(op, one.shapes, shared)
        found = []
        for argument in order:
            if not argument.name:
                raise OpError("another operator")
            op = op.model_copy(update={argument.name: getattr(other.node.op, argument.name)})
            after = cost(op, one.shapes, shared)
            found.append(after - before)
            before = after
    except OpError:
        return [*[Cost()] * (len(order) - 1), whole], Cost()
    rest = whole
    for each in found:
        rest -= each
    return found, rest
