"""What a match of two structures is: rows of layers, runs of what only one side has, and wiring that differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from netdsl.analysis.compare.structure import Head, Item, Layer, Source


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
    """How two structures fit.

    `partner` gives for a value on the left the one on the right,
    `sources` are references that stand for each other, with what there is to say if they are not to one value.
    """

    rows: list[Row] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    rewired: list[Rewired] = field(default_factory=list)
    heads: list[tuple[Head | None, Head | None]] = field(default_factory=list)
    partner: dict[int, int] = field(default_factory=dict)
    sources: list[tuple[Source, Source, Rewired]] = field(default_factory=list)
    exact: bool = True
