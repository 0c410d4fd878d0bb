"""A parser's refusal in the words of the person who wrote the spec."""

from __future__ import annotations

import re

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from netdsl.diagnostics import Edit, Related, Report
from netdsl.source import Source

_LEXEME = re.compile(r'"(?:[^"\\\n]|\\.)*"?|#[^\n]*|[(\[{)\]}]')
_CLOSES = {")": "(", "]": "[", "}": "{"}
_OPENS = {opening: closing for closing, opening in _CLOSES.items()}
_KEYWORDS = frozenset(
    [
        "net",
        "source",
        "input",
        "param",
        "default",
        "use",
        "extends",
        "block",
        "table",
        "expect",
        "reported",
        "train",
        "aux",
        "output",
        "reuse",
        "residual",
        "concat",
        "add",
        "mul",
        "if",
        "else",
        "as",
        "variant",
        "and",
        "or",
        "not",
        "true",
        "false",
        "none",
    ]
)


def explain(problem: UnexpectedInput, source: Source, report: Report, told: set[int]) -> None:
    """Report a syntax error, at the token where reading stopped. `told` are unclosed brackets that need no more
    words."""
    text = source.text
    if isinstance(problem, UnexpectedToken):
        token: Token = problem.token
        ended = token.type == "$END"
        start = len(text.rstrip()) if ended else int(token.start_pos or 0)
        end = start if ended else int(token.end_pos or start)
        accepted = set(problem.accepts or problem.expected)
    else:
        assert isinstance(problem, UnexpectedCharacters)
        start, end, ended = int(problem.pos_in_stream or 0), int(problem.pos_in_stream or 0) + 1, False
        accepted = set(problem.allowed or ())
    newline = (not ended and text[start:end].strip(" \t\r;") == "") or text[start : start + 1] == "\n"
    opened = open_brackets(text, start, told)
    before = _before(text, start)
    word = _word(text, start)
    labelled = re.search(r":\s*(\w+)$", before)

    if text[start : start + 1] == '"' and (
        isinstance(problem, UnexpectedCharacters) or not text[start:end].endswith('"')
    ):
        stop = text.find("\n", start)
        span = source.span(start, len(text) if stop < 0 else stop)
        report.error("E0105", "this string is not closed on its line", span, help='put a `"` at its end')
        return
    if opened and text[opened[-1]] == "(" and (ended or newline or "\n" in text[opened[-1] : start]):
        at = opened[-1]
        told.add(at)
        report.error(
            "E0102", "this '(' is never closed", source.span(at, at + 1), help="put a `)` behind the last argument"
        )
        return
    if ended and opened:
        at = opened[-1]
        closing = _OPENS[text[at]]
        report.error(
            "E0102",
            f"this '{text[at]}' is never closed",
            source.span(at, at + 1),
            help=f"put a `{closing}` where it ends",
        )
        return
    span = source.span(start, max(end, start + 1) if not ended and not newline else start)
    character = text[start : start + 1]
    if character in _CLOSES and character != "":
        wanted = _CLOSES[character]
        if not any(text[at] == wanted for at in opened):
            report.error(
                "E0102", f"this '{character}' closes nothing", span, help="take it away", edits=[Edit(span, "")]
            )
            return
        if opened and text[opened[-1]] != wanted:
            at = opened[-1]
            report.error(
                "E0102",
                f"this '{text[at]}' is not closed before '{character}'",
                source.span(at, at + 1),
                related=[Related(span, "here")],
                help=f"put a `{_OPENS[text[at]]}` before it",
            )
            return
    found = "the end of the file" if ended else "the end of the line" if newline else f"'{word or character}'"
    if before.endswith("-") and not before.endswith("--"):
        report.error(
            "E0101",
            f"a number of channels or features must follow '-', not {found}",
            span,
            help="as in `conv3-64` or `fc-1000`",
        )
    elif before.endswith("->"):
        report.error("E0101", f"a shape must follow '->', not {found}", span, help="as in `-> 64x112x112`")
    elif before.endswith("=") or (
        before.endswith((",", "(")) and ended is False and not newline and "NAME" in accepted
    ):
        report.error("E0101", f"a value must stand here, not {found}", span)
    elif before.endswith("/"):
        report.error("E0101", f"a stride must follow '/', not {found}", span, help="as in `conv3-64/2`")
    elif "_EQUAL" in accepted and len(accepted) <= 3:
        report.error("E0101", f"'=' must stand before {found}", span, help=_claim_help(before))
    elif labelled and labelled[1].lower() in _KEYWORDS:
        begin = text.rfind(labelled[1], 0, start)
        place = source.span(begin, begin + len(labelled[1]))
        report.error("E0101", f"`{labelled[1]}` cannot follow a label", place)
    elif not ended and not newline and {"_NL", "_SEMI"} & accepted and (word or character in "@[{"):
        report.error(
            "E0108",
            f"a new statement begins at {found} without a separator",
            span,
            help="put `;` or a new line between two statements",
        )
    elif (
        isinstance(problem, UnexpectedCharacters)
        and character not in "()[]{}|,;:=+-*/<>@.%"
        and not character.isalnum()
    ):
        report.error("E0103", f"the character '{character}' means nothing in a spec", span)
    elif word and word.lower() in _KEYWORDS and not before:
        report.error("E0101", f"`{word}` is a keyword and is used differently", span)
    else:
        hoped = _wanted(accepted, before)
        report.error("E0101", f"unexpected {found}" + (f"; {hoped} is expected here" if hoped else ""), span)


def _claim_help(before: str) -> str | None:
    return (
        "as in `expect params = 144M`"
        if before.lower().lstrip().startswith(("expect", "reported"))
        else "as in `param classes = 1000`"
    )


_EXPECTATIONS = (
    ("LBRACE", "a '{'"),
    ("NET_NAME", "a name"),
    ("STRING", 'a string such as `"vgg.net"`'),
    ("RPAR", "a ')'"),
    ("RSQB", "a ']'"),
    ("_COMMA", "a ','"),
    ("NAME", "a name"),
)


def _wanted(accepted: set[str], before: str) -> str | None:
    if len(accepted) > 14:
        return "a statement" if not before else None
    return next((words for terminal, words in _EXPECTATIONS if terminal in accepted), None)


def _word(text: str, at: int) -> str:
    match = re.compile(r"[A-Za-z0-9_.]+").match(text, at)
    return match[0][:40] if match else ""


def _before(text: str, at: int) -> str:
    """What stands before `at` in its statement."""
    head = text[:at].rstrip(" \t")
    return head[max(head.rfind("\n"), head.rfind(";")) + 1 :].strip()


def open_brackets(text: str, at: int, told: set[int]) -> list[int]:
    """Where the brackets stand that are open at `at`, outermost first, without those in `told`."""
    stack: list[int] = []
    for match in _LEXEME.finditer(text, 0, at):
        sign = match[0]
        if sign in "([{":
            if match.start() not in told:
                stack.append(match.start())
        elif sign in _CLOSES and any(text[place] == _CLOSES[sign] for place in stack):
            while text[stack[-1]] != _CLOSES[sign]:
                stack.pop()
            stack.pop()
    return stack
