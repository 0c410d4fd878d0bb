"""The contents of a table: layers, rows and totals. Rows can be joined, folded and pruned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from netdsl.shapes import Shape


@dataclass(frozen=True)
class Layer:
    """One operator: its place in the `state_dict`, its notation, its output, its figures, its line in the spec."""

    name: str
    op: str
    output: Shape | None
    params: int
    macs: int
    line: int | None


@dataclass(frozen=True)
class Row:
    """A row of the table: a layer, or a group with its parts. `params` and `macs` are those of all `times`."""

    name: str
    op: str
    output: Shape | None
    params: int
    macs: int
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
    params, macs = sum(row.params for row in parts), sum(row.macs for row in parts)
    return Row(name, op, output, params, macs, 1, tuple(parts))


def joined(row: Row, more: Row) -> Row:
    """A layer's row together with that of its norm or activation."""
    return replace(
        row, op=f"{row.op}, {more.op}", output=more.output, params=row.params + more.params, macs=row.macs + more.macs
    )


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
            yield replace(first, name=name, params=first.params * times, macs=first.macs * times, times=times)
        at = end


def _same(left: Row, right: Row) -> bool:
    return (
        (left.op, left.output, left.params, left.macs, left.times, len(left.rows))
        == (right.op, right.output, right.params, right.macs, right.times, len(right.rows))
        and all(map(_same, left.rows, right.rows))
    )  # fmt: skip
