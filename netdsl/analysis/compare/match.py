"""Two structures to one list of rows: which layer of one is which of the other, and what only one of them has.

Sequences are aligned item by item; forks that belong together are entered, and their branches are set against each
other as a set, so neither the order of branches nor a new one among them hides what is alike. Equal parts are taken
as they are, by their number. Wiring that the nesting does not say is compared at the end, when it is known which
layers belong together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from netdsl.analysis.compare.align import Pairs, align
from netdsl.analysis.compare.forms import UNRELATED, Forms, overlap
from netdsl.analysis.compare.rows import Match, Rewired, Row, Run
from netdsl.analysis.compare.slide import beginnings, moved
from netdsl.analysis.compare.structure import COMMUTATIVE, Fork, Head, Item, Layer, Source, Structure, following
from netdsl.analysis.compare.wiring import rewired

_MANY_BRANCHES = 24
"""Of more branches than these, the order tells which belong together."""
_SAME_PLANE, _SAME_SHAPE = 20, 1
"""What inputs of an equal plane, and of an equal shape, are worth, in thousandths of a layer's weight."""


def match(one: Structure, other: Structure, forms: Forms) -> Match:
    """Set two structures against each other; `forms` is the one that both were made with."""
    return _Matcher(one, other, forms).match()


class _Matcher:
    def __init__(self, one: Structure, other: Structure, forms: Forms):
        self.one, self.other, self.forms = one, other, forms
        self.found = Match()
        self.begins = beginnings(one.network), beginnings(other.network)
        self.gains: dict[tuple[int, int], int] = {}
        self.paired: dict[tuple[int, int], Pairs] = {}
        self.head: Head | None = None

    def match(self) -> Match:
        found = self.found
        for left, right in _heads(self.one.heads, self.other.heads):
            found.heads.append((left, right))
            self.head = left
            if left is not None and right is not None:
                self.sequences(left.items, right.items, 0)
                continue
            head = left or right
            assert head is not None
            self.run(right is not None, head.items, (0, len(head.items)), None, 0)
            found.runs[-1].head = head
        found.partner = {
            row.one.node.id: row.other.node.id for row in found.rows if row.one is not None and row.other is not None
        }
        found.rewired += rewired(self.one, self.other, found)
        return found

    # Sequences -------------------------------------------------------------------------------------------------------

    def sequences(self, left: list[Item], right: list[Item], level: int) -> None:
        left, right = self.loosened(left, right), self.loosened(right, left)
        pairs, exact = align(
            [item.exact for item in left],
            [item.exact for item in right],
            lambda i, j: self.gain(left[i], right[j]),
            lambda i: left[i].weight > 1,
        )
        self.found.exact &= exact
        pairs = moved(pairs, left, right, self.begins)
        along: tuple[Item, Item] | None = None
        top = first = 0
        for i, j in [*pairs, (len(left), len(right))]:
            if top < i:
                self.run(False, left, (top, i), along, level)
            if first < j:
                self.run(True, right, (first, j), along, level)
            if i < len(left) and j < len(right):
                along = left[i], right[j]
                self.pair(left[i], right[j], level, following(left, i), following(right, j))
            top, first = i + 1, j + 1

    def run(
        self,
        added: bool,
        sequence: list[Item],
        stretch: tuple[int, int],
        along: tuple[Item, Item] | None,
        level: int,
        branch: bool = False,
    ) -> None:
        start, end = stretch
        items = sequence[start:end]
        rows = [
            Row(None, layer, deep) if added else Row(layer, None, deep)
            for item in items
            for layer, deep in _layers(item, level)
        ]
        behind = sequence[start - 1] if start else None
        self.found.rows += rows
        self.found.runs.append(Run(added, items, rows, behind, following(sequence, end - 1), along, sequence, branch))

    def gain(self, one: Item, other: Item) -> int:
        """What it is worth to set two items against each other, in thousandths of a layer's weight."""
        key = one.exact, other.exact
        if key not in self.gains:
            alike = 0.0
            bonus = 0
            if one.exact == other.exact:
                alike, bonus = 1.0, _SAME_PLANE + _SAME_SHAPE
            elif isinstance(one, Layer) and isinstance(other, Layer):
                alike = self.forms.layers(one.form, other.form)
                bonus = _bonus(one, other)
            elif isinstance(one, Fork) and isinstance(other, Fork):
                alike = self.forms.forks(one.form, other.form)
                alike *= 1.0 if one.join.node.op.name == other.join.node.op.name else 0.6
                bonus = _bonus(one.join, other.join)
            worth = (1000 * (alike - UNRELATED) + bonus) * (one.weight + other.weight) / 2
            self.gains[key] = round(worth) if alike > UNRELATED else 0
        return self.gains[key]

    def pair(self, one: Item, other: Item, level: int, after: Layer | None, behind: Layer | None) -> None:
        if isinstance(one, Layer) and isinstance(other, Layer):
            self.found.rows.append(Row(one, other, level))
        elif isinstance(one, Source) and isinstance(other, Source):
            different = Rewired("value", after, behind, one.value, other.value, self.head)
            self.found.sources.append((one, other, different))
        elif isinstance(one, Fork) and isinstance(other, Fork):
            self.fork(one, other, level)

    # Forks -----------------------------------------------------------------------------------------------------------

    def fork(self, one: Fork, other: Fork, level: int) -> None:
        if one.exact == other.exact:
            self.equal(one, other, level)
            return
        pairs = self.branches(one, other)
        for i, j in pairs:
            self.sequences(one.branches[i], other.branches[j], level + 1)
        left, right = {i for i, _ in pairs}, {j for _, j in pairs}
        for added, fork, paired in ((False, one, left), (True, other, right)):
            for number, branch in enumerate(fork.branches):
                if number not in paired:
                    self.run(added, branch, (0, len(branch)), (one, other), level + 1, branch=True)
        self.found.rows.append(Row(one.join, other.join, level))
        order = [j for _, j in pairs]
        if (
            len(one.branches) == len(other.branches)
            and one.join.node.op.name not in COMMUTATIVE
            and order != sorted(order)
        ):
            self.found.rewired.append(Rewired("order", one.join, other.join))

    def equal(self, one: Fork, other: Fork, level: int) -> None:
        """The rows of two equal forks."""
        branches = list(one.branches), list(other.branches)
        if one.join.node.op.name in COMMUTATIVE:
            for each in branches:
                each.sort(key=lambda branch: self.forms.number(tuple(item.exact for item in branch)))
        for left, right in zip(*branches, strict=True):
            for number, (first, second) in enumerate(zip(left, right, strict=True)):
                self.pair(first, second, level + 1, following(left, number), following(right, number))
        self.found.rows.append(Row(one.join, other.join, level))

    def branches(self, one: Fork, other: Fork) -> Pairs:
        """Which branches belong together, in the order of those on the left."""
        key = one.exact, other.exact
        if key not in self.paired:
            self.paired[key] = self.ranked(one, other)
        return self.paired[key]

    def ranked(self, one: Fork, other: Fork) -> Pairs:
        sizes = len(one.branches), len(other.branches)
        if max(sizes) > _MANY_BRANCHES:
            return [(i, i) for i in range(min(sizes))]
        left, right = ([self.bag(branch) for branch in fork.branches] for fork in (one, other))
        ranked = sorted(
            (-self.like(one.branches[i], other.branches[j], left[i], right[j]), abs(i - j), i, j)
            for i in range(sizes[0])
            for j in range(sizes[1])
        )
        found: dict[int, int] = {}
        taken: set[int] = set()
        for _, _, i, j in ranked:
            if i not in found and j not in taken:
                found[i] = j
                taken.add(j)
        return sorted(found.items())

    def bag(self, branch: list[Item]) -> tuple[Counter[int], Counter[str]]:
        features = self.forms.together(-1, (item.form for item in branch))
        return features, self.forms.called(features)

    def like(
        self,
        one: list[Item],
        other: list[Item],
        left: tuple[Counter[int], Counter[str]],
        right: tuple[Counter[int], Counter[str]],
    ) -> float:
        """How like two branches are: equal ones most, then by their layers, then by their operators."""
        if [item.exact for item in one] == [item.exact for item in other]:
            return 4.0
        if not one or not other:
            return 0.0
        return overlap(left[0], right[0]) + 2 * overlap(left[1], right[1])

    # Forks against layers that stand alone ---------------------------------------------------------------------------

    def loosened(self, items: list[Item], others: list[Item]) -> list[Item]:
        """The items, with each fork opened that the other side has no fork for, but has the layers of, in sequence.

        So a residual against the same layers without a shortcut differs by the shortcut, not by all.
        """
        forks = {item.form: item for item in items if isinstance(item, Fork)}
        if not forks:
            return items
        against = {item.form: item for item in others if isinstance(item, Fork)}
        loose = Counter(item.node.op.name for item in others if isinstance(item, Layer))
        opened = {
            form
            for form, fork in forks.items()
            if form not in against and self.belongs_in_sequence(fork, list(against.values()), loose)
        }
        return [each for item in items for each in (self.opened(item) if item.form in opened else (item,))]

    def belongs_in_sequence(self, fork: Fork, against: list[Fork], loose: Counter[str]) -> bool:
        if any(self.gain(fork, each) > _HALF_ALIKE * (fork.weight + each.weight) / 2 for each in against[:_LOOKED_AT]):
            return False
        main = _main(fork)
        names = Counter(item.node.op.name for item in main if isinstance(item, Layer) and item.weight > 1)
        return bool(names) and all(loose[name] >= count for name, count in names.items())

    def opened(self, item: Item) -> list[Item]:
        """A fork as the layers of its main branch, and a fork with what is left."""
        assert isinstance(item, Fork)
        main = _main(item)
        at = next(number for number, branch in enumerate(item.branches) if branch is main)
        rest = tuple([] if number == at else branch for number, branch in enumerate(item.branches))
        weight = item.weight - sum(each.weight for each in main)
        form, exact = (self.forms.number(("opened", number)) for number in (item.form, item.exact))
        left = [each.form for branch in rest for each in branch]
        self.forms.features[form] = self.forms.together(item.join.form, left)
        return [*main, Fork(item.join, rest, form, exact, weight, at)]


