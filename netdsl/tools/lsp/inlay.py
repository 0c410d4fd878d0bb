"""Inlay hints: behind each statement the shape that comes out of it.

In a row of a table the hint stands behind the last bar, where it moves no column: there it is the shape of the variant
that is shown. A statement that claims its shape (`-> 64x56x56`) needs none, and neither does one that leaves the shape
as it is where another one follows on its line (`bn; relu; conv3-64`), or the last one in braces that close on its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netdsl.ir import Network
from netdsl.shapes import Shape, text
from netdsl.syntax import tree
from netdsl.tools.lsp.document import Document
from netdsl.tools.lsp.places import Places

MOST = 2_000
"""So many hints at a time; no window shows more."""


@dataclass(frozen=True)
class Hint:
    """A text to show at an offset, what to say about it, and what to write there for it to stay."""

    offset: int
    text: str
    tooltip: str = ""
    insert: str = ""


def hints(document: Document, start: int = 0, end: int | None = None) -> list[Hint]:
    """The hints between two offsets, in order of place."""
    end = len(document.text) if end is None else end
    places, network = document.places(), document.network()
    if places is None or network is None:
        return []
    found: list[Hint] = []
    for hint in _statements(document, document.file.statements, places, start, end):
        found.append(hint)
        if len(found) >= MOST:
            break
    return found


def _statements(
    document: Document, statements: tuple[tree.Statement, ...], places: Places, start: int, end: int
) -> Iterator[Hint]:
    for index, statement in enumerate(statements):
        if statement.span.end < start or statement.span.start > end:
            continue
        if isinstance(statement, tree.Layer):
            after = statements[index + 1] if index + 1 < len(statements) else None
            yield from _layer(document, statement, after, places, start, end)
        elif isinstance(statement, tree.Block):
            yield from _statements(document, statement.body.statements, places, start, end)
        elif isinstance(statement, tree.Table):
            yield from _table(document, statement, places, start, end)
        elif isinstance(statement, tree.Extends):
            yield from _extends(statement, places.network)


def _layer(
    document: Document, layer: tree.Layer, after: tree.Statement | None, places: Places, start: int, end: int
) -> Iterator[Hint]:
    inside = [
        hint for body in bodies(layer.item) for hint in _statements(document, body.statements, places, start, end)
    ]
    hint = _shape(document, layer, places)
    if inside and hint is not None and _repeats(document, layer, inside[-1], hint):
        inside.pop()
    yield from inside
    if layer.claim is not None or isinstance(layer.item, (tree.Output, tree.If)):
        return
    if isinstance(after, tree.Layer) and "\n" not in document.text[layer.span.end : after.span.start]:
        placed = places.of(layer.span if layer.repeat is not None else layer.item.span)
        known = places.network.shapes
        if placed and all(known[each.entry] == known[each.exit] for each in placed):
            return
    if hint is not None:
        yield hint


def _repeats(document: Document, layer: tree.Layer, last: Hint, hint: Hint) -> bool:
    """Whether the last hint inside `{ ... }` says the same as the one behind it, in one line."""
    if not isinstance(layer.item, (tree.Group, tree.Residual, tree.Aux)) or not layer.item.body.statements:
        return False
    end = layer.item.body.statements[-1].span.end
    return last.offset == end and last.text == hint.text and "\n" not in document.text[end : layer.span.end]


def bodies(item: tree.Item) -> tuple[tree.Body, ...]:
    """The bodies inside an item, in order."""
    if isinstance(item, (tree.Group, tree.Residual, tree.Aux)):
        return (item.body,)
    if isinstance(item, tree.Join):
        return item.branches
    if isinstance(item, tree.If):
        return (item.then,) if item.otherwise is None else (item.then, item.otherwise)
    return ()


def shapes(document: Document, layer: tree.Layer, places: Places) -> list[Shape]:
    """The shapes that come out of a statement, one for each kind of place where it was placed."""
    if isinstance(layer.item, tree.Goto) and layer.repeat is None:
        found = document.names.at(layer.item.name.span.start)
        return [shape for each in (found[0].statements if found else ()) for shape in _of(document, each, places)]
    return places.shapes(layer.span if layer.repeat is not None else layer.item.span)


def _of(document: Document, statement: object, places: Places) -> list[Shape]:
    if isinstance(statement, tree.Input):
        return [each.shape for each in places.network.inputs if each.span == statement.span]
    if isinstance(statement, tree.Layer) and not isinstance(statement.item, tree.Goto):
        return shapes(document, statement, places)
    return []


def _shape(document: Document, layer: tree.Layer, places: Places) -> Hint | None:
    found = shapes(document, layer, places)
    if not found:
        return None
    more = ", ..." if len(found) > 1 else ""
    tooltip = (
        "the shape that comes out, channels x height x width" if len(found[0]) == 3 else "the features that come out"
    )
    if more:
        tooltip = f"where the block is called: {', '.join(map(text, found[:20]))}"
    hint = f"-> {text(found[0])}"
    # Behind an aux head a claim is about the main path, which goes on as before.
    insert = "" if more or isinstance(layer.item, tree.Aux) else f" {hint}"
    return Hint(layer.span.end, hint + more, tooltip, insert)


def _table(document: Document, table: tree.Table, places: Places, start: int, end: int) -> Iterator[Hint]:
    columns = [column.text for column in table.columns]
    if document.shown not in columns:
        return
    shown = columns.index(document.shown)
    for row in table.rows:
        if row.span.end < start or row.span.start > end or len(row.cells) not in (1, len(columns)):
            continue
        cell = row.cells[shown if len(row.cells) > 1 else 0]
        layer = next((each for each in reversed(cell.statements) if isinstance(each, tree.Layer)), None)
        if layer is None or layer.claim is not None or isinstance(layer.item, (tree.Output, tree.If)):
            continue
        hint = _shape(document, layer, places)
        if hint is None:
            continue
        behind = document.text.find("\n", row.span.end)
        line = document.text[row.span.end : behind if behind >= 0 else len(document.text)].partition("#")[0].rstrip()
        name = f"{document.shown}: " if len(row.cells) > 1 else ""
        yield Hint(row.span.end + len(line), f"{name}{hint.text}", _variants(document, table, row) or hint.tooltip)


def _variants(document: Document, table: tree.Table, row: tree.TableRow) -> str:
    """The shapes that a row has in the variants that have been compiled, a line each."""
    if len(row.cells) == 1:
        return ""
    lines = []
    for column, cell in zip(table.columns, row.cells, strict=True):
        places = document.places(column.text) if column.text in document.checked else None
        layer = next((each for each in reversed(cell.statements) if isinstance(each, tree.Layer)), None)
        if places is not None and layer is not None:
            found = shapes(document, layer, places)
            lines += [f"{column.text}: {text(found[0])}"] if found else []
    return "\n".join(lines)


def _extends(statement: tree.Extends, network: Network) -> Iterator[Hint]:
    if network.totals is not None and network.complete:
        yield Hint(statement.span.end, f"-> {text(network.output)}", f"{network.totals.params:,} params")
