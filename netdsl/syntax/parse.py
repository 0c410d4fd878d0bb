"""Text to tree.

Lark's LALR parser with its contextual lexer builds the dataclasses of `tree` as it reduces; no parse tree is kept. A
syntax error is reported once, the statement it is in becomes a `Broken` one, and reading goes on with the next
statement. What could cost more than the text is worth (size, nesting, long numbers) is refused before or while
parsing.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from netdsl.diagnostics import Report
from netdsl.shapes import LARGEST
from netdsl.source import Source
from netdsl.syntax import tree
from netdsl.syntax.cache import grammar
from netdsl.syntax.messages import explain, open_brackets
from netdsl.syntax.reduce import Reducer

if TYPE_CHECKING:
    from lark.parsers.lalr_interactive_parser import InteractiveParser

MOST_BYTES = 2**20
DEEPEST = 64
MOST_ERRORS = 100


class _Parentheses:
    """A filter of tokens: inside parentheses a newline means nothing."""

    always_accept = ("_NL",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth = 0
        for token in stream:
            kind = token.type
            if kind == "LPAR":
                depth += 1
            elif kind == "RPAR":
                depth -= 1
            elif kind == "_NL" and depth > 0:
                continue
            yield token


def _parser(reducer: Reducer) -> Lark:
    return grammar(reducer, _Parentheses())


def parse(source: Source, report: Report) -> tree.File:
    """The tree of a text; what is wrong with it is in `report`, and what could be understood is in the tree."""
    report.sources.setdefault(source.name, source)
    text = source.text
    whole = source.span(0, len(text))
    empty = tree.File(source, (), (), whole)
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        report.error("E0002", "the text is larger than 1 MiB, the most a spec may have", source.span(0, 0))
        return empty
    if not _admissible(source, report):
        return empty
    reducer = Reducer(source, report)
    paused = gc.isenabled()
    gc.disable()  # a hundred thousand new objects, all of them kept: collecting in between only costs time
    try:
        body = _run(reducer, source, report)
    finally:
        if paused:
            gc.enable()
    comments = tuple(
        tree.Comment(match[0].rstrip(), source.span(match.start(), match.start() + len(match[0].rstrip())))
        for match in _COMMENT.finditer(text)
        if match[0].startswith("#")
    )
    return tree.File(source, body.statements if body else (), comments, whole)


def parse_value(text: str, report: Report, name: str = "<value>") -> tree.Expression | None:
    """One expression, as behind `--set name=`; None where it is wrong (and reported)."""
    source = Source(name, text)
    report.sources.setdefault(name, source)
    if len(text) > 10_000 or not _admissible(source, report):
        if len(text) > 10_000:
            report.error("E0002", "the value is longer than 10,000 characters")
        return None
    reducer = Reducer(source, report)
    try:
        return _parser(reducer).parse(text, start="expression")  # type: ignore[return-value]
    except UnexpectedInput as problem:
        explain(problem, source, report, set())
        return None


def parse_dims(text: str) -> tuple[int, ...] | None:
    """`3x224x224` or `784` as a shape; None if it is not one."""
    match = re.fullmatch(r"[0-9]{1,10}(?:[x×][0-9]{1,10}){0,3}", text.strip())
    sizes = tuple(map(int, re.split("[x×]", match[0]))) if match else None
    return sizes if sizes and all(0 < size <= LARGEST for size in sizes) else None


# Before parsing ------------------------------------------------------------------------------------------------------

_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"?|#[^\n]*')
_LEXEME = re.compile(r'"(?:[^"\\\n]|\\.)*("?)|#[^\n]*|[(\[{]|[)\]}]|[^\t\n\r\x20-\x7e\x80-\U0010ffff]|\ufeff')
_CLOSES = {")": "(", "]": "[", "}": "{"}


def _admissible(source: Source, report: Report) -> bool:
    """Whether the text may be parsed: no control characters, and not nested too deep."""
    text = source.text
    depth = 0
    fine = True
    for match in _LEXEME.finditer(text):
        lexeme = match[0]
        if lexeme in "([{":
            depth += 1
            if depth > DEEPEST:
                report.error(
                    "E0003",
                    f"brackets nest more than {DEEPEST} deep here",
                    source.span(match.start(), match.end()),
                    help="give the inner parts names, as blocks",
                )
                return False
        elif lexeme in ")]}":
            depth = max(depth - 1, 0)
        elif lexeme[0] not in '"#' and not (lexeme == "\ufeff" and match.start() == 0):
            report.error(
                "E0103",
                f"the character U+{ord(lexeme):04X} cannot stand in a spec",
                source.span(match.start(), match.end()),
            )
            fine = False
            break
    return fine


# Recovery ------------------------------------------------------------------------------------------------------------


def _run(reducer: Reducer, source: Source, report: Report) -> tree.Body | None:
    recovery = _Recovery(source, report, reducer)
    text = source.text
    if text.startswith("\ufeff"):
        text = " " + text[1:]
    try:
        return _parser(reducer).parse(text, start="file", on_error=recovery)  # type: ignore[return-value]
    except UnexpectedInput:
        return None


class _Recovery:
    """What is done at a syntax error: it is reported, the statement becomes broken, and reading goes on behind it."""

    def __init__(self, source: Source, report: Report, reducer: Reducer):
        self.source = source
        self.report = report
        self.reducer = reducer
        self.told: set[int] = set()
        self.count = 0
        self.furthest = -1

    def __call__(self, problem: UnexpectedInput) -> bool:
        parser: InteractiveParser = problem.interactive_parser
        state = parser.parser_state
        lexer = parser.lexer_thread.state
        assert lexer is not None
        ended = isinstance(problem, UnexpectedToken) and problem.token.type == "$END"
        at = len(self.source.text) if ended else _offset(problem)
        opened = open_brackets(self.source.text, at, self.told)
        explain(problem, self.source, self.report, self.told)
        self.count += 1
        if self.count > MOST_ERRORS:
            self.report.error(
                "E0101", "too many syntax errors; the rest of the file is not read", self.source.span(at, at)
            )
            return False
        table = state.parse_conf.states
        saved: list[tree.Statement] = []
        inside = 0
        while "BROKEN" not in table[state.state_stack[-1]]:
            if len(state.state_stack) == 1:
                return False
            state.state_stack.pop()
            value = state.value_stack.pop()
            inside += isinstance(value, Token) and value.type in ("LBRACE", "REPEAT_BRACE", "LSQB")
            inside -= isinstance(value, Token) and value.type in ("RBRACE", "RSQB")
            if isinstance(value, tree.Body):  # statements that were complete before the error was seen
                saved[:0] = value.statements
        at = self._unclosed(at, opened)
        begin = self._begin(at)
        end = self._skip(at, max(inside, 0))
        if end <= self.furthest:
            end = min(self.furthest + 1, len(self.source.text))
        self.furthest = end
        self.reducer.saved[begin] = saved
        parser.feed_token(Token("BROKEN", "", start_pos=begin, end_pos=max(end, begin)))
        lexer.line_ctr.char_pos = end
        if end >= len(self.source.text):
            return self._close(parser)
        return True

    def _unclosed(self, at: int, opened: list[int]) -> int:
        """Where to go on from: an unclosed '(' swallowed the lines behind it, so from the end of its own line."""
        if opened and self.source.text[opened[-1]] == "(":
            newline = self.source.text.find("\n", opened[-1], at)
            if newline > self.furthest:
                return newline
        return at

    def _begin(self, at: int) -> int:
        """Where the broken statement begins: behind the last separator before `at`."""
        text = self.source.text
        start = max(text.rfind("\n", 0, at), text.rfind(";", 0, at)) + 1
        while start < at and text[start] in " \t\r":
            start += 1
        return start

    def _skip(self, at: int, depth: int) -> int:
        """Where the next statement begins: at the separator behind `at`, or the brace or bar that ends its body.

        `depth` brackets of the broken statement itself are open at `at`; a line that begins in the first column ends
        them.

        Parentheses are not followed over lines: one that is not closed is the likelier mistake.
        """
        text = self.source.text
        for match in _BOUNDARY.finditer(text, at):
            sign = match[0][0]
            if sign in "[{":
                depth += 1
            elif sign in "]}":
                if depth == 0 and sign == "}" and match.start() > at:
                    return match.start()
                depth = max(depth - 1, 0)
            elif (
                (sign in "\n;" and depth == 0)
                or (sign == "\n" and text[match.end() : match.end() + 1].isalpha())
                or (sign == "|" and depth == 0 and match.start() > at)
            ):
                return match.start()
        return len(text)

    def _close(self, parser: InteractiveParser) -> bool:
        """At the end of the text: close what is open, so that what was read is not lost."""
        state = parser.parser_state
        for _ in range(4 * DEEPEST):
            accepted: set[str] = parser.accepts()  # type: ignore[no-untyped-call]
            if "$END" in accepted:
                return True
            if "RBRACE" in accepted:
                end = len(self.source.text)
                parser.feed_token(Token("RBRACE", "}", start_pos=end, end_pos=end))
                continue
            if len(state.state_stack) == 1:
                return False
            state.state_stack.pop()
            state.value_stack.pop()
        return False


_BOUNDARY = re.compile(r'"(?:[^"\\\n]|\\.)*"?|#[^\n]*|[\[{\]};|\n]')


def _offset(problem: UnexpectedInput) -> int:
    if isinstance(problem, UnexpectedCharacters):
        return int(problem.pos_in_stream or 0)
    if isinstance(problem, UnexpectedToken):
        return int(problem.token.start_pos or 0)
    return 0


__all__: list[Any] = ["parse", "parse_dims", "parse_value"]
