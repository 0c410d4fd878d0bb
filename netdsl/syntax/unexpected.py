"""A token that cannot stand where it stands: all that the messages about it ask."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import NamedTuple

from netdsl.syntax.lex import END, Token
from netdsl.text.diagnostics import Diagnostic, Edit, Related
from netdsl.text.source import Source, Span

FAR = 300
"""So many characters before a mistake are searched for what it belongs to; a line has a hundred."""


class Unexpected(NamedTuple):
    """The token, the kind of the one before it (`last`) and where that ends (`behind`), the brackets that are open and
    how many of them stand in the statement itself (`level`), the kinds that could stand here, whether this is a table,
    and whether more braces are closed behind it than are open.
    """

    source: Source
    token: Token
    last: str
    behind: int
    brackets: tuple[str, ...]
    level: int
    expected: Set[str]
    table: bool
    surplus: bool

    @property
    def text(self) -> str:
        """The whole text."""
        return self.source.text

    @property
    def kind(self) -> str:
        """The kind of the token."""
        return self.token.type

    @property
    def value(self) -> str:
        """The token as written."""
        return self.source.text[self.token.start : self.token.end]

    @property
    def bracket(self) -> str:
        """The innermost bracket that is open, or nothing."""
        return self.brackets[-1] if self.brackets else ""

    @property
    def ended(self) -> bool:
        """Whether a line ends here, or the text."""
        return self.kind in (END, "_TABLE_END", "_ROWBAR") or (self.kind == "_SEP" and "\n" in self.value)

    @property
    def start(self) -> int:
        """Where the mistake is marked: at the token, or at the end of what stands before it."""
        return self.behind if self.ended else self.token.start

    @property
    def end(self) -> int:
        """Where the mark ends."""
        return self.behind if self.ended else self.token.end

    @property
    def found(self) -> str:
        """The token in the words of a message."""
        if self.ended:
            return "the end of the text" if self.kind == END else "the end of the line"
        value = self.value
        return f"'{value if len(value) <= 40 else value[:37] + '...'}'"

    def ending(self, pattern: str | re.Pattern[str], end: int | None = None, flags: int = 0) -> re.Match[str] | None:
        """How the text ends before it (or before `end`), where that is as a pattern says which closes with `$`. No
        farther back than `FAR` characters is looked, lest every mistake cost as much as the text is long."""
        end = self.behind if end is None else end
        return re.compile(pattern, flags).search(self.source.text, max(0, end - FAR), end)

    @property
    def line_end(self) -> int:
        """Where the line ends that it stands in."""
        end = self.source.text.find("\n", self.start)
        return len(self.source.text) if end < 0 else end

    def span(self, start: int | None = None, end: int | None = None) -> Span:
        """A stretch of the text: the mark, where nothing else is said."""
        return self.source.span(self.start if start is None else start, self.end if end is None else end)

    def error(
        self,
        message: str,
        help: str | None = None,
        *edits: Edit,
        at: Span | None = None,
        related: tuple[Related, ...] = (),
        code: str = "E0101",
    ) -> Diagnostic:
        """A message about it, at the mark or `at` another place."""
        return Diagnostic(code, message, at or self.span(), help=help, related=related, edits=edits)


TOLD = Diagnostic("", "")
"""The answer of who knows that nothing is to be said: the mistake follows from one that has been told."""
