"""Between the words of the protocol and the plain results of the features.

`Source.utf16` turns offsets into lines and UTF-16 columns, and `Source.offset` turns these back.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types

from netdsl.text.diagnostics import Edit
from netdsl.text.source import Source, Span
from netdsl.tools.lsp import actions, completion, folding, symbols
from netdsl.tools.lsp.diagnostics import Message
from netdsl.tools.lsp.document import Document
from netdsl.tools.lsp.hover import Hover
from netdsl.tools.lsp.inlay import Hint
from netdsl.tools.lsp.signature import Signature

_SEVERITY = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
_COMPLETION: dict[completion.Kind, types.CompletionItemKind] = {
    "operator": types.CompletionItemKind.Function,
    "block": types.CompletionItemKind.Class,
    "keyword": types.CompletionItemKind.Keyword,
    "argument": types.CompletionItemKind.Field,
    "value": types.CompletionItemKind.EnumMember,
    "label": types.CompletionItemKind.Variable,
    "param": types.CompletionItemKind.Variable,
    "variant": types.CompletionItemKind.EnumMember,
    "file": types.CompletionItemKind.File,
    "figure": types.CompletionItemKind.Value,
}
_SYMBOL: dict[symbols.Kind, types.SymbolKind] = {
    "net": types.SymbolKind.Module,
    "input": types.SymbolKind.Interface,
    "param": types.SymbolKind.Constant,
    "block": types.SymbolKind.Class,
    "table": types.SymbolKind.Array,
    "variant": types.SymbolKind.EnumMember,
    "label": types.SymbolKind.Field,
    "aux": types.SymbolKind.Event,
    "output": types.SymbolKind.Event,
}
_FOLD = {"region": types.FoldingRangeKind.Region, "comment": types.FoldingRangeKind.Comment}


# Places --------------------------------------------------------------------------------------------------------------


def offset(source: Source, position: types.Position) -> int:
    return source.offset(position.line, position.character)


def offsets(document: Document, found: types.Range) -> tuple[int, int]:
    return offset(document.source, found.start), offset(document.source, found.end)


def position(source: Source, offset: int) -> types.Position:
    return types.Position(*source.utf16(offset))


def range_of(source: Source, span: Span) -> types.Range:
    return types.Range(position(source, span.start), position(source, span.end))


def location(document: Document, uri: str, span: Span) -> types.Location | None:
    """A place in this or another file; None in one that lies nowhere."""
    if span.file == document.source.name:
        return types.Location(uri, range_of(document.source, span))
    source, path = document.source_of(span), document.path(span.file)
    if path is None:
        return None
    if source is None:
        from netdsl.elaborate.files import read

        source = read(path, span.file)
    return types.Location(path.resolve().as_uri(), range_of(source, span))


def locations(document: Document, uri: str, spans: Iterable[Span]) -> list[types.Location]:
    found = (location(document, uri, span) for span in spans)
    return [each for each in found if each is not None]


def path_of(uri: str) -> Path | None:
    """Where the file of a URI lies; None for a text that lies nowhere."""
    from pygls.uris import to_fs_path

    path = to_fs_path(uri)
    return Path(path) if path else None


# Results -------------------------------------------------------------------------------------------------------------


def diagnostic(document: Document, uri: str, message: Message) -> types.Diagnostic:
    related = []
    for each in message.related:
        place = location(document, uri, each.span)
        if place is not None:
            related.append(types.DiagnosticRelatedInformation(place, each.message))
    return types.Diagnostic(
        range_of(document.source, message.span),
        message.text,
        _SEVERITY[message.diagnostic.severity],
        message.diagnostic.code,
        source="netdsl",
        related_information=related or None,
    )


def hover(document: Document, found: Hover) -> types.Hover:
    return types.Hover(_markdown(found.markdown), range_of(document.source, found.span))


def _markdown(text: str) -> types.MarkupContent:
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def hint(document: Document, found: Hint) -> types.InlayHint:
    place = position(document.source, found.offset)
    edits = [types.TextEdit(types.Range(place, place), found.insert)] if found.insert else None
    return types.InlayHint(place, found.text, types.InlayHintKind.Type, edits, found.tooltip or None, padding_left=True)


def completions(document: Document, offset: int, found: list[completion.Item]) -> list[types.CompletionItem]:
    made = []
    end = position(document.source, offset)
    places = {start: types.Range(position(document.source, start), end) for start in {each.start for each in found}}
    for rank, each in enumerate(found):
        made.append(
            types.CompletionItem(
                each.label,
                kind=_COMPLETION[each.kind],
                detail=each.detail or None,
                documentation=_markdown(each.documentation) if each.documentation else None,
                sort_text=f"{rank:04}",
                text_edit=types.TextEdit(places[each.start], each.insert),
            )
        )
    return made


def signature(found: Signature) -> types.SignatureHelp:
    parameters = []
    for each in found.parameters:
        said = _markdown(each.documentation) if each.documentation else None
        parameters.append(types.ParameterInformation((each.start, each.end), said))
    return types.SignatureHelp(
        [types.SignatureInformation(found.label, found.documentation or None, parameters)], 0, found.active
    )


def symbol(document: Document, entry: symbols.Entry) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        entry.name or " ",
        _SYMBOL[entry.kind],
        range_of(document.source, _around(entry)),
        range_of(document.source, entry.place),
        entry.detail or None,
        children=[symbol(document, each) for each in entry.children] or None,
    )


def _around(entry: symbols.Entry) -> Span:
    """All of an entry: it must hold its name, and what is shown inside it."""
    start = min(entry.span.start, entry.place.start)
    return Span(entry.span.file, start, max(entry.span.end, entry.place.end))


def fold(found: folding.Fold) -> types.FoldingRange:
    return types.FoldingRange(found.first, found.last, kind=_FOLD[found.kind])


def edits(source: Source, found: Iterable[Edit]) -> list[types.TextEdit]:
    return [types.TextEdit(range_of(source, each.span), each.text) for each in found]


def fix(document: Document, uri: str, found: actions.Fix, told: list[Message]) -> types.CodeAction:
    about = [message for message in told if message.diagnostic == found.diagnostic]
    return types.CodeAction(
        found.title,
        types.CodeActionKind.QuickFix,
        [diagnostic(document, uri, message) for message in about],
        found.certain,
        edit=types.WorkspaceEdit({uri: edits(document.source, found.edits)}),
    )
