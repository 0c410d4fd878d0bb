"""A table with a layer or a network in each row, read by its columns' names.

What a row means is a function of its cells; where it cannot say, it raises `Unread` for the column, and the cell is
told with its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from netdsl.analysis.tables.model import Place, Table, placed
from netdsl.analysis.tables.spec import unread
from netdsl.analysis.tables.spelling import lines_alike
from netdsl.text.diagnostics import Report

Given: TypeAlias = Mapping[str, str]
"""The texts of a row by the names of their columns; empty where there is none, also of a column that is not there."""


class Unread(Exception):
    """A cell that a row needs and that does not say it: the name of its column, and what should stand there."""

    def __init__(self, column: str, wanted: str):
        super().__init__(wanted)
        self.column, self.wanted = column, wanted


def heads(table: Table) -> dict[str, int]:
    """The columns by the names in the first row, in small letters."""
    return {lines_alike(place.cell.lines).lower(): place.column for row in placed(table)[:1] for place in row}


def rows(table: Table, columns: Mapping[str, int], first: int = 1) -> Iterator[tuple[int, list[Place], Given]]:
    """The rows from the `first` on: their numbers from 1, their cells, and the texts of these by column."""
    for number, row in enumerate(placed(table)[first:], first + 1):
        texts = {place.column: lines_alike(place.cell.lines) for place in row}
        yield number, row, defaultdict(str, {name: texts.get(at, "") for name, at in columns.items()})


def read(
    table: Table, columns: Mapping[str, int], meaning: Callable[[Given], str], report: Report, *, first: int = 1
) -> list[str]:
    """What each row from the `first` on means; rows that mean nothing are left out."""
    found = []
    for number, row, given in rows(table, columns, first):
        try:
            said = meaning(given)
        except Unread as problem:
            at = columns.get(problem.column, 0)
            place = next((each for each in row if each.column == at), row[0])
            shown = f"`{given[problem.column]}`" if given.get(problem.column) else "the empty cell"
            unread(report, number, place, f" ({problem.column}): {shown} is not {problem.wanted}", column=at)
            continue
        if said:
            found.append(said)
    return found


def whole(given: Given, names: Sequence[str], wanted: str) -> list[int]:
    """The numbers in some columns. Raises `Unread` for the first that has none."""
    for name in names:
        if not given.get(name, "").isdigit():
            raise Unread(name, wanted)
    return [int(given[name]) for name in names]
