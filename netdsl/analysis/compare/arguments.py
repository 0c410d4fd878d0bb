"""A pair of layers to the arguments in which they differ, and what each of these costs.

The cost of a change is found by making it: params and multiply-adds of the left layer with one argument after the
other set as on the right. So the parts add up to the whole, whatever they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from netdsl.analysis.compare.layers import TRAINING_ONLY, Cost, Layer, canonical
from netdsl.ops import Operator
from netdsl.shapes import Shape, numel
from netdsl.text.diagnostics import OpError


class Argument(NamedTuple):
    """An argument that has another value; `name` is empty where the operators are different ones."""

    name: str
    before: Any
    after: Any


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
    return tuple(Argument(name, _value(name, left, first), _value(name, right, second)) for name in real)


def _value(name: str, op: Operator, spelled: Operator) -> Any:
    """A value as written; where it is left to a default of `none`, what that amounts to."""
    found = getattr(op, name)
    return getattr(spelled, name) if found is None else found


def prices(one: Layer, other: Layer, order: Sequence[Argument]) -> tuple[list[Cost], Cost]:
    """What each argument costs when they are changed in this order, and what other inputs cost.

    Where an argument means nothing without the others (an operator replaced, a padding that needs its kernel), the last
    one has the cost of all.
    """
    whole = other.cost - one.cost
    if not order:
        return [], whole
    op, shared = one.node.op, one.node.shares is not None
    try:
        if not order[0].name:
            raise OpError("another operator")
        found = [_cost(op, one.shapes, shared)]
        for argument in order:
            op = op.model_copy(update={argument.name: getattr(other.node.op, argument.name)})
            found.append(_cost(op, one.shapes, shared))
    except OpError:
        return [*[Cost()] * (len(order) - 1), whole], Cost()
    return [after - before for before, after in zip(found, found[1:], strict=False)], whole - (found[-1] - found[0])


def _cost(op: Operator, shapes: tuple[Shape, ...], shared: bool) -> Cost:
    """The cost of an operator on inputs of these shapes. Weights that are another layer's cost nothing."""
    weights = () if shared else op.weights(shapes).values()
    params = sum(numel(weight.shape) for weight in weights if weight.trainable and not weight.buffer)
    return Cost(params, op.macs(shapes))
