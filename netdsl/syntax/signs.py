"""Signs of other languages in expressions: `n > 1 && deep`, `n > 2 ? 8 : 16`, `n += 1`.

Questions like those of `slips`, which are asked between those about sizes and those about signs that the language has.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from netdsl.syntax.slips import statement
from netdsl.syntax.unexpected import Unexpected
from netdsl.text.diagnostics import Diagnostic, Edit

_LOGIC = {"&&": "and", "||": "or", "&": "and"}
_CHOICE = re.compile(r"(?P<test>[^{}?:=,()\[\]]+)\?(?P<then>[^{}?:,]+):(?P<otherwise>[^{}?:,)\]]+)")
_CHANGED = re.compile(r"(?P<name>[A-Za-z_]\w*)[ \t]*(?P<sign>[-+*/])=[ \t]*(?P<value>\w+)")


def logic(found: Unexpected) -> Diagnostic | None:
    """`n > 1 && n < 5`, `a || b`, `n <> 3`, `!deep`."""
    two = found.text[found.start : found.start + 2]
    sign = two if two in _LOGIC else found.value
    if sign in _LOGIC and ("AND" in found.expected or "OR" in found.expected):
        place, meant = found.span(end=found.start + len(sign)), _LOGIC[sign]
        return found.error(f"`{sign}` is written `{meant}`", f"write `{meant}`", Edit(place, meant), at=place)
    if found.value == ">" and found.text[found.behind - 1 : found.start] == "<":
        place = found.span(found.start - 1, found.end)
        return found.error("`<>` is written `!=`", "write `!=`", Edit(place, "!="), at=place)
    if found.value == "!" and "COMPARE" in found.expected:
        return found.error("a test for what differs is written `!=`", "write `!=`", Edit(found.span(), "!="))
    if found.value == "!" and "NOT" in found.expected:
        return found.error("`!` is written `not`", "write `not`", Edit(found.span(), "not "))
    return None


def choice(found: Unexpected) -> Diagnostic | None:
    """`conv3-{n > 2 ? 8 : 16}`."""
    if found.value != "?":
        return None
    start, _ = statement(found)
    match = next((each for each in _CHOICE.finditer(found.text, start) if each.end("test") == found.start), None)
    if match is None:
        return None
    test, then, otherwise = (match[name].strip() for name in ("test", "then", "otherwise"))
    written = f"{then} if {test} else {otherwise}"
    place = found.span(match.end("test") - len(match["test"].lstrip()), match.start() + len(match[0].rstrip()))
    return found.error("a choice is written `a if c else b`", f"write `{written}`", Edit(place, written), at=place)


def changed(found: Unexpected) -> Diagnostic | None:
    """`n += 1`."""
    start, text = statement(found)
    match = _CHANGED.fullmatch(text)
    if match is None or found.start <= start:
        return None
    help = f"give the new value a name of its own: `param more = {match['name']} {match['sign']} {match['value']}`"
    return found.error("a param keeps its value", help, at=found.span(start, start + len(text)))


def percent(found: Unexpected) -> Diagnostic | None:
    """`dropout(rate%)`: the remainder of what is missing."""
    if (
        found.last != "TIMES"
        or found.text[found.behind - 1 : found.behind] != "%"
        or found.kind not in ("_RPAR", "_COMMA")
    ):
        return None
    name = re.search(r"(\w+)\s*%$", found.text[: found.behind])
    help = f"write `{name[1]} / 100.0`" if name else "as in `40%`"
    return found.error("only a number is a percentage, as in `40%`", help)


EXPRESSIONS: tuple[Callable[[Unexpected], Diagnostic | None], ...] = (logic, choice, changed, percent)
"""The questions, in the order in which they are asked."""
