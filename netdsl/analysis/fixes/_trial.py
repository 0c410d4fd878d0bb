"""Whether a change of the text is an improvement: the errors before and after it, compared by code and place.

Messages hold shapes and figures, which change when something before them does; what a mistake is, is its code and where
it stands. Edits move what stands behind them, so places are carried over into the new text first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, islice

from netdsl.text.diagnostics import Diagnostic, Edit, Report


class Moved:
    """Where places of the old text lie in the new one, after edits that do not overlap."""

    def __init__(self, edits: Iterable[Edit]):
        self.edits = sorted(set(edits), key=lambda edit: edit.span)
        self.ends = [edit.span.end for edit in self.edits]
        self.shifts = [0, *accumulate(len(edit.text) - (edit.span.end - edit.span.start) for edit in self.edits)]

    def __call__(self, offset: int, *, behind: bool = False) -> int:
        """A place in the new text; one inside a replaced stretch is the start of the new.

        What is inserted right there comes after it, or before it where the place stands `behind`.
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
        """A place before what is inserted right there, and behind it."""
        return self(offset), self(offset, behind=True)


def added(before: Report, after: Report, edits: Sequence[Edit], diagnostic: Diagnostic) -> int | None:
    """How many errors are there after the edits that were not there before; None where `diagnostic` is there still, or
    an error is new at a place before it.

    What stands behind an error can be wrong without being told, since its shape is unknown: it comes to light when the
    error is gone.
    """
    span = diagnostic.span
    if span is None:
        return None
    moved = Moved(edits)
    first, last = moved(span.start), moved(span.end, behind=True)
    known = set()
    for each in before.errors:
        if each.span is not None:
            name, start = each.span.file, each.span.start
            places = moved.both(start) if name == span.file else (start,)
            known |= {(each.code, name, place) for place in places}
    count = 0
    for each in after.errors:
        if each.span is None:
            return None
        if each.span.file == span.file and first <= each.span.start <= last and each.code == diagnostic.code:
            return None
        if (each.code, each.span.file, each.span.start) not in known:
            if each.span.file != span.file or each.span.start <= last:
                return None
            count += 1
    return count


def settles(before: Report, after: Report, edits: Sequence[Edit], mended: Iterable[Diagnostic]) -> bool:
    """Whether all of `mended` are gone after the edits, there are not more errors, and none of a code that is new.

    Errors of a kind that is there already may come to light, where the text could not be read before; and so may shapes
    and claims that do not hold, about which an unknown layer before them was silent.
    """
    if _read(after).total() > _read(before).total() or not set(_read(after)) <= set(_read(before)):
        return False
    left = {(each.code, each.message, each.span.file, each.span.start) for each in after if each.span}
    moved = Moved(edits)
    for each in mended:
        assert each.span is not None
        for place in moved.both(each.span.start):
            if (each.code, each.message, each.span.file, place) in left:
                return False
    return True


def _read(report: Report) -> Counter[str]:
    """How many errors there are of each code, those aside that need the shapes to be known."""
    return Counter(each.code for each in report.errors if not each.code.startswith(("E03", "E05")))
