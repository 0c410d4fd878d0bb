"""The one model of a table: cells with their lines and spans, rows, notes. Free of style and of format.

A style makes tables of networks and networks of tables, a format makes text of tables and tables of text; what lies
between them is this. Cells stand in the order of the page: a cell over several columns or rows is there once, where it
begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from netdsl.text.source import Span


@dataclass(frozen=True)
class Cell:
    """What is printed in a place: its lines, how many columns and rows it covers, and where it was read, if it was.

    `times`: the lines stand in brackets, so many times (a stack of blocks in the ResNet paper).
    """

    lines: tuple[str, ...] = ()
    columns: int = 1
    rows: int = 1
    times: int | None = None
    span: Span | None = None

    @property
    def text(self) -> str:
        """The cell in one line."""
        if self.times is None:
            return " ".join(self.lines)
        return f"[{'; '.join(self.lines)}]×{self.times}"


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table: its title, the rows of its head and of its body, and the notes below it. `rules` are the numbers of the
    rows of the body with a line above them; `right` the columns whose figures are aligned at the right, and the `stub`
    first columns say what a row is."""

    title: str
    head: tuple[Row, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    rules: frozenset[int] = frozenset()
    right: frozenset[int] = frozenset()
    stub: int = 0

    @property
    def width(self) -> int:
        """How many columns it has."""
        return max((place.column + place.cell.columns for row in placed(self) for place in row), default=0)


class Place(NamedTuple):
    """A cell with the column in which it begins, from 0; `below` says that it began in a row above."""

    column: int
    cell: Cell
    below: bool = False


def placed(table: Table) -> list[list[Place]]:
    """The rows of head and body, each cell with its column; one over several rows is in each of them."""
    found: list[list[Place]] = []
    going: dict[int, tuple[Cell, int]] = {}  # by its column, a cell that goes on below, and for how many rows
    for row in (*table.head, *table.rows):
        line: list[Place] = []
        below: dict[int, tuple[Cell, int]] = {}
        waiting, column = list(reversed(row)), 0
        while waiting or any(each >= column for each in going):
            if column in going:
                cell, left = going.pop(column)
                line.append(Place(column, cell, True))
            elif waiting:
                cell = waiting.pop()
                left = cell.rows
                line.append(Place(column, cell))
            else:
                cell, left = Cell(), 1  # the row is shorter than a cell that comes down into it
            if left > 1:
                below[column] = (cell, left - 1)
            column += cell.columns
        found.append(line)
        going = below
    return found


def cell(*lines: str, columns: int = 1, rows: int = 1) -> Cell:
    """A cell of some lines."""
    return Cell(tuple(lines), columns, rows)


def merged(texts: Sequence[str]) -> Iterator[Cell]:
    """Cells for the columns' texts, equal neighbours as one; empty ones stay apart."""
    at = 0
    while at < len(texts):
        end = at + 1
        while texts[at] and end < len(texts) and texts[end] == texts[at]:
            end += 1
        yield cell(*([texts[at]] if texts[at] else []), columns=end - at)
        at = end