_HALF_ALIKE = 250
_LOOKED_AT = 50


def _heads(one: list[Head], other: list[Head]) -> Iterator[tuple[Head | None, Head | None]]:
    """Heads that belong together: of one kind, by name and else in order."""
    for kind in ("main", "output", "aux", "unused"):
        left = [head for head in one if head.kind == kind]
        right = [head for head in other if head.kind == kind]
        named = {head.name: head for head in right}
        pairs = {id(head): named.pop(head.name) for head in left if head.name in named}
        rest = iter([head for head in right if head.name in named])
        for head in left:
            yield head, pairs.get(id(head)) or next(rest, None)
        for head in rest:
            yield None, head


def _bonus(one: Layer, other: Layer) -> int:
    planes = [tuple(shape[1:] for shape in layer.shapes) for layer in (one, other)]
    return _SAME_PLANE * (planes[0] == planes[1]) + _SAME_SHAPE * (one.shapes == other.shapes)


def _layers(item: Item, level: int) -> Iterator[tuple[Layer, int]]:
    if isinstance(item, Layer):
        yield item, level
    elif isinstance(item, Fork):
        for branch in item.branches:
            for each in branch:
                yield from _layers(each, level + 1)
        yield item.join, level


def _main(fork: Fork) -> list[Item]:
    """The branch of a fork with the most in it."""
    return max(fork.branches, key=lambda branch: sum(item.weight for item in branch))
