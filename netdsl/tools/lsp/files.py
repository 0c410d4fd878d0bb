"""The other files of a document: what `use`, `extends` and the standard library bring, and where it is defined."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from netdsl import ops
from netdsl.elaborate import variants
from netdsl.syntax import tree, walk
from netdsl.text.source import Source
from netdsl.tools.lsp import pages
from netdsl.tools.lsp.document import Document
from netdsl.tools.lsp.names import Symbol

Defined: TypeAlias = tuple[tree.Block, Source]
"""A block, and the text that defines it."""
DEEPEST = 4
"""So many folders down other specs are looked for."""
MOST_FOLDERS = 500


def meaning(document: Document, head: str) -> str | Defined | None:
    """What the head of a statement means: the name of an operator; or a block of this file, of one that it uses, or of
    the standard library; None where it means nothing."""
    own = blocks(document).get(head)
    if own is not None:
        return own
    resolved = ops.resolve(head)
    return resolved[0] if resolved is not None else pages.standard(head)


def blocks(document: Document) -> dict[str, Defined]:
    """The blocks of this file and of those it uses, by name."""
    found: dict[str, Defined] = {}
    waiting = [document.file]
    seen = set()
    for file in waiting:  # which grows on the way
        if file.source.name in seen:
            continue
        seen.add(file.source.name)
        for statement in file.statements:
            if isinstance(statement, tree.Block):
                found.setdefault(statement.name.text, (statement, file.source))
            elif isinstance(statement, tree.Use) and (used := opened(document, statement, file)) is not None:
                waiting.append(used)
    return found


def outputs(document: Document, label: Symbol) -> list[tree.Label]:
    """The outputs of the block that the statement of a label calls, as they are named there."""
    found = []
    for head in label.heads:
        block = meaning(document, head)
        inside = walk(block[0].body) if isinstance(block, tuple) else ()
        found += [each.target.parts[0] for each in inside if isinstance(each, tree.Output)]
    return found


def opened(document: Document, statement: tree.Use | tree.Extends, asker: tree.File | None = None) -> tree.File | None:
    """The tree of the file that a statement draws in; None where it could not be opened."""
    head = os.path.dirname((asker or document.file).source.name)
    return document.tree_of(os.path.normpath(os.path.join(head, str(statement.path.value))))


def params(document: Document, file: tree.File, depth: int = 16) -> dict[str, tuple[tree.Param, Source]]:
    """The params that a file can be extended with, by name."""
    found: dict[str, tuple[tree.Param, Source]] = {}
    for statement in file.statements:
        rows = statement.rows if isinstance(statement, tree.Table) else ()
        inside = [each for row in rows for cell in row.cells for each in cell.statements]
        for each in (statement, *inside):
            if isinstance(each, tree.Param):
                found.setdefault(each.name.text, (each, file.source))
        if isinstance(statement, tree.Extends) and depth:
            below = opened(document, statement, file)
            if below is not None:
                found = {**params(document, below, depth - 1), **found}
    return found


def extended_params(document: Document) -> dict[str, tuple[tree.Param, Source]]:
    """The params of the file that this one extends, by name."""
    for statement in document.file.statements:
        if isinstance(statement, tree.Extends):
            file = opened(document, statement)
            return params(document, file) if file is not None else {}
    return {}


def columns(document: Document, name: str) -> list[tuple[str, str]]:
    """The variants of another file, by the name under which this one would extend it, each with its title."""
    from netdsl.elaborate.files import Library
    from netdsl.elaborate.problems import Problem
    from netdsl.text.diagnostics import Report

    report = Report()
    library = Library(report, document.unsaved)
    library.add(document.source, document.directory)
    try:
        file = library.open(tree.Literal(name, name, document.source.span(0, 0)), document.source.name)
    except Problem:
        return []
    return [(column, file.source.name) for column in variants(file)]


def below(document: Document, most: int) -> list[str]:
    """The specs in the directory of this one and below, at most so many, as `use` and `extends` name them."""
    if document.directory is None or not document.directory.is_dir():
        return []
    found: list[str] = []
    root = document.directory
    for number, (folder, inside, names) in enumerate(os.walk(root)):
        inside[:] = sorted(name for name in inside if not name.startswith("."))[:most]
        if len(Path(folder).relative_to(root).parts) >= DEEPEST:
            inside.clear()
        for name in sorted(names):
            path = Path(folder, name).relative_to(root).as_posix()
            if name.endswith(".net") and path != document.source.name:
                found.append(path)
        if len(found) >= most or number >= MOST_FOLDERS:
            break
    return found[:most]


def header(file: tree.File) -> tuple[tree.Name, ...]:
    """The columns of a file's table, or of that which it extends; none where there is no table."""
    return next((each.columns for each in file.statements if isinstance(each, tree.Table)), ())
