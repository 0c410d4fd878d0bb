"""Signs of other languages: `n > 1 && deep`, `n > 2 ? 8 : 16`, `n += 1`, `token[0]`, `torch.optim.SGD(...)`.

Questions like those of `slips`, which are asked between those about sizes and those about signs that the language has.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from netdsl.syntax.slips import statement
from netdsl.syntax.unexpected import FAR, Unexpected
from netdsl.text.diagnostics import Diagnostic, Edit

_LOGIC = {"&&": "and", "||": "or", "&": "and"}
_CHOICE = re.compile(r"(?P<test>[^{}?:=,()\[\]]+)\?(?P<then>[^{}?:,]+):(?P<otherwise>[^{}?:,)\]]+)")
_WORDS = re.compile(r"\{\s*if\s+(?P<test>[^{}\n]+?)\s+(?P<then>[^\s{}]+)\s+else\s+(?P<otherwise>[^{}\n]+?)\s*\}", re.I)
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
    """`conv3-{n > 2 ? 8 : 16}`, `conv3-{if deep 8 else 4}`."""
    before = found.text.rfind("{", 0, found.start)
    words = _WORDS.match(found.text, before) if before >= 0 else None
    if words is not None:
        written = f"{{{words['then']} if {words['test']} else {words['otherwise']}}}"
        place = found.span(words.start(), words.end())
        return found.error("a choice is written `a if c else b`", f"write `{written}`", Edit(place, written), at=place)
    if found.value != "?":
        return None
    choices = _CHOICE.finditer(found.text, max(statement(found)[0], found.start - FAR), found.start + FAR)
    match = next((each for each in choices if each.end("test") == found.start), None)
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


def index(found: Unexpected) -> Diagnostic | None:
    """`token[0]`, `slice[0:4]`, `layer1[0]: conv3-8`."""
    inside = re.match(r"\[([^\[\]\n]*)\](\s*:)?", found.text[found.start :])
    name = found.ending(r"(?<![\w@.])([A-Za-z_]\w*)$")
    if inside is None or name is None or found.start != found.behind or "_SEP" not in found.expected:
        return None
    place = found.span(name.start(1), found.start + inside.end(1) + 1)
    if inside[2]:
        written = f"{name[1]}_{re.sub(r'[^A-Za-z0-9_]', '', inside[1])}"
        return found.error("a label has letters, digits and `_`", f"write `{written}:`", Edit(place, written), at=place)
    written = f"{name[1]}({', '.join(part.strip() for part in re.split('[:,]', inside[1]))})"
    return found.error("arguments stand in parentheses", f"write `{written}`", Edit(place, written), at=place)


def dotted(found: Unexpected) -> Diagnostic | None:
    """`torch.optim.SGD(lr=0.1)`, `math.ceil(n)`."""
    name = found.ending(r"([A-Za-z_]\w*(?:\.\w+)+)$")
    if found.value != "(" or found.start != found.behind or name is None or found.bracket not in ("(", "{"):
        return None
    place, written = found.span(name.start(), found.behind), name[1].rpartition(".")[2].lower()
    message = f"`{name[1]}` is no name here: names have no dots"
    return found.error(message, f"write `{written}(...)`", Edit(place, written), at=place)


def figures(found: Unexpected) -> Diagnostic | None:
    """`expect params < 600`, `expect conv3-8.params = 584`, `property a.channels = 8`."""
    start, text = statement(found)
    word = re.match(r"(expect|property)\b", text, re.I)
    if word is None or found.start <= start:
        return None
    place = found.span(start, start + len(word[0]))
    if word[1].lower() == "property":
        if found.value != "=":
            return None
        return found.error("a test for equality is written `==`", "write `==`", Edit(found.span(), "=="))
    if found.kind == "COMPARE" and found.value != "==":
        help = f"write `property{text[len(word[0]) :]}`"
        return found.error("a claim is one figure; a bound is a property", help, Edit(place, "property"), at=place)
    if found.kind == "MINUS" and found.start == found.behind:
        help = "as in `stem: conv3-64` and `expect stem.params = 1.8K`"
        return found.error("a claim about a part is about its label", help)
    return None


def numbers(found: Unexpected) -> Diagnostic | None:
    """`fc-10-20`, `fc-[10, 20]`, `0.5 * relu`, `-> 8 as i`, `conv3-8 as i`."""
    if found.kind == "MINUS" and found.last == "NUMBER" and found.start == found.behind and "_SEP" in found.expected:
        both = found.ending(r"([A-Za-z]\w*-)\d+$")
        after = re.match(r"-(\d+)", found.text[found.start :])
        if both is not None and after is not None:
            return found.error(
                "one number stands behind `-`", f"layers follow each other: `{both[0]}; {both[1]}{after[1]}`"
            )
    if found.last == "MINUS" and found.kind == "_LSQB" and "STRING" not in found.expected:
        help = "a list is a param, `param w = [64, 128]`, and its elements are taken in turn: `-{w[i]} x{len(w)} as i`"
        return found.error("one number stands behind `-`", help)
    if found.kind == "NUMBER" and "BROKEN" in found.expected:
        factor = re.match(r"([\d.]+)\s*\*\s*([A-Za-z@][\w@]*)", found.text[found.start :])
        if factor is not None:
            place, written = found.span(end=found.start + len(factor[0])), f"{factor[2]}; scale({factor[1]})"
            return found.error("a factor is a layer of its own", f"write `{written}`", Edit(place, written), at=place)
    lone = found.ending(r"[ \t]as$")
    if lone is not None and found.kind == "NAME" and "_COLON" in found.expected:
        return found.error("`as` names the index of a repetition", f"as in `conv3-64 x3 as {found.value}`")
    return None


def percent(found: Unexpected) -> Diagnostic | None:
    """`dropout(rate%)`: the remainder of what is missing."""
    if (
        found.last != "TIMES"
        or found.text[found.behind - 1 : found.behind] != "%"
        or found.kind not in ("_RPAR", "_COMMA")
    ):
        return None
    name = found.ending(r"(\w+)\s*%$")
    help = f"write `{name[1]} / 100.0`" if name else "as in `40%`"
    return found.error("only a number is a percentage, as in `40%`", help)


EXPRESSIONS: tuple[Callable[[Unexpected], Diagnostic | None], ...] = (
    logic, choice, changed, index, dotted, figures, numbers, percent,
)  # fmt: skip
"""The questions, in the order in which they are asked."""
