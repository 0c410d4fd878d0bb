"""The open files of one editor: the checks of them that are under way, and the work that its questions make.

A keystroke costs one compilation, that of the shown variant. The other variants, the warnings of the linter and the
files that use the changed one wait until nobody has typed for a moment. Where a compilation takes long, the first one
waits too, so that a text which changes again at once is never compiled.

The event loop only listens and answers: whatever may compile runs in the thread of its file, and the loop is free for
other files, for newer texts, and for the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from netdsl import __version__
from netdsl.tools.lsp import diagnostics, translate
from netdsl.tools.lsp.document import Document
from netdsl.tools.lsp.workspace import Open, Workspace

IDLE = 0.25
"""Seconds without a change until all that a keystroke need not know is found out."""
SLOW = 0.15
"""A check that takes more seconds than this waits for a pause in the typing."""
LONGEST_WAIT = 1.0
"""So many seconds a slow check waits at the most."""
Answer = TypeVar("Answer")


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
        # Where someone types, this is cancelled while it waits: what comes behind is about the newest text.
        file.took, fresh = await _work(file, partial(_timed, partial(diagnostics.messages, document)))
        shown = document.shown
        self._tell(file, fresh + [each for each in file.told if diagnostics.kept(each, shown)])
        await asyncio.sleep(max(IDLE, min(file.took, LONGEST_WAIT)))
        for variant in document.variants:
            await _work(file, partial(document.compilation, variant))
        warnings = await _work(file, partial(diagnostics.warnings, document))
        self._tell(file, diagnostics.messages(document) + warnings)
        self.seen_from_others(file.path)

    def seen_from_others(self, path: Path | None) -> None:
        """Check the open files that use or extend the one at a path, which has changed."""
        for other in self.opened.refresh(path):
            self.check_soon(other)

    def _tell(self, file: Open, messages: list[diagnostics.Message]) -> None:
        told = [translate.diagnostic(file.document, file.uri, each) for each in messages]
        file.told = messages
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(file.uri, told, file.version))

    # Questions -------------------------------------------------------------------------------------------------------

    def file(self, uri: str) -> Open:
        """An open file. Raises `JsonRpcInvalidParams` where no such file is open."""
        file = self.opened.files.get(uri)
        if file is None:
            raise JsonRpcInvalidParams(f"'{uri}' is not open")
        return file

    async def ask(self, uri: str, answer: Callable[[Document], Answer]) -> Answer:
        """What `answer` finds in the newest document of an open file. Raises `JsonRpcContentModified` where the text
        has changed before it was asked."""
        file = self.file(uri)
        document = file.document

        def work() -> Answer:
            self.expect(uri, document)
            return answer(document)

        if not document.compiled and file.took > SLOW:
            await asyncio.sleep(min(file.took, LONGEST_WAIT))
            self.expect(uri, document)
        return await _work(file, work)

    def expect(self, uri: str, document: Document) -> None:
        """Raise `JsonRpcContentModified` where the text of a file is no longer that of a document."""
        file = self.opened.files.get(uri)
        if file is None or file.document.source is not document.source:
            raise JsonRpcContentModified("the text has changed")

    def look_at(self, file: Open, variant: str | None) -> None:
        """Show another variant, where there is one to show."""
        document = file.document
        if variant is None or (document.compiled and (variant == document.shown or variant not in document.variants)):
            return
        file.document = document.showing(variant)
        can = self.client_capabilities.workspace
        if can is not None and can.inlay_hint is not None and can.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)


async def _work(file: Open, work: Callable[[], Answer]) -> Answer:
    """Do a piece of work in the thread of a file; none that is cancelled before its turn."""
    return await asyncio.get_running_loop().run_in_executor(file.thread, work)


def _timed(work: Callable[[], Answer]) -> tuple[float, Answer]:
    begun = perf_counter()
    done = work()
    return perf_counter() - begun, done
