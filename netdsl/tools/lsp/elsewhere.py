"""The places of a name in the other files that use or extend this one.

A file may only use and extend what lies below its own directory, so these files are looked for in the directory of this
one and in those above. Of a file that is open in the editor the text there counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from netdsl.elaborate.files import read
from netdsl.syntax import parse, tree, walk
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source, Span
from netdsl.tools.lsp.document import Document
from netdsl.tools.lsp.names import Symbol

LEVELS = 3
"""So many directories are searched: that of the file, and those above it."""
MOST = 200
"""So many files of a directory are read."""


@dataclass(frozen=True)
class Elsewhere:
    """The places of a name in another file."""

    path: Path
    source: Source
    spans: tuple[Span, ...]


def elsewhere(document: Document, symbol: Symbol) -> list[Elsewhere]:
    """The places of a block, a parameter, a param or a variant in the files that use or extend this one."""
    if document.directory is None or symbol.kind not in ("block", "parameter", "param", "variant"):
        return []
    found = []
    for path, source in _others(document):
        file = parse(source, Report())
        asks = [each for each in file.statements if isinstance(each, (tree.Use, tree.Extends))]
        asks = [each for each in asks if _means(path.parent, each, document.directory / document.source.name)]
        spans = [span for each in asks for span in _places(document, file, each, symbol)]
        if spans:
            found.append(Elsewhere(path, source, tuple(sorted(set(spans)))))
    return found


def _others(document: Document) -> Iterator[tuple[Path, Source]]:
    """The files that may use or extend this one: those that have its name in their text."""
    assert document.directory is not None
    for folder in (document.directory, *document.directory.parents)[:LEVELS]:
        for path in sorted(islice(folder.glob("*.net"), MOST)):
            if path == document.directory / document.source.name:
                continue
            try:
                unsaved = document.unsaved.get(path.resolve())
                source = read(path, path.name) if unsaved is None else Source(path.name, unsaved)
            except (OSError, ValueError):
                continue  # a file that cannot be read uses nothing
            if document.source.name in source.text:
                yield path, source


def _means(folder: Path, statement: tree.Use | tree.Extends, path: Path) -> bool:
    wanted = str(statement.path.value)
    return "\0" not in wanted and (folder / wanted).resolve() == path.resolve()


def _places(document: Document, file: tree.File, ask: Any, symbol: Symbol) -> Iterator[Span]:
    if isinstance(ask, tree.Extends):
        if symbol.kind == "variant" and ask.variant is not None and ask.variant.text == symbol.name:
            yield ask.variant.span
        names = (each.name for each in ask.arguments if each.name is not None)
        if symbol.kind == "param":
            yield from (name.span for name in names if name.text == symbol.name)
        return
    own = {each.name.text for each in file.statements if isinstance(each, tree.Block)}
    for node in walk(file):
        if not isinstance(node, tree.Operation) or node.head.text in own:
            continue
        if symbol.kind == "block" and node.head.text == symbol.name:
            yield node.head.span
        block = document.names.blocks.get(node.head.text)
        if block is not None and symbol in block.parameters.values():
            for argument in node.arguments or ():
                if argument.name is not None and argument.name.text == symbol.name:
                    yield argument.name.span
