"""Slips at a sign: a comma between layers, a comment of another language, a body behind a name that takes none.

Each asks one question about the token in which the parser stumbled, and answers whether it has told what is wrong. They
come before the general messages, because they know what was meant; `habits` knows whole statements.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from netdsl import foreign
from netdsl.syntax.habits import answer
from netdsl.syntax.lex import KEYWORDS, STATEMENTS
from netdsl.text.diagnostics import Edit, misspelt

if TYPE_CHECKING:
    from netdsl.syntax.messages import Problem

_LONGEST = 300  # characters of a statement that is compared with what people write elsewhere
_PAIR = re.compile(r"\(\s*(\d+)\s*,\s*(\d+)\s*\)")
_BEFORE = re.compile(r"([A-Za-z_]\w*)\s*$")
_STATEMENT = re.compile(r"[^\n;|#]*")
_COUNT = re.compile(r"\*\s*(\d+)")
_NEXT = re.compile(r",\s*[A-Za-z@{\[]")
_STRIDE = re.compile(r"stride\s*=?\s*([0-9]+(?:x[0-9]+)?)", re.I)
_JOINS = ("concat", "add", "mul", "residual")
_FIRST = re.compile(r"([A-Za-z]+)[ \t]+(?=[A-Za-z0-9_\"{])")
_RULE = re.compile(r"[ \t]*\|[ \t:|]*-[ \t:|-]*\|")
_ALONE = re.compile(r":[ \t]*(?:#|\n|$)")


def statement(problem: Problem) -> tuple[int, str]:
    """Where the statement begins in which the token stands, and its text as far as its line goes."""
    last = max(problem.start, 0)
    start = max(problem.text.rfind(sign, 0, last) for sign in "\n;|") + 1
    brace = problem.text.rfind("{", start, last)
    if brace >= 0 and "}" not in problem.text[brace:last]:
        before = problem.text[start:brace].rstrip()
        if before[-1:] not in ("-", "/", "=", "x"):  # there it opens an expression
            start = brace + 1
    found = _STATEMENT.match(problem.text, start)
    assert found
    text = found[0].rstrip()
    if text.endswith("}") and text.count("}") > text.count("{"):
        text = text[:-1].rstrip()
    blank = len(text) - len(text.lstrip())
    return start + blank, text[blank:]


def comment(problem: Problem) -> bool:
    """Comments of other languages."""
    two = problem.text[problem.start : problem.start + 2]
    if problem.table and problem.value in ("-", ":") and (dashes := _dashes(problem)) is not None:
        return dashes
    if two == "/*":
        return problem.say(
            "E0101", "a comment begins with `#`, and ends with its line", "put `#` before each line of it"
        )
    if two[:1] == "%" and statement(problem)[0] == problem.start:
        two = "%"
    if two in ("//", "%") or (two == "--" and statement(problem)[0] == problem.start):
        edits = (Edit(problem.source.span(problem.start, problem.start + len(two)), "#"),)
        if problem.kind == "TIMES" and problem.brackets:
            return False
        problem.end = problem.start + len(two)
        return problem.say("E0101", f"a comment begins with `#`, not with `{two}`", "write `#`", edits)
    return False


def _dashes(problem: Problem) -> bool | None:
    """The line under the names of a table's columns, with something behind it; None where it is not that."""
    line = problem.text.rfind("\n", 0, problem.start) + 1
    rule = _RULE.match(problem.text, line)
    if rule is None or problem.start >= rule.end():
        return None
    if "-" in problem.text[line : problem.start]:
        return True  # told at its first dash
    problem.start, problem.end = line + len(rule[0]) - len(rule[0].lstrip()), rule.end()
    return problem.say(
        "E0101", "the dashes under the names of a table's columns stand on a line of their own", "end the line here"
    )


def habit(problem: Problem) -> bool:
    """A notation that people bring along."""
    if problem.table or problem.last in ("SOURCE", "USE", "EXTENDS"):
        return False
    start, text = statement(problem)
    if len(text) > _LONGEST:
        return False
    found = answer(text)
    if found is None or not start + found.start <= problem.start <= start + len(text):
        return False
    place = problem.source.span(start + found.start, start + found.end)
    problem.start, problem.end = place.start, place.end
    edits = () if found.text is None else (Edit(place, found.text),)
    return problem.say("E0101", found.message, found.help, edits)


def keyword(problem: Problem) -> bool:
    """`expct params = 3`: a statement whose first word is misspelt."""
    start, text = statement(problem)
    word = _FIRST.match(text)
    if word is None or word[1].lower() in KEYWORDS or not start < problem.start <= start + len(text):
        return False
    meant = misspelt(word[1], STATEMENTS)
    if meant is None:
        return False
    place = problem.source.span(start, start + len(word[1]))
    problem.start, problem.end = place.start, place.end
    return problem.say(
        "E0101", f"no statement begins with `{word[1]}`", f"did you mean `{meant}`?", (Edit(place, meant),)
    )


