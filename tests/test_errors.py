"""Every mistake and its message, as data: `errors/*.txt` hold wrong specs with the diagnostics expected beside their
lines, and `newcomer/*.txt` those that people write who come from elsewhere: from PyTorch, Keras, Caffe, a paper.

A case begins with `=== title`; `#! CODE words` at the end of a line expects a diagnostic with that code on that line
whose message matches the words (a regular expression); several are separated by `#!`. Nothing else may be reported.
`newcomer/fine.txt` has what is understood as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from netdsl.compiler import Compilation, compile
from netdsl.text import edits
from netdsl.text.explain import marks
from netdsl.text.source import Source

HERE = Path(__file__).parent


def cases(folder: str) -> Iterator[tuple[str, str]]:
    for path in sorted((HERE / folder).glob("*.txt")):
        for chunk in re.split(r"(?m)^=== ", path.read_text("utf-8"))[1:]:
            title, _, text = chunk.partition("\n")
            yield f"{path.stem}: {title}", text


def newcomer(text: str) -> Compilation:
    """What somebody is told who checks a spec: of a table, its first variant."""
    source = Source("case.net", text)
    first = compile(source)
    return compile(source, variant=first.variants[0]) if first.variants else first


CASES = list(cases("errors"))
NEWCOMERS = [each for each in cases("newcomer") if not each[0].startswith("fine:")]
FINE = [each for each in cases("newcomer") if each[0].startswith("fine:")]


@pytest.mark.parametrize("text", [text for _, text in CASES], ids=[title for title, _ in CASES])
def test_errors(text: str) -> None:
    source = Source("case.net", text)
    expected = marks.read(text)[1]
    assert expected, "a case without an expectation tests nothing"
    missed = marks.missed(expected, compile(source).report, source)
    assert missed is None, missed


@pytest.mark.parametrize("text", [text for _, text in NEWCOMERS], ids=[title for title, _ in NEWCOMERS])
def test_a_newcomer_is_told_once_and_shown_the_way_out(text: str) -> None:
    shown, expected = marks.read(text)
    assert expected, "a case without an expectation tests nothing"
    source = Source("case.net", shown)
    found = newcomer(shown).report
    missed = marks.missed(expected, found, source)
    assert missed is None, missed
    for each in found:
        assert each.help or each.related or each.edits, f"'{each.message}' leaves the reader alone"
        if each.edits:
            mended = newcomer(edits.apply(source, each.edits)).report
            left = [(other.code, other.message, other.span) for other in mended]
            assert (each.code, each.message, each.span) not in left, "the edit mends it"


@pytest.mark.parametrize("text", [text for _, text in FINE], ids=[title for title, _ in FINE])
def test_what_needs_no_message_gets_none(text: str) -> None:
    assert list(newcomer(text).report) == []


def test_there_are_many() -> None:
    assert len(CASES) >= 120 and len(NEWCOMERS) >= 40
    titles = [title for title, _ in (*CASES, *NEWCOMERS, *FINE)]
    assert len(set(titles)) == len(titles)
