"""The files that are open in the editor: their texts, which need not be saved, and their documents.

A file that uses or extends another open file sees the text in the editor, not the one on the disk. A change replaces a
stretch of a text, which makes a new document; that is compiled when something is asked of it.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from netdsl.text.source import Source
from netdsl.tools.lsp import diagnostics
from netdsl.tools.lsp.diagnostics import Message
from netdsl.tools.lsp.document import Document


@dataclass
class Open:
    """One open file: its newest document, what was last told about it, and how many seconds a check of it took.

    Its `thread` does all the work on it, one piece after the other, so that nothing is compiled twice at a time.
    """

    uri: str
    path: Path | None
    version: int
    document: Document
    told: list[Message] = field(default_factory=list)
    took: float = 0.0
    thread: Executor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def replace(self, start: int, end: int, text: str) -> None:
        """Replace a stretch of the text. The variant in whose column that was is shown from here on."""
        before = self.document
        # Of a document that was not compiled the columns are not known: what was shown before it stays.
        preferred = (before.variant_at(start) if before.compiled else None) or before.preferred
        new = before.text[:start] + text + before.text[end:]
        self.document = Document(Source(before.source.name, new), before.directory, before.unsaved, preferred)
        if before.compiled and preferred is None:
            self.document.preferred = before.shown
        moved = (diagnostics.moved(message, start, end, len(text)) for message in self.told)
        self.told = [message for message in moved if message is not None]


class Workspace:
    """All open files, by their URI."""

    def __init__(self) -> None:
        self.files: dict[str, Open] = {}

    def open(self, uri: str, path: Path | None, version: int, text: str) -> Open:
        """A file was opened; a path of None is a text that lies nowhere."""
        name = path.name if path is not None else PurePosixPath(uri.rpartition(":")[2]).name or "untitled"
        document = Document(Source(name, text), path.parent if path is not None else None, self._unsaved(uri))
        self.close(uri)
        self.files[uri] = Open(uri, path, version, document)
        return self.files[uri]

    def close(self, uri: str) -> None:
        """A file was closed: from here on it is what lies on the disk."""
        file = self.files.pop(uri, None)
        if file is not None:
            file.thread.shutdown(wait=False, cancel_futures=True)

    def _unsaved(self, uri: str) -> dict[Path, str]:
        """The texts of all open files but one."""
        return {
            each.path.resolve(): each.document.text
            for each in self.files.values()
            if each.path is not None and each.uri != uri
        }

    def refresh(self, path: Path | None) -> list[Open]:
        """The open files that use or extend the one at a path, each with a new document that sees it as it is now."""
        found = []
        for each in self.files.values():
            if path is None or each.path == path or not draws(each.document, path.resolve()):
                continue
            old = each.document
            each.document = Document(old.source, old.directory, self._unsaved(each.uri), old.preferred)
            found.append(each)
        return found


def draws(document: Document, path: Path) -> bool:
    """Whether a document is known to use or extend the file at a path."""
    folder = document.directory
    return folder is not None and any((folder / name).resolve() == path for name in document.drawn_in)
