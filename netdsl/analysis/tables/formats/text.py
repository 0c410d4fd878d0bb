"""A table as plain text, as it is read on a terminal: columns lined up, stacks in tall brackets, rules between rows.

One that is wider than the terminal is told in parts, each with the columns that say what a row is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import wrap
from unicodedata import combining, east_asian_width

from netdsl.analysis.tables.model import Cell, Table, placed
from netdsl.backends.table import shortened
from netdsl.text.visible import visible

ENDINGS = (".txt",)
COMMENT = "# {}"
GAP = "  "
WIDEST = 64
"""Columns of a cell's line; lists of maps in it would take hundreds."""
NARROWEST = 80
"""Columns of the notes below a table that is narrower."""


def write(tables: Sequence[Table], room: int | None = None) -> str:
    """The tables below one another, in at most so many columns of a terminal where that can be."""
    return "\n".join("\n".join(_parts(table, room)) + "\n" for table in tables)


def _parts(table: Table, room: int | None) -> Iterator[str]:
    """A table and its notes; in parts where it is wider than there is room."""
    stub = list(range(table.stub))
    begin, lines = table.stub, _lines_of(table)
    while room is not None and len(lines[1]) > room and begin < table.width:
        fitting = [end for end in range(begin + 1, table.width + 1) if _wide_of(table, stub, begin, end) <= room]
        end = max(fitting, default=begin + 1)
        yield from [*_lines_of(_only(table, [*stub, *range(begin, end)])), *([""] if end < table.width else [])]
        begin = end
    if begin == table.stub:
        yield from lines
    wide = min(len(lines[1]), room or len(lines[1]))
    for note in table.notes:
        yield from wrap(visible(note), max(wide, min(NARROWEST, room or NARROWEST)))


def _wide_of(table: Table, stub: Sequence[int], begin: int, end: int) -> int:
    return len(_lines_of(_only(table, [*stub, *range(begin, end)]))[1])


def _only(table: Table, columns: Sequence[int]) -> Table:
    """Some columns of a table."""
    rows = []
    for row in placed(table):
        cells = []
        for place in row:
            covered = sum(place.column <= column < place.column + place.cell.columns for column in columns)
            cells += [replace(place.cell, columns=covered)] if covered and not place.below else []
        rows.append(tuple(cells))
    right = frozenset(number for number, column in enumerate(columns) if column in table.right)
    many = len(table.head)
    return replace(table, head=tuple(rows[:many]), rows=tuple(rows[many:]), right=right)


def _lines_of(table: Table) -> list[str]:
    rows = placed(table)
    widths = [0] * table.width
    for row in rows:
        for place in row:
            if place.cell.columns == 1:
                widths[place.column] = max(widths[place.column], _wide(_lines(place.cell)))
    for row in rows:  # a cell over several columns that is wider than they are widens the last
        for place in row:
            end = place.column + place.cell.columns
            room = sum(widths[place.column : end]) + len(GAP) * (place.cell.columns - 1)
            widths[end - 1] += max(0, _wide(_lines(place.cell)) - room)
    rule = "-" * (sum(widths) + len(GAP) * (len(widths) - 1))
    written = [visible(table.title), rule]
    for number, row in enumerate(rows):
        if number == len(table.head) or (number - len(table.head)) in table.rules:
            written.append(rule)
        texts = [_lines(place.cell) if not place.below else [] for place in row]
        for line in range(max(map(len, texts), default=1)):
            parts = []
            for place, lines in zip(row, texts, strict=True):
                end = place.column + place.cell.columns
                room = sum(widths[place.column : end]) + len(GAP) * (place.cell.columns - 1)
                text = lines[line] if line < len(lines) else ""
                if place.cell.columns > 1:
                    parts.append(_filled(text, room, "center"))
                else:
                    parts.append(_filled(text, room, "right" if place.column in table.right else "left"))
            written.append(GAP.join(parts).rstrip())
    return [*written, rule]


def _lines(cell: Cell) -> list[str]:
    """The lines of a cell; those of a stack in brackets, which stands in as many lines as it has."""
    lines = [shortened(visible(line), WIDEST) for line in cell.lines]
    if cell.times is None:
        return lines
    wide = _wide(lines)
    middle = len(lines) // 2
    found = []
    for number, line in enumerate(lines):
        one = len(lines) == 1
        left, right = (
            ("[", "]") if one else ("⎡", "⎤") if number == 0 else ("⎣", "⎦") if number == len(lines) - 1 else ("⎢", "⎥")
        )
        found.append(f"{left}{_filled(line, wide, 'left')}{right}" + (f"×{cell.times}" if number == middle else ""))
    return found


def _wide(lines: Sequence[str]) -> int:
    return max((sum(map(_columns, line)) for line in lines), default=0)


def _columns(char: str) -> int:
    """How many columns of a terminal a character takes."""
    return 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1


def _filled(text: str, room: int, side: str) -> str:
    free = max(0, room - _wide([text]))
    left = {"left": 0, "right": free, "center": free // 2}[side]
    return " " * left + text + " " * (free - left)
