"""Text to tree.

Tokens are pushed into Lark's parser one by one, and it builds the nodes of `tree` as it goes (see `reduce`). They are
pushed by hand because a mistake must not end it: the statement it stands in becomes `Broken`, reported once, and
reading goes on with the next one of the same body. What could cost more than the text is worth (size, nesting) is
refused before.
"""

from __future__ import annotations

import re
from bisect import insort
from typing import Any

from lark import UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from netdsl.collection import put_off
from netdsl.shapes import LARGEST
from netdsl.syntax import tree
from netdsl.syntax.grammar import reading
from netdsl.syntax.lex import END, Lexer, Token
from netdsl.syntax.reduce import Reducer
from netdsl.syntax.scan import DEEPEST, MOST_ERRORS, Scan, scan
from netdsl.syntax.unexpected import Unexpected
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source

MOST_BYTES = 2**20
LONGEST_VALUE = 10_000


@put_off()
def parse(source: Source, report: Report, tokens: list[Token] | None = None) -> tree.File:
    """The tree of a text; what is wrong with it is in `report`, and what could be understood is in the tree.

    Where a list for `tokens` is given, all tokens that the parser takes go into it.
    """
    report.sources.setdefault(source.name, source)
    text = source.text
    whole = source.span(0, len(text))
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        report.error("E0002", "the text is larger than 1 MiB, the most a spec may have", source.span(0, 0))
        return tree.File(source, (), (), whole)
    seen = scan(source, report)
    statements: tuple[tree.Statement, ...] = ()
    if not seen.hopeless:
        with reading("file", report) as (state, reducer):
            parser = _Parser(source, report, seen, state, reducer, tokens)
            statements = parser.run() or tuple(parser.bodies[0].statements)
    return tree.File(source, statements, tuple(seen.comments), whole)


def parse_value(text: str, report: Report, name: str = "<value>") -> tree.Expression | None:
    """One expression, as behind `--set name=`; None where it is wrong (and reported)."""
    source = Source(name, text)
    report.sources.setdefault(name, source)
    if len(text) > LONGEST_VALUE:
        report.error("E0002", f"the value is longer than {LONGEST_VALUE:,} characters", source.span(0, 0))
        return None
    known = len(report)
    seen = scan(source, report)
    if len(report) > known:
        return None
    with reading("alone", report) as (state, reducer):
        value: tree.Expression | None = _Parser(source, report, seen, state, reducer).run()
    return value if len(report) == known else None


def parse_dims(text: str) -> tuple[int, ...] | None:
    """`3x224x224` or `784` as a shape; None if it is not one."""
    match = re.fullmatch(r"[0-9]{1,10}(?:[x×][0-9]{1,10}){0,7}", text.strip())
    sizes = tuple(map(int, re.split("[x×]", match[0]))) if match else None
    return sizes if sizes and all(0 < size <= LARGEST for size in sizes) else None


class _Body:
    """A body whose statements are being read, and the parser as it was before the first of them and before the second:
    there reading goes on after a mistake. Two places are enough, since the list of statements grows in place: before a
    later statement the parser knows the same as before the second.
    """

    def __init__(self, state: InteractiveParser, depth: int, start: int):
        self.first = state.copy(deepcopy_values=False)
        self.later: InteractiveParser | None = None
        self.statements: list[tree.Statement] = []
        self.whole = 0  # how many of them have been read to their end
        self.start = start  # where the next one may begin
        self.depth = depth  # how many brackets are open in it
        self.divided = "_BAR" in state.choices()  # whether `|` stands between it and others
        self.barred = False  # whether it has been told that none does
        self.chain = 0  # how many `else if` hang on one another


class _Parser:
    """Reads one text: tokens go into Lark's parser (`state`), which calls the reducer."""

    def __init__(
        self,
        source: Source,
        report: Report,
        seen: Scan,
        state: InteractiveParser,
        reducer: Reducer,
        tokens: list[Token] | None = None,
    ):
        self.source = source
        self.report = report
        self.mistakes = seen.mistakes
        self.lexer = Lexer(seen)
        self.state = state
        self.reducer = reducer
        self.tokens = tokens
        self.bodies = [_Body(state, 0, 0)]
        self.rows = 0  # how many brackets are open in the one that holds the rows of a residual block
        self.errors = 0
        self.last = -1

    def run(self) -> Any:
        """What the text is; None where reading was given up."""
        lexer, tokens, name = self.lexer, self.tokens, self.source.name
        while True:
            kind = lexer.next(self.state.choices())
            token = Token(kind, lexer.value, lexer.start, lexer.end, name)
            structure = kind in _STRUCTURE
            try:
                if structure:
                    self._check(token)
                result = self.state.feed_token(token)
            except UnexpectedToken:
                if not self._recover(token):
                    return None
                continue
            if kind == END:
                return result
            if tokens is not None:
                tokens.append(token)
            if structure:
                self._follow(token)
            lexer.take(kind)

    def _check(self, token: Token) -> None:
        """Refuse what Lark would refuse too late, after it has completed all that lies before it, or not at all."""
        body = self.bodies[-1]
        if token.type == "_BAR":
            if not body.divided or self._level:
                raise UnexpectedToken(token, set())
        elif token.type == "IF" and self.lexer.kind == "ELSE":
            body.chain += 1
            if len(self.lexer.brackets) + sum(each.chain for each in self.bodies) > DEEPEST:
                message = f"more than {DEEPEST} `else if` and braces in one another"
                self.report.error("E0003", message, token.span)
                insort(self.mistakes, token.start)
                raise UnexpectedToken(token, set())

    def _follow(self, token: Token) -> None:
        """Keep track of brackets and bodies, behind a token that has been taken."""
        kind, lexer, bodies = token.type, self.lexer, self.bodies
        brackets = lexer.brackets
        if kind == "_COMMA":
            if len(brackets) == self.rows:
                lexer.row = self.rows
        elif kind == "_SEP":
            body = bodies[-1]
            lexer.row = 0
            if len(brackets) == body.depth and "BROKEN" in self.state.choices():
                if body.later is None:
                    body.later = self.state.copy(deepcopy_values=False)
                    body.statements = self.reducer.begun
                body.whole = len(body.statements)
                body.start = token.end
                body.chain = 0
        elif kind in _OPENING:
            brackets.append(_OPENING[kind])
            choices = self.state.choices()
            if kind == "_LSQB" and "STRING" not in choices:  # no list of values
                self.rows = len(brackets)
            elif "BROKEN" in choices:
                bodies.append(_Body(self.state, len(brackets), token.end))
        elif kind in _CLOSING:
            if len(brackets) == bodies[-1].depth:
                bodies.pop()
            elif len(brackets) == self.rows:
                self.rows = lexer.row = 0
            brackets.pop()
        elif kind in ("_BAR", "_ROWBAR", "_TABLE_END"):
            if len(bodies) > 1:
                bodies.pop()
            if kind != "_TABLE_END":
                bodies.append(_Body(self.state, len(brackets), token.end))

    # Recovery --------------------------------------------------------------------------------------------------------

    def _recover(self, token: Token) -> bool:
        """After a mistake: report it, make the statement it stands in a broken one, and go on behind that. False to
        give up.
        """
        lexer, found = self.lexer, self._unexpected(token)
        astray = token.type in _ENDS and self._level == 0 and found.expected <= _ENDS
        if astray and len(self.bodies) > 1:
            self.bodies.pop()  # its end is not the one that comes: all of the statement around it is broken
        body, level = self.bodies[-1], self._level
        del lexer.brackets[body.depth :]
        self.rows = lexer.row = 0
        at = lexer.at if token.type == "_ROWBAR" else token.start
        begin = min(lexer.beginning(body.start), at)
        end = self._skip(token, at, level)
        since = 0 if astray and not found.brackets else begin  # its opening bracket was skipped, somewhere before
        if not any(since <= mistake <= end for mistake in self.mistakes):
            self._tell(found, level)
        self.errors += 1
        if self.errors == MOST_ERRORS:
            message = "too many syntax errors; the rest of the file is not read"
            self.report.error("E0101", message, self.source.span(end, end))
        if self.errors == MOST_ERRORS or "BROKEN" not in body.first.choices():
            return False
        close = max(begin, at + len(self.source.text[at:end].rstrip()))
        del body.statements[body.whole :]
        self.state = (body.later or body.first).copy(deepcopy_values=False)
        self.state.feed_token(Token("BROKEN", "", begin, close, self.source.name))
        lexer.at, lexer.behind, lexer.kind = end, close, "BROKEN"
        return True

    def _skip(self, token: Token, at: int, level: int) -> int:
        """Where the statement ends in which a token does not fit, `level` brackets deep; never twice in one place."""
        lexer, bar = self.lexer, self.bodies[-1].divided
        stray = token.type == "BAD_TABLE" or (token.type == "_BAR" and not lexer.brackets)
        end = lexer.skip_rows(at) if stray and not lexer.table else lexer.skip(at, level, bar)
        if end <= at == self.last:
            end = lexer.skip(max(token.end, at + 1), level, bar)
        self.last = at
        return end

    @property
    def _level(self) -> int:
        """How many brackets are open in the statement that is being read."""
        return len(self.lexer.brackets) - self.bodies[-1].depth

    def _unexpected(self, token: Token) -> Unexpected:
        """What the messages ask about a token that does not fit."""
        lexer, text = self.lexer, self.source.text
        # A `}` that closes nothing comes of one before it that has closed too much.
        surplus = any(at > token.start and text[at] == "}" for at in self.mistakes)
        expected = self.state.accepts()
        brackets = tuple(lexer.brackets)
        place = self.source, token, lexer.kind, lexer.behind
        return Unexpected(*place, brackets, self._level, expected, lexer.table, surplus)

    def _tell(self, found: Unexpected, level: int) -> None:
        """Report a token that does not fit, `level` brackets deep in its statement."""
        from netdsl.syntax.messages import STRAY_BAR, explain  # which a text without mistakes does not need

        message = explain(found)
        if message is not None and message.message == STRAY_BAR and not level:
            body = self.bodies[-1]
            message, body.barred = None if body.barred else message, True
        if message is not None:
            self.report.add(message)


_OPENING = {"_LPAR": "(", "_LSQB": "[", "_LBRACE": "{", "_REPEAT_BRACE": "{"}
_CLOSING = frozenset(("_RPAR", "_RSQB", "_RBRACE"))
_ENDS = frozenset(("_RBRACE", "_BAR", "_ROWBAR", "_TABLE_END", END))
_STRUCTURE = frozenset((*_OPENING, *_CLOSING, "IF", "_COMMA", "_SEP", "_BAR", "_ROWBAR", "_TABLE_END"))
