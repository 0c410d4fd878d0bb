"""Every mistake and its message, as data: `errors/*.txt` hold wrong specs with the diagnostics expected beside their
lines.

A case begins with `=== title`; `#! CODE words` at the end of a line expects a diagnostic with that code on that line
whose message matches the words (a regular expression); several are separated by `#!`. Nothing else may be reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from netdsl.compiler import compile
from netdsl.source import Source

FOLDER = Path(__file__).parent / "errors"


def cases() -> Iterator[tuple[str, str]]:
    for path in sorted(FOLDER.glob("*.txt")):
        for chunk in re.split(r"(?m)^=== ", path.read_text("utf-8"))[1:]:
            title, _, text = chunk.partition("\n")
            yield f"{path.stem}: {title}", text


CASES = list(cases())


@pytest.mark.parametrize("text", [text for _, text in CASES], ids=[title for title, _ in CASES])
def test_errors(text: str) -> None:
    expected = []
    for number, line in enumerate(text.splitlines(), 1):
        for note in line.split("#!")[1:]:
            code, _, words = note.strip().partition(" ")
            expected.append((number, code, words.strip()))
    assert expected, "a case without an expectation tests nothing"
    compilation = compile(Source("case.net", text))
    source = Source("case.net", text)
    found = [(source.position(d.span.start).line if d.span else 0, d.code, d.message) for d in compilation.report]
    told = "\n".join(map(str, found))
    assert len(found) == len(expected), told
    for (line, code, words), (at, actual, message) in zip(expected, found, strict=True):
        assert at == line and re.fullmatch(code, actual) and re.search(words, message), told


def test_there_are_many() -> None:
    assert len(CASES) >= 120
    assert len({title for title, _ in CASES}) == len(CASES)
