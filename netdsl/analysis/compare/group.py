"""Places of one and the same difference, gathered into one finding."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from netdsl.analysis.compare.finding import Detail, Finding, FindingKind, Spot
from netdsl.analysis.compare.layers import Cost
from netdsl.analysis.compare.match import Pair

_MERGED = 3
"""More groups than these that differ in numbers only become one finding with a list."""


@dataclass(slots=True, eq=False)
class Group:
    """The places of one difference while they are gathered; `at` is the row of the first.

    Groups of one `family` differ in numbers only, and `title` is what they share. `notations` are the operators on both
    sides, as far as they are wholly told by this difference.
    """

    kind: FindingKind
    at: int
    aux: bool = False
    text: str = ""
    before: str | None = None
    after: str | None = None
    title: str = ""
    family: Hashable = None
    every: bool = False
    count: int = 0
    cost: Cost = field(default_factory=Cost)
    spots: list[Spot] = field(default_factory=list)
    notations: set[tuple[str, str] | None] = field(default_factory=set)
    behind: set[str] = field(default_factory=set)

    def add(self, spot: Spot, cost: Cost, times: int = 1) -> None:
        self.spots.append(spot)
        self.cost += cost
        self.count += times

    def finding(self, details: tuple[Detail, ...] = ()) -> Finding:
        text, before, after = self.text, self.before, self.after
        if len(self.notations) == 1 and (whole := next(iter(self.notations))) and not self.every:
            text, (before, after) = "", whole
        told = self.kind, text, self.count, self.every, before, after, details, tuple(self.spots)
        return Finding(*told, self.cost.params, self.cost.macs, self.aux)


def gathered(groups: Iterable[Group]) -> list[tuple[int, Finding]]:
    """The findings with the rows of their first places; groups of a family with many members are merged."""
    families: dict[Hashable, list[Group]] = defaultdict(list)
    for group in groups:
        families[(group.kind, group.aux, group.family) if group.family else id(group)].append(group)
    merged = [(each[0].at, _merged(each)) for each in families.values() if len(each) > _MERGED]
    return merged + [
        (group.at, group.finding()) for each in families.values() if len(each) <= _MERGED for group in each
    ]


def _merged(groups: list[Group]) -> Finding:
    whole = Group(groups[0].kind, groups[0].at, groups[0].aux, groups[0].title)
    details: Counter[tuple[str | None, str | None]] = Counter()
    for group in groups:
        whole.spots += group.spots
        whole.cost += group.cost
        whole.count += group.count
        sides: tuple[str | None, str | None] = group.before, group.after
        if sides == (None, None):
            sides = (group.text, None) if group.kind == "removed" else (None, group.text)
        details[sides] += group.count
    return whole.finding(tuple(Detail(*sides, count) for sides, count in details.most_common()))


def spot(pair: Pair) -> Spot:
    """Where a pair of layers is."""
    left, right = (layer.node.path if layer is not None else None for layer in pair)
    last = pair[1] or pair[0]
    return Spot(left, right, last.node.shape if last is not None else None)
