"""The server: what each message of an editor is answered with, by the features of this folder."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcInvalidParams

from netdsl.text.source import Source
from netdsl.tools.lsp import (
    actions,
    completion,
    definition,
    diagnostics,
    folding,
    formatting,
    hover,
    inlay,
    preview,
    references,
    rename,
    signature,
    symbols,
    translate,
)
from netdsl.tools.lsp.document import Document
from netdsl.tools.lsp.session import Server

server = Server()
LONGEST_MESSAGE = 64 * 2**20
"""Bytes."""


# Texts ---------------------------------------------------------------------------------------------------------------


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    given = params.text_document
    ls.check_soon(ls.opened.open(given.uri, translate.path_of(given.uri), given.version, given.text))


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    file = ls.file(params.text_document.uri)
    file.version = params.text_document.version
    for change in params.content_changes:
        source: Source = file.document.source
        if isinstance(change, types.TextDocumentContentChangePartial):
            start, end = translate.offset(source, change.range.start), translate.offset(source, change.range.end)
            file.replace(min(start, end), max(start, end), change.text)
        else:
            file.replace(0, len(source.text), change.text)
    ls.check_soon(file)


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    check = ls.checks.pop(uri, None)
    if check is not None:
        check.cancel()
    ls.opened.close(uri)
    ls.seen_from_others(translate.path_of(uri))
    ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


@server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    for change in params.changes:
        ls.seen_from_others(translate.path_of(change.uri))


# Features ------------------------------------------------------------------------------------------------------------


def answers(method: str, options: Any = None) -> Callable[[Callable[[Document, Any], Any]], None]:
    """A function from the newest document and the parameters of a request to its answer, for requests about one
    file. It runs in the file's thread."""

    def register(find: Callable[[Document, Any], Any]) -> None:
        @server.feature(method, options)
        async def answer(ls: Server, params: Any) -> Any:
            return await ls.ask(params.text_document.uri, lambda document: find(document, params))

    return register


def at(document: Document, params: Any) -> int:
    """The offset of the position that a request is about."""
    return translate.offset(document.source, params.position)


@answers(types.TEXT_DOCUMENT_HOVER)
def on_hover(document: Document, params: types.HoverParams) -> types.Hover | None:
    found = hover.hover(document, at(document, params))
    return translate.hover(document, found) if found is not None else None


@answers(types.TEXT_DOCUMENT_INLAY_HINT)
def on_inlay_hint(document: Document, params: types.InlayHintParams) -> list[types.InlayHint]:
    return [
        translate.hint(document, each) for each in inlay.hints(document, *translate.offsets(document, params.range))
    ]


@answers(
    types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["@", "(", ",", "=", "-", ">", '"', "."])
)
def on_completion(document: Document, params: types.CompletionParams) -> list[types.CompletionItem]:
    offset = at(document, params)
    return translate.completions(document, offset, completion.completions(document, offset))


