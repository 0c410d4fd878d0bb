"""The server: it listens, keeps the open files, and answers with what the features of this folder find.

A keystroke costs one compilation, that of the shown variant. The other variants, the warnings of the linter and the
files that draw in the changed one wait until nobody has typed for a moment. Where a compilation takes long, the first
one waits too, so that what is stale when it could begin is never begun.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Generator
from pathlib import Path
from time import perf_counter
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from netdsl import __version__
from netdsl.text.source import Source
from netdsl.tools.lsp import (
    actions,
    completion,
    definition,
    diagnostics,
    folding,
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
from netdsl.tools.lsp.workspace import Open, Workspace

IDLE = 0.25
"""Seconds without a change until all that a keystroke need not know is found out."""
SLOW = 0.15
"""A check that takes more seconds than this waits for a pause in the typing."""
LONGEST_WAIT = 1.0


class _Protocol(LanguageServerProtocol):
    """The protocol in UTF-16 columns, with the texts kept by `Workspace` alone.

    pygls would agree on any encoding the client offers, and would keep a second copy of each text, in which a form feed
    ends a line. `Source` counts UTF-16 units, and is the only one to count.
    """

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        if params.capabilities.general is not None:
            params.capabilities.general.position_encodings = None  # UTF-16 then, by the protocol
        result: types.InitializeResult = yield from super().lsp_initialize(params)
        return result

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Generator[Any, Any, None]:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Generator[Any, Any, None]:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Generator[Any, Any, None]:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None


class Server(LanguageServer):
    """The open files, and the checks of them that are under way."""

    def __init__(self) -> None:
        super().__init__("netdsl", __version__, protocol_cls=_Protocol)
        self.opened = Workspace()
        self.checks: dict[str, asyncio.Task[None]] = {}

    # Checks ----------------------------------------------------------------------------------------------------------

    def check_soon(self, file: Open) -> None:
        """Begin the check of a file's newest text, and end that of the text before."""
        before = self.checks.pop(file.uri, None)
        if before is not None:
            before.cancel()
        check = self.checks[file.uri] = asyncio.ensure_future(self._check(file))
        check.add_done_callback(self._ended)

    def _ended(self, check: asyncio.Task[None]) -> None:
        """Tell of a check that failed: that is a mistake of netdsl's own, and nobody waits for its result."""
        problem = None if check.cancelled() else check.exception()
        if problem is not None:
            text = f"netdsl: internal error: {type(problem).__name__}: {problem}"
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, text))

    async def _check(self, file: Open) -> None:
        document = file.document
        await asyncio.sleep(min(file.took, LONGEST_WAIT) if file.took > SLOW else 0)
        begun = perf_counter()
        fresh = diagnostics.messages(document)
        file.took = perf_counter() - begun
        shown = document.shown
        self._tell(file, fresh + [each for each in file.told if diagnostics.kept(each, shown)])
        await asyncio.sleep(max(IDLE, min(file.took, LONGEST_WAIT)))
        for variant in document.variants:
            document.compilation(variant)
            await asyncio.sleep(0)
        warnings = diagnostics.warnings(document)
        await asyncio.sleep(0)  # where someone has typed in the meantime, this ends here
        self._tell(file, diagnostics.messages(document) + warnings)
        self.seen_from_others(file.path)

    def seen_from_others(self, path: Path | None) -> None:
        """Check the open files that draw in the one at a path, which has changed."""
        for other in self.opened.refresh(path):
            self.check_soon(other)

    def _tell(self, file: Open, messages: list[diagnostics.Message]) -> None:
        told = [translate.diagnostic(file.document, file.uri, each) for each in messages]
        file.told = messages
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(file.uri, told, file.version))

    # Documents -------------------------------------------------------------------------------------------------------

    async def document(self, uri: str) -> Document:
        """The newest document of an open file. Raises `JsonRpcContentModified` where it changed while it was waited
        for, and `JsonRpcInvalidParams` where no such file is open."""
        file = self.file(uri)
        document = file.document
        if not document.compiled and file.took > SLOW:
            await asyncio.sleep(min(file.took, LONGEST_WAIT))
            if self.opened.files.get(uri) is not file or file.document is not document:
                raise JsonRpcContentModified("the text has changed")
        return document

    def file(self, uri: str) -> Open:
        file = self.opened.files.get(uri)
        if file is None:
            raise JsonRpcInvalidParams(f"'{uri}' is not open")
        return file

    async def at(self, uri: str, position: types.Position) -> tuple[Document, int]:
        """The newest document of an open file, and the offset of a position in it."""
        document = await self.document(uri)
        return document, translate.offset(document.source, position)

    def look_at(self, file: Open, variant: str | None) -> None:
        """Show another variant, where there is one to show."""
        if variant is None or variant == file.document.shown or variant not in file.document.variants:
            return
        file.document = file.document.showing(variant)
        can = self.client_capabilities.workspace
        if can is not None and can.inlay_hint is not None and can.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)


server = Server()


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


@server.feature(types.TEXT_DOCUMENT_HOVER)
async def on_hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    document, offset = await ls.at(params.text_document.uri, params.position)
    found = hover.hover(document, offset)
    return translate.hover(document, found) if found is not None else None


