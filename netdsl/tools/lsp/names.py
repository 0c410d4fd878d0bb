"""Every name of a file: where it is defined, where it is used, and what it can be seen from.

Resolved from the tree alone, by the rules of the language: a label is seen in its own body and those inside it, a
block's parameter in the block, an index in its repetition, a param in the whole file. The columns of a table are one
body, so a label that several columns give is one name.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import ChainMap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from netdsl.syntax import tree, walk
from netdsl.text.source import Span

Kind: TypeAlias = Literal["label", "input", "block", "parameter", "param", "index", "variant", "aux"]


@dataclass(eq=False)
class Symbol:
    """One name. `definitions` and `uses` are the places of the name itself; `statements` are what defines it.

    `sight` is where it can be seen. `inner` holds the labels of the body that it labels, or of a block.
    """

    kind: Kind
    name: str
    sight: Span
    definitions: list[Span] = field(default_factory=list)
    uses: list[Span] = field(default_factory=list)
    statements: list[Any] = field(default_factory=list)
    inner: list[dict[str, Symbol]] = field(default_factory=list)
    parameters: dict[str, Symbol] = field(default_factory=dict)

    @property
    def places(self) -> list[Span]:
        """Every place of the name, in order."""
        return sorted({*self.definitions, *self.uses})


@dataclass
class _Sight:
    """What one place sees: labels of its body and those around it, and names of values."""

    labels: ChainMap[str, Symbol]
    values: ChainMap[str, Symbol]
    span: Span

    def body(self, span: Span) -> _Sight:
        return _Sight(self.labels.new_child(), self.values, span)


class Names:
    """The names of one file. `params`, `blocks`, `inputs` and `variants` are those of its top level, by name."""

    def __init__(self, file: tree.File):
        self.file = file
        self.symbols: list[Symbol] = []
        self.blocks: dict[str, Symbol] = {}
        self.params: dict[str, Symbol] = {}
        self.variants: dict[str, Symbol] = {}
        self.aux: dict[str, Symbol] = {}
        self.labels: dict[str, Symbol] = {}
        self._claims: list[tree.Name] = []
        self._later: list[tuple[Symbol, tree.Name]] = []
        self._definitions = [each for each in file.statements if isinstance(each, tree.Block)]
        self._top()
        sight = _Sight(ChainMap(self.labels), ChainMap(self.params), file.span)
        self._body(list(self._line()), sight, self.labels)
        for block, name in self._later:
            self._use(block.parameters.get(name.text), name.span)
        for claim in self._claims:
            self._resolve_claim(claim)
        spans = [(span.start, span.end, symbol) for symbol in self.symbols for span in symbol.places]
        self._spans = sorted(spans, key=lambda each: each[:2])
        self._starts = [start for start, _, _ in self._spans]

    def at(self, offset: int) -> tuple[Symbol, Span] | None:
        """The name that an offset lies in, or that it lies just behind."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0 or self._spans[index][1] < offset:
            return None
        start, end, symbol = self._spans[index]
        return symbol, Span(self.file.source.name, start, end)

    def sighted(self, offset: int) -> Iterator[Symbol]:
        """The names that can be seen from an offset. The labels outside of a block cannot be seen in it."""
        block = self.enclosing(offset)
        for symbol in self.symbols:
            if symbol.sight.start <= offset <= symbol.sight.end and (
                symbol.kind not in ("label", "input") or self.enclosing(symbol.definitions[0].start) is block
            ):
                yield symbol

    def enclosing(self, offset: int) -> tree.Block | None:
        """The definition of a block that an offset lies in."""
        for block in self._definitions:
            if block.span.start <= offset <= block.span.end:
                return block
        return None

    # Definitions -----------------------------------------------------------------------------------------------------

    def _line(self) -> Iterator[tree.Statement]:
        """The statements of the top level, those in the cells of tables among them."""
        for statement in self.file.statements:
            if isinstance(statement, tree.Table):
                for row in statement.rows:
                    for cell in row.cells:
                        yield from cell.statements
            else:
                yield statement

    def _define(
        self, where: dict[str, Symbol], kind: Kind, name: str, place: Span, sight: Span, statement: Any = None
    ) -> Symbol:
        symbol = where.get(name)
        if symbol is None:
            symbol = where[name] = Symbol(kind, name, sight)
            self.symbols.append(symbol)
        symbol.definitions.append(place)
        symbol.statements.append(statement)
        return symbol

    def _top(self) -> None:
        whole = self.file.span
        for statement in self._line():
            if isinstance(statement, tree.Param):
                self._define(self.params, "param", statement.name.text, statement.name.span, whole, statement)
            elif isinstance(statement, tree.Block):
                block = self._define(self.blocks, "block", statement.name.text, statement.name.span, whole, statement)
                block.inner.append({})
            elif isinstance(statement, tree.Input) and statement.name is not None:
                self._define(self.labels, "input", statement.name.text, statement.name.span, whole, statement)
        for table in self.file.statements:
            if isinstance(table, tree.Table):
                for column in table.columns:
                    self._define(self.variants, "variant", column.text, column.span, whole, table)

    # The walk --------------------------------------------------------------------------------------------------------

    def _body(self, statements: Iterable[tree.Statement], sight: _Sight, labels: dict[str, Symbol]) -> None:
        """Define the labels of a body, then go through its statements."""
        statements = list(statements)
        for statement in statements:
            if isinstance(statement, tree.Layer):
                label = statement.label
                if label is not None and label.index is None and label.text:
                    place = Span(label.span.file, label.span.start, label.span.start + len(label.text))
                    self._define(labels, "label", label.text, place, sight.span, statement)
        for statement in statements:
            self._statement(statement, sight, labels)

    def _statement(self, statement: Any, sight: _Sight, labels: dict[str, Symbol]) -> None:
        if isinstance(statement, tree.Layer):
            self._layer(statement, sight, labels)
        elif isinstance(statement, tree.Block):
            symbol = self.blocks[statement.name.text]
            self._block(statement, symbol, sight)
        elif isinstance(statement, (tree.Expect, tree.Reported)):
            if statement.label is not None:
                self._claims.append(statement.label)
            self._values(statement.value, sight)
        elif isinstance(statement, tree.Default):
            self._arguments(statement.arguments, sight)
        elif isinstance(statement, tree.Param):
            self._values(statement.value, sight)
        elif isinstance(statement, tree.Input):
            self._values(statement.shape, sight)
        elif isinstance(statement, (tree.Train, tree.Extends)):
            self._arguments(statement.arguments, sight)

    def _block(self, block: tree.Block, symbol: Symbol, sight: _Sight) -> None:
        values: dict[str, Symbol] = {}
        for parameter in block.parameters:
            if parameter.default is not None:
                self._values(parameter.default, _Sight(sight.labels, ChainMap(values, self.params), block.span))
            name = parameter.name
            self._define(values, "parameter", name.text, name.span, block.span, parameter)
        if not symbol.parameters:
            symbol.parameters.update(values)
        labels = symbol.inner[0]
        inside = _Sight(ChainMap(labels), ChainMap(values, self.params), block.body.span)
        self._body(block.body.statements, inside, labels)

    def _layer(self, layer: tree.Layer, sight: _Sight, labels: dict[str, Symbol]) -> None:
        label = layer.label
        symbol = labels.get(label.text) if label is not None and label.index is None else None
        if layer.repeat is not None:
            self._values(layer.repeat.count, sight)
            index = layer.repeat.index
            if index is not None:
                values = sight.values.new_child()
                self._define(values.maps[0], "index", index.text, index.span, layer.span, layer)  # type: ignore[arg-type]
                sight = _Sight(sight.labels, values, sight.span)
        if label is not None and label.index is not None:
            self._values(label.index, sight)
        if layer.stride is not None:
            self._values(layer.stride, sight)
        self._item(layer.item, sight, symbol)

    def _item(self, item: tree.Item, sight: _Sight, symbol: Symbol | None) -> None:
        if isinstance(item, tree.Operation):
            self._operation(item, sight, symbol)
        elif isinstance(item, tree.Bracket):
            for row in item.rows:
                for part in (row.kernel, row.out, row.stride):
                    if part is not None:
                        self._values(part, sight)
                self._arguments(row.arguments, sight)
        elif isinstance(item, (tree.Goto, tree.Reuse)):
            self._use(sight.labels.get(item.name.text), item.name.span)
        elif isinstance(item, tree.If):
            self._values(item.test, sight)
            for body in (item.then, item.otherwise):
                if body is not None:
                    self._inside(body, sight, symbol)
        elif isinstance(item, tree.Group):
            self._inside(item.body, sight, symbol)
        elif isinstance(item, tree.Join):
            self._arguments(item.arguments, sight)
            for branch in item.branches:
                self._inside(branch, sight, symbol)
        elif isinstance(item, (tree.Residual, tree.Aux)):
            self._arguments(item.arguments, sight)
            if isinstance(item, tree.Aux):
                symbol = self._define(self.aux, "aux", item.name.text, item.name.span, self.file.span, item)
            self._inside(item.body, sight, symbol)

    def _inside(self, body: tree.Body, sight: _Sight, symbol: Symbol | None) -> None:
        inner = sight.body(body.span)
        labels: dict[str, Symbol] = inner.labels.maps[0]  # type: ignore[assignment]
        if symbol is not None:
            symbol.inner.append(labels)
        self._body(body.statements, inner, labels)

    def _operation(self, item: tree.Operation, sight: _Sight, symbol: Symbol | None) -> None:
        for part in (item.kernel, item.out, item.stride):
            if part is not None:
                self._values(part, sight)
        block = self.blocks.get(item.head.text)
        self._use(block, item.head.span)
        if block is not None and symbol is not None:
            symbol.inner += block.inner
        self._arguments(item.arguments or (), sight, block)

    def _arguments(self, arguments: Iterable[tree.Argument], sight: _Sight, block: Symbol | None = None) -> None:
        for argument in arguments:
            if argument.name is not None and block is not None:
                # The parameters of a block that is defined further below are not known yet.
                self._later.append((block, argument.name))
            self._values(argument.value, sight)

    def _values(self, expression: Any, sight: _Sight) -> None:
        for node in walk(expression):
            if isinstance(node, tree.Reference):
                self._use(sight.values.get(node.name), node.span)

    def _use(self, symbol: Symbol | None, span: Span) -> None:
        if symbol is not None:
            symbol.uses.append(span)

    # Claims ----------------------------------------------------------------------------------------------------------

    def _resolve_claim(self, claim: tree.Name) -> None:
        """`expect inception3a.branch1.params`: each part of the path is a label inside what the part before labels."""
        if claim.span.end - claim.span.start != len(claim.text):
            return
        parts = claim.text.split(".")
        start = claim.span.start
        sights: list[dict[str, Symbol]] = [self.labels, self.aux]
        for number, part in enumerate(parts):
            found = next((each[part] for each in sights if part in each), None)
            if found is None and number == 0 and len(parts) == 1:  # a label anywhere will do
                anywhere = [each for each in self.symbols if each.kind == "label" and each.name == part]
                found = anywhere[0] if len(anywhere) == 1 else None
            if found is not None:
                self._use(found, Span(claim.span.file, start, start + len(part)))
                sights = found.inner
            elif not part.isdigit():
                return
            start += len(part) + 1
