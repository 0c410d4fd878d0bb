"""Marks in a spec: the diagnostics that it should give, each at the line that it points to.

`conv4-64 #! E0301 odd` expects one message with the code E0301 on that line, whose text matches the regular expression
`odd`; a line can have several marks. A mark is a comment of the language, so a marked text is a spec too. `read`
removes the marks before people see the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from netdsl.text.diagnostics import Diagnostic
from netdsl.text.source import Source


class Expected(NamedTuple):
    """A diagnostic that must come: on this line (0: without a place), with a code and a message that match."""

    line: int
    code: str
    words: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.code} {self.words}"


def read(text: str) -> tuple[str, tuple[Expected, ...]]:
    """A marked text without its marks, and what they expect. Lines that are nothing but marks are left out."""
    lines: list[str] = []
    expected: list[Expected] = []
    for line in text.splitlines():
        shown, *marks = line.split("#!")
        alone = bool(marks) and not shown.strip()
        if not alone:
            lines.append(shown.rstrip() if marks else line)
        for mark in marks:
            code, _, words = mark.strip().partition(" ")
            expected.append(Expected(0 if alone else len(lines), code, words.strip()))
    return "".join(f"{line}\n" for line in lines), tuple(expected)


def missed(expected: Iterable[Expected], diagnostics: Iterable[Diagnostic], source: Source) -> str | None:
    """None where the diagnostics are exactly the expected ones, in any order; else both, in words.

    A diagnostic without a place in `source` has line 0.
    """
    found = [
        (source.position(each.span.start).line if each.span and each.span.file == source.name else 0, each)
        for each in diagnostics
    ]
    left = list(found)
    wanted: list[Expected] = []
    for want in expected:
        for at, each in left:
            if at == want.line and re.fullmatch(want.code, each.code) and re.search(want.words, each.message):
                left.remove((at, each))
                break
        else:
            wanted.append(want)
    if not wanted and not left:
        return None
    told = [f"line {at}: {each.code} {each.message}" for at, each in found]
    return "\n".join(["expected:", *map(str, expected), "found:", *told])
