"""A first look over the text: brackets, strings, comments, characters that cannot stand in a spec.

It runs before parsing, in one pass. Bracket mistakes are found here, where the whole text is in sight, and mended for
the parser: a bracket that closes nothing is blanked, and for one that is never closed there is a place where its end is
taken to be. So the parser meets balanced text, nesting is bounded before anything can recurse, and one forgotten
bracket is one error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit, Related, Report
from netdsl.text.source import Source

DEEPEST = 64
MOST_ERRORS = 100
_LONGEST = 20_000  # how far the arguments of a bracket that is never closed may reach
CLOSES = {")": "(", "]": "[", "}": "{"}
OPENS = {"(": ")", "[": "]", "{": "}"}
SPACE = " \t\r\u00a0"
STRING = r'"(?:[^"\\\n]|\\[^\n]|\\(?=\n|\Z))*"?'

_LEXEME = re.compile(
    STRING + r"|#[^\n]*|[][(){}]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+"
)
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_EVENT = re.compile(STRING + r"|#[^\n]*|[][(){}]|\n")
_COMMENT = re.compile(STRING + r"|#[^\n]*")
_OUTSIDE = re.compile(
    r"\n+(?=(?:net|source|input|param|use|extends|block|table|expect|reported|train)\b(?![ \t]*:))", re.I
)
_ROW = re.compile(rf"\n[{SPACE}]*\|[^\n]*\Z")
_JOINED = re.compile(r"\b(?:concat|add|mul)\b[^{}\n]*\Z", re.I)
_GOES_ON = re.compile(r"[ \t\r\n]*[0-9{]")


@dataclass
class Scan:
    """What the first look found. `text` is the text with what cannot be parsed blanked, at the same offsets; `ends` are
    the places where a bracket that is never closed is taken to end, with the closing bracket; `mistakes` the places
    already reported; `hopeless` whether there is no point in parsing it.
    """

    text: str
    comments: list[tree.Comment] = field(default_factory=list)
    ends: list[tuple[int, str]] = field(default_factory=list)
    mistakes: list[int] = field(default_factory=list)
    hopeless: bool = False


def scan(source: Source, report: Report) -> Scan:
    """Look over a text. Mistakes go to `report`."""
    text = source.text
    found = Scan(text)
    blanks: list[tuple[int, int]] = []
    stack: list[tuple[int, str]] = []
    unclosed: list[_Unclosed] = []
    if text.startswith("\ufeff"):
        blanks.append((0, 1))
    for match in _LEXEME.finditer(text, 1 if blanks else 0):
        lexeme = match[0]
        first = lexeme[0]
        at = match.start()
        if len(found.mistakes) + len(unclosed) >= MOST_ERRORS:
            report.error("E0101", "too many syntax errors; nothing was read", source.span(at, at))
            found.hopeless = True
            break
        if first in "([{":
            stack.append((at, first))
            if len(stack) > DEEPEST:
                report.error(
                    "E0003", f"brackets nest more than {DEEPEST} deep here", source.span(at, at + 1),
                    help="give the inner parts a name, as blocks",
                )  # fmt: skip
                found.hopeless = True
                return found
        elif first in ")]}":
            if stack and stack[-1][1] == CLOSES[first]:
                stack.pop()
            elif any(opening == CLOSES[first] for _, opening in stack):
                while stack[-1][1] != CLOSES[first]:
                    unclosed.append(_Unclosed(*stack.pop(), at, bool(stack)))
                stack.pop()
            else:
                span = source.span(at, at + 1)
                report.error(
                    "E0102",
                    f"unexpected '{first}': it closes nothing",
                    span,
                    help="take it away",
                    edits=[Edit(span, "")],
                )
                blanks.append((at, at + 1))
                found.mistakes.append(at)
        elif first == "#":
            comment = lexeme.rstrip()
            found.comments.append(tree.Comment(comment, source.span(at, at + len(comment))))
        elif first == '"' and (len(lexeme) == 1 or lexeme[-1] != '"' or _escaped(lexeme)):
            end = at + len(lexeme.rstrip())
            report.error(
                "E0105", "this string is not closed on its line", source.span(at, end), help='put a `"` at its end'
            )
            found.mistakes.append(at)
        if first not in "([{)]}" and (hidden := _HIDDEN.search(lexeme)):
            start = at + hidden.start()
            report.error(
                "E0103", f"the character U+{ord(hidden[0]):04X} cannot stand in a spec", source.span(start, start + 1),
                help="take it away: it cannot be seen",
            )  # fmt: skip
            found.mistakes.append(start)
            if first not in '"#':
                blanks.append(match.span())
    if not found.hopeless:
        unclosed += [_Unclosed(*opening, len(text), bool(index)) for index, opening in enumerate(stack)]
    if unclosed:
        _mend(source, report, found, unclosed)
    found.mistakes.sort()
    if blanks:
        parts, last = [], 0
        for start, end in blanks:
            parts += [text[last:start], " " * (end - start)]
            last = end
        found.text = "".join([*parts, text[last:]])
    return found


def _escaped(string: str) -> bool:
    """Whether the last quotation mark of a string is escaped."""
    body = string[:-1]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1


class _Unclosed(NamedTuple):
    """A bracket that is never closed: the place before which it must end, and whether it stands in another one."""

    at: int
    opening: str
    limit: int
    inside: bool


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
            code = _COMMENT.sub(lambda part: "" if part[0][0] == "#" else part[0], line).rstrip()
            if not code.endswith((",", "(", "[", "=", "+", "*")) and not (
                opening == "[" and _GOES_ON.match(text, place)
            ):
                return place - len(line) + len(code)
    return limit
