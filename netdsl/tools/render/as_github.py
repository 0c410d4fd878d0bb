"""Messages as annotations of GitHub Actions: one workflow command for each, which becomes a mark in the diff.

The commands are lines of `::error file=...,line=...,title=...::message`; what would end a property or a line is
percent-escaped, as the runner's own toolkit does. Columns count from 1, and `endColumn` is behind the last character.
GitHub takes columns only where a mark begins and ends on one line. A message about a place in the standard library
stands at the call in the user's file that led there.

Source: "Workflow commands for GitHub Actions", docs.github.com, and `packages/core/src/command.ts` of actions/toolkit.
"""

from __future__ import annotations

from netdsl.text.codes import CODES
from netdsl.text.diagnostics import Diagnostic, Report
from netdsl.text.source import Source, Span
from netdsl.text.visible import visible

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report, *, color: bool = False) -> str:
    """One line for each message; the empty text where there is none."""
    return "".join(_command(diagnostic, report.sources) + "\n" for diagnostic in report)


def _command(diagnostic: Diagnostic, sources: dict[str, Source]) -> str:
    code = diagnostic.code
    properties = _place(_annotated(diagnostic), sources)
    properties["title"] = f"{code}: {CODES[code]}" if code in CODES else code
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_data(_message(diagnostic))}"


def _annotated(diagnostic: Diagnostic) -> Span | None:
    """The place of a message in a file of the user's: its own, or the innermost call in one."""
    spans = [diagnostic.span, *(each.span for each in diagnostic.calls)]
    return next((span for span in spans if span is not None and not span.file.startswith("<")), None)


def _place(span: Span | None, sources: dict[str, Source]) -> dict[str, str]:
    if span is None:
        return {}
    source = sources.get(span.file)
    if source is None:
        return {"file": span.file}
    (first, column), (last, behind) = source.position(span.start), source.position(span.end)
    places = {"line": first, "endLine": last}
    if first == last:
        places = {"line": first, "col": column, "endLine": last, "endColumn": max(behind, column)}
    return {"file": span.file, **{name: str(number) for name, number in places.items()}}


def _message(diagnostic: Diagnostic) -> str:
    lines = diagnostic.message.split("\n")
    if diagnostic.label:
        lines.append(diagnostic.label)
    if diagnostic.help:
        lines += f"help: {diagnostic.help}".split("\n")
    lines += [f"{'or' if index else 'try'} {each.words}" for index, each in enumerate(diagnostic.proposals)]
    return "\n".join(map(visible, lines))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