def comma(problem: Problem) -> bool:
    """A `,` or `*` behind a layer."""
    if problem.value == "*" and problem.accepts("_SEP") and (count := _COUNT.match(problem.text, problem.start)):
        problem.end = count.end()
        edits = (Edit(problem.source.span(problem.start, problem.end), f"x{count[1]}"),)
        return problem.say("E0101", "a repetition is written with `x`", f"write `x{count[1]}`", edits)
    if problem.value != ",":
        return False
    here = problem.source.span(problem.start, problem.end)
    if problem.brackets and problem.brackets[-1] == "(":
        pair = _PAIR.match(problem.text, problem.text.rfind("(", 0, problem.start))
        if pair is None or problem.accepts("_COMMA"):
            return False
        problem.start, problem.end = pair.span()
        size = f"{pair[1]}x{pair[2]}"
        return problem.say(
            "E0101",
            f"a size is height x width: `{size}`",
            f"write `{size}`",
            (Edit(problem.source.span(*pair.span()), size),),
        )
    if not problem.accepts("_SEP") or not _NEXT.match(problem.text, problem.start):
        return False
    if problem.brackets and problem.accepts("_BAR"):
        return problem.say("E0101", "branches are separated by `|`", "write `|` in place of `,`", (Edit(here, " |"),))
    return problem.say(
        "E0101", "layers are separated by `;` or a new line", "write `;` in place of `,`", (Edit(here, ";"),)
    )


def stride(problem: Problem) -> bool:
    """`stride 2` in words behind a layer."""
    if problem.value.lower() != "stride" or not problem.accepts("_SEP"):
        return False
    match = _STRIDE.match(problem.text, problem.start)
    if match is None:
        return False
    place = problem.source.span(problem.behind, match.end())
    problem.end = match.end()
    written = f"/{match[1]}"
    return problem.say("E0101", "a stride is written with `/`", f"write `{written}`", (Edit(place, written),))


def arrow(problem: Problem) -> bool:
    """`conv3-64 -> relu`."""
    if problem.last != "_ARROW" or problem.kind not in ("NAME", "ALIAS", "_AT", "_LBRACE", "JOIN", "RESIDUAL"):
        return False
    at = problem.text.rfind("->", 0, problem.start)
    problem.start, problem.end = at, at + 2
    return problem.say(
        "E0101",
        "layers follow each other behind `;` or a new line; a shape follows '->'",
        "write `;` in place of `->`",
        (Edit(problem.source.span(at, at + 2), ";"),),
    )


def argument(problem: Problem) -> bool:
    """`(stride 2)`, `(stride: 2)`."""
    inside = problem.brackets and problem.brackets[-1] == "("
    if not inside or problem.last != "NAME" or not problem.accepts("_EQUAL"):
        return False
    if problem.value == ":":
        edit = Edit(problem.source.span(problem.start, problem.end), "=")
    elif problem.kind in ("NUMBER", "DIMS"):
        edit = Edit(problem.source.span(problem.behind, problem.start), "=")
    else:
        return False
    return problem.say("E0101", "an argument is written `name=value`", "put `=` between them", (edit,))


def capital(problem: Problem) -> bool:
    """`conv3-64 X2`."""
    if not re.fullmatch(r"X[0-9]+", problem.value) or not problem.accepts("REPEAT"):
        return False
    written = problem.value.lower()
    edit = Edit(problem.source.span(problem.start, problem.end), written)
    return problem.say("E0101", "a repetition is written with a small `x`", f"write `{written}`", (edit,))


def body(problem: Problem) -> bool:
    """`Concatenate { a | b }`, `Sequential { a; b }`: braces behind a name hold an expression."""
    if problem.kind not in ("_BAR", "_SEP") or not problem.brackets or problem.brackets[-1] != "{":
        return False
    opened = problem.text.rfind("{", 0, problem.start)
    word = _BEFORE.search(problem.text[max(opened - 80, 0) : opened])
    if word is None or word[1].lower() in KEYWORDS or problem.accepts("_SEP"):
        return False
    span = problem.source.span(opened - len(word[0]), opened - len(word[0]) + len(word[1]))
    join = foreign.JOINS.get(word[1].lower()) or misspelt(word[1], _JOINS)
    message = f"`{word[1]}` takes no layers in braces"
    layer = foreign.layer(word[1])
    problem.start, problem.end = span.start, span.end
    if join is not None:
        return problem.say("E0101", message, f"write `{join} {{ ... }}`", (Edit(span, join),))
    if problem.kind == "_BAR":
        return problem.say("E0101", message, "branches are joined by `concat`, `add` or `mul`: `concat { ... | ... }`")
    alone = (Edit(problem.source.span(span.start, opened), ""),) if layer is not None else ()
    return problem.say(
        "E0101", message, "layers in braces stand alone, `{ conv3-64; relu }`; a block is called `name(...)`", alone
    )


def row(problem: Problem) -> bool:
    """A row of a table that lacks its first bar."""
    if problem.kind != "_BAR" or problem.brackets or problem.table:
        return False
    line = problem.text.rfind("\n", 0, problem.start) + 1
    above = problem.text[problem.text.rfind("\n", 0, max(line - 1, 0)) + 1 : max(line - 1, 0)]
    if not above.lstrip().startswith("|") or problem.text[line : problem.start].lstrip().startswith("|"):
        return False
    here = problem.source.span(line, line)
    return problem.say("E0101", "a row of a table begins with `|`", "put `|` before it", (Edit(here, "| "),))


def colon(problem: Problem) -> bool:
    """A `:` at the end of a line."""
    if problem.value != ":" or not _ALONE.match(problem.text, problem.start):
        return False
    edits = (Edit(problem.source.span(problem.start, problem.end), ""),)
    return problem.say("E0101", "nothing ends with ':' here", "take it away; a body stands in braces", edits)


SLIPS: tuple[Callable[[Problem], bool], ...] = (
    comment, keyword, body, row, habit, stride, arrow, argument, capital, comma, colon,
)  # fmt: skip
"""The questions, in the order in which they are asked."""
