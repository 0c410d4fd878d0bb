"""What is told of two networks, as data: findings, and every row of the alignment.

Nothing here knows how it was found or how it will be shown. The changes of params and multiply-adds add up: those of
all rows, and those of all findings, are the difference of the totals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

from netdsl.shapes import Shape

RowKind: TypeAlias = Literal["same", "reshaped", "changed", "added", "removed"]
FindingKind: TypeAlias = Literal[
    "added", "removed", "changed", "reshaped", "rewired", "input", "output", "aux", "recipe", "init"
]


class Place(NamedTuple):
    """A layer on one side: its path in the `state_dict`, its operator, shapes, figures, and its line in the spec."""

    path: str
    op: str
    input: tuple[Shape, ...]
    output: Shape | None
    params: int
    macs: int
    line: int | None


class AlignedRow(NamedTuple):
    """A layer of the left network beside its counterpart on the right; `aux` where it is in an aux head.

    `reshaped` is a layer whose operator is the same on inputs of another shape.
    """

    kind: RowKind
    aux: bool
    left: Place | None
    right: Place | None

    @property
    def params(self) -> int:
        return (self.right.params if self.right else 0) - (self.left.params if self.left else 0)

    @property
    def macs(self) -> int:
        return (self.right.macs if self.right else 0) - (self.left.macs if self.left else 0)


class Spot(NamedTuple):
    """Where a finding is: the paths on both sides, where there are any, and the shape that comes out there."""

    left: str | None
    right: str | None
    output: Shape | None = None

    @property
    def path(self) -> str:
        return self.left or self.right or ""


class Detail(NamedTuple):
    """One of the values that a finding has in several places: what is on the left, on the right, and how often."""

    before: str | None
    after: str | None
    times: int


@dataclass(frozen=True)
class Finding:
    """One difference, told once for all the places where it is.

    - `text`: what it is; `count` times, which are all layers of that kind where `every` is set.
    - `before`, `after`: the values, where an argument changed; `details`, where they are many.
    - `spots`: where. `params`, `macs`: what it changes in all, without aux heads unless `aux` is set.
    """

    kind: FindingKind
    text: str
    count: int = 1
    every: bool = False
    before: str | None = None
    after: str | None = None
    details: tuple[Detail, ...] = ()
    spots: tuple[Spot, ...] = ()
    params: int = 0
    macs: int = 0
    aux: bool = False


MERGED = 3
"""More findings than these that differ in numbers only become one with a list."""


def merged(findings: Sequence[Finding], title: str) -> Finding:
    """Findings that differ in numbers only, as one with a list of what is where."""
    times: Counter[tuple[str | None, str | None]] = Counter()
    for each in findings:
        alone = (each.text, None) if each.kind == "removed" else (None, each.text)
        times[alone if each.before is each.after is None else (each.before, each.after)] += each.count
    return replace(
        findings[0],
        text=title,
        count=times.total(),
        every=False,
        before=None,
        after=None,
        details=tuple(Detail(*sides, count) for sides, count in times.most_common()),
        spots=tuple(spot for each in findings for spot in each.spots),
        params=sum(each.params for each in findings),
        macs=sum(each.macs for each in findings),
    )
