"""The mistakes of a spec, of which each box tells the first that stands in it and that no box before it has told."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from netdsl.backends.pictures import words
from netdsl.text.diagnostics import Diagnostic
from netdsl.text.source import Span


class Problems:
    """Those that are not told yet, in the order of the report."""

    def __init__(self, found: Iterable[Diagnostic]):
        self._messages: list[str] = []
        self._places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for each in found:
            if each.span is not None:
                self._places[each.span.file].append((each.span.start, len(self._messages)))
                self._messages.append(each.message)
        for places in self._places.values():
            places.sort()

    def take(self, spans: Iterable[Span]) -> str | None:
        """The message of the first mistake in these stretches of the text, which is told now; None where none is."""
        number, at, file = min((each for span in set(spans) for each in self._inside(span)), default=(-1, 0, ""))
        if number < 0:
            return None
        self._places[file].remove((at, number))
        return words.clean(self._messages[number])

    def _inside(self, span: Span) -> Iterator[tuple[int, int, str]]:
        places = self._places[span.file]
        for at, number in places[bisect_left(places, (span.start, 0)) :]:
            if at >= max(span.end, span.start + 1):
                return
            yield number, at, span.file
