"""Changing a text by the edits that messages carry: `apply` makes the new text, `diff` shows what changed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from netdsl.diagnostics import Edit
from netdsl.source import Source


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
    old_lines, new_lines = source.text.splitlines(keepends=True), new.splitlines(keepends=True)
    written = difflib.unified_diff(old_lines, new_lines, source.name, source.name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in written)
