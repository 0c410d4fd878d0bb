"""Messages as one JSON document, for editors, scripts and continuous integration.

Lines and columns count from 1, offsets from 0, all in code points; an `end` is the place behind the last character.
A message without a place has the range null, and so has one in a file that could not be read. An edit puts its `text`
in the place of its range: `edits` are certain, `suggestions` are ways out to choose from, all edits of one at once.
"""

from __future__ import annotations

import json
from typing import Any

from netdsl.text.diagnostics import Diagnostic, Edit, Report
from netdsl.text.source import Source, Span

FORMAT_VERSION = 1


def render(report: Report, *, color: bool = False) -> str:
    """The report as indented JSON text; all characters beyond ASCII are escaped, so that any terminal can show it."""
    return json.dumps(document(report), indent=2) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "format_version": FORMAT_VERSION,
        "valid": not report.errors,
        "error_count": len(report.errors),
        "warning_count": len(report.warnings),
        "diagnostics": [_diagnostic(diagnostic, report.sources) for diagnostic in report],
    }


def _diagnostic(diagnostic: Diagnostic, sources: dict[str, Source]) -> dict[str, Any]:
    # The chain of calls explains a message as its related places do; a program needs no second list for it.
    related = (*diagnostic.related, *diagnostic.calls)
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **_place(diagnostic.span, sources),
        "help": diagnostic.help,
        "related": [{"message": each.message, **_place(each.span, sources)} for each in related],
        "edits": _edits(diagnostic.edits, sources),
        "suggestions": [
            {"title": each.title, "effect": each.effect, "edits": _edits(each.edits, sources)}
            for each in diagnostic.proposals
        ],
    }


def _edits(edits: tuple[Edit, ...], sources: dict[str, Source]) -> list[dict[str, Any]]:
    return [{**_place(each.span, sources), "text": each.text} for each in edits]


def _place(span: Span | None, sources: dict[str, Source]) -> dict[str, Any]:
    if span is None:
        return {"file": None, "range": None}
    source = sources.get(span.file)
    if source is None:
        return {"file": span.file, "range": None}
    return {"file": span.file, "range": {"start": _position(source, span.start), "end": _position(source, span.end)}}


def _position(source: Source, offset: int) -> dict[str, int]:
    line, column = source.position(offset)
    return {"line": line, "column": column, "offset": min(max(offset, 0), len(source.text))}
