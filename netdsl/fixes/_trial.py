"""Whether a change of the text is an improvement: the errors before and after it, compared by code and place.

Messages hold shapes and figures, which change when something before them does; what a mistake is, is its code and where
it stands. Edits move what stands behind them, so places are carried over into the new text first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netdsl.diagnostics import Diagnostic, Edit, Report


def moved(offset: int, edits: Iterable[Edit], *, behind: bool = False) -> int:
    """Where a place of the old text lies in the new one; a place inside a replaced stretch is the start of the new.

    What is inserted right there comes after it, or before it where the place stands `behind`.
    """
    shift = 0
    for edit in edits:
        start, end = edit.span.start, edit.span.end
        if end < offset or (end == offset and (start < end or behind)):
            shift += len(edit.text) - (end - start)
        elif start < offset:
            shift -= offset - start
    return offset + shift


def added(before: Report, after: Report, edits: Sequence[Edit], diagnostic: Diagnostic) -> int | None:
    """How many errors are there after the edits that were not there before; None where `diagnostic` is there still, or
    an error is new at a place before it.

    What stands behind an error can be wrong without being told, since its shape is unknown: it comes to light when the
    error is gone.
    """
    span = diagnostic.span
    if span is None:
        return None
    first, last = moved(span.start, edits), moved(span.end, edits, behind=True)
    known = set()
    for each in before.errors:
        if each.span is not None:
            name, start = each.span.file, each.span.start
            places = (moved(start, edits), moved(start, edits, behind=True)) if name == span.file else (start,)
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

    Errors of a kind that is there already may come to light, where the text could not be read before.
    """
    if len(after.errors) > len(before.errors) or not _codes(after) <= _codes(before):
        return False
    left = {(each.code, each.message, each.span.file, each.span.start) for each in after if each.span}
    for each in mended:
        assert each.span is not None
        start = each.span.start
        for place in (moved(start, edits), moved(start, edits, behind=True)):
            if (each.code, each.message, each.span.file, place) in left:
                return False
    return True


def _codes(report: Report) -> set[str]:
    return {each.code for each in report.errors}
