"""A table as plain text, as it is read on a terminal: columns lined up, stacks in tall brackets, rules between rows.

One that is wider than the terminal is told in parts, each with the columns that say what a row is. Read is what stands
in columns, as `pdftotext -layout` gives the tables of a paper; stacks in tall brackets are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import TypeAlias
from unicodedata import combining, east_asian_width

from netdsl.analysis.tables.model import Cell, Row, Table, placed
from netdsl.backends.table import shortened
from netdsl.text.source import Source
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


# And back --------------------------------------------------------------------------------------------------------

_FIELD = re.compile(r"\S+(?: \S+)*")
_RULES = re.compile(r"[\s\-=_─━]+")
_NOTE = re.compile(r"[A-Z][A-Za-z ]*: ")
_TITLE = re.compile(r"Table\s*\d+\s*[:.]\s*(.*)")
_ALIKE = str.maketrans("\f\x1b\x1c\x1d\x1e\x1f", " \ufb00\ufb01\ufb02\ufb03\ufb04")
"""The end of a page, and TeX's own codes of ligatures, where a PDF does not say what they are."""
Lines: TypeAlias = list[tuple[int, str]]
"""Lines with the places where they begin."""


def fits(text: str) -> bool:
    """Whether a text has lines whose fields stand in columns, as `pdftotext -layout` gives a table, or this module."""
    return "\t" not in text and any(_data(block) for block in _blocks(text))


def read(source: Source) -> list[Table]:
    """The tables of a text laid out in columns: these are where no line with several fields has a character between."""
    return [_read(source, block, data) for block in _blocks(source.text) if (data := _data(block))]


def _blocks(text: str) -> Iterator[Lines]:
    """The lines between empty ones."""
    block: Lines = []
    at = 0
    for line in [*re.findall(r"[^\n]*\n|[^\n]+", text), "\n"]:
        if line.strip("\f\r\n "):
            block.append((at, line.translate(_ALIKE).rstrip()))
        elif block:
            yield block
            block = []
        at += len(line)


def _data(block: Lines) -> list[str]:
    """The lines with the fields of several columns: three fields, or two where there are no three."""
    for fewest in (3, 2):
        found = [line for _, line in block if len(_FIELD.findall(line)) >= fewest and not _NOTE.match(line)]
        if len(found) > 1:
            return found
    return []


def _read(source: Source, block: Lines, data: Sequence[str]) -> Table:
    title = ""
    notes: list[str] = []
    rows: list[Row] = []
    columns = _columns_of(data)
    for number, (at, line) in enumerate(block):
        named = _TITLE.fullmatch(line.strip())
        ruled = number + 1 < len(block) and _RULES.fullmatch(block[number + 1][1]) is not None
        if named is not None or (number == 0 and ruled and len(_FIELD.findall(line)) == 1):
            title = named[1] if named is not None else line.strip()
        elif (_NOTE.match(line) or (notes and notes[-1].endswith("."))) and line not in data:
            notes.append(line)
        elif notes:  # a note goes on
            notes[-1] += f" {line.strip()}"
        elif not _RULES.fullmatch(line):
            rows.append(tuple(_cells_of(source, at, line, columns)))
    return Table(title, (), tuple(rows), tuple(notes))


def _columns_of(data: Sequence[str]) -> list[tuple[int, int]]:
    """Where the columns begin and end: between them no line has a character, but for the first, which may be heads that
    are wider than what stands below them."""
    inked = {at for line in data[len(data) // 4 :] for at, char in enumerate(line) if not char.isspace()}
    begins = sorted(at for at in inked if at - 1 not in inked)
    return [(begin, next(at for at in range(begin, begin + len(inked) + 1) if at not in inked)) for begin in begins]


def _cells_of(source: Source, at: int, line: str, columns: Sequence[tuple[int, int]]) -> Iterator[Cell]:
    """The cells of a line, each behind empty ones for the columns that it has nothing in: a text that is centred over
    several columns is over these, else each word is in the column that is nearest."""
    parts: dict[int, tuple[int, int]] = {}
    wide: dict[int, int] = {}
    fields = list(_FIELD.finditer(line))
    whole = len(fields) == len(columns)
    for number, field in enumerate(fields):
        text = re.fullmatch(r"(?=.*[A-Za-z])(?:\S+|.*[(,].*)", field[0]) is not None or len(fields) == 1
        over = _over(field.start(), field.end(), columns, len(fields) == 1) if text and not whole else None
        words = [field] if whole or over is not None else re.finditer(r"\S+", line[: field.end()])
        for word in words:
            if word.start() < field.start():
                continue
            middle = (word.start() + word.end()) / 2
            away = [max(begin - middle, middle - end, 0) for begin, end in columns]
            column = over.start if over is not None else number if whole else away.index(min(away))
            parts[column] = (parts.get(column, word.span())[0], word.end())
            wide[column] = len(over) if over is not None else 1
    done = 0
    for column, (begin, end) in sorted(parts.items()):
        yield from [Cell()] * (column - done)
        span = source.span(at + begin, at + end)
        yield Cell((" ".join(line[begin:end].split()),), wide[column], span=span)
        done = column + wide[column]


def _over(begin: int, end: int, columns: Sequence[tuple[int, int]], lone: bool) -> range | None:
    """The columns over which a text is centred; None for one that stands in its own column."""
    near = 0 if lone else 1
    nexts = [first for first, _ in columns[1:]] + [end]
    begins = any(
        abs(begin - c[0]) <= near and (end <= then or not lone) for c, then in zip(columns, nexts, strict=True)
    )
    own = begins or (not lone and any(end == last for _, last in columns))
    if len(columns) == 1 or own:
        return None
    if lone:
        return range(len(columns))
    for many in range(2, len(columns) + 1):
        for first in range(len(columns) - many + 1):
            left, right = columns[first][0], columns[first + many - 1][1]
            if left < begin and end < right and abs((left + right) - (begin + end)) <= 2:
                return range(first, first + many)
    return None
