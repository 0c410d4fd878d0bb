"""Changing a text by the edits that messages carry.

`apply` makes the new text, `diff` shows what changed, `without` is what to cut out to remove a statement, `apart`
chooses messages whose edits can be made together, and `Moved` maps places of the old text to the new one.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left, insort
from collections.abc import Iterable
from itertools import accumulate, islice, pairwise
from typing import TypeAlias

from netdsl.text.diagnostics import Diagnostic, Edit
from netdsl.text.source import Source, Span


def apply(source: Source, edits: Iterable[Edit]) -> str:
    """The text of `source` with all edits made at once: their places are those in the old text.

    An edit that is there twice is made once; two insertions at one place are made in the order given. Raises
    `ValueError` where two edits overlap or an edit is of another file.
    """
    text = source.text
    parts: list[str] = []
    end = 0
    for edit in sorted(dict.fromkeys(edits), key=lambda each: (each.span.start, each.span.end)):
        if edit.span.file != source.name:
            raise ValueError(f"an edit of '{edit.span.file}' cannot be made in '{source.name}'")
        if edit.span.start < end:
            raise ValueError(f"two edits overlap at line {source.position(edit.span.start).line}")
        parts += (text[end : edit.span.start], edit.text)
        end = edit.span.end
    return "".join((*parts, text[end:]))


def within(diagnostic: Diagnostic, source: Source) -> bool:
    """Whether a message is about this text and carries edits, none of them in another file."""
    places = [diagnostic.span, *(edit.span for edit in diagnostic.edits)]
    return bool(diagnostic.edits) and all(span is not None and span.file == source.name for span in places)


_Change: TypeAlias = tuple[int, int, str]  # an edit as start, end and new text


def apart(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The messages whose edits can all be made at once, by place; one that touches an edit of an earlier one is left
    out. Two messages may ask for the same edit."""
    chosen: list[Diagnostic] = []
    taken: list[_Change] = []  # sorted, and none overlaps another
    for diagnostic in sorted(diagnostics, key=lambda each: min(edit.span.start for edit in each.edits)):
        wanted = sorted({(edit.span.start, edit.span.end, edit.text) for edit in diagnostic.edits})
        new = [each for each in wanted if each not in _neighbours(taken, each)]
        overlap = any(one[1] > other[0] for one, other in pairwise(new))
        if overlap or any(_touch(each, other) for each in new for other in _neighbours(taken, each)):
            continue
        chosen.append(diagnostic)
        for each in new:
            insort(taken, each)
    return chosen


def _neighbours(taken: list[_Change], change: _Change) -> list[_Change]:
    at = bisect_left(taken, change)
    return taken[max(at - 1, 0) : at + 1]


def _touch(one: _Change, other: _Change) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


class Moved:
    """Maps offsets of the old text to the new one, after edits that do not overlap."""

    def __init__(self, edits: Iterable[Edit]):
        self.edits = sorted(set(edits), key=lambda edit: edit.span)
        self.ends = [edit.span.end for edit in self.edits]
        self.shifts = [0, *accumulate(len(edit.text) - (edit.span.end - edit.span.start) for edit in self.edits)]

    def __call__(self, offset: int, *, behind: bool = False) -> int:
        """The offset in the new text; one inside a replaced stretch becomes the start of the replacement.

        Text inserted exactly at the offset comes after it, or before it with `behind`.
        """
        first = bisect_left(self.ends, offset)
        shift = self.shifts[first]
        for edit in islice(self.edits, first, None):
            start, end = edit.span.start, edit.span.end
            if start > offset:
                break
            if end == offset and (start < end or behind):
                shift += len(edit.text) - (end - start)
            elif start < offset < end:
                shift -= offset - start
        return offset + shift

    def both(self, offset: int) -> tuple[int, int]:
        """The offset before text inserted exactly there, and behind it."""
        return self(offset), self(offset, behind=True)


def diff(source: Source, new: str) -> str:
    """A unified diff from `source` to the text `new`, empty where they are equal; `patch` can read it."""
    written = difflib.unified_diff(_lines(source.text), _lines(new), source.name, source.name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in written)


def _lines(text: str) -> list[str]:
    """The lines with their ends; only a newline ends a line, as for `patch`, and no form feed."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def without(source: Source, span: Span) -> Span:
    """The stretch to delete to remove a statement: its line where nothing else stands there, else the statement with
    one separator beside it, or alone where there is none."""
    text = source.text
    start, end = span.start, span.end
    while start > 0 and text[start - 1] in " \t":
        start -= 1
    while end < len(text) and text[end] in " \t\r":
        end += 1
    opens = start == 0 or text[start - 1] == "\n"
    if opens and (end == len(text) or text[end] == "\n"):
        return source.span(start, min(end + 1, len(text)))
    if end < len(text) and text[end] == ";":
        end += 1
        while end < len(text) and text[end] in " \t":
            end += 1
        return source.span(span.start, end)
    if start > 0 and text[start - 1] == ";":
        return source.span(start - 1, span.end)
    return source.span(span.start, span.end)
