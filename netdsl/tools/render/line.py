"""One line of source as a terminal shows it: safe, aligned, and not too long.

Characters that a terminal would obey or hide (control characters, overrides of the writing direction, odd spaces) are
written as escapes, tabs become spaces, and of a very long line only the stretches around the marks are kept. A
`ShownLine` knows in which column of the terminal each character of the source ended up.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import category, east_asian_width

from netdsl.text.visible import visible_char

LONGEST = 160
"""Lines with more characters than this are cut."""

_MARGIN = 40
_LONGEST_MARK = 80
_TAB = 4
_GAP = "..."


@lru_cache(maxsize=4096)
def width(char: str) -> int:
    """How many columns of a terminal a printable character takes: 2 for wide ones, 0 for combining marks."""
    if char.isascii():
        return 1
    if category(char) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


class ShownLine:
    """A line of source made fit to print; `text` is what is printed.

    `column(index)` is the column (from 0) where the character number `index` of the line begins in `text`. Of a long
    line only what is near the `marks`, (start, end) pairs of indices, is kept.
    """

    def __init__(self, line: str, marks: Iterable[tuple[int, int]] = ()):
        self._kept = _keep(len(line), list(marks))
        self._columns: list[list[int]] = []
        parts: list[str] = []
        column = 0
        for number, (start, end) in enumerate(self._kept):
            if number or start:
                parts.append(_GAP)
                column += len(_GAP)
            columns = [column]
            for char in line[start:end]:
                shown = " " * (_TAB - column % _TAB) if char == "\t" else visible_char(char)
                parts.append(shown)
                column += sum(map(width, shown))
                columns.append(column)
            self._columns.append(columns)
        if self._kept and self._kept[-1][1] < len(line):
            parts.append(_GAP)
        self.text = "".join(parts).rstrip()

    def column(self, index: int) -> int:
        """The column where a character begins; a character that was cut away is where the cut is."""
        number = max(bisect_right(self._kept, (index, len(self.text) + index + 1)) - 1, 0)
        start, end = self._kept[number]
        return self._columns[number][min(max(index, start), end) - start]


def _keep(length: int, marks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches of a line of this length that are shown, in order."""
    if length <= LONGEST:
        return [(0, length)]
    wanted = []
    for start, end in marks or [(0, 0)]:
        end = min(end, start + _LONGEST_MARK)
        wanted.append((max(start - _MARGIN, 0), min(end + _MARGIN, length)))
    kept: list[tuple[int, int]] = []
    for start, end in sorted(wanted):
        if kept and start <= kept[-1][1] + len(_GAP):
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    first, last = kept[0], kept[-1]
    if first[0] <= len(_GAP):
        kept[0] = (0, first[1])
    if last[1] >= length - len(_GAP):
        kept[-1] = (kept[-1][0], length)
    return kept


def indent(line: str) -> int:
    """How many characters of white space a line begins with."""
    found = re.match(r"\s*", line)
    return found.end() if found else 0