@answers(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(["(", ",", "="]))
def on_signature_help(document: Document, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    found = signature.signature(document, at(document, params))
    return translate.signature(found) if found is not None else None


@answers(types.TEXT_DOCUMENT_DEFINITION)
def on_definition(document: Document, params: types.DefinitionParams) -> list[types.Location]:
    found = definition.definitions(document, at(document, params))
    return translate.locations(document, params.text_document.uri, found)


@answers(types.TEXT_DOCUMENT_REFERENCES)
def on_references(document: Document, params: types.ReferenceParams) -> list[types.Location]:
    found = references.references(document, at(document, params), params.context.include_declaration)
    return translate.locations(document, params.text_document.uri, found)


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
async def on_highlight(ls: Server, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    uri = params.text_document.uri

    def find(document: Document) -> tuple[str | None, list[types.DocumentHighlight]]:
        offset = at(document, params)
        found = [each for each in references.references(document, offset) if each.file == document.source.name]
        marks = [types.DocumentHighlight(translate.range_of(document.source, span)) for span in found]
        return document.variant_at(offset), marks

    variant, marks = await ls.ask(uri, find)
    ls.look_at(ls.file(uri), variant)  # editors ask this wherever the cursor goes
    return marks


@answers(types.TEXT_DOCUMENT_PREPARE_RENAME)
def on_prepare_rename(document: Document, params: types.PrepareRenameParams) -> types.Range:
    try:
        return translate.range_of(document.source, rename.prepare(document, at(document, params)))
    except rename.Refused as refusal:
        raise JsonRpcInvalidParams(str(refusal)) from None


@answers(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
def on_rename(document: Document, params: types.RenameParams) -> types.WorkspaceEdit:
    offset, new = at(document, params), params.new_name
    try:
        changes = {params.text_document.uri: translate.edits(document.source, rename.rename(document, offset, new))}
        for other, edits in rename.others(document, offset, new):
            changes[other.path.as_uri()] = translate.edits(other.source, edits)
    except rename.Refused as refusal:
        raise JsonRpcInvalidParams(str(refusal)) from None
    return types.WorkspaceEdit(changes)


@answers(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def on_symbols(document: Document, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    return [translate.symbol(document, each) for each in symbols.outline(document)]


@answers(types.TEXT_DOCUMENT_FOLDING_RANGE)
def on_folding(document: Document, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    return [translate.fold(each) for each in folding.folds(document)]


@answers(types.TEXT_DOCUMENT_FORMATTING)
def on_formatting(document: Document, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    return translate.edits(document.source, formatting.formatting(document))


@server.feature(
    types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
)
async def on_code_action(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    document, messages = await ls.ask(uri, lambda document: (document, diagnostics.messages(document)))
    told = ls.file(uri).told or messages
    # What may be tried is found by many compilations: in a thread of their own, so that nothing else waits for them.
    found = await asyncio.to_thread(actions.fixes, document, told, *translate.offsets(document, params.range))
    ls.expect(uri, document)
    return [translate.fix(document, uri, each, told) for each in found]


# Requests of our own -------------------------------------------------------------------------------------------------


@server.feature("netdsl/diagram")
async def on_diagram(ls: Server, params: Any) -> dict[str, Any]:
    """`{uri, variant?, expand?}` -> `{name, variants, variant, svg, message}`."""
    variant, expand = getattr(params, "variant", None), bool(getattr(params, "expand", False))
    document = await ls.ask(_uri(params), lambda document: document)
    return await asyncio.to_thread(preview.diagram, document, variant, expand=expand)


@server.feature("netdsl/summary")
async def on_summary(ls: Server, params: Any) -> dict[str, Any]:
    """`{uri, variant?, depth?}` -> `{name, variants, variant, text, data, message}`."""
    variant, depth = getattr(params, "variant", None), getattr(params, "depth", None)
    levels = depth if isinstance(depth, int) else None
    return await ls.ask(_uri(params), lambda document: preview.summary(document, variant, depth=levels))


@server.command("netdsl.showVariant")
def show_variant(ls: Server, uri: str, variant: str) -> None:
    """Show another variant of a file: in hints, hover and messages as they are typed."""
    ls.look_at(ls.file(uri), variant)


def _uri(params: Any) -> str:
    uri = getattr(params, "uri", None) or getattr(getattr(params, "textDocument", None), "uri", None)
    if not isinstance(uri, str):
        raise JsonRpcInvalidParams("`uri` says which file is meant")
    return uri


def _worth_logging(record: logging.LogRecord) -> bool:
    """Whether a line of pygls' log tells of a mistake: an answer that refuses, or that comes too late, is none."""
    problem = record.exc_info[1] if record.exc_info else None
    return not isinstance(problem, (JsonRpcContentModified, JsonRpcInvalidParams))


def _in_one_line(record: logging.LogRecord) -> bool:
    """What is no message of the protocol is a mistake of who sent it: its cause is told, not where it was noticed."""
    if record.exc_info:
        record.msg, record.args, record.exc_info = f"{record.getMessage()}: {record.exc_info[1]}", (), None
    return True


class Bounded:
    """Standard input that ends where a header announces more than any message has: what follows cannot be read."""

    def __init__(self, stream: BinaryIO):
        self.readline, self._read = stream.readline, stream.read

    def read(self, size: int) -> bytes:
        if size <= LONGEST_MESSAGE:
            return self._read(size)
        print(f"netdsl: a message of {size:,} bytes was announced; at most 64 MiB are read", file=sys.stderr)
        return b""


def start(tcp: int | None = None) -> None:
    """Serve on standard input and output, or on a port of this machine."""
    log = logging.getLogger("pygls.protocol.json_rpc")
    log.setLevel(logging.ERROR)
    log.addFilter(_worth_logging)
    logging.getLogger("pygls.server").addFilter(_in_one_line)
    gc.collect()
    gc.freeze()  # what was imported stays, so that no collection between keystrokes looks at it again
    if tcp is None:
        server.start_io(cast(BinaryIO, Bounded(sys.stdin.buffer)))
    else:
        server.start_tcp("127.0.0.1", tcp)
