"""Two structures to one list of rows: which layer of one is which of the other, and what only one of them has.

Sequences are aligned item by item; forks that belong together are entered, and their branches are set against each
other as a set, so neither the order of branches nor a new one among them hides what is alike. Equal parts are taken
as they are, by their number. Wiring that the nesting does not say is compared at the end, when it is known which
layers belong together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from netdsl.comparison.align import Pairs, align
from netdsl.comparison.forms import UNRELATED, Forms
from netdsl.comparison.structure import COMMUTATIVE, Fork, Head, Item, Layer, Source, Structure, nodes
from netdsl.ir import Network

_MANY_BRANCHES = 40
"""Of more branches than these, the order tells which belong together."""
_SAME_PLANE, _SAME_SHAPE = 20, 1
"""What inputs of an equal plane, and of an equal shape, are worth, in thousandths of a layer's weight."""


@dataclass(slots=True, eq=False)
class Row:
    """A layer on the left, on the right, or on both sides, `level` forks deep."""

    one: Layer | None
    other: Layer | None
    level: int


@dataclass(slots=True, eq=False)
class Run:
    """Items in a sequence that only one side has. `behind` is the item before them, `along` the pair before them.

    `branch` says that they are a whole branch of the join of `along`, `head` that they are a whole side branch.
    """

    added: bool
    items: list[Item]
    rows: list[Row]
    behind: Item | None
    after: Item | None
    along: tuple[Item, Item] | None
    sequence: Sequence[Item]
    branch: bool = False
    head: Head | None = None


@dataclass(slots=True, eq=False)
class Rewired:
    """The layer behind it takes another value than its counterpart, or shares other weights, or joins its branches in
    another order: `what` is `value`, `weights`, `order`."""

    what: str
    one: Layer | None
    other: Layer | None
    left: int | None = None
    right: int | None = None
    head: Head | None = None


@dataclass(slots=True, eq=False)
class Match:
    """How two structures fit. `partner` gives for a value on the left the one on the right."""

    rows: list[Row] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    rewired: list[Rewired] = field(default_factory=list)
    heads: list[tuple[Head | None, Head | None]] = field(default_factory=list)
    partner: dict[int, int] = field(default_factory=dict)
    exact: bool = True


def match(one: Structure, other: Structure, forms: Forms) -> Match:
    """Set two structures against each other; `forms` is the one that both were made with."""
    return _Matcher(one, other, forms).match()


