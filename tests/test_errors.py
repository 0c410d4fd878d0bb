"""Every mistake and its message, as data: `errors/*.txt` hold wrong specs with the diagnostics expected beside their
lines, and `newcomer/*.txt` those that people write who come from elsewhere: from PyTorch, Keras, Caffe, a paper.

A case begins with `=== title`; `#! CODE words` at the end of a line expects a diagnostic with that code on that line
whose message matches the words (a regular expression); several are separated by `#!`. Nothing else may be reported.
`newcomer/fine.txt` has what is understood as it is.
"""

from __future__ import annotations

import pytest
from cases import folder

from netdsl.compiler import Compilation, compile
from netdsl.text import edits
from netdsl.text.explain import marks
from netdsl.text.source import Source


def newcomer(text: str) -> Compilation:
    """What somebody is told who checks a spec: of a table, its first variant."""
    source = Source("case.net", text)
    first = compile(source)
    return compile(source, variant=first.variants[0]) if first.variants else first


CASES = folder("errors")
NEWCOMERS = {title: text for title, text in folder("newcomer").items() if not title.startswith("fine:")}
FINE = {title: text for title, text in folder("newcomer").items() if title.startswith("fine:")}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_errors(text: str) -> None:
    source = Source("case.net", text)
    expected = marks.read(text)[1]
    assert expected, "a case without an expectation tests nothing"
    missed = marks.missed(expected, compile(source).report, source)
    assert missed is None, missed


@pytest.mark.parametrize("text", NEWCOMERS.values(), ids=NEWCOMERS)
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


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_what_needs_no_message_gets_none(text: str) -> None:
    assert list(newcomer(text).report) == []


def test_there_are_many() -> None:
    assert len(CASES) >= 120 and len(NEWCOMERS) >= 40
    titles = [*CASES, *NEWCOMERS, *FINE]
    assert len(set(titles)) == len(titles)
