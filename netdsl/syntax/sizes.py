"""Mistakes in the notation of sizes: dimensions, repetitions, kernels by name, and expressions that lack their braces.

Questions like those of `slips`, which are asked between those about lines and those about signs.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from netdsl.syntax.slips import statement
from netdsl.syntax.unexpected import Unexpected
from netdsl.text.diagnostics import Diagnostic, Edit

_ENDS = ("_RBRACE", "NUMBER", "DIMS")
_NAMED = re.compile(
    r"(?P<op>conv|dwconv|upconv|local|maxpool|avgpool|subsample)[ \t]+(?P<k>[A-Za-z_]\w*)"
    r"(?:[ \t]*-[ \t]*(?P<c>\w+))?(?:[ \t]*/[ \t]*(?P<s>\w+))?", re.I
)  # fmt: skip
_LETTERS = re.compile(
    r"(?P<op>(?:dw|up)?conv|(?:max|avg)pool)(?P<k>\d+(?:x\d+)*)?(?:-(?P<c>\w+))?(?:/(?P<s>\d+))?"
    r"(?P<rest>(?:[ \t]*,?[ \t]+[kspdg][ \t]*=?[ \t]*\d+)+)", re.I
)  # fmt: skip
_LETTER = re.compile(r"([kspdg])[ \t]*=?[ \t]*(\d+)", re.I)
_OUT = re.compile(r"-[ \t]*(?P<value>\w+)[ \t]*$")
_REST = re.compile(r"[ \t]*(?:\*\*|//|[-+*%])[ \t]*\w+(?:[ \t]*(?:\*\*|//|[-+*%])[ \t]*\w+)*")
_TIMES = re.compile(
    r"(?<=[\w})\]])[ \t]+(?P<x>[x×])[ \t]*(?P<n>len\([\w\[\]]+\)|[A-Za-z_]\w*(?=[ \t]*(?:as\b|[;}|#\n]|$|->|/)))"
)
_SIZE = re.compile(r"(?:[-/\w]|->[ \t]*)\{[^{}\n]*\}\Z")
_RULE = "an expression stands in braces"


def named(found: Unexpected) -> Diagnostic | None:
    """`conv k-c`, `maxpool k/2`: a kernel by its name."""
    if found.kind != "NAME" or found.last != "NAME" or "_SEP" not in found.expected:
        return None
    start, text = statement(found)
    match = _NAMED.search(text)
    if match is None or start + match.start("k") != found.start or not (match["c"] or match["s"]):
        return None
    out, stride = match["c"], match["s"]
    written = (
        match["op"]
        + "x".join(map(_part, re.split(r"x(?=\d)", match["k"])))
        + (f"-{_part(out)}" if out else "")
        + (f"/{_part(stride)}" if stride else "")
    )
    place = found.span(start + match.start(), start + match.end())
    return found.error("a kernel by its name stands in braces", f"write `{written}`", Edit(place, written), at=place)


def _part(text: str) -> str:
    """A number as it is, a name in braces."""
    return text if text[0].isdigit() else f"{{{text}}}"


def letters(found: Unexpected) -> Diagnostic | None:
    """`conv3-64 s2 p1`, as in the tables of many papers."""
    start, text = statement(found)
    match = next(
        (each for each in _LETTERS.finditer(text) if start + each.start() < found.start <= start + each.end()), None
    )
    if match is None or found.brackets[-1:] == ("(",):
        return None
    given = {letter.lower(): number for letter, number in _LETTER.findall(match["rest"])}
    size = match["k"] or given.get("k", "")
    written = match["op"] + size + (f"-{match['c']}" if match["c"] else "")
    stride = given.get("s") or match["s"]
    written += f"/{stride}" if stride else ""
    more = [
        f"{name}={given[letter]}"
        for letter, name in (("p", "pad"), ("d", "dilation"), ("g", "groups"))
        if letter in given
    ]
    written += f"({', '.join(more)})" if more else ""
    place = found.span(start + match.start(), start + match.end())
    message = "a stride is written with `/`, and other arguments by name in parentheses"
    return found.error(message, f"write `{written}`", Edit(place, written), at=place)


def braces(found: Unexpected) -> Diagnostic | None:
    """`conv3-width*2`, `fc-classes+1`, `conv3-(width*2)`."""
    if (
        found.last == "MINUS"
        and found.value == "("
        and "BROKEN" not in found.expected
        and "STRING" not in found.expected
    ):
        inside = re.match(r"\(([^(){}\n]*)\)", found.text[found.start :])
        if inside is None or re.fullmatch(r"\s*[\d.]*\s*", inside[1]):
            return None
        place, written = found.span(end=found.start + len(inside[0])), f"{{{inside[1].strip()}}}"
        return found.error(_RULE, f"write `{written}`", Edit(place, written), at=place)
    if (
        found.kind not in ("TIMES", "PLUS", "MINUS", "POWER")
        or found.last not in ("NAME", "NUMBER")
        or "_SEP" not in found.expected
    ):
        return None
    out = found.ending(_OUT)
    rest = _REST.match(found.text, found.behind)
    if out is None or rest is None or not re.search(r"[A-Za-z_]", out["value"] + rest[0]):
        return None
    signs = re.sub(r"\s*(\*\*|//|[-+*%])\s*", r" \1 ", out["value"] + rest[0])
    place, written = found.span(out.start("value"), rest.end()), f"{{{signs.strip()}}}"
    before = found.ending(r"\w*$", out.start())
    whole = f"{before[0] if before else ''}-{written}"
    return found.error(_RULE, f"write `{whole}`", Edit(place, written), at=place)


def counted(found: Unexpected) -> Diagnostic | None:
    """`conv3-{w[i]} x len(w) as i`, `conv3-64 xn`: a repetition whose number is an expression."""
    line = found.text.rfind("\n", 0, found.start) + 1
    counts = _TIMES.finditer(found.text, line, found.line_end)
    count = next((each for each in counts if each.end("n") >= found.behind), None)
    if count is None or count.start() > found.start:
        return None
    place, written = found.span(count.start("x"), count.end("n")), f"x{{{count['n']}}}"
    message = "how often something is repeated stands in braces where it is no plain number"
    return found.error(message, f"write `{written}`", Edit(place, written), at=place)


def dollar(found: Unexpected) -> Diagnostic | None:
    """`conv3-$width`, `conv3-${width}`."""
    if found.value != "$" or not re.match(r"\$\{?[A-Za-z_]", found.text[found.start :]):
        return None
    start, text = statement(found)
    edits = []
    for sign in re.finditer(r"\$(?:\{(\w+)\}|(\w+))", text):
        plain = text[: sign.start()].rstrip()[-1:] in ("-", "/", "=", "(", ",", "[", "*", "+", "{")
        name = sign[1] or sign[2]
        edits.append(Edit(found.span(start + sign.start(), start + sign.end()), name if plain else f"{{{name}}}"))
    help = f"write `{edits[0].text}`" if edits else "a name stands alone"
    return found.error("a name stands without `$`", help, *edits, code="E0103")


def dimensions(found: Unexpected) -> Diagnostic | None:
    """`{c}xhxw`, `3x{n}x`, `conv{k}xk-8`, `-> cx32x32`: what an `x` joins that touches the size before it."""
    touching = found.start == found.behind and found.last in _ENDS and re.fullmatch(r"x(?:[A-Za-z_]\w*)?", found.value)
    start, end = found.start, found.end
    if not touching:
        suffix = found.ending(r"\}(x(?:[A-Za-z_]\w*)?)$")
        claim = found.last == "_ARROW" and re.fullmatch(r"(?:[A-Za-z_]\w*?x)+\d+(?:x\d+)*", found.value)
        if suffix and found.last == "NAME" and "_COLON" in found.expected:
            start, end = found.behind - len(suffix[1]), found.behind
        elif not claim:
            return None
    text = found.text[start:end]
    names = [part for part in text.split("x") if part]
    joined = "x".join(part if part.isdigit() else f"{{{part}}}" for part in names)
    place = found.span(start, end)
    message = "dimensions are joined by `x`: each is a number, or in braces"
    if not joined:
        return found.error(message, "as in `3x{n}x{n}`", at=place)
    written = f"x{joined}" if text[0] == "x" else joined
    return found.error(message, f"write `{written}`", Edit(place, written), at=place)


def joined(found: Unexpected) -> Diagnostic | None:
    """`conv{k}{k}-8`: dimensions without their `x`."""
    if found.kind != "_LBRACE" or found.start != found.behind or not found.ending(_SIZE):
        return None
    place = found.span(found.start, found.start)
    return found.error("dimensions are joined by `x`", "write `x` between them", Edit(place, "x"))


def blank(found: Unexpected) -> Diagnostic | None:
    """`input 3x {n}`, `input 3 x {n}`: blanks around the `x` of dimensions."""
    before = found.ending(r"(?:\d|\})[ \t]*$", found.start)
    if found.kind == "BAD" and re.fullmatch(r"[\dx×]+[x×]", found.value):
        start = found.start
    elif found.value == "x" and found.last in _ENDS and before is not None:
        start = found.behind
    else:
        return None
    after = re.match(r"[ \t]*(?:\{[^{}\n]*\}|\d[\dx]*)", found.text[found.end :])
    if after is None:
        return None
    place = found.span(start, found.end + len(after[0]))
    written = "".join(found.text[place.start : place.end].split())
    message = "dimensions are joined by `x` without blanks"
    return found.error(message, f"write `{written}`", Edit(place, written), at=place)


def power(found: Unexpected) -> Diagnostic | None:
    """`2 ^ i`."""
    if found.value != "^" or "POWER" not in found.expected:
        return None
    return found.error("a power is written `**`", "write `**`", Edit(found.span(), "**"), code="E0103")


SIZES: tuple[Callable[[Unexpected], Diagnostic | None], ...] = (
    dollar, named, letters, braces, counted, joined, blank, dimensions, power,
)  # fmt: skip
"""The questions, in the order in which they are asked."""