class _Matcher:
    def __init__(self, one: Structure, other: Structure, forms: Forms):
        self.one, self.other, self.forms = one, other, forms
        self.found = Match()
        self.begins = _begins(one.network), _begins(other.network)
        self.gains: dict[tuple[int, int], int] = {}
        self.sources: list[tuple[Source, Source, Rewired]] = []
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
        self.wiring()
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
        pairs = self.moved(pairs, left, right)
        along: tuple[Item, Item] | None = None
        top = first = 0
        for i, j in [*pairs, (len(left), len(right))]:
            if top < i:
                self.run(False, left, (top, i), along, level)
            if first < j:
                self.run(True, right, (first, j), along, level)
            if i < len(left) and j < len(right):
                along = left[i], right[j]
                self.pair(left[i], right[j], level, _next(left, i), _next(right, j))
            top, first = i + 1, j + 1

    def moved(self, pairs: Pairs, left: list[Item], right: list[Item]) -> Pairs:
        """The pairs with each run of extra items moved to begin where the spec begins something, as late as can be:
        of `a b a b a b` against `a b a b` the last `a b` is the new one, not `b a`."""
        pairs = list(pairs)
        for number in range(len(pairs) + 1):
            top, first = (pairs[number - 1][0] + 1, pairs[number - 1][1] + 1) if number else (0, 0)
            i, j = pairs[number] if number < len(pairs) else (len(left), len(right))
            if (top < i) == (first < j):
                continue
            side = int(first < j)
            start, end = (first, j) if side else (top, i)
            shift = self.shift(pairs, number, (left, right), side, (start, end))
            for step in range(shift):
                pairs[number + step] = (i + step, first + step) if side else (top + step, j + step)
            for step in range(1, 1 - shift):
                one, other = pairs[number - step]
                pairs[number - step] = (one, end - step) if side else (end - step, other)
        return pairs

    def shift(
        self, pairs: Pairs, number: int, both: tuple[list[Item], list[Item]], side: int, run: tuple[int, int]
    ) -> int:
        """By how many items a run moves to the right, or to the left."""
        items, (start, end) = both[side], run
        begins = self.begins[side]

        def equal(at: int, moving: int, step: int) -> bool:
            """Whether the pair at `at` goes on where the pair beside it ends, and is equal to the item it would take
            the place of."""
            if not 0 <= at < len(pairs):
                return False
            if at not in (number, number - 1):
                beside = pairs[at - step]
                if (pairs[at][0] - beside[0], pairs[at][1] - beside[1]) != (step, step):
                    return False
            one, other = both[0][pairs[at][0]], both[1][pairs[at][1]]
            return one.exact == other.exact == items[moving].exact

        best, rank = 0, _rank(items[start], begins)
        shift = 0
        while equal(number + shift, start + shift, 1):
            shift += 1
            each = _rank(items[start + shift], begins)
            if each >= rank:
                best, rank = shift, each
        shift = 0
        while equal(number - 1 - shift, end - 1 - shift, -1):
            shift += 1
            each = _rank(items[start - shift], begins)
            if each > rank:
                best, rank = -shift, each
        return best

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
        self.found.runs.append(Run(added, items, rows, behind, _next(sequence, end - 1), along, sequence, branch))

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
            rewired = Rewired("value", after, behind, one.value, other.value, self.head)
            self.sources.append((one, other, rewired))
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
                self.pair(first, second, level + 1, _next(left, number), _next(right, number))
        self.found.rows.append(Row(one.join, other.join, level))

    def branches(self, one: Fork, other: Fork) -> list[tuple[int, int]]:
        """Which branches belong together, in the order of those on the left."""
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
        for _, _, i, j in ranked:
            if i not in found and j not in found.values():
                found[i] = j
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
        return _overlap(left[0], right[0]) + 2 * _overlap(left[1], right[1])

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

    # Wiring ----------------------------------------------------------------------------------------------------------

    def wiring(self) -> None:
        """Sources that are not each other's counterparts, and weights that are shared with others."""
        found = self.found
        back = {right: left for left, right in found.partner.items()}
        left, right = _Resolved(self.one, found.partner), _Resolved(self.other, back)

        def apart(one: int, other: int) -> bool:
            one, other = left.paired(self.one.behind[one]), right.paired(self.other.behind[other])
            return found.partner.get(one, one) != other

        for source, against, rewired in self.sources:
            if apart(source.value, against.value):
                found.rewired.append(rewired)
        for run in found.runs:
            for number, item in enumerate(run.items):
                if isinstance(item, Source) and not run.rows and run.head is None:
                    layer = _next(run.items, number)
                    one, other = (None, layer) if run.added else (layer, None)
                    found.rewired.append(Rewired("value", one, other, *_one_sided(run.added, item.value)))
        for row in found.rows:
            if row.one is None or row.other is None:
                continue
            shared, against_shared = row.one.node.shares, row.other.node.shares
            if (-1 if shared is None else found.partner.get(shared)) != (
                -1 if against_shared is None else against_shared
            ):
                found.rewired.append(Rewired("weights", row.one, row.other, shared, against_shared))


_HALF_ALIKE = 250
_LOOKED_AT = 50


def _one_sided(added: bool, value: int) -> tuple[int | None, int | None]:
    return (None, value) if added else (value, None)


class _Resolved:
    """For a value of one side the last one before it that has a counterpart, or the input it comes from."""

    def __init__(self, structure: Structure, paired: dict[int, int]):
        self.structure, self.known = structure, dict.fromkeys(paired, -1)
        self.found: dict[int, int] = {}

    def paired(self, value: int) -> int:
        way = []
        first = len(self.structure.network.inputs)
        while value >= first and value not in self.known:
            if value in self.found:
                value = self.found[value]
                break
            way.append(value)
            value = self.structure.inputs[value][0]
        self.found.update(dict.fromkeys(way, value))
        return value


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


def _begins(network: Network) -> frozenset[int]:
    """The nodes with which something begins that the spec shows as one."""
    return frozenset(
        next(iter(scope.nodes()), network.nodes[0]).id
        for scope in network.body.scopes()
        if scope.kind in ("block", "bracket", "iteration", "group") and scope.children
    )


def _rank(item: Item, begins: frozenset[int]) -> int:
    """How well a run begins with this item."""
    first = next(nodes(item), None)
    return 2 * (first is not None and first.id in begins) + (isinstance(item, Fork) or item.weight > _LIGHT)


_LIGHT = 1.0


def _bonus(one: Layer, other: Layer) -> int:
    planes = [tuple(shape[1:] for shape in layer.shapes) for layer in (one, other)]
    return _SAME_PLANE * (planes[0] == planes[1]) + _SAME_SHAPE * (one.shapes == other.shapes)


def _next(items: Sequence[Item], index: int) -> Layer | None:
    """The layer behind an item: that joins, where it is a fork."""
    item = items[index + 1] if index + 1 < len(items) else None
    return item.join if isinstance(item, Fork) else item if isinstance(item, Layer) else None


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


def _overlap(one: Counter[int] | Counter[str], other: Counter[int] | Counter[str]) -> float:
    common = (one & other).total()  # type: ignore[operator]
    return 2 * common / (one.total() + other.total())
