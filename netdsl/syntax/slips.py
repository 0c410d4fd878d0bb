"""Slips at a sign: a comma between layers, a comment of another language, a stride in words.

Each asks one question about an unexpected token, and has a message where it knows what was meant. So they come before
the general messages; `habits` knows whole statements.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from netdsl.syntax.habits import answer
from netdsl.syntax.lex import KEYWORDS, STATEMENTS
from netdsl.syntax.unexpected import FAR, TOLD, Unexpected
from netdsl.syntax.wordings import short
from netdsl.text.diagnostics import Diagnostic, Edit, misspelt

_LONGEST = 300  # characters of a statement that is compared with what people write elsewhere
_TUPLE = re.compile(r"\(\s*(-?[\d.]+(?:\s*,\s*-?[\d.]+)+)\s*,?\s*\)")
_STATEMENT = re.compile(r"[^\n;|#]*")
_FACTOR = re.compile(r"\*\s*(\d*\.?\d+)")
_SIZED = re.compile(r"-\s*\S|[})\]]\Z")
_NEXT = re.compile(r",\s*[A-Za-z@{\[]")
_STRIDE = re.compile(r"stride\s*=?\s*([0-9]+(?:x[0-9]+)?)", re.I)
_FIRST = re.compile(r"([A-Za-z]+)[ \t]+(?=[A-Za-z0-9_\"{])")
_RULE = re.compile(r"[ \t]*\|[ \t:|]*-[ \t:|-]*\|")
_TYPE = re.compile(r":\s*[A-Za-z_]\w*\s*(?:(=)\s*|(?=[,)]))")
_SIZES = re.compile(r"->\s*(?P<sizes>\w+(?P<rest>(?:\s*,\s*\w+)+))")
_ALONE = re.compile(r":[ \t]*(?:#|\n|$)")


def statement(found: Unexpected) -> tuple[int, str]:
    """Where the statement begins in which the token stands, and its text as far as its line goes."""
    whole, last = found.text, max(found.start, 0)
    start = max(whole.rfind(sign, 0, last) for sign in "\n;|") + 1
    brace = whole.rfind("{", start, last)
    if brace >= 0 and "}" not in whole[brace:last]:
        before = whole[start:brace].rstrip()
        if before[-1:] not in ("-", "/", "=", "x"):  # there it opens an expression
            start = brace + 1
    match = _STATEMENT.match(whole, start)
    assert match
    text = match[0].rstrip()
    if text.endswith("}") and text.count("}") > text.count("{"):
        text = text[:-1].rstrip()
    blank = len(text) - len(text.lstrip())
    return start + blank, text[blank:]


def comment(found: Unexpected) -> Diagnostic | None:
    """Comments of other languages."""
    if found.table and found.value in ("-", ":") and (dashes := _dashes(found)):
        return dashes
    two = found.text[found.start : found.start + 2]
    if two == "/*" or (found.value == "*" and found.text[found.start - 1 : found.start] == "/"):
        help = "put `#` before each line of it"
        return found.error("a comment begins with `#`, and ends with its line", help)
    first = statement(found)[0] == found.start
    if two[:1] == "%" and first:
        two = "%"
    if two not in ("//", "%") and not (two == "--" and first):
        return None
    if found.kind == "TIMES" and found.brackets:
        return None
    place = found.span(end=found.start + len(two))
    return found.error(f"a comment begins with `#`, not with `{two}`", "write `#`", Edit(place, "#"), at=place)


def _dashes(found: Unexpected) -> Diagnostic | None:
    """The line under the names of a table's columns, with something behind it."""
    line = found.text.rfind("\n", 0, found.start) + 1
    rule = _RULE.match(found.text, line)
    if rule is None or found.start >= rule.end():
        return None
    if "-" in found.text[line : found.start]:
        return TOLD  # at its first dash
    place = found.span(line + len(rule[0]) - len(rule[0].lstrip()), rule.end())
    message = "the dashes under the names of a table's columns stand on a line of their own"
    return found.error(message, "end the line here", at=place)


