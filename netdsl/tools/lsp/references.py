"""Every place of a name in its file, and the place in another file that defines it."""

from __future__ import annotations

from netdsl.syntax import tree, walk
from netdsl.text.source import Span
from netdsl.tools.lsp import cursor, files
from netdsl.tools.lsp.document import Document


def references(document: Document, offset: int, declaration: bool = True) -> list[Span]:
    """The places of the name at an offset, in order; without those that define it unless `declaration`.

    A block of another file, or of the standard library, is found wherever this file calls it.
    """
    named = document.names.at(offset)
    if named is not None:
        symbol = named[0]
        return symbol.places if declaration else sorted(set(symbol.uses))
    operation = cursor.headed(document.file, offset)
    if operation is None:
        return []
    name = operation.head.text
    found = files.meaning(document, name)
    called = [
        node.head.span for node in walk(document.file) if isinstance(node, tree.Operation) and node.head.text == name
    ]
    return [found[0].name.span, *called] if isinstance(found, tuple) and declaration else called
