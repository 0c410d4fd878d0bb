"""What a question of the page is about: the document with its text, and places in it.

Places are offsets in UTF-16 units, as a browser counts; `Units` turns them into those of the compiler and back.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeAlias

from netdsl import zoo
from netdsl.text.diagnostics import Edit
from netdsl.text.source import Source, Span
from netdsl.tools.lsp.document import Document

Question: TypeAlias = dict[str, Any]
Answer: TypeAlias = dict[str, Any]

LONGEST = 2**20
"""The most characters of a text that is looked at, as for a file."""
_REMEMBERED = 4
_documents: dict[tuple[str, str, str | None], tuple[Document, int]] = {}
"""By text, name and folder: the document, and when it was made."""


class Wrong(Exception):
    """A question that cannot be answered; the message says why."""


def placed(question: Question, own: str | None = None) -> Question:
    """The question with the folder that its text may read. A page never says which: it says what its text is (`place`:
    the `file` in the folder `own`, a network of the `zoo`, or neither), and the folder follows."""
    homes = {"file": own, "zoo": str(zoo.directory())}
    return {**question, "home": homes.get(str(question.get("place")))}


def document(question: Question) -> Document:
    """The document of a question; what is known of it is kept while the same text is asked about."""
    text, name, home = question.get("text"), question.get("name"), question.get("home")
    if not isinstance(text, str) or len(text) > LONGEST:
        raise Wrong("the text is missing, or longer than 1 MiB")
    key = (text, str(name or "network.net"), home)
    found, made = _documents.pop(key, (None, 0))
    if found is None or _older(found, made):
        source = Source(key[1], text.encode("utf-8", "replace").decode())
        found, made = Document(source, Path(home) if home else None), time.time_ns()
    _documents[key] = found, made  # the newest stands last
    for old in list(_documents)[:-_REMEMBERED]:
        del _documents[old]
    variant = question.get("variant")
    return found.showing(variant) if isinstance(variant, str) else found


def _older(document: Document, made: int) -> bool:
    """Whether a file that a document uses or extends was written after it was made."""
    for name in document.drawn_in:
        path = document.path(name)
        with suppress(OSError):
            if path is not None and path.stat().st_mtime_ns > made:
                return True
    return False


class Units:
    """Offsets in code points to UTF-16 units and back; the same numbers for a text without rare characters."""

    def __init__(self, text: str):
        rare = not text.isascii() and max(text) > "\uffff"
        self._starts = [0, *accumulate(2 if char > "\uffff" else 1 for char in text)] if rare else None

    def out(self, offset: int) -> int:
        return offset if self._starts is None else self._starts[min(offset, len(self._starts) - 1)]

    def into(self, given: Any) -> int:
        if not isinstance(given, int) or given < 0:
            raise Wrong("a place is a whole number")
        if self._starts is None:
            return given
        return min(bisect_left(self._starts, given), len(self._starts) - 1)

    def span(self, span: Span) -> list[int]:
        return [self.out(span.start), self.out(span.end)]

    def edits(self, edits: Iterable[Edit]) -> list[Answer]:
        return [{"place": self.span(each.span), "text": each.text} for each in edits]


def place(question: Question, document: Document, name: str = "at") -> int:
    """An offset that the page gave, within the text."""
    return min(Units(document.text).into(question.get(name)), len(document.text))
