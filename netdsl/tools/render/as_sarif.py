"""Messages as SARIF 2.1.0, the format that code scanning and many editors read.

One run with one result for each message. Lines and columns count from 1 in code points (`columnKind` says so), and an
end is behind the last character. The calls that led to a place are related locations, as the places that explain it
are. Certain edits and suggestions to choose from are `fixes`, each with its description. Paths are relative to the
directory in which the check ran, `%SRCROOT%`, unless they were given as absolute ones.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 27 March 2020.
"""

from __future__ import annotations

import json
import os
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from netdsl import __version__
from netdsl.text import explain
from netdsl.text.codes import CODES
from netdsl.text.diagnostics import Diagnostic, Edit, Related, Report
from netdsl.text.source import Source, Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"


def render(report: Report, *, color: bool = False) -> str:
    """The report as one indented SARIF log, in ASCII."""
    return json.dumps(document(report), indent=2) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    codes = sorted({diagnostic.code for diagnostic in report})
    driver = {"name": "netdsl", "semanticVersion": __version__, "rules": [_rule(code) for code in codes]}
    places = {code: index for index, code in enumerate(codes)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "invocations": [{"executionSuccessful": True}],
                "results": [_result(diagnostic, places[diagnostic.code], report.sources) for diagnostic in report],
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    """What a code is about, with the page that `netdsl explain` shows as its help."""
    title = CODES.get(code, code)
    rule: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": title},
        "help": {"text": f"{title}; netdsl explain {code} says more"},
        "defaultConfiguration": {"level": "warning" if code.startswith("W") else "error"},
    }
    if code in explain.codes():
        parts = explain.find(code).parts
        prose = next((part.text for part in parts if isinstance(part, explain.Prose)), title)
        rule["fullDescription"] = {"text": " ".join(prose.partition("\n\n")[0].split()).replace("`", "")}
        rule["help"]["markdown"] = "\n\n".join(map(_markdown, parts))
    return rule


def _markdown(part: explain.Prose | explain.Example) -> str:
    return part.text if isinstance(part, explain.Prose) else f"```\n{part.text.rstrip()}\n```"


def _result(diagnostic: Diagnostic, rule: int, sources: dict[str, Source]) -> dict[str, Any]:
    text = diagnostic.message + (f"\n{diagnostic.help}" if diagnostic.help else "")
    found: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": _message(text),
    }
    if diagnostic.span is not None:
        found["locations"] = [{"physicalLocation": _physical(diagnostic.span, sources)}]
    related = (*diagnostic.related, *diagnostic.calls)
    if related:
        found["relatedLocations"] = [_related(each, index, sources) for index, each in enumerate(related, 1)]
    fixes = [("the change that is certain", diagnostic.edits)] if diagnostic.edits else []
    fixes += [(f"try {each.words}", each.edits) for each in diagnostic.proposals]
    if fixes:
        found["fixes"] = [_fix(words, edits, sources) for words, edits in fixes]
    return found


def _message(text: str) -> dict[str, str]:
    """A message string; braces would begin a placeholder, and are doubled (section 3.11.5)."""
    return {"text": text.replace("{", "{{").replace("}", "}}")}


def _related(related: Related, number: int, sources: dict[str, Source]) -> dict[str, Any]:
    return {
        "id": number,
        "message": _message(related.message),
        "physicalLocation": _physical(related.span, sources),
    }


def _fix(words: str, edits: tuple[Edit, ...], sources: dict[str, Source]) -> dict[str, Any]:
    """The edits as replacements, sorted by file and place."""
    files: dict[str, list[Edit]] = {}
    for edit in sorted(edits, key=lambda each: each.span):
        files.setdefault(edit.span.file, []).append(edit)
    return {
        "description": _message(words),
        "artifactChanges": [
            {
                "artifactLocation": _artifact(file),
                "replacements": [
                    {"deletedRegion": _region(edit.span, sources[file]), "insertedContent": {"text": edit.text}}
                    for edit in inside
                ],
            }
            for file, inside in files.items()
        ],
    }


def _physical(span: Span, sources: dict[str, Source]) -> dict[str, Any]:
    """A place; in a file that could not be read, the file alone."""
    source = sources.get(span.file)
    place: dict[str, Any] = {"artifactLocation": _artifact(span.file)}
    if source is not None:
        place["region"] = _region(span, source)
    return place


def _artifact(file: str) -> dict[str, str]:
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(file.replace(os.sep, "/"), errors="surrogateescape"), "uriBaseId": _ROOT}


def _region(span: Span, source: Source) -> dict[str, int]:
    (line, column), (last, behind) = source.position(span.start), source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": last, "endColumn": behind}
