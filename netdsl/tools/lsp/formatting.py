"""The document in its one canonical layout, as the smallest edit that gets there."""

from __future__ import annotations

from netdsl.analysis.formatting import formatted
from netdsl.text.diagnostics import Edit
from netdsl.tools.lsp.document import Document


def formatting(document: Document) -> list[Edit]:
    """The edits that lay the document out; none where it is laid out already, or cannot be read."""
    new = formatted(document.source)
    return [] if new is None else changes(document, new)


def changes(document: Document, new: str) -> list[Edit]:
    """One edit that makes the text `new`, without the lines at both ends that stay as they are."""
    old = document.text
    if old == new:
        return []
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    start = sum(map(len, before[:head]))
    end = len(old) - sum(map(len, before[len(before) - tail :]))
    return [Edit(document.source.span(start, end), "".join(after[head : len(after) - tail]))]
