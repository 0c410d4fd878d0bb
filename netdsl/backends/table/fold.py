"""Equal neighbours in a repetition as one row, and neighbours that differ only in their numbers: with ranges.

`dense_layer(growth=32)` six times is one row though each adds 32 maps to those before it, and so are blocks whose rate
of dropped paths grows from 0 to 0.1. What differs otherwise (a stride in the first block, a projection) stays a row of
its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from netdsl.backends.table.figures import Row, added, size

_NUMBER = re.compile(
    r"(?<![\w.])\d+(?:\.\d+)?(?:e-?\d+)?%?(?![\w.%])"  # an argument's value, or a size
    r"|(?<=-)\d+(?=[/(]|$)"  # what comes out of a layer
    r"|(?<=\d)x\d+|\d+(?=x\d)"  # a part of dimensions
)


def fold(rows: Sequence[Row]) -> Iterator[Row]:
    """Neighbours that are alike as one row with their sum, named from the first to the last."""
    at = 0
    while at < len(rows):
        end = at + 1
        while end < len(rows) and _alike(rows[at], rows[end]):
            end += 1
        yield _one(rows[at:end]) if end - at > 1 else rows[at]
        at = end


def _one(rows: Sequence[Row]) -> Row:
    first, last = rows[0], rows[-1]
    name = f"{first.name}-{last.name}" if first.name and last.name else ""
    params, macs = added(row.params for row in rows), added(row.macs for row in rows)
    same = all(_same(first, row) for row in rows)
    folded = replace(first, name=name, params=params, macs=macs, times=len(rows), varied=not same)
    if same:
        return folded
    return replace(folded, op=_ranges([row.op for row in rows]), size=_ranges([size(row) for row in rows]))


def _pattern(written: str) -> str:
    return _NUMBER.sub("#", written)


def _alike(left: Row, right: Row) -> bool:
    """Whether two rows and all in them differ in nothing but numbers."""
    return (
        _pattern(left.op) == _pattern(right.op)
        and _pattern(size(left)) == _pattern(size(right))
        and (left.times, len(left.rows)) == (right.times, len(right.rows))
        and all(map(_alike, left.rows, right.rows))
    )


def _same(left: Row, right: Row) -> bool:
    return (
        (left.op, size(left), left.params, left.macs, left.times, len(left.rows))
        == (right.op, size(right), right.params, right.macs, right.times, len(right.rows))
        and all(map(_same, left.rows, right.rows))
    )  # fmt: skip


def _ranges(texts: Sequence[str]) -> str:
    """One text for several of one pattern: a number that differs among them is written from the least to the most."""
    columns = zip(*(_NUMBER.findall(each) for each in texts), strict=True)
    numbers = iter([_range(column) for column in columns])
    return _NUMBER.sub(lambda match: next(numbers), texts[0])


def _range(numbers: Sequence[str]) -> str:
    known = sorted(set(numbers), key=_amount)
    return known[0] if len(known) == 1 else f"{known[0]}-{known[-1].removeprefix('x')}"


def _amount(written: str) -> float:
    number = float(written.removeprefix("x").removesuffix("%"))
    return number / 100 if written.endswith("%") else number
