"""Places of one and the same difference, gathered into one finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from netdsl.analysis.compare.changes import Cost
from netdsl.analysis.compare.difference import Detail, Finding, FindingKind, Spot

MERGED = 3
"""More groups than these that differ in numbers only become one finding with a list."""


@dataclass(slots=True, eq=False)
class Group:
    """The places of one difference while they are gathered.

    Groups of one `family` differ in numbers only; `notations` are those of all places on both sides, where they are
    the same.
    """

    kind: FindingKind
    at: int
    aux: bool
    text: str = ""
    before: str | None = None
    after: str | None = None
    notations: tuple[str, str] | None = None
    family: Hashable = None
    key: Hashable = None
    title: str = ""
    every: bool = False
    count: int = 0
    cost: Cost = field(default_factory=Cost)
    spots: list[Spot] = field(default_factory=list)

    def add(self, spot: Spot, cost: Cost, times: int = 1) -> None:
        self.spots.append(spot)
        self.cost += cost
        self.count += times

    def finding(self) -> Finding:
        text, before, after = self.text, self.before, self.after
        if self.notations is not None and not self.every:
            text, before, after = "", *self.notations
        return Finding(
            self.kind,
            text,
            count=self.count,
            every=self.every,
            before=before,
            after=after,
            spots=tuple(self.spots),
            params=self.cost.params,
            macs=self.cost.macs,
            aux=self.aux,
        )


class Groups:
    """All groups, in order of their first places."""

    def __init__(self) -> None:
        self.known: dict[Hashable, Group] = {}

    def group(self, key: Hashable, kind: FindingKind, at: int, aux: bool, begin: Callable[[Group], None]) -> Group:
        """The group with this key; a new one is filled in by `begin`."""
        found = self.known.get((kind, aux, key))
        if found is None:
            found = self.known[kind, aux, key] = Group(kind, at, aux, key=key)
            begin(found)
        return found

    def findings(self) -> list[tuple[int, Finding]]:
        """The findings with their places in order; groups of a family with many members are merged."""
        families = Counter((group.kind, group.aux, group.family) for group in self.known.values() if group.family)
        found: list[tuple[int, Finding]] = []
        merged: dict[Hashable, list[Group]] = {}
        for group in self.known.values():
            family = group.kind, group.aux, group.family
            if families[family] > MERGED:
                merged.setdefault(family, []).append(group)
            else:
                found.append((group.at, group.finding()))
        return [*found, *((members[0].at, _merged(members)) for members in merged.values())]


def _merged(groups: list[Group]) -> Finding:
    whole = Group(groups[0].kind, groups[0].at, groups[0].aux, text=groups[0].title)
    for group in groups:
        whole.spots += group.spots
        whole.cost += group.cost
        whole.count += group.count
    details: Counter[tuple[str | None, str | None]] = Counter()
    for group in groups:
        plain = group.before is None and group.after is None
        left = group.text if plain and group.kind == "removed" else group.before
        right = group.text if plain and group.kind == "added" else group.after
        details[left, right] += group.count
    found = tuple(Detail(left, right, count) for (left, right), count in details.most_common())
    finding = whole.finding()
    return Finding(**{**vars(finding), "details": found})
