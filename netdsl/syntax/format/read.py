"""Tokens to pieces: bodies, statements, tables.

The tokens come from the parser and are known to be in order, so this asks no questions: it follows the grammar from
token to token and spells each one canonically. A comment in the middle of a statement waits for the next place where
one can stand; so all of them stay, in order.
"""

from __future__ import annotations

import re

from netdsl.syntax.format.expressions import CLOSES
from netdsl.syntax.format.layers import BRANCH, REPEATS, ROWS, Layers
from netdsl.syntax.format.pieces import Body, Braces, Cells, Note, Part, Remark, Statement, Table, Written
from netdsl.syntax.lex import END
from netdsl.syntax.scan import SPACE

_STATEMENTS = frozenset(
    ("NET", "SOURCE", "INPUT", "PARAM", "DEFAULT", "USE", "EXTENDS", "BLOCK", "EXPECT", "REPORTED", "PROPERTY", "TRAIN")
)
_CELL = frozenset(("_BAR", "_ROWBAR", "_TABLE_END"))
_FILE = frozenset((END,))
_HEADER = re.compile(rf"\n[{SPACE}]*\|([^#\n]*)")
_COLUMN = re.compile(r"[^|\s](?:[^|]*[^|\s])?")


class Reader(Layers):
    """Reads a file."""

    def file(self) -> Body:
        return self.body(_FILE)

    # Bodies ----------------------------------------------------------------------------------------------------------

    def body(self, ends: frozenset[str], braces: Braces | None = None) -> Body:
        """Statements, or the rows of a bracket, up to a token that ends them."""
        body = Body()
        row: Written | None = None
        while True:
            token = self.token
            if ends is not _CELL:  # comments behind a cell belong to the row
                for note in self.notes():
                    _place(body, note, barred=braces is not None and bool(braces.branches))
                    row = None
            if braces is not None:
                braces.wide |= token.newline
            if token.kind in ends:
                return body
            token.separated = False
            if token.kind == "TABLE":
                body.entries.append(self.table(token.blank and bool(body.entries)))
                row = None
                continue
            if row is None or token.newline:
                row = Written([], token.blank and bool(body.entries))
                body.entries.append(row)
            row.statements.append(self.bracket_row() if ends is ROWS else self.statement())

    def braces(self, ends: frozenset[str] = BRANCH) -> Braces:
        opening = self.take()
        found = Braces(opening, CLOSES[opening])
        while True:
            found.branches.append(self.body(ends, found))
            bar = self.token.kind == "_BAR"
            self.take()
            if not bar:
                found.close()
                return found

    # Statements ------------------------------------------------------------------------------------------------------

    def statement(self) -> Statement:
        kind = self.kind
        found = Statement([])
        if kind in _STATEMENTS:
            found.parts.append(self.take().lower())
            getattr(self, "_" + kind.lower())(found.parts)
        else:
            self.layer(found)
        found.close()
        return found

    def _net(self, parts: list[Part]) -> None:
        parts += (" ", self.take())

    _source = _use = _net

    def _input(self, parts: list[Part]) -> None:
        parts.append(" ")
        if self.kind == "NAME" and self.tokens[self.at + 1].kind == "_COLON":
            parts += (self.take(), self.take() + " ")
        self.expression(parts)
        if self.kind == "_OF":
            parts.append(f" {self.take().lower()} ")
            self.expression(parts)

    def _param(self, parts: list[Part]) -> None:
        parts += (" ", self.take(), f" {self.take()} ")
        self.expression(parts)

    _expect = _param

    def _property(self, parts: list[Part]) -> None:
        parts.append(" ")
        self.expression(parts)
        if self.kind == "_FOR":
            parts.append(f" {self.take().lower()} ")
            while True:
                parts += (self.take(), f" {self.take().lower()} ", self.take())
                if self.kind != "_COMMA":
                    break
                parts.append(self.take() + " ")

    def _reported(self, parts: list[Part]) -> None:
        self._param(parts)
        if self.kind == "STRING":
            parts += (" ", self.take())

    def _default(self, parts: list[Part]) -> None:
        parts += (" ", self.spelling.operator(self.take()), self.items(followers=True))

    def _extends(self, parts: list[Part]) -> None:
        parts += (" ", self.take())
        if self.kind == "_VARIANT":
            parts += (f" {self.take().lower()} ", self.take())
        self.optional_items(parts, " ")

    def _block(self, parts: list[Part]) -> None:
        parts += (" ", self.take(), self.items() if self.kind == "_LPAR" else "()", " ")
        if self.kind == "_TAKES":
            parts.append(f"{self.take().lower()} ")
            while self.kind != "_LBRACE":
                self._taken(parts)
            parts.append(" ")
        parts.append(self.braces())

    def _taken(self, parts: list[Part]) -> None:
        """One input of a block."""
        parts.append(self.take())
        if self.kind in REPEATS:
            parts.append(" ")
            self.repeat(parts)
        if self.kind == "_COMMA":
            parts.append(self.take() + " ")

    def _train(self, parts: list[Part]) -> None:
        parts.append(self.items())

    # Tables ----------------------------------------------------------------------------------------------------------

    def table(self, blank: bool) -> Table:
        """A table with its rows. A row is one line: comments inside its cells go above it."""
        token = self.token
        self.take()
        header = _HEADER.search(token.text)
        assert header
        table = Table(Cells(_COLUMN.findall(header[1])), blank=blank)
        start = token.start
        for comment in token.inside:
            if comment.span.start > start + header.start():
                table.header.note = comment.text
            elif "\n" in token.text[: comment.span.start - start]:
                table.remarks.append(comment.text)
            else:
                table.lead = comment.text
        while self.token.kind == "_ROWBAR":
            notes, blank = self.notes(), self.token.blank and bool(table.rows)
            for note in notes:
                if note.own or not remark_row(table, note.text):
                    table.rows.append(Remark(note.text, note.blank and bool(table.rows)))
            self.take()
            for text in self.unfold():
                table.rows.append(Remark(text, blank))
                blank = False
            table.rows.append(self.cells(blank))
        self.take()
        return table

    def unfold(self) -> list[str]:
        """Take the line ends and the comments out of the row that begins here; gives the comments."""
        found: list[str] = []
        at = self.at
        while self.tokens[at].kind not in ("_ROWBAR", "_TABLE_END"):
            found += [note.text for note in self.tokens[at].notes]
            self.tokens[at].notes, self.tokens[at].newline = (), False
            at += 1
        return found

    def cells(self, blank: bool) -> Cells:
        bodies = [self.body(_CELL)]
        while self.token.kind == "_BAR":
            self.take()
            bodies.append(self.body(_CELL))
        texts = [body.flat or "" for body in bodies]
        row = Cells(texts, blank=blank)
        if len(bodies) == 1 and bodies[0].entries:
            (entry,) = bodies[0].entries
            assert isinstance(entry, Written)
            row.claim = entry.statements[-1].claim
            if row.claim is not None:
                row.texts = [texts[0].removesuffix(f" -> {row.claim}")]
        return row


def _place(body: Body, note: Note, *, barred: bool) -> None:
    """Put a comment where it belongs: behind what opens the body or behind the bar (`barred`), behind the line before
    it, below the comment that it goes on from, or alone.
    """
    last = body.entries[-1] if body.entries else None
    if note.own and not (barred and last is None and body.lead is None):
        if isinstance(last, Written) and last.note is not None and note.column == last.column and not note.blank:
            last.more.append(note.text)
            return
    elif last is None and body.lead is None:
        body.lead = note.text
        return
    elif isinstance(last, Written) and last.note is None:
        last.note, last.column = note.text, note.column
        return
    elif isinstance(last, Table) and remark_row(last, note.text):
        return
    body.entries.append(Remark(note.text, note.own and note.blank and bool(body.entries)))


def remark_row(table: Table, text: str) -> bool:
    """Put a comment behind the last row of a table; False where one stands there."""
    last = table.rows[-1] if table.rows else table.header
    if isinstance(last, Remark) or last.note is not None:
        return False
    last.note = text
    return True
