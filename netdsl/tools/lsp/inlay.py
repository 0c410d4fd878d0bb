"""Inlay hints: behind each statement the shape that comes out of it.

In a row of a table the hint stands behind the last bar, where it moves no column: there it is the shape of the variant
that is shown. A statement that claims its shape (`-> 64x56x56`) needs none, and neither does one that leaves the shape
as it is where another one follows on its line (`bn; relu; conv3-64`), or the last one in braces that close on its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from netdsl.shapes import Shape, text
from netdsl.syntax import tree
from netdsl.tools.lsp.document import Document
from netdsl.tools.lsp.places import Places, extent

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
    places = document.places()
    if places is None:
        return []
    stretch = _Stretch(document, places, start, len(document.text) if end is None else end)
    return list(islice(stretch.statements(document.file.statements), MOST))


@dataclass(frozen=True)
class _Stretch:
    """A stretch of a document that is in sight, and what it became in the network that is shown."""

    document: Document
    places: Places
    start: int
    end: int

    def seen(self, node: tree.Statement | tree.TableRow) -> bool:
        return node.span.end >= self.start and node.span.start <= self.end

    def statements(self, statements: Sequence[tree.Statement]) -> Iterator[Hint]:
        for statement, after in zip_longest(statements, statements[1:]):
            if not self.seen(statement):
                continue
            if isinstance(statement, tree.Layer):
                yield from self.layer(statement, after)
            elif isinstance(statement, tree.Block):
                yield from self.statements(statement.body.statements)
            elif isinstance(statement, tree.Table):
                yield from self.table(statement)
            elif isinstance(statement, tree.Extends):
                network = self.places.network
                if network.totals is not None and network.complete:
                    yield Hint(statement.span.end, f"-> {text(network.output)}", f"{network.totals.params:,} params")

    def layer(self, layer: tree.Layer, after: tree.Statement | None) -> Iterator[Hint]:
        inside = [hint for body in bodies(layer.item) for hint in self.statements(body.statements)]
        hint = self.shape(layer)
        if inside and hint is not None and self.repeats(layer, inside[-1], hint):
            inside.pop()
        yield from inside
        if hint is None or _says_itself(layer) or not _ends(layer, self.document.text):
            return
        if isinstance(after, tree.Layer) and "\n" not in self.document.text[layer.span.end : after.span.start]:
            placed = self.places.of(extent(layer))
            known = self.places.values
            if placed and all(known[each.entry] == known[each.exit] for each in placed):
                return
        yield hint

    def repeats(self, layer: tree.Layer, last: Hint, hint: Hint) -> bool:
        """Whether the last hint inside `{ ... }` says the same as the one behind it, in one line."""
        if not isinstance(layer.item, (tree.Group, tree.Residual, tree.Aux)) or not layer.item.body.statements:
            return False
        end = layer.item.body.statements[-1].span.end
        return last.offset == end and last.text == hint.text and "\n" not in self.document.text[end : layer.span.end]

    def shape(self, layer: tree.Layer) -> Hint | None:
        found = shapes(self.document, layer, self.places)
        if not found:
            return None
        hint = f"-> {text(found[0])}"
        if len(found) > 1:
            listed = ", ".join(map(text, found[:20]))
            return Hint(layer.span.end, f"{hint}, ...", f"where the block is called: {listed}")
        what = "shape that comes out, channels x height x width" if len(found[0]) == 3 else "features that come out"
        # Behind an aux head a claim is about the main path, which goes on as before. Where a mistake before it leaves
        # the shape of one of its places unknown, a claim would be about that one too.
        makers = [each for each in _origins(self.document, layer) if isinstance(each, tree.Layer)]
        known = all(self.places.known(extent(each)) for each in makers)
        insert = f" {hint}" if known and not isinstance(layer.item, tree.Aux) else ""
        return Hint(layer.span.end, hint, f"the {what}", insert)

    def table(self, table: tree.Table) -> Iterator[Hint]:
        """Behind each row the shape in the variant that is shown; what it is in the others is said beside that."""
        document, columns = self.document, [column.text for column in table.columns]
        if document.shown not in columns:
            return
        for row in filter(self.seen, table.rows):
            if len(row.cells) not in (1, len(columns)):
                continue
            layer = _last_layer(row.cells[columns.index(document.shown) if len(row.cells) > 1 else 0])
            hint = self.shape(layer) if layer is not None and not _says_itself(layer) else None
            if hint is None:
                continue
            number, column = document.source.position(row.span.end)
            rest = document.source.line(number)[column - 1 :].partition("#")[0].rstrip()
            name = f"{document.shown}: " if len(row.cells) > 1 else ""
            yield Hint(row.span.end + len(rest), name + hint.text, self.variants(columns, row) or hint.tooltip)

    def variants(self, columns: list[str], row: tree.TableRow) -> str:
        """The shapes that a row has in the variants that have been compiled, a line each."""
        lines = []
        for column, cell in zip(columns, row.cells, strict=True) if len(row.cells) > 1 else ():
            places = self.document.places(column) if column in self.document.checked else None
            layer = _last_layer(cell)
            found = shapes(self.document, layer, places) if places is not None and layer is not None else []
            lines += [f"{column}: {text(shape)}" for shape in found[:1]]
        return "\n".join(lines)


def _says_itself(layer: tree.Layer) -> bool:
    """Whether a statement needs no hint: its shape is claimed, or it is not a place where one comes out."""
    bare = isinstance(layer.item, tree.Output) and layer.item.item is None
    return layer.claim is not None or bare or isinstance(layer.item, tree.If)


def _ends(layer: tree.Layer, text: str) -> bool:
    """Whether the braces of a statement are closed: it has no place behind it where they are only taken to be."""
    inside = [statement for body in bodies(layer.item) for statement in body.statements]
    rest = text[inside[-1].span.end if inside else layer.item.span.start : layer.item.span.end]
    return not bodies(layer.item) or "}" in re.sub(r"#[^\n]*", "", rest)


def _last_layer(cell: tree.Body) -> tree.Layer | None:
    return next((each for each in reversed(cell.statements) if isinstance(each, tree.Layer)), None)


def bodies(item: tree.Item) -> tuple[tree.Body, ...]:
    """The bodies inside an item, in order."""
    if isinstance(item, (tree.Group, tree.Residual, tree.Aux)):
        return (item.body,)
    if isinstance(item, tree.Output):
        return () if item.item is None else bodies(item.item)
    if isinstance(item, (tree.Join, tree.Operation, tree.Reuse)):
        return tuple(branch.body for branch in item.branches or ())
    if isinstance(item, tree.If):
        return (item.then,) if item.otherwise is None else (item.then, item.otherwise)
    return ()


def shapes(document: Document, layer: tree.Layer, places: Places) -> list[Shape]:
    """The shapes that come out of a statement, one for each kind of place where it was placed."""
    return [shape for each in _origins(document, layer) for shape in _of(each, places)]


def _origins(document: Document, layer: tree.Layer) -> list[tree.Input | tree.Layer]:
    """What makes the value behind a statement: itself, or what has the label that it goes back to."""
    if isinstance(layer.item, tree.Goto) and layer.repeat is None and len(layer.item.target.parts) == 1:
        found = document.names.at(layer.item.target.span.start)
        given = found[0].statements if found else ()
        return [
            each
            for each in given
            if isinstance(each, tree.Input) or (isinstance(each, tree.Layer) and not isinstance(each.item, tree.Goto))
        ]
    return [layer]


def _of(statement: tree.Input | tree.Layer, places: Places) -> list[Shape]:
    if isinstance(statement, tree.Input):
        inputs = zip(places.network.inputs, places.values, strict=False)
        return [shape for each, shape in inputs if each.span == statement.span and shape is not None]
    return places.shapes(extent(statement))
