"""Numbers for structures, so that equal ones are found without looking inside, and how like two different ones are.

A `form` is an operator with its arguments spelled out (`pad=same` as numbers), or what is made of such; its `exact`
number knows the shapes of the inputs as well. One `Forms` serves both networks of a comparison, so the same number
means the same structure in either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import TypeVar

from netdsl.ir import Node
from netdsl.ops import Family, Operator
from netdsl.shapes import Shape

_WEIGHTS = {Family.REARRANGEMENT: 0.5, Family.REGULARIZATION: 0.7, Family.JOIN: 1.0}
_WEIGHT_LAYER = 4.0
UNRELATED = 0.3
"""Below this likeness two items are not set against each other."""

TRAINING_ONLY = ("init", "bias_init")
"""Arguments that say how training begins, not what is computed."""

_KINDRED = 0.35
_LIKE = frozenset(
    (Family.CONVOLUTION, Family.POOLING, Family.FULLY_CONNECTED, Family.NORMALIZATION, Family.ACTIVATION)
) | {Family.REGULARIZATION}


class Forms:
    """Interns structures. `features` counts, for the form of a fork, the forms of the layers in it."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._layers: dict[tuple[int, tuple[Shape, ...], bool], tuple[int, int, float]] = {}
        self._kept: list[Operator] = []
        self.operators: dict[int, Operator] = {}
        self.features: dict[int, Counter[int]] = {}
        self._names: dict[int, Counter[str]] = {}

    def number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def layer(self, node: Node, shapes: tuple[Shape, ...]) -> tuple[int, int, float]:
        """The form, the exact number and the weight of a node. Stacks share their operators, so each is asked once."""
        key = (id(node.op), shapes, node.shares is not None)
        if key not in self._layers:
            self._kept.append(node.op)  # an id must stay its operator's own
            op = canonical(node.op, shapes)
            form = self.number((op.name, _key(op), node.shares is not None))
            self.operators.setdefault(form, node.op)
            weight = _WEIGHT_LAYER if op.weight_layer else _WEIGHTS.get(op.family, 1.0)
            self._layers[key] = form, self.number((form, shapes)), weight
        return self._layers[key]

    def together(self, join: int, forms: Iterable[int]) -> Counter[int]:
        """The features of a fork, from its joining layer and the items of its branches."""
        found = Counter((join,))
        for form, times in Counter(forms).items():
            inner = self.features.get(form)
            if inner is None:
                found[form] += times
            else:
                for each, count in inner.items():
                    found[each] += count * times
        return found

    def names(self, form: int) -> Counter[str]:
        """How often each operator occurs in a fork."""
        if form not in self._names:
            self._names[form] = self.called(self.features[form])
        return self._names[form]

    def called(self, features: Counter[int]) -> Counter[str]:
        """How often each operator occurs among features."""
        found: Counter[str] = Counter()
        for form, count in features.items():
            op = self.operators.get(form)
            if op is not None:
                found[op.name] += count
        return found

    def forks(self, one: int, other: int) -> float:
        """How like two forks are, from 0 to 1: by the layers in them, and by their operators alone."""
        if one == other:
            return 1.0
        return (overlap(self.features[one], self.features[other]) + 2 * overlap(self.names(one), self.names(other))) / 3

    def layers(self, one: int, other: int) -> float:
        """How like two layers are, from 0 to 1; see `likeness`."""
        if one == other:
            return 1.0
        return likeness(self.operators[one], self.operators[other])


def canonical(op: Operator, shapes: tuple[Shape, ...]) -> Operator:
    """The operator with its arguments spelled out for these inputs, and without what matters to training only."""
    op = op.canonical(shapes)
    fields = type(op).model_fields
    drop = {name: fields[name].default for name in TRAINING_ONLY if name in fields and getattr(op, name) is not None}
    return op.model_copy(update=drop) if drop else op


def _key(op: Operator) -> tuple[Hashable, ...]:
    return tuple((type(value).__name__, value) for value in (getattr(op, name) for name in type(op).model_fields))


def likeness(one: Operator, other: Operator) -> float:
    """How like two operators are: the arguments they share, those of the papers' notation before all others."""
    if type(one) is not type(other):
        return _KINDRED if one.family is other.family and one.family in _LIKE else 0.0
    geometry = [name for name in type(one).geometry if name is not None]
    equal = total = 0.0
    for name in type(one).model_fields:
        if name in TRAINING_ONLY:
            continue
        worth = 4.0 if name in geometry else 0.5 if geometry else 1.0
        total += worth
        equal += worth * (getattr(one, name) == getattr(other, name))
    return 0.4 + 0.55 * (equal / total if total else 1.0)


Key = TypeVar("Key")


def overlap(one: Counter[Key], other: Counter[Key]) -> float:
    """The share of what two bags have in common (Dice's coefficient)."""
    total = one.total() + other.total()
    return 2 * sum(min(one[key], other[key]) for key in one.keys() & other.keys()) / total if total else 1.0
