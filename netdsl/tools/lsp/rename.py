"""A new name for a label, a block, a param or a parameter, everywhere at once, or the reason why not.

The text with the new name is compiled and compared with the old one, in every variant: where it would mean something
else, since the new name has a meaning already in one of the places, the change is refused.
"""

from __future__ import annotations

import re

from netdsl import ops
from netdsl.compiler import Compilation
from netdsl.elaborate.files import standard_blocks
from netdsl.passes.hash import digest
from netdsl.syntax import tree, walk
from netdsl.syntax.lex import KEYWORDS, NET_NAME
from netdsl.text.diagnostics import Edit
from netdsl.text.edits import apply
from netdsl.text.source import Source, Span
from netdsl.tools.lsp import cursor, files
from netdsl.tools.lsp.document import Document
from netdsl.tools.lsp.elsewhere import Elsewhere, elsewhere
from netdsl.tools.lsp.names import Symbol


class Refused(Exception):
    """Why a name cannot be changed; the message is for the person who asked."""


def prepare(document: Document, offset: int) -> Span:
    """The name at an offset, which may be changed. Raises `Refused`."""
    return _symbol(document, offset)[1]


def rename(document: Document, offset: int, new: str) -> list[Edit]:
    """The edits of this file that call what is at an offset `new`, wherever it stands. Raises `Refused`."""
    symbol, _ = _symbol(document, offset)
    if new == symbol.name:
        return []
    _fits(document, symbol, new)
    edits = [Edit(span, new) for span in symbol.places]
    _same(document, edits, new)
    return edits


def others(document: Document, offset: int, new: str) -> list[tuple[Elsewhere, list[Edit]]]:
    """The edits of the files that draw in this one, where they have the name too. Raises `Refused`."""
    symbol, _ = _symbol(document, offset)
    return [(each, [Edit(span, new) for span in each.spans]) for each in elsewhere(document, symbol)]


def _symbol(document: Document, offset: int) -> tuple[Symbol, Span]:
    named = document.names.at(offset)
    if named is None:
        operation = cursor.headed(document.file, offset)
        found = files.meaning(document, operation.head.text) if operation is not None else None
        if isinstance(found, tuple):
            where = "the standard library" if found[1].name.startswith("<std>") else f"'{found[1].name}'"
            raise Refused(f"`{found[0].name.text}` is a block of {where} and has its name there")
        raise Refused("there is no name here that can be changed")
    if any(isinstance(node, tree.Broken) for node in walk(document.file)):
        raise Refused("the file has syntax errors, which may hide places of this name; mend them first")
    return named


def _fits(document: Document, symbol: Symbol, new: str) -> None:
    """Refuse what cannot be a name here, or is one already."""
    if symbol.kind == "variant":
        if not re.fullmatch(NET_NAME, new):
            raise Refused(f"`{new}` cannot name a variant: letters, digits, `.`, `_`, `-`, and `/` between them can")
        if new.lower() in (name.lower() for name in document.names.variants):
            raise Refused(f"there is a variant `{new}` already")
        return
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", new):
        raise Refused(f"`{new}` is no name: letters, digits and `_`, and no digit first")
    if new.lower() in KEYWORDS:
        raise Refused(f"`{new}` is a word of the language")
    if re.fullmatch(r"x[0-9]+", new):
        raise Refused(f"`{new}` would read as a repetition")
    if symbol.kind == "block":
        resolved = ops.resolve(new)
        if resolved is not None and new.lower().startswith(resolved[0]):
            raise Refused(f"`{new}` reads as an operator")
        if new in standard_blocks():
            raise Refused(f"`{new}` is a block of the standard library")
        if new in files.blocks(document):
            raise Refused(f"there is a block `{new}` already")
    for other in document.names.symbols:
        if other is not symbol and other.name == new and _together(document, symbol, other):
            line = document.source.position(other.definitions[0].start).line
            raise Refused(f"there is a {other.kind} `{new}` already, in line {line}")


_LABELS, _VALUES = ("label", "input", "aux"), ("param", "parameter", "index")


def _together(document: Document, one: Symbol, other: Symbol) -> bool:
    """Whether two names are of one kind and one of them can be seen where the other is."""
    if not any(one.kind in kinds and other.kind in kinds for kinds in (_LABELS, _VALUES)):
        return False
    block, another = (document.names.enclosing(each.definitions[0].start) for each in (one, other))
    if one.kind in _LABELS and block is not another:
        return False
    return one.sight.start <= other.sight.end and other.sight.start <= one.sight.end


def _same(document: Document, edits: list[Edit], new: str) -> None:
    """Refuse where the new text would not mean what the old one means, in every variant."""
    source = Source(document.source.name, apply(document.source, edits))
    after = Document(source, document.directory, document.unsaved)
    for before, now in zip(document.variants or (None,), after.variants or (None,), strict=True):
        old, made = document.compilation(before), after.compilation(now)
        if len(old.report.errors) != len(made.report.errors) or _digest(old) != _digest(made):
            first = next(iter(made.report.errors), None) if old.valid else None
            why = f": {first.message}" if first is not None else ""
            raise Refused(f"`{new}` would change what the file means{why}")


def _digest(compilation: Compilation) -> str | None:
    """What a network computes, but for the names of its outputs."""
    network = compilation.network
    if network is None or not network.complete:
        return None
    return digest(network.model_copy(update={"outputs": (), "aux": ()}))
