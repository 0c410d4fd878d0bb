"""The outline of a file: its network, params, blocks with what they hold, tables with their variants, labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from netdsl.syntax import tree
from netdsl.text.source import Span
from netdsl.tools.lsp import inlay
from netdsl.tools.lsp.document import Document

Kind: TypeAlias = Literal["net", "input", "param", "block", "table", "variant", "label", "aux", "output"]


@dataclass(frozen=True)
class Entry:
    """One line of the outline: its name, what is said beside it, all of it, the name itself, and what lies in it."""

    name: str
    kind: Kind
    detail: str
    span: Span
    place: Span
    children: tuple[Entry, ...] = ()


def outline(document: Document) -> list[Entry]:
    """The outline of a file, in order of place."""
    return list(_statements(document, document.file.statements))


def _statements(document: Document, statements: Iterable[tree.Statement]) -> Iterator[Entry]:
    text = document.text
    for each in statements:
        if isinstance(each, tree.Net):
            yield Entry(each.name.text, "net", "", each.span, each.name.span)
        elif isinstance(each, tree.Input):
            name = each.name.text if each.name is not None else "input"
            place = each.name.span if each.name is not None else each.span
            yield Entry(name, "input", text[each.shape.span.start : each.shape.span.end], each.span, place)
        elif isinstance(each, tree.Param):
            detail = text[each.value.span.start : each.value.span.end]
            yield Entry(each.name.text, "param", detail, each.span, each.name.span)
        elif isinstance(each, tree.Block):
            detail = f"({', '.join(parameter.name.text for parameter in each.parameters)})"
            if each.takes:
                detail += " takes " + ", ".join(text[taken.span.start : taken.span.end] for taken in each.takes)
            inside = tuple(_statements(document, each.body.statements))
            yield Entry(each.name.text, "block", detail, each.span, each.name.span, inside)
        elif isinstance(each, tree.Table):
            yield Entry("table", "table", "", each.span, each.span, tuple(_variants(document, each)))
        elif isinstance(each, tree.Layer):
            yield from _layer(document, each)


def _variants(document: Document, table: tree.Table) -> Iterator[Entry]:
    """The columns of a table, each with the labels that only it has; then those that all have."""
    columns = len(table.columns)
    for index, column in enumerate(table.columns):
        cells = [row.cells[index] for row in table.rows if len(row.cells) == columns > 1]
        inside = tuple(entry for cell in cells for entry in _statements(document, cell.statements))
        written = document.text[column.span.start : column.span.end]  # a stray sign is blank in what was parsed
        yield Entry(written, "variant", "", table.span, column.span, inside)
    for row in table.rows:
        if len(row.cells) == 1:
            yield from _statements(document, row.cells[0].statements)


def _layer(document: Document, layer: tree.Layer) -> Iterator[Entry]:
    bodies = inlay.bodies(layer.item)
    inside = tuple(entry for body in bodies for entry in _statements(document, body.statements))
    item = document.text[layer.item.span.start : layer.item.span.end]
    detail = item.partition("\n")[0].partition("{")[0].strip()[:60]
    if layer.label is not None and layer.label.text:
        name = document.text[layer.label.span.start : layer.label.span.end].rstrip(": \t")
        yield Entry(name, "label", detail, layer.span, layer.label.span, inside)
    elif isinstance(layer.item, (tree.Aux, tree.Output)):
        kind: Kind = "aux" if isinstance(layer.item, tree.Aux) else "output"
        named = layer.item.name if isinstance(layer.item, tree.Aux) else layer.item.target
        name = document.text[named.span.start : named.span.end]
        detail = detail.partition(":")[2].strip() if kind == "output" else ""
        yield Entry(name, kind, detail, layer.span, named.span, inside)
    else:
        yield from inside
