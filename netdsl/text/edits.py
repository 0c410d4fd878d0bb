"""Changing a text by the edits that messages carry: `apply` makes the new text, `diff` shows what changed, `without` is
what to cut out for a statement to be gone."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from netdsl.text.diagnostics import Edit
from netdsl.text.source import Source, Span


def apply(source: Source, edits: Iterable[Edit]) -> str:
    """The text of `source` with the edits of that file made, all at once: their places are those in the old text.

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


def diff(source: Source, new: str) -> str:
    """A unified diff from `source` to the text `new`, empty where they are equal; `patch` can read it."""
    written = difflib.unified_diff(_lines(source.text), _lines(new), source.name, source.name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in written)


def _lines(text: str) -> list[str]:
    """The lines with their ends; only a newline ends a line, as for `patch`, and no form feed."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def without(source: Source, span: Span) -> Span:
    """The stretch to delete so that a statement is gone: with its line where it stands alone there, else with one of
    the separators around it.
    """
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
