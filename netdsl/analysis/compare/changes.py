"""Pairs of layers to the arguments in which they differ, what each of these costs, and one finding for each change.

The cost of a change is found by making it: params and multiply-adds of the left layer with one argument after the
other set as on the right. So the parts add up to the whole, whatever they are.

Of the arguments that changed, those that changed alike in many layers, whatever else changed there, are factored out
(`bias` of all 57 convolutions); what is left of a layer's changes stays together. Layers that are as they were but see
inputs of another shape are one finding, since what made the shapes different has been told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from netdsl.analysis.compare.describe import Describer, argument_name, value
from netdsl.analysis.compare.group import Group, spot
from netdsl.analysis.compare.layers import TRAINING_ONLY, Cost, Layer, canonical
from netdsl.analysis.compare.match import Match
from netdsl.ops import Operator
from netdsl.shapes import Shape, numel
from netdsl.text.diagnostics import OpError

_SYSTEMATIC = 3
"""A change that so many layers have in common is told apart from what else changed in them."""


class Argument(NamedTuple):
    """An argument that has another value; `name` is empty where the operators are different ones."""

    name: str
    before: Any
    after: Any


def arguments(one: Layer, other: Layer) -> tuple[Argument, ...]:
    """The arguments in which two layers differ. What amounts to the same on their inputs is no difference (`pad=same`
    and `pad=1` of a 3x3 kernel), nor is what follows from another argument (the padding of `same`) or from the inputs
    (the groups of a depthwise convolution)."""
    left, right = one.node.op, other.node.op
    if one.form == other.form or left is right:
        return ()
    if type(left) is not type(right):
        return (Argument("", left, right),)
    first, second = canonical(left, one.shapes), canonical(right, other.shapes)
    names = [name for name in type(left).model_fields if name not in TRAINING_ONLY]
    written = [name for name in names if getattr(left, name) != getattr(right, name)]
    spelled = [(name, _spelled(name, left, first), _spelled(name, right, second)) for name in written]
    real = [name for name, before, after in spelled if before != after] or written
    relative = first.relative(one.shapes).items() & second.relative(other.shapes).items()
    real = [name for name in real if name not in dict(relative)]
    return tuple(Argument(name, _value(name, left, first), _value(name, right, second)) for name in real)


def _spelled(name: str, op: Operator, canonical: Operator) -> Any:
    """A value spelled out for the inputs; a canonical operator of another kind does not know all arguments."""
    return getattr(canonical, name, getattr(op, name))


def _value(name: str, op: Operator, spelled: Operator) -> Any:
    """A value as written; where it is left to a default of `none`, what that amounts to."""
    found = getattr(op, name)
    return _spelled(name, op, spelled) if found is None else found


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
    return [after - before for before, after in pairwise(found)], whole - (found[-1] - found[0])


def _cost(op: Operator, shapes: tuple[Shape, ...], shared: bool) -> Cost:
    """The cost of an operator on inputs of these shapes. Weights that are another layer's cost nothing."""
    weights = () if shared else op.weights(shapes).values()
    params = sum(numel(weight.shape) for weight in weights if weight.trainable and not weight.buffer)
    return Cost(params, op.macs(shapes))


Change: TypeAlias = tuple[int, Layer, Layer, tuple[Argument, ...]]
"""A row in which arguments differ."""


class Changes:
    """Layers that both networks have: arguments that changed, and inputs of another shape."""

    def __init__(self, match: Match, words: tuple[Describer, Describer]):
        self.match, self.words = match, words
        self.known: dict[tuple[str, bool, tuple[Argument, ...]], Group] = {}
        self.reshaped = {aux: Group("reshaped", len(match.rows), aux) for aux in (False, True)}
        self.kinds: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}

    def groups(self) -> list[Group]:
        differing: dict[tuple[int, int], tuple[Argument, ...]] = {}
        changed: list[Change] = []
        for at, (one, other) in enumerate(self.match.rows):
            if one is None or other is None:
                continue
            key = one.exact, other.exact
            if key not in differing:
                differing[key] = arguments(one, other)
            if differing[key]:
                changed.append((at, one, other, differing[key]))
            elif one.cost != other.cost:
                self.other_shape(one, other, other.cost - one.cost)
        often = _systematic(changed)
        for change in changed:
            self.put(*change, often)
        present = Counter(layer.name for layer in self.match.sides[0].by_value.values() if not layer.aux)
        for (name, aux, _), group in self.known.items():
            group.every = not aux and group.count == present[name] >= _SYSTEMATIC
        for aux, group in self.reshaped.items():
            group.text = ", ".join(f"{count:,} {kind}" for kind, count in self.kinds[aux].most_common())
        return [*self.known.values(), *(group for group in self.reshaped.values() if group.count)]

    def other_shape(self, one: Layer, other: Layer, cost: Cost) -> None:
        """A layer that only sees inputs of another shape; main path and aux heads apart."""
        self.reshaped[one.aux].add(spot((one, other)), cost)
        self.kinds[one.aux][one.name] += 1

    def put(
        self, at: int, one: Layer, other: Layer, found: tuple[Argument, ...], often: set[tuple[str, bool, Argument]]
    ) -> None:
        """Divide what changed in a layer, and its cost, among the groups it belongs to."""
        parts = [(each,) for each in found if (one.name, one.aux, each) in often]
        rest = tuple(each for each in found if (each,) not in parts)
        costs, other_inputs = prices(one, other, (*(each for (each,) in parts), *rest))
        if not rest and other_inputs != Cost():
            self.other_shape(one, other, other_inputs)
        whole = self.words[0].notation(one.node.op), self.words[1].notation(other.node.op)
        shares = [*costs[: len(parts)], sum(costs[len(parts) :], other_inputs)]
        for part, cost in zip([*parts, rest] if rest else parts, shares, strict=False):
            key = one.name, one.aux, part
            if key not in self.known:
                self.known[key] = self.group(at, one, other, part, whole)
            self.known[key].add(spot((one, other)), cost)
            self.known[key].notations.add(whole if len(part) == len(found) else None)

    def group(self, at: int, one: Layer, other: Layer, part: tuple[Argument, ...], whole: tuple[str, str]) -> Group:
        left, right = one.node.op, other.node.op
        if not part[0].name:
            return Group("changed", at, one.aux, "", *whole, family=(left.name, right.name))
        names = [argument_name(left, each.name) for each in part]
        before = [value(left, each.name, each.before) for each in part]
        after = [value(right, each.name, each.after) for each in part]
        title = f"{left.name}: {names[0]}" if len(part) == 1 else f"{left.name}:"
        if len(part) > 1:
            before, after = ([" ".join(pair) for pair in zip(names, side, strict=True)] for side in (before, after))
        texts = ", ".join(before), ", ".join(after)
        return Group("changed", at, one.aux, title, *texts, title=title, family=(left.name, *names))


def _systematic(changed: Sequence[Change]) -> set[tuple[str, bool, Argument]]:
    """The changes that layers have in common whose other changes differ."""
    seen: dict[tuple[str, bool, Argument], Counter[tuple[Argument, ...]]] = defaultdict(Counter)
    for _, layer, _, found in changed:
        for each in found:
            seen[layer.name, layer.aux, each][found] += 1
    return {key for key, sets in seen.items() if len(sets) > 1 and sets.total() >= _SYSTEMATIC}
