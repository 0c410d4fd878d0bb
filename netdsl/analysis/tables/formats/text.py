"""A table as plain text, as it is read on a terminal: columns lined up, stacks in tall brackets, rules between rows."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import combining, east_asian_width

from netdsl.analysis.tables.model import Cell, Table, placed
from netdsl.text.visible import visible

ENDINGS = (".txt",)
COMMENT = "# {}"
GAP = "  "


def write(tables: Sequence[Table]) -> str:
    """The tables below one another."""
    return "\n".join(_table(table) for table in tables)


def _table(table: Table) -> str:
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
    written.append(rule)
    written += map(visible, table.notes)
    return "\n".join(written) + "\n"


def _lines(cell: Cell) -> list[str]:
    """The lines of a cell; those of a stack in brackets, which stands in as many lines as it has."""
    lines = [visible(line) for line in cell.lines]
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
