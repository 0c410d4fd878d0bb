"""The messages about a document, each once and each at a place in its own text.

A message that only some variants have names them, as `netdsl check` does. One about another file is shown where this
text uses or extends that file.

While someone types, only the shown variant is checked. The messages of the other variants stay in sight and move along
with the text, until these variants are checked again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from netdsl.syntax import tree
from netdsl.text.diagnostics import Diagnostic, Related
from netdsl.text.source import Span
from netdsl.tools.lsp.document import Document

MOST = 500
"""So many messages are shown at the most."""


@dataclass(frozen=True)
class Message:
    """One message at a place in the document: what the editor shows, the diagnostic that it was made of, and the
    variants that have it."""

    span: Span
    text: str
    diagnostic: Diagnostic
    related: tuple[Related, ...] = ()
    variants: tuple[str | None, ...] = ()


def messages(document: Document) -> list[Message]:
    """The messages of the variants that have been compiled, or of the one that is shown, in order of place."""
    document.compilation()
    said: dict[Diagnostic, list[str | None]] = {}
    for variant in document.checked:
        for diagnostic in document.compilation(variant).report:
            said.setdefault(diagnostic, []).append(variant)
    return _ordered([_message(document, each, which) for each, which in said.items()])


def warnings(document: Document) -> list[Message]:
    """What `netdsl lint` says of the variants that have been compiled, as far as errors let it see."""
    from netdsl.analysis.lint import lint_variants

    made = {variant or "": document.compilation(variant) for variant in document.checked}
    return _ordered([_message(document, each, []) for each in lint_variants(made)])


def _ordered(found: list[Message]) -> list[Message]:
    return sorted(found, key=lambda message: message.span)[:MOST]


def _message(document: Document, diagnostic: Diagnostic, variants: list[str | None]) -> Message:
    span, text, related = diagnostic.span, diagnostic.message, [*diagnostic.related, *diagnostic.calls]
    if span is None:
        span = document.source.span(0, 0)
    elif span.file != document.source.name:
        source = document.source_of(span)
        if source is not None:
            line, column = source.position(span.start)
            text = f"{span.file}:{line}:{column}: {text}"
        related.insert(0, Related(span, diagnostic.message))
        span = _way_to(document, diagnostic)
    lines = [text + _only(document, variants), diagnostic.label, f"help: {diagnostic.help}" if diagnostic.help else ""]
    return Message(span, "\n".join(filter(None, lines)), diagnostic, tuple(related), tuple(variants))


def _only(document: Document, variants: list[str | None]) -> str:
    """The variants that a message is about, where not all have it."""
    names = [name for name in variants if name is not None]
    # One that was found in the only variant checked so far may hold for all of them.
    return f" (variant {', '.join(names)})" if 0 < len(names) < len(document.checked) else ""


def _way_to(document: Document, diagnostic: Diagnostic) -> Span:
    """The place in this text that leads to a message in another file: the call of its block, or the statement that
    uses or extends the file."""
    own = [each.span for each in diagnostic.calls if each.span.file == document.source.name]
    if own:
        return own[0]
    asks = [each.path.span for each in document.file.statements if isinstance(each, (tree.Use, tree.Extends))]
    return asks[0] if asks else document.source.span(0, 0)


def moved(message: Message, start: int, end: int, length: int) -> Message | None:
    """The message after `[start, end)` of its text was replaced by `length` characters; None where it was in there."""
    span = message.span
    if span.end < start:
        return message
    if span.start < end:
        return None
    by = length - (end - start)
    place = Span(span.file, span.start + by, span.end + by)
    # Its edits and its other places are those of the old text; they come back when its variant is checked again.
    return replace(message, span=place, related=(), diagnostic=replace(message.diagnostic, edits=()))


def kept(message: Message, shown: str | None) -> bool:
    """Whether a message stays in sight when only the shown variant was checked: it is not about that variant."""
    return shown not in message.variants
