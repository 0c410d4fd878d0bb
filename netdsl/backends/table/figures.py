"""The contents of a table: layers, rows and totals. Rows can be joined, folded and pruned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from netdsl.shapes import Shape, text


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
    they are unknown in any of its parts. Where these differ (`varied`), `op` and `size`, the output, have ranges, and
    `rows` are those of the first; `size` is also the output in terms of the input's sizes. `line` is that of the spec,
    None for what is written in another file."""

    name: str
    op: str
    output: Shape | None
    params: int | None
    macs: int | None
    times: int = 1
    rows: tuple[Row, ...] = ()
    size: str = ""
    varied: bool = False
    line: int | None = None


@dataclass(frozen=True)
class Summary:
    """The figures of a network, without the aux heads; None where errors left them unknown.

    `field` is what one value of the output sees of the input: one number where all dimensions agree. `throughout` are
    the arguments that are left out of the rows, `reported` the paper's figures beside the computed ones, and the
    reference. `levels` are how many levels of groups are shown, and how many there are, where that are more. Where
    sizes are in terms of the input, `valid` are the inputs for which they hold, and `result` is the output.
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
    field: int | Shape | None
    layers: tuple[Layer, ...]
    rows: tuple[Row, ...]
    throughout: tuple[str, ...]
    reported: tuple[str, ...]
    levels: tuple[int, int] = (0, 0)
    valid: str | None = None
    result: str = ""

    @property
    def title(self) -> str:
        return f"{self.name} ({self.variant})" if self.variant else self.name


def size(row: Row) -> str:
    """A row's output as it is shown."""
    return row.size or text(row.output)


def total(name: str, op: str, output: Shape | None, parts: Sequence[Row]) -> Row:
    """A group's row: the sum of its parts."""
    return Row(name, op, output, added(row.params for row in parts), added(row.macs for row in parts), 1, tuple(parts))


def added(figures: Iterable[int | None]) -> int | None:
    """Their sum; unknown where one of them is."""
    known = list(figures)
    return None if None in known else sum(each for each in known if each is not None)


def joined(row: Row, more: Row) -> Row:
    """A layer's row together with that of its norm or activation."""
    params, macs = added((row.params, more.params)), added((row.macs, more.macs))
    return replace(row, op=f"{row.op}, {more.op}", output=more.output, params=params, macs=macs, size=more.size)


def fitting(summary: Summary, most: int) -> Summary:
    """The summary with as many levels of groups as make at most so many rows, one at the least."""
    depth = deepest = _depth(summary.rows)
    while depth > 1 and _count(pruned(summary.rows, depth)) > most:
        depth -= 1
    if depth == deepest:
        return summary
    return replace(summary, rows=tuple(pruned(summary.rows, depth)), levels=(depth, deepest))


def _depth(rows: Sequence[Row]) -> int:
    return max((1 + _depth(row.rows) for row in rows), default=0)


def _count(rows: Iterable[Row]) -> int:
    return sum(1 + _count(row.rows) for row in rows)


def pruned(rows: Iterable[Row], depth: int | None) -> Iterator[Row]:
    """The rows down to a level; a group whose parts are below it goes too where it is all that its own group has."""
    for row in rows:
        if row.rows and depth is not None:
            parts = tuple(pruned(row.rows, depth - 1)) if depth > 1 else ()
            silent = len(parts) == 1 and parts[0].times == 1 and not parts[0].op and not parts[0].rows
            row = replace(row, rows=() if silent else parts)
        yield row
