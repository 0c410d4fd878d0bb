"""Where what stands at a place is defined: a label, a block, a param, a file, a block of the standard library."""

from __future__ import annotations

from typing import Any

from netdsl.syntax import tree
from netdsl.text.source import Span
from netdsl.tools.lsp import cursor, files
from netdsl.tools.lsp.document import Document


def definitions(document: Document, offset: int) -> list[Span]:
    """The places where the name at an offset is defined, in this file or another."""
    named = document.names.at(offset)
    if named is not None:
        return list(named[0].definitions)
    around = cursor.path(document.file, offset)
    for index in range(len(around) - 1, 0, -1):
        found = _node(document, around[index], around[:index])
        if found:
            return found
    return []


def _node(document: Document, node: Any, outer: list[Any]) -> list[Span]:
    around = outer[-1]
    if isinstance(node, tree.Name) and isinstance(around, tree.Operation):
        return _block(document, node.text)
    if isinstance(node, tree.Name) and isinstance(around, tree.Argument) and len(outer) > 1:
        return _argument(document, node.text, outer[-2])
    if isinstance(around, (tree.Use, tree.Extends)) and isinstance(node, (tree.Literal, tree.Name)):
        file = files.opened(document, around)
        if file is None:
            return []
        if isinstance(node, tree.Name):
            return [column.span for column in files.header(file) if column.text == node.text]
        return [file.source.span(0, 0)]
    if isinstance(node, tree.Label) and isinstance(around, tree.Seen) and node is not around.parts[0]:
        label = document.names.at(around.parts[0].span.start)
        given = files.outputs(document, label[0]) if label is not None else ()
        return [each.span for each in given if each.text == node.text]
    if isinstance(node, tree.Label) and isinstance(around, tree.Seen) and node.text == "input":
        return [each.span for each in document.file.statements if isinstance(each, tree.Input) and each.name is None]
    return []


def _block(document: Document, name: str) -> list[Span]:
    found = files.meaning(document, name)
    return [found[0].name.span] if isinstance(found, tuple) else []


def _argument(document: Document, name: str, of: Any) -> list[Span]:
    """The parameter that an argument gives a value to."""
    if isinstance(of, tree.Operation):
        found = files.meaning(document, of.head.text)
        parameters = found[0].parameters if isinstance(found, tuple) else ()
        return [each.name.span for each in parameters if each.name.text == name]
    if isinstance(of, tree.Extends):
        param = files.extended_params(document).get(name)
        return [param[0].name.span] if param is not None else []
    return []
