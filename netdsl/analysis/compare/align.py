"""Two sequences of layers to the pairs that belong together, in order.

What is paired are items: a layer of the trunk, or a fork, which is all from where a value begins to wait for a later
join up to that join. So a residual or a module is found again as a whole, however its spec is spelled.

What both sequences begin with is set aside first, and of long ones what they end with, so equal and nearly equal ones
cost next to nothing. What is left is aligned so that the sum of the gains of all pairs is the greatest (Needleman &
Wunsch, 1970). That takes time in proportion to the product of the lengths, so what is long is aligned in windows, one
after the other: linear, but not always the best there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from netdsl.analysis.compare.layers import TRAINING_ONLY, Layer, Numbers
from netdsl.ops import Family, Operator

Pairs: TypeAlias = list[tuple[int, int]]
Gain: TypeAlias = "Callable[[Item, Item], int]"

CELLS = 250_000
"""The largest product of two lengths that is aligned as a whole."""
WINDOW = 100
"""Items of each side in a window."""
_SAME_PLANE = 20
"""What it is worth that inputs have an equal plane, in thousandths of a layer's weight."""
_UNRELATED, _UNRELATED_FORKS = 0.3, 0.45
"""Up to this likeness two layers, or two forks, are not paired."""
_KINDRED, _OTHER_JOIN = 0.35, 0.55
"""How like operators of one family are, and the share of their likeness for forks that are joined otherwise."""


class Item(NamedTuple):
    """A layer or a fork; `kind` numbers its form together with the planes of its input."""

    layers: Sequence[Layer]
    form: int
    exact: int
    kind: int
    weight: float


def item(layers: Sequence[Layer], numbers: Numbers) -> Item:
    """Layers as one item."""
    form, exact = (numbers.of(tuple(getattr(each, name) for each in layers)) for name in ("form", "exact"))
    return Item(layers, form, exact, numbers.of((form, layers[0].planes)), sum(each.weight for each in layers))


def trunk(layers: Sequence[Layer], numbers: Numbers) -> list[Item]:
    """The layers of a trunk and the forks along it. A loose layer is of no fork."""
    found, inside = [], []
    for layer in layers:
        if layer.loose:
            found.append(item([layer], numbers))
            continue
        inside.append(layer)
        if layer.trunk:
            found.append(item(inside, numbers))
            inside = []
    return found + singles(inside, numbers)


def singles(layers: Sequence[Layer], numbers: Numbers) -> list[Item]:
    """Each layer as an item."""
    return [item([layer], numbers) for layer in layers]


class Gains:
    """What it is worth to pair two items, in thousandths of a layer's weight; 0 for never."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], int] = {}
        self._features: dict[int, Counter[int | str]] = {}

    def __call__(self, one: Item, other: Item) -> int:
        key = one.kind, other.kind
        if key not in self._known:
            alike, least = self.likeness(one, other), _UNRELATED if len(one.layers) == 1 else _UNRELATED_FORKS
            worth = 1000 * (alike - _UNRELATED) + _SAME_PLANE * (one.layers[0].planes == other.layers[0].planes)
            self._known[key] = round(worth * (one.weight + other.weight) / 2) if alike > least else 0
        return self._known[key]

    def likeness(self, one: Item, other: Item) -> float:
        """How like two items are, from 0 to 1; forks by the layers in them, and twice by their operators alone (Dice's
        coefficient)."""
        singles = [len(each.layers) == 1 for each in (one, other)]
        if one.form == other.form or singles[0] != singles[1]:
            return float(one.form == other.form)
        if all(singles):
            return _likeness(one.layers[0].node.op, other.layers[0].node.op)
        for fork in (one, other):
            if fork.form not in self._features:
                self._features[fork.form] = found = Counter[int | str]()
                for layer in fork.layers[:-1]:
                    found[layer.form] += 1
                    found[layer.name] += 2
        left, right = self._features[one.form], self._features[other.form]
        alike = 2 * (left & right).total() / (left.total() + right.total())
        return alike * (1.0 if one.layers[-1].name == other.layers[-1].name else _OTHER_JOIN)


def _likeness(one: Operator, other: Operator) -> float:
    """How like two operators are: the arguments they share, those of the papers' notation before all others."""
    if type(one) is not type(other):
        return _KINDRED if one.family is other.family is not Family.REARRANGEMENT else 0.0
    geometry = [name for name in type(one).geometry if name is not None]
    names = [name for name in type(one).model_fields if name not in TRAINING_ONLY]
    worths = [4.0 if name in geometry else 0.5 if geometry else 1.0 for name in names]
    equal = sum(worth for name, worth in zip(names, worths, strict=True) if getattr(one, name) == getattr(other, name))
    return 0.4 + 0.55 * (equal / sum(worths) if worths else 1.0)


def align(left: Sequence[Item], right: Sequence[Item], gain: Gain) -> tuple[Pairs, bool]:
    """Pairs of indices, rising on both sides, and whether they are known to be the best there are."""
    size = min(len(left), len(right))
    head = tail = 0
    while head < size and left[head].exact == right[head].exact:
        head += 1
    if (len(left) - head) * (len(right) - head) > CELLS:
        while tail < size - head and left[-1 - tail].exact == right[-1 - tail].exact:
            tail += 1
    middle = left[head : len(left) - tail], right[head : len(right) - tail]
    small = len(middle[0]) * len(middle[1]) <= CELLS
    pairs = [(i, i) for i in range(head)]
    pairs += [(head + i, head + j) for i, j in (best if small else windows)(*middle, gain)]
    pairs += [(len(left) - i, len(right) - i) for i in range(tail, 0, -1)]
    return pairs, small or sum(left[i].exact == right[j].exact for i, j in pairs) == size


def windows(left: Sequence[Item], right: Sequence[Item], gain: Gain) -> Pairs:
    """Pairs found in windows that move along both sequences: of each, the first half is kept."""
    pairs: Pairs = []
    top = first = 0
    while top < len(left) and first < len(right):
        ends = top + WINDOW, first + WINDOW
        found = [(top + i, first + j) for i, j in best(left[top : ends[0]], right[first : ends[1]], gain)]
        if ends[0] >= len(left) and ends[1] >= len(right):
            return pairs + found
        found = found[: (len(found) + 1) // 2]
        pairs += found
        top, first = (found[-1][0] + 1, found[-1][1] + 1) if found else (top + WINDOW // 2, first + WINDOW // 2)
    return pairs


def best(left: Sequence[Item], right: Sequence[Item], gain: Gain) -> Pairs:
    """The pairs with the greatest sum of gains. Where several alignments are equally good, what is left over comes
    late: of `conv, conv` against `conv, conv, conv` the third is the new one."""
    kinds = [other.kind for other in right]
    examples = dict(zip(kinds, right, strict=True))
    gains: dict[int, list[int]] = {}  # items of one kind gain the same
    sums = [[0] * (len(right) + 1)]
    for one in left:
        worths = gains.get(one.kind)
        if worths is None:
            seen = {kind: gain(one, other) for kind, other in examples.items()}
            worths = gains[one.kind] = [seen[kind] for kind in kinds]
        row, here, corner = [0], 0, 0
        for worth, above in zip(worths, sums[-1][1:], strict=True):
            if above > here:
                here = above
            if worth and corner + worth > here:
                here = corner + worth
            row.append(here)
            corner = above
        sums.append(row)
    pairs: Pairs = []
    i, j = len(left), len(right)
    while i and j:
        if sums[i][j - 1] == sums[i][j]:
            j -= 1
        elif sums[i - 1][j] == sums[i][j]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]
