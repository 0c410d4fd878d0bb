"""Text and places in it.

A `Source` is a spec's text with a name; a `Span` is a stretch of it, as offsets in code points. Every place in the
program is a `Span`, and only this module turns offsets into lines and columns (1-based code points for people, 0-based
UTF-16 units for editors).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open stretch `[start, end)` of the file called `file`, in code points."""

    file: str
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The stretch from the start of this span to the end of `other`, in the same file."""
        return Span(self.file, self.start, max(self.end, other.end))


class Position(NamedTuple):
    """A place for people: line and column from 1, in code points."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """A named text. `name` is what messages print: a path as the user gave it, `<stdin>` or `<text>`."""

    name: str
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at != -1:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def position(self, offset: int) -> Position:
        """Line and column (from 1) of an offset; an offset past the end is the end."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def offset(self, line: int, utf16: int) -> int:
        """The offset of an editor's place: `line` from 0 and `utf16` code units from 0."""
        if line >= len(self._starts):
            return len(self.text)
        start = self._starts[line]
        text = self.line(line + 1)
        if text.isascii():
            return start + min(utf16, len(text))
        units = 0
        for index, char in enumerate(text):
            if units >= utf16:
                return start + index
            units += 2 if ord(char) > 0xFFFF else 1
        return start + len(text)

    def utf16(self, offset: int) -> tuple[int, int]:
        """Line from 0 and UTF-16 column from 0 of an offset, as the language server protocol counts."""
        line, column = self.position(offset)
        if self.text.isascii():
            return line - 1, column - 1
        head = self.line(line)[: column - 1]
        return line - 1, sum(2 if ord(char) > 0xFFFF else 1 for char in head)

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) without its newline."""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    @property
    def lines(self) -> int:
        """How many lines the text has; the empty text has one."""
        return len(self._starts)

    def span(self, start: int, end: int) -> Span:
        """The span `[start, end)` of this source."""
        return Span(self.name, start, end)

    def slice(self, span: Span) -> str:
        """The text at a span of this source."""
        return self.text[span.start : span.end]
