"""What is being typed at an offset, read from the text before it: the tree has no place for half a statement.

The text is read backwards to the bracket that is open, the comma before the cursor, and the word in front of it; never
further than `FAR` characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from netdsl.tools.lsp.document import Document

FAR = 20_000
"""So far back an open bracket is looked for."""

Kind: TypeAlias = Literal[
    "nothing", "statement", "argument", "value", "label", "claim", "quantity", "variant", "file", "number",
    "expression", "operator", "figure"
]  # fmt: skip

_SPACES = r"[ \t]*"
_HEAD = re.compile(
    r"(?:(?P<word>[A-Za-z_]\w*(?:[ -]pool\w*)?)(?:\{[^{}\n]*\})?(?:-(?:\w+|\{[^{}\n]*\}))?(?:/(?:\w+|\{[^{}\n]*\}))?"
    r"|(?:extends[ \t]+)(?P<file>\"[^\"\n]*\")(?:[ \t]+variant[ \t]+[\w.-]+)?)[ \t]*\Z"
)
_WORD = re.compile(r"[A-Za-z_]\w*\Z")
_LABEL = re.compile(r"[A-Za-z_]\w*[ \t]*:[ \t]*\Z")


@dataclass(frozen=True)
class Context:
    """What can stand at a place.

    - `kind`: statement, argument (of `head`), value (of the argument `argument` of `head`), and so on.
    - `start`: where the word that is being typed begins; `word` is that word.
    - `head`: the operator, block or statement whose parentheses are open; for `variant` the file that is extended.
    - `argument`: the name before `=`, once there is one; for `quantity` the label before the dot, for `figure` what is
      claimed.
    - `given`: the names of arguments that are there already; `position`: how many arguments stand before this one.
    """

    kind: Kind
    start: int
    word: str = ""
    head: str = ""
    argument: str = ""
    given: tuple[str, ...] = ()
    position: int = 0


def context(document: Document, offset: int) -> Context:
    """What can stand at an offset."""
    text = document.text
    begin = text.rfind("\n", 0, offset) + 1
    line = text[begin:offset]
    if len(line) > FAR:
        line, begin = line[-FAR:], offset - FAR
    quoted = _open_string(line)
    if quoted is None or quoted < 0:
        return Context("nothing", offset) if quoted is None else _code(document, offset, line)
    before = line[:quoted]
    if re.search(r"(?:^|[;{|])[ \t]*(?:use|extends)[ \t]*\Z", before):
        return Context("file", begin + quoted + 1, line[quoted + 1 :])
    return Context("nothing", offset)


def _open_string(line: str) -> int | None:
    """Where a string that is open at the end of the line begins; -1 where there is none, None inside a comment."""
    at = -1
    index = 0
    while index < len(line):
        char = line[index]
        if at >= 0:
            if char == "\\":
                index += 1
            elif char == '"':
                at = -1
        elif char == '"':
            at = index
        elif char == "#":
            return None
        index += 1
    return at


def _code(document: Document, offset: int, line: str) -> Context:
    typed = _WORD.search(line)
    word = typed[0] if typed else ""
    start = offset - len(word)
    before = line[: len(line) - len(word)]
    behind = re.search(r"[-/@.=>]?[ \t]*\Z", before)
    sign = behind[0].rstrip() if behind else ""
    if sign == "@":
        return Context("label", start, word)
    if before.endswith("->") or re.search(r"->[ \t]*[0-9x]*\Z", line):
        return Context("claim", offset - len(re.search(r"[0-9x]*\Z", line)[0]))  # type: ignore[index]
    variant = re.search(r"\bextends[ \t]+\"([^\"]*)\"[ \t]+variant[ \t]+([\w.-]*)\Z", line)
    if variant:
        return Context("variant", offset - len(variant[2]), variant[2], head=variant[1])
    if re.search(r"\bextends[ \t]+\"[^\"]*\"[ \t]+\w*\Z", line):
        return Context("expression", start, word, head="extends")
    claim = re.search(r"\b(expect|reported)[ \t]+(?:([\w.]*)\.)?(\w*)\Z", line)
    if claim:
        return Context("quantity", offset - len(claim[3]), claim[3], head=claim[1], argument=claim[2] or "")
    claimed = re.search(r"\bexpect[ \t]+([\w.]+)[ \t]*=[ \t]*(\w*)\Z", line)
    if claimed:
        return Context("figure", offset - len(claimed[2]), claimed[2], argument=claimed[1])
    if re.search(r"\bdefault[ \t]+\w*\Z", line):
        return Context("operator", start, word)
    opened = _opened(document.text, offset)
    if opened is not None and document.text[opened] == "(":
        return _inside(document.text, opened, start, word)
    if sign in ("-", "/") and not before.endswith((" ", "\t")):
        return Context("number", start, word)
    if opened is not None and document.text[opened] == "[":
        row = re.split(r"[;\n]", document.text[opened + 1 : start])[-1]
        return _argument(row, "conv", start, word) if row.count(",") > 1 else Context("number", start, word)
    if opened is not None and _computed(document.text, opened):
        return Context("expression", start, word)
    if re.search(r"(?:^|[;{|}])[ \t]*\Z", before) or (_LABEL.search(before) and "=" not in before[-3:]):
        return Context("statement", start, word)
    if re.search(r"\b(?:param[ \t]+\w+[ \t]*=|input|if|reported[ \t]+[\w.]+[ \t]*=)[^;{}]*\Z", before):
        return Context("expression", start, word)
    return Context("nothing", start, word)


def _computed(text: str, opened: int) -> bool:
    """Whether a brace holds an expression: it stands right behind a name, a sign or `x`."""
    return opened > 0 and (text[opened - 1].isalnum() or text[opened - 1] in "-/_")


def _opened(text: str, offset: int) -> int | None:
    """The innermost bracket that is open at an offset. Braces and rows end with their line when looked for from it."""
    depth = 0
    index = offset - 1
    stop = max(0, offset - FAR)
    while index >= stop:
        char = text[index]
        if char in ")]}":
            depth += 1
        elif char in "([{":
            if not depth:
                return index
            depth -= 1
        elif char == '"':
            index = max(text.rfind('"', stop, index), text.rfind("\n", stop, index), stop)
        elif char == "\n":
            # What stands behind `#` on the line above is no code.
            above = text.rfind("\n", 0, index) + 1
            comment = text.find("#", above, index)
            if comment >= 0 and text.count('"', above, comment) % 2 == 0:
                index = comment
        index -= 1
    return None


def _inside(text: str, opened: int, start: int, word: str) -> Context:
    """Between parentheses: an argument's name, or its value."""
    match = _HEAD.search(text, max(0, opened - 400), opened)
    head = (match["word"] or "extends") if match else ""
    if match and (led := re.search(r"\b(aux|block|train)[ \t]+\Z", text[max(0, match.start() - 40) : match.start()])):
        head = led[1]
    if head == "reuse":
        return Context("label", start, word)
    return _argument(text[opened + 1 : start], head, start, word)


def _argument(inside: str, head: str, start: int, word: str) -> Context:
    """An argument of `head`, behind those that are there already."""
    arguments = _split(inside)
    last = arguments[-1]
    given = tuple(each.partition("=")[0].strip() for each in arguments[:-1] if re.match(r"\s*\w+\s*=[^=]", each))
    value = re.match(r"\s*(\w+)\s*=(?!=)(.*)", last, re.S)
    if value:
        kind: Kind = "expression" if value[2].strip() not in ("", "[") else "value"
        return Context(kind, start, word, head, value[1], given, len(arguments) - 1)
    if last.strip():
        return Context("expression", start, word, head, "", given, len(arguments) - 1)
    return Context("argument", start, word, head, "", given, len(arguments) - 1)


def _split(inside: str) -> list[str]:
    """The arguments before a place, split at the commas that are in no bracket of their own."""
    parts = [""]
    depth = 0
    for char in inside:
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        if char == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts
