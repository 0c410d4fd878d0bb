"""The contents of a table: layers, rows and totals. Rows can be joined, folded and pruned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from netdsl.shapes import Shape


@dataclass(frozen=True)
class Layer:
    """One operator: its place in the `state_dict`, its notation, its output, its figures, its line in the spec. Of one
    whose output errors left unknown the figures are None."""

    name: str
    op: str
    output: Shape | None
    params: int | None
    macs: int | None
    line: int | None


@dataclass(frozen=True)
class Row:
    """A row of the table: a layer, or a group with its parts. `params` and `macs` are those of all `times`, None where
    they are unknown in any of its parts."""

    name: str
    op: str
    output: Shape | None
    params: int | None
    macs: int | None
    times: int = 1
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Summary:
    """The figures of a network, without the aux heads; None where errors left them unknown.

    `throughout` are the arguments that are left out of the rows, `reported` the paper's figures beside the computed
    ones.
    """

    name: str
    variant: str | None
    input: Shape | dict[str, Shape]
    output: Shape | None
    params: int | None
    aux_params: int | None
    macs: int | None
    depth: int | None
    frozen_params: int | None
    layers: tuple[Layer, ...]
    rows: tuple[Row, ...]
    throughout: tuple[str, ...]
    reported: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.name} ({self.variant})" if self.variant else self.name


def total(name: str, op: str, output: Shape | None, parts: Sequence[Row]) -> Row:
    """A group's row: the sum of its parts."""
    return Row(name, op, output, _sum(row.params for row in parts), _sum(row.macs for row in parts), 1, tuple(parts))


def _sum(figures: Iterable[int | None]) -> int | None:
    """Their sum; unknown where one of them is."""
    known = list(figures)
    return None if None in known else sum(each for each in known if each is not None)


def joined(row: Row, more: Row) -> Row:
    """A layer's row together with that of its norm or activation."""
    params, macs = _sum((row.params, more.params)), _sum((row.macs, more.macs))
    return replace(row, op=f"{row.op}, {more.op}", output=more.output, params=params, macs=macs)


def pruned(rows: Iterable[Row], depth: int | None) -> Iterator[Row]:
    """The rows down to a level."""
    for row in rows:
        if row.rows and depth is not None:
            row = replace(row, rows=tuple(pruned(row.rows, depth - 1)) if depth > 1 else ())
        yield row


def fold(rows: Sequence[Row]) -> Iterator[Row]:
    """Equal neighbours as one row with their sum, named from the first to the last."""
    at = 0
    while at < len(rows):
        end = at + 1
        while end < len(rows) and _same(rows[at], rows[end]):
            end += 1
        first, last, times = rows[at], rows[end - 1], end - at
        if times == 1:
            yield first
        else:
            name = f"{first.name}-{last.name}" if first.name and last.name else ""
            params, macs = _sum([first.params] * times), _sum([first.macs] * times)
            yield replace(first, name=name, params=params, macs=macs, times=times)
        at = end


def _same(left: Row, right: Row) -> bool:
    return (
        (left.op, left.output, left.params, left.macs, left.times, len(left.rows))
        == (right.op, right.output, right.params, right.macs, right.times, len(right.rows))
        and all(map(_same, left.rows, right.rows))
    )  # fmt: skip
