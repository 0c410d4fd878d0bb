"""Layers to the items that are set against each other, and what it is worth to pair two of them.

An item is a layer of the trunk, or a fork: the layers from where a value begins to wait beside the others up to the
join that takes it. So a residual or a module is found again as a whole, however its spec is spelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from netdsl.analysis.compare.layers import TRAINING_ONLY, Layer, Numbers
from netdsl.ops import Family, Operator

_UNRELATED = 0.3
"""Below this likeness two layers are not set against each other."""
_UNRELATED_FORKS = 0.5
"""The same for forks, which then are told as removed and added."""
_SAME_PLANE = 20
"""What it is worth that two layers see inputs of an equal plane, in thousandths of a layer's weight."""
_OTHER_BRANCH = 0.5
"""The share that is left of it where two layers lie in branches of another place."""
_KINDRED = 0.35
"""How like operators of one family are."""


@dataclass(slots=True, eq=False)
class Item:
    """A layer or a fork. Those of one `kind` gain the same."""

    layers: Sequence[Layer]
    form: int
    exact: int
    kind: int
    weight: float

    @property
    def fork(self) -> bool:
        return len(self.layers) > 1


def single(layers: Sequence[Layer], numbers: Numbers) -> list[Item]:
    """Each layer as an item."""
    return [
        Item((each,), each.form, each.exact, numbers.of(("layer", each.form, each.planes, each.waiting)), each.weight)
        for each in layers
    ]


def trunk(layers: Sequence[Layer], numbers: Numbers) -> list[Item]:
    """The layers of a trunk and the forks along it."""
    found: list[Item] = []
    start = 0
    for at, layer in enumerate(layers):
        if layer.waiting:
            continue
        if start == at:
            found += single([layer], numbers)
        else:
            inside = layers[start : at + 1]
            form, exact = (
                numbers.of(tuple(getattr(each, name) for each in inside)) for name in ("form", "exact")
            )
            kind = numbers.of(("fork", form, inside[0].planes))
            found.append(Item(inside, form, exact, kind, sum(each.weight for each in inside)))
        start = at + 1
    return found + single(layers[start:], numbers)


class Gains:
    """What it is worth to pair two items, in thousandths of a layer's weight; 0 for never."""

    def __init__(self) -> None:
        self._gains: dict[tuple[int, int], int] = {}
        self._features: dict[int, Counter[int | str]] = {}

    def __call__(self, one: Item, other: Item) -> int:
        key = one.kind, other.kind
        if key not in self._gains:
            first, second = one.layers[0], other.layers[0]
            if one.form == other.form:
                alike = 1.0
            elif one.fork != other.fork:
                alike = 0.0
            else:
                alike = self._forks(one, other) if one.fork else _likeness(first.node.op, second.node.op)
            bonus = _SAME_PLANE * (first.planes == second.planes)
            worth = (1000 * (alike - _UNRELATED) + bonus) * (one.weight + other.weight) / 2
            worth *= 1.0 if first.waiting == second.waiting else _OTHER_BRANCH
            self._gains[key] = round(worth) if alike > (_UNRELATED_FORKS if one.fork else _UNRELATED) else 0
        return self._gains[key]

    def _forks(self, one: Item, other: Item) -> float:
        """How like two forks are: by the layers in them, and twice by their operators alone (Dice's coefficient)."""
        features = []
        for item in (one, other):
            if item.form not in self._features:
                found: Counter[int | str] = Counter(layer.form for layer in item.layers)
                for layer in item.layers:
                    found[layer.name] += 2
                self._features[item.form] = found
            features.append(self._features[item.form])
        left, right = features
        alike = 2 * (left & right).total() / (left.total() + right.total())
        return alike * (1.0 if one.layers[-1].name == other.layers[-1].name else 0.6)


def _likeness(one: Operator, other: Operator) -> float:
    """How like two operators are, from 0 to 1: the arguments they share, those of the papers' notation before all
    others."""
    if type(one) is not type(other):
        return _KINDRED if one.family is other.family and one.family is not Family.REARRANGEMENT else 0.0
    geometry = [name for name in type(one).geometry if name is not None]
    equal = total = 0.0
    for name in type(one).model_fields:
        if name not in TRAINING_ONLY:
            worth = 4.0 if name in geometry else 0.5 if geometry else 1.0
            total += worth
            equal += worth * (getattr(one, name) == getattr(other, name))
    return 0.4 + 0.55 * (equal / total if total else 1.0)
