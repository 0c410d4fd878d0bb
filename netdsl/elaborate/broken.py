"""What can still be said of statements with a syntax error: what they would have been, and where they end."""

from __future__ import annotations

import re
from typing import NamedTuple

from netdsl.syntax import tree
from netdsl.syntax.lex import STATEMENTS
from netdsl.text.diagnostics import Report, misspelt
from netdsl.text.source import Span


class Words(NamedTuple):
    """How a broken statement begins: its first word, the name behind it, and whether a `=` follows the two."""

    first: str
    name: str
    equals: bool


def words(broken: tree.Broken, report: Report) -> Words:
    """How a statement with a syntax error begins; its first word as it was meant, where that is certain."""
    file, start, end = broken.span
    match = re.match(r"\s*(\w+)(?:[ \t]+(\w+))?\s*(=)?", report.sources[file].text[start:end])
    if match is None:
        return Words("", "", False)
    first = match[1].lower()
    return Words(misspelt(first, STATEMENTS) or first, match[2] or "", bool(match[3]))


def labelled(broken: tree.Broken, report: Report) -> tree.Name | None:
    """The label of a statement with a syntax error, if it has one."""
    file, start, end = broken.span
    match = re.compile(r"\s*([A-Za-z_]\w*)[ \t]*:").match(report.sources[file].text, start, end)
    return tree.Name(match[1], Span(file, match.start(1), match.end(1))) if match else None


def unclosed(report: Report) -> list[Span]:
    """The braces that are never closed."""
    return [
        each.span
        for each in report
        if each.code == "E0102" and each.span and report.sources[each.span.file].text[each.span.start] == "{"
    ]


def holds(statement: Span, braces: list[Span]) -> bool:
    """Whether one of these braces is in a statement: where that ends is unknown then, and whatever could be said of its
    layers would be a consequence."""
    return any(each.file == statement.file and statement.start <= each.start < statement.end for each in braces)
