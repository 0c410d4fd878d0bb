"""A first look over the text: brackets, strings, comments, characters that cannot stand in a spec.

It runs before parsing, in one pass. Bracket mistakes are found here, where the whole text is in sight, and mended for
the parser: a bracket that closes nothing is blanked, and for one that is never closed there is a place where its end is
taken to be. So the parser meets balanced text, nesting is bounded before anything can recurse, and one forgotten
bracket is one error.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit, Related, Report
from netdsl.text.source import Source, Span

DEEPEST = 64
MOST_ERRORS = 100
_LONGEST = 20_000  # how far the arguments of a bracket that is never closed may reach
CLOSES = {")": "(", "]": "[", "}": "{"}
OPENS = {"(": ")", "[": "]", "{": "}"}
SPACE = " \t\r\u00a0"
STRING = r'"(?:[^"\\\n]|\\[^\n]|\\(?=\n|\Z))*"?'

_LEXEME = re.compile(
    STRING
    + r"|#[^\n]*|[][(){}]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+|\r(?!\n)"
)
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]|\r(?!\n)")
_EVENT = re.compile(STRING + r"|#[^\n]*|[][(){}]|\n")
_COMMENT = re.compile(STRING + r"|#[^\n]*")
_OUTSIDE = re.compile(
    r"\n+(?=(?:net|source|input|param|use|extends|block|table|expect|reported|property|train)\b(?![ \t]*:))", re.I
)
_ROW = re.compile(rf"\n[{SPACE}]*\|[^\n]*\Z")
_JOINED = re.compile(r"\b(?:concat|add|mul|max|mean|matmul)\b[^{}\n]*\Z", re.I)
_GOES_ON = re.compile(r"[ \t\r\n]*[0-9{]")


class Scan:
    """What the first look found. `text` is the text with what cannot be parsed blanked, at the same offsets; `ends` are
    the places where a bracket that is never closed is taken to end, with the closing bracket; `mistakes` the places
    already reported; `hopeless` whether there is no point in parsing it.
    """

    def __init__(self, text: str):
        self.text = text
        self.comments: list[tree.Comment] = []
        self.ends: list[tuple[int, str]] = []
        self.mistakes: list[int] = []
        self.hopeless = False


class _Unclosed(NamedTuple):
    """A bracket that is never closed: the place before which it must end, and whether it stands in another one."""

    at: int
    opening: str
    limit: int
    inside: bool


def scan(source: Source, report: Report) -> Scan:
    """Look over a text. Mistakes go to `report`."""
    look = _Look(source, report)
    for match in _LEXEME.finditer(source.text, look.begin()):
        look.at(match)
        if look.found.hopeless:
            break
    look.end()
    return look.found


def uncommented(text: str) -> str:
    """A text with blanks in place of its comments."""
    return _COMMENT.sub(lambda part: part[0] if part[0][0] == '"' else " " * len(part[0]), text)


class _Look:
    """The state of a look over a text: the brackets that are open, those that will never be closed, what to blank."""

    def __init__(self, source: Source, report: Report):
        self.source = source
        self.report = report
        self.found = Scan(source.text)
        self.blanks: list[tuple[int, int]] = []
        self.stack: list[tuple[int, str]] = []
        self.unclosed: list[_Unclosed] = []

    def begin(self) -> int:
        """Where the text begins: behind the mark that some editors put before it."""
        if not self.source.text.startswith("\ufeff"):
            return 0
        self.blanks.append((0, 1))
        return 1

    def at(self, match: re.Match[str]) -> None:
        """A bracket, a comment, a string, or characters that cannot be seen."""
        at, lexeme = match.start(), match[0]
        first = lexeme[0]
        if len(self.found.mistakes) + len(self.unclosed) >= MOST_ERRORS:
            self._give_up("E0101", "too many syntax errors; nothing was read", self.source.span(at, at))
        elif first in OPENS:
            self._open(at, first)
        elif first in CLOSES:
            self._close(at, first)
        else:
            if first == "#":
                comment = lexeme.rstrip()
                self.found.comments.append(tree.Comment(comment, self.source.span(at, at + len(comment))))
            elif first == '"' and not _is_closed(lexeme):
                span = self.source.span(at, at + len(lexeme.rstrip()))
                self._mistake("E0105", "this string is not closed on its line", span, 'put a `"` at its end')
            ends = lexeme[-1] == "\r" and self.source.text.startswith("\n", match.end())  # a line, as on Windows
            if hidden := _HIDDEN.search(lexeme[:-1] if ends else lexeme):
                self._hidden(at + hidden.start(), hidden[0])
                if first not in '"#':
                    self.blanks.append(match.span())

    def end(self) -> None:
        """Behind the text: what is still open is never closed. Blank what cannot be parsed."""
        found, text = self.found, self.source.text
        if not found.hopeless:
            self.unclosed += [_Unclosed(*opening, len(text), bool(index)) for index, opening in enumerate(self.stack)]
        if self.unclosed:
            _mend(self.source, self.report, found, self.unclosed)
        found.mistakes.sort()
        if self.blanks:
            parts, last = [], 0
            for start, end in self.blanks:
                parts += [text[last:start], " " * (end - start)]
                last = end
            found.text = "".join([*parts, text[last:]])

    def _open(self, at: int, sign: str) -> None:
        self.stack.append((at, sign))
        if len(self.stack) > DEEPEST:
            message = f"brackets nest more than {DEEPEST} deep here"
            self.unclosed.clear()  # it is enough to say that
            self._give_up("E0003", message, self.source.span(at, at + 1), "give the inner parts a name, as blocks")

    def _close(self, at: int, sign: str) -> None:
        stack = self.stack
        if any(opening == CLOSES[sign] for _, opening in stack):
            while stack[-1][1] != CLOSES[sign]:
                self.unclosed.append(_Unclosed(*stack.pop(), at, bool(stack)))
            stack.pop()
            return
        span = self.source.span(at, at + 1)
        self._mistake("E0102", f"unexpected '{sign}': it closes nothing", span, "take it away", Edit(span, ""))
        self.blanks.append((at, at + 1))

    def _hidden(self, at: int, character: str) -> None:
        message = f"the character U+{ord(character):04X} cannot stand in a spec"
        help = "end lines with LF, or CR LF" if character == "\r" else "take it away: it cannot be seen"
        self._mistake("E0103", message, self.source.span(at, at + 1), help)

    def _mistake(self, code: str, message: str, span: Span, help: str, *edits: Edit) -> None:
        self.report.error(code, message, span, help=help, edits=edits)
        self.found.mistakes.append(span.start)

    def _give_up(self, code: str, message: str, span: Span, help: str | None = None) -> None:
        self.report.error(code, message, span, help=help)
        self.found.hopeless = True


def _is_closed(string: str) -> bool:
    """Whether a string ends with a quotation mark of its own, which no backslash makes a part of it."""
    body = string[1:-1]
    return len(string) > 1 and string[-1] == '"' and (len(body) - len(body.rstrip("\\"))) % 2 == 0


def _mend(source: Source, report: Report, found: Scan, unclosed: list[_Unclosed]) -> None:
    """Report the brackets that are never closed, and say where each is taken to end: the inner ones first."""
    known: list[int] = []
    strings = list(found.mistakes)
    for at, opening, limit, inside in sorted(unclosed, reverse=True):
        if opening == "{":
            end = limit if inside else _end_of_body(source.text, at, limit)
        else:
            end = _end(source.text, at, opening, limit, known)
        known.append(end)
        found.ends.append((end, OPENS[opening]))
        found.mistakes.append(at)
        if any(at < mistake < limit and source.text[mistake] == '"' for mistake in strings):
            continue  # the string that is not closed has swallowed the bracket
        span = source.span(at, at + 1)
        where = {"(": "behind the last argument", "[": "behind the last row", "{": "where it ends"}[opening]
        first = source.text[limit : limit + 1]
        fate = f"is not closed before '{first}'" if first else "is never closed"
        related = [Related(source.span(limit, limit + 1), "here")] if first else []
        report.error(
            "E0102", f"this '{opening}' {fate}", span, help=f"put a `{OPENS[opening]}` {where}", related=related
        )
    found.ends.sort(key=lambda end: end[0])  # stable: of those in one place the inner ones stay first


def _end_of_body(text: str, at: int, limit: int) -> int:
    """Where a '{' that is never closed and stands in no other bracket is taken to end: with its cell of a table, or
    before the first line that begins with what stands outside of bodies only.
    """
    line = text.rfind("\n", 0, at)
    if line >= 0 and _ROW.match(text[line:at]):
        end = text.find("\n", at, limit)
        end = limit if end < 0 else end
        last = text[at:end].rstrip(SPACE)
        if not _JOINED.search(text[line:at]):
            last = last.partition("|")[0]
        return at + len(last.removesuffix("|").rstrip(SPACE))
    outside = _OUTSIDE.search(text, at, limit)
    return outside.start() if outside else limit


def _end(text: str, at: int, opening: str, limit: int, known: list[int]) -> int:
    """Where a '(' or '[' that is never closed is taken to end: with its line, or with the last of the lines that it
    clearly goes on over, but before a '{' that opens a body.
    """
    limit = min(limit, at + _LONGEST)
    depth = 0
    brace = last = at
    for match in _EVENT.finditer(text, at + 1, limit):
        sign, place = match[0], match.start()
        depth = max(depth - sum(last < end <= place for end in known), 0)
        last = place
        if sign in "([{":
            if depth == 0:
                brace = place if sign == "{" else at
                before = text[at:place].rstrip(SPACE)
                if sign == "{" and before[-1] not in ",=([+-*/%<>\n":
                    return at + len(before)  # behind a whole argument: the body
            depth += 1
        elif sign in ")]}":
            depth = max(depth - 1, 0)
        elif sign == "\n" and depth:
            if brace > at:
                return len(text[:brace].rstrip(SPACE))
        elif sign == "\n":
            line = text[text.rfind("\n", 0, place) + 1 : place]
            code = uncommented(line).rstrip()
            if not code.endswith((",", "(", "[", "=", "+", "*")) and not (
                opening == "[" and _GOES_ON.match(text, place)
            ):
                return place - len(line) + len(code)
    return limit