def habit(found: Unexpected) -> Diagnostic | None:
    """A notation that people bring along."""
    if found.table or found.last in ("SOURCE", "USE", "EXTENDS"):
        return None
    start, text = statement(found)
    if len(text) > _LONGEST:
        return None
    known = answer(text)
    if known is None or not start + known.start <= found.start <= start + len(text):
        return None
    place = found.span(start + known.start, start + known.end)
    edits = () if known.text is None else (Edit(place, known.text),)
    return found.error(known.message, known.help, *edits, at=place)


def keyword(found: Unexpected) -> Diagnostic | None:
    """`expct params = 3`: a statement whose first word is misspelt."""
    start, text = statement(found)
    word = _FIRST.match(text)
    if word is None or word[1].lower() in KEYWORDS or not start < found.start <= start + len(text):
        return None
    meant = misspelt(word[1], STATEMENTS)
    if meant is None:
        return None
    place = found.span(start, start + len(word[1]))
    help = f"did you mean `{meant}`?"
    return found.error(f"no statement begins with `{word[1]}`", help, Edit(place, meant), at=place)


def times(found: Unexpected) -> Diagnostic | None:
    """`conv3-64 * 2`, where layers are meant; `relu * 2`, where values may be."""
    factor = _FACTOR.match(found.text, found.start) if "_SEP" in found.expected else None
    if factor is None:
        return None
    start, text = statement(found)
    before = text[: found.behind - start].rpartition(":")[2].strip()
    place, whole = found.span(end=factor.end()), factor[1].isdigit()
    if whole and _SIZED.search(before):
        edit = Edit(place, f"x{factor[1]}")
        return found.error("a repetition is written with `x`", f"write `{edit.text}`", edit, at=place)
    help = f"values are multiplied by `scale`, a layer of its own: `{short(before)}; scale({factor[1]})`"
    help += f"; a layer is repeated by `{short(before)} x{factor[1]}`" if whole else ""
    return found.error("`*` stands between numbers only", help, at=place)


def comma(found: Unexpected) -> Diagnostic | None:
    """A `,` behind a layer, a size in parentheses, a shape with commas."""
    if found.value != ",":
        return None
    claims = _SIZES.finditer(found.text, max(0, found.start - FAR), found.start + FAR)
    claim = next((each for each in claims if each.start("rest") == found.start), None)
    if claim is not None and found.last in ("NUMBER", "DIMS"):
        place = found.span(claim.start("sizes"), claim.end())
        written = "x".join(re.findall(r"\w+", claim["sizes"]))
        return found.error("a shape is joined by `x`", f"write `-> {written}`", Edit(place, written), at=place)
    if found.bracket == "(":
        inside = _TUPLE.match(found.text, found.text.rfind("(", 0, found.start))
        if inside is None or "_COMMA" in found.expected:
            return None
        place, items = found.span(*inside.span()), re.split(r"\s*,\s*", inside[1])
        size, listed = "x".join(items), f"[{', '.join(items)}]"
        if len(items) == 2 and all(map(str.isdigit, items)):
            return found.error(f"a size is height x width: `{size}`", f"write `{size}`", Edit(place, size), at=place)
        return found.error("a list stands in brackets", f"write `{listed}`", Edit(place, listed), at=place)
    if "_SEP" not in found.expected or not _NEXT.match(found.text, found.start):
        return None
    if found.brackets and "_BAR" in found.expected:
        return found.error("branches are separated by `|`", "write `|` in place of `,`", Edit(found.span(), " |"))
    help = "write `;` in place of `,`"
    return found.error("layers are separated by `;` or a new line", help, Edit(found.span(), ";"))


def stride(found: Unexpected) -> Diagnostic | None:
    """`stride 2` in words behind a layer."""
    if found.value.lower() != "stride" or "_SEP" not in found.expected:
        return None
    match = _STRIDE.match(found.text, found.start)
    if match is None:
        return None
    edit = Edit(found.span(found.behind, match.end()), f"/{match[1]}")
    place = found.span(end=match.end())
    return found.error("a stride is written with `/`", f"write `{edit.text}`", edit, at=place)