@server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
async def on_inlay_hint(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    document, start = await ls.at(params.text_document.uri, params.range.start)
    end = translate.offset(document.source, params.range.end)
    return [translate.hint(document, each) for each in inlay.hints(document, start, end)]


@server.feature(
    types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["@", "(", ",", "=", "-", ">", '"', "."])
)
async def on_completion(ls: Server, params: types.CompletionParams) -> list[types.CompletionItem]:
    document, offset = await ls.at(params.text_document.uri, params.position)
    return translate.completions(document, offset, completion.completions(document, offset))


@server.feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(["(", ",", "="]))
async def on_signature_help(ls: Server, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    document, offset = await ls.at(params.text_document.uri, params.position)
    found = signature.signature(document, offset)
    return translate.signature(found) if found is not None else None


@server.feature(types.TEXT_DOCUMENT_DEFINITION)
async def on_definition(ls: Server, params: types.DefinitionParams) -> list[types.Location]:
    uri = params.text_document.uri
    document, offset = await ls.at(uri, params.position)
    return translate.locations(document, uri, definition.definitions(document, offset))


@server.feature(types.TEXT_DOCUMENT_REFERENCES)
async def on_references(ls: Server, params: types.ReferenceParams) -> list[types.Location]:
    uri = params.text_document.uri
    document, offset = await ls.at(uri, params.position)
    found = references.references(document, offset, params.context.include_declaration)
    return translate.locations(document, uri, found)


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
async def on_highlight(ls: Server, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    uri = params.text_document.uri
    document, offset = await ls.at(uri, params.position)
    ls.look_at(ls.file(uri), document.variant_at(offset))  # editors ask this wherever the cursor goes
    found = references.references(document, offset)
    return [
        types.DocumentHighlight(translate.range_of(document.source, span))
        for span in found
        if span.file == document.source.name
    ]


@server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
async def on_prepare_rename(ls: Server, params: types.PrepareRenameParams) -> types.Range:
    document, offset = await ls.at(params.text_document.uri, params.position)
    try:
        return translate.range_of(document.source, rename.prepare(document, offset))
    except rename.Refused as refusal:
        raise JsonRpcInvalidParams(str(refusal)) from None


@server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
async def on_rename(ls: Server, params: types.RenameParams) -> types.WorkspaceEdit:
    uri = params.text_document.uri
    document, offset = await ls.at(uri, params.position)
    try:
        changes = {uri: translate.edits(document.source, rename.rename(document, offset, params.new_name))}
        for other, edits in rename.others(document, offset, params.new_name):
            changes[other.path.as_uri()] = translate.edits(other.source, edits)
    except rename.Refused as refusal:
        raise JsonRpcInvalidParams(str(refusal)) from None
    return types.WorkspaceEdit(changes)


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
async def on_symbols(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    document = await ls.document(params.text_document.uri)
    return [translate.symbol(document, each) for each in symbols.outline(document)]


@server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)
async def on_folding(ls: Server, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    document = await ls.document(params.text_document.uri)
    return [translate.fold(each) for each in folding.folds(document)]


@server.feature(types.TEXT_DOCUMENT_FORMATTING)
async def on_formatting(ls: Server, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    from netdsl.tools.lsp import formatting

    document = await ls.document(params.text_document.uri)
    return translate.edits(document.source, formatting.formatting(document))


@server.feature(
    types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
)
async def on_code_action(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    document, start = await ls.at(uri, params.range.start)
    end = translate.offset(document.source, params.range.end)
    told = ls.file(uri).told or diagnostics.messages(document)
    found = await asyncio.to_thread(actions.fixes, document, told, start, end)
    if ls.file(uri).document.source != document.source:
        raise JsonRpcContentModified("the text has changed")
    return [translate.fix(document, uri, each, told) for each in found]


# Requests of our own -------------------------------------------------------------------------------------------------


@server.feature("netdsl/diagram")
async def on_diagram(ls: Server, params: Any) -> dict[str, Any]:
    """`{uri, variant?, expand?}` -> `{name, variants, variant, svg, message}`."""
    document = await ls.document(_uri(params))
    expand = bool(getattr(params, "expand", False))
    return await asyncio.to_thread(preview.diagram, document, getattr(params, "variant", None), expand=expand)


@server.feature("netdsl/summary")
async def on_summary(ls: Server, params: Any) -> dict[str, Any]:
    """`{uri, variant?, depth?}` -> `{name, variants, variant, text, data, message}`."""
    document = await ls.document(_uri(params))
    depth = getattr(params, "depth", None)
    return preview.summary(document, getattr(params, "variant", None), depth=depth if isinstance(depth, int) else None)


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


def start(tcp: int | None = None) -> None:
    """Serve on standard input and output, or on a port of this machine."""
    log = logging.getLogger("pygls.protocol.json_rpc")
    log.setLevel(logging.ERROR)
    log.addFilter(_worth_logging)
    gc.collect()
    gc.freeze()  # what was imported stays, so that no collection between keystrokes looks at it again
    if tcp is None:
        server.start_io()
    else:
        server.start_tcp("127.0.0.1", tcp)
