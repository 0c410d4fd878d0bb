"""Quick fixes: the edits that a message carries because they are certain, and suggestions that have been tried."""

from __future__ import annotations

from dataclasses import dataclass

from netdsl.analysis.fixes import suggestions
from netdsl.compiler import Compilation
from netdsl.text.diagnostics import Diagnostic, Edit
from netdsl.text.source import Source
from netdsl.tools.lsp.diagnostics import Message
from netdsl.tools.lsp.document import Document


@dataclass(frozen=True)
class Fix:
    """One way out: what it is called, the message it is for, its edits, and whether it is certain."""

    title: str
    diagnostic: Diagnostic
    edits: tuple[Edit, ...]
    certain: bool


def fixes(document: Document, told: list[Message], start: int, end: int) -> list[Fix]:
    """The ways out of the messages that touch a stretch of the text, the certain ones first.

    `told` are the messages of the document, which the editor shows.
    """
    found: list[Fix] = []
    asked: set[Diagnostic] = set()
    for message in told:
        if message.span.start <= end and message.span.end >= start:
            diagnostic = message.diagnostic
            asked.add(diagnostic)
            if diagnostic.edits and all(edit.span.file == document.source.name for edit in diagnostic.edits):
                found.append(Fix(diagnostic.help or diagnostic.message, diagnostic, diagnostic.edits, True))
    if not any(diagnostic.severity == "error" and not diagnostic.edits for diagnostic in asked):
        return found
    for variant in document.checked:
        compilation = document.compilation(variant)
        if not asked.intersection(compilation.report):
            continue

        def again(source: Source, variant: str | None = variant) -> Compilation:
            return document.tried(source, variant)

        for each in suggestions(compilation, again, about=[each for each in compilation.report if each in asked]):
            if each.diagnostic in asked:
                found.append(Fix(f"try {each.words}", each.diagnostic, tuple(each.edits), False))
    return list(dict.fromkeys(found))