def arrow(found: Unexpected) -> Diagnostic | None:
    """`conv3-64 -> relu`."""
    if found.last != "_ARROW" or found.kind not in ("NAME", "ALIAS", "_AT", "_LBRACE", "JOIN", "RESIDUAL"):
        return None
    at = found.text.rfind("->", 0, found.start)
    place = found.span(at, at + 2)
    message = "layers follow each other behind `;` or a new line; a shape follows '->'"
    return found.error(message, "write `;` in place of `->`", Edit(place, ";"), at=place)


def argument(found: Unexpected) -> Diagnostic | None:
    """`(stride 2)`, `(stride: 2)`."""
    if found.bracket == "(" and found.last == "NUMBER" and found.value == ":" and "_COMMA" in found.expected:
        return found.error("arguments are separated by `,`", "write `,`", Edit(found.span(), ", "))
    if found.bracket != "(" or found.last != "NAME" or "_EQUAL" not in found.expected:
        return None
    head = found.ending(r"\bblock\s+\w+\s*\([^()]*$", found.start, re.I)
    typed = _TYPE.match(found.text, found.start) if head else None
    if typed is not None:
        edit = Edit(found.span(end=typed.end()), "=" if typed[1] else "")
        return found.error("a parameter of a block has no type", "write its name, and `=` with its default", edit)
    if found.value == ":":
        edit = Edit(found.span(), "=")
    elif found.kind in ("NUMBER", "DIMS"):
        edit = Edit(found.span(found.behind, found.start), "=")
    else:
        return None
    return found.error("an argument is written `name=value`", "put `=` between them", edit)


def capital(found: Unexpected) -> Diagnostic | None:
    """`conv3-64 X2`."""
    if not re.fullmatch(r"X[0-9]+", found.value) or "REPEAT" not in found.expected:
        return None
    written = found.value.lower()
    return found.error("a repetition is written with a small `x`", f"write `{written}`", Edit(found.span(), written))


def row(found: Unexpected) -> Diagnostic | None:
    """A row of a table that lacks its first bar."""
    if found.kind != "_BAR" or found.brackets or found.table:
        return None
    line = found.text.rfind("\n", 0, found.start) + 1
    above = found.text[found.text.rfind("\n", 0, max(line - 1, 0)) + 1 : max(line - 1, 0)]
    if not above.lstrip().startswith("|") or found.text[line : found.start].lstrip().startswith("|"):
        return None
    edit = Edit(found.span(line, line), "| ")
    return found.error("a row of a table begins with `|`", "put `|` before it", edit)


def unknown(found: Unexpected) -> Diagnostic | None:
    """`-> 8x?x?`, `input ?x8x8`: a shape of which a part is open."""
    line = found.text[found.text.rfind("\n", 0, found.start) + 1 : found.start]
    if found.value == "?" and re.match(r"\s*input\b", line, re.I):
        return found.error("an input has all its sizes", "write those of the paper; `--input 3x256x256` takes others")
    if found.value != "?" or not re.search(r"->[ \t]*[\w?x]*$", line):
        return None
    help = "leave the claim out, or claim a part: `property layer1.channels == 64`"
    return found.error("a claim is a whole shape", help)


def dash(found: Unexpected) -> Diagnostic | None:
    """`- conv3-64`, as lists are written elsewhere."""
    item = re.match(r"-[ \t]+(?=[A-Za-z@{\[])", found.text[found.start :])
    if item is None or "BROKEN" not in found.expected or found.brackets:
        return None
    place = found.span(end=found.start + len(item[0]))
    return found.error("layers stand alone, without `-`", "take it away", Edit(place, ""))


def colon(found: Unexpected) -> Diagnostic | None:
    """A `:` at the end of a line."""
    if found.value != ":" or not _ALONE.match(found.text, found.start):
        return None
    return found.error("nothing ends with ':' here", "take it away; a body stands in braces", Edit(found.span(), ""))


LINES: tuple[Callable[[Unexpected], Diagnostic | None], ...] = (comment, keyword, row, habit)
"""The questions about a whole line, in the order in which they are asked."""
SIGNS: tuple[Callable[[Unexpected], Diagnostic | None], ...] = (
    stride, arrow, argument, capital, times, comma, unknown, dash, colon,
)  # fmt: skip
"""The questions about a sign, which are asked behind those."""
