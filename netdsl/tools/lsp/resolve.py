"""A tree to its names, by the rules of the language.

A label is seen in its own body and in those inside it, a block's parameter in the block, an index in its repetition, a
param in the whole file. The cells of a table are one body with what stands around it, so a label that several columns
give is one name.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from netdsl.syntax import tree, walk
from netdsl.syntax.walk import children
from netdsl.text.source import Span
from netdsl.tools.lsp.names import Kind, Names, Symbol


@dataclass(frozen=True)
class _Sight:
    """What can be seen from a place: the labels of its body and of those around it, and the names of values. `owner` is
    the label or aux head of the statement that it lies in, whose bodies are its own."""

    labels: ChainMap[str, Symbol]
    values: ChainMap[str, Symbol]
    span: Span
    owner: Symbol | None = None


def resolve(file: tree.File) -> Names:
    """The names of a file."""
    return _Resolver(file).names


class _Resolver:
    """One walk over a file. What can only be resolved when everything is defined waits until the end."""

    def __init__(self, file: tree.File):
        self.names = names = Names(file)
        self.claims: list[tree.Name] = []
        self.arguments: list[tuple[Symbol, tree.Name]] = []
        self._top(file)
        sight = _Sight(ChainMap(names.labels), ChainMap(names.params), file.span)
        self._statements(list(_lines(file)), sight)
        for block, argument in self.arguments:
            _use(block.parameters.get(argument.text), argument.span)
        for claim in self.claims:
            self._claim(claim)

    def _define(
        self, where: dict[str, Symbol], kind: Kind, name: tree.Name, sight: Span, statement: Any = None
    ) -> Symbol:
        symbol = where.get(name.text)
        if symbol is None:
            symbol = where[name.text] = Symbol(kind, name.text, sight)
            self.names.symbols.append(symbol)
        symbol.definitions.append(name.span)
        symbol.statements.append(statement)
        return symbol

    def _top(self, file: tree.File) -> None:
        """Define what the whole file sees, wherever in it that stands."""
        names = self.names
        for statement in _lines(file):
            if isinstance(statement, tree.Param):
                self._define(names.params, "param", statement.name, file.span, statement)
            elif isinstance(statement, tree.Block):
                self._define(names.blocks, "block", statement.name, file.span, statement).inner.append({})
            elif isinstance(statement, tree.Input) and statement.name is not None:
                self._define(names.labels, "input", statement.name, file.span, statement)
        for table in file.statements:
            for column in table.columns if isinstance(table, tree.Table) else ():
                self._define(names.variants, "variant", column, file.span, table)

    # The walk --------------------------------------------------------------------------------------------------------

    def _statements(self, statements: Iterable[tree.Statement], sight: _Sight) -> None:
        """Define the labels of a body, which all of it sees, then go through its statements."""
        for statement in statements:
            label = statement.label if isinstance(statement, tree.Layer) else None
            if label is not None and label.index is None and label.text:
                place = Span(label.span.file, label.span.start, label.span.start + len(label.text))
                labels: dict[str, Symbol] = sight.labels.maps[0]  # type: ignore[assignment]
                self._define(labels, "label", tree.Name(label.text, place), sight.span, statement)
        for statement in statements:
            self._visit(statement, sight)

    def _visit(self, node: Any, sight: _Sight) -> None:
        if isinstance(node, tree.Expression):
            for part in walk(node):
                if isinstance(part, tree.Reference):
                    _use(sight.values.get(part.name), part.span)
            return
        if isinstance(node, tree.Block):
            self._block(node, sight)
            return
        if isinstance(node, tree.Body):
            inside = _Sight(sight.labels.new_child(), sight.values, node.span)
            if sight.owner is not None:
                sight.owner.inner.append(inside.labels.maps[0])  # type: ignore[arg-type]
            self._statements(node.statements, inside)
            return
        if isinstance(node, tree.Layer):
            sight = self._layer(node, sight)
        elif isinstance(node, tree.Operation):
            self._operation(node, sight)
        elif isinstance(node, tree.Aux):
            sight = replace(sight, owner=self._define(self.names.aux, "aux", node.name, self.names.file.span, node))
        elif isinstance(node, tree.Repeat) and node.index is not None:
            sight = replace(sight, values=sight.values.parents)  # the count does not see the index
        elif isinstance(node, (tree.Goto, tree.Reuse)):
            _use(sight.labels.get(node.target.text), node.target.span)
        elif isinstance(node, (tree.Expect, tree.Reported)) and node.label is not None:
            self.claims.append(node.label)
        for child in children(node):
            self._visit(child, sight)

    def _layer(self, layer: tree.Layer, sight: _Sight) -> _Sight:
        """What the parts of a statement see: the index of its repetition too."""
        label = layer.label
        owner = sight.labels.maps[0].get(label.text) if label is not None and label.index is None else None
        values = sight.values
        if layer.repeat is not None and layer.repeat.index is not None:
            index: dict[str, Symbol] = {}
            self._define(index, "index", layer.repeat.index, layer.span, layer)
            values = values.new_child(index)
        return _Sight(sight.labels, values, sight.span, owner)

    def _block(self, block: tree.Block, sight: _Sight) -> None:
        symbol = self.names.blocks.get(block.name.text)
        parameters: dict[str, Symbol] = {}
        values = ChainMap(parameters, self.names.params)
        for parameter in block.parameters:
            if parameter.default is not None:
                self._visit(parameter.default, _Sight(sight.labels, values, block.span))
            self._define(parameters, "parameter", parameter.name, block.span, parameter)
        labels: dict[str, Symbol] = {}
        if symbol is not None:
            symbol.parameters = symbol.parameters or parameters
            labels = symbol.inner[0]
        self._statements(block.body.statements, _Sight(ChainMap(labels), values, block.body.span))

    def _operation(self, operation: tree.Operation, sight: _Sight) -> None:
        block = self.names.blocks.get(operation.head.text)
        if block is None:
            return
        _use(block, operation.head.span)
        if sight.owner is not None:
            sight.owner.inner += block.inner
        # The parameters of a block that is defined further below are not known yet.
        self.arguments += [(block, each.name) for each in operation.arguments or () if each.name is not None]

    def _claim(self, claim: tree.Name) -> None:
        """`expect inception3a.branch1.params`: each part of the path is a label inside what the part before labels."""
        if claim.span.end - claim.span.start != len(claim.text):
            return
        parts = claim.text.split(".")
        start = claim.span.start
        sights: list[dict[str, Symbol]] = [self.names.labels, self.names.aux]
        for part in parts:
            found = next((each[part] for each in sights if part in each), None)
            if found is None and len(parts) == 1:  # a label anywhere will do
                anywhere = [each for each in self.names.symbols if each.kind == "label" and each.name == part]
                found = anywhere[0] if len(anywhere) == 1 else None
            if found is not None:
                _use(found, Span(claim.span.file, start, start + len(part)))
                sights = found.inner
            elif not part.isdigit():
                return
            start += len(part) + 1


def _lines(file: tree.File) -> Iterator[tree.Statement]:
    """The statements of the top level, those in the cells of tables among them."""
    for statement in file.statements:
        for row in statement.rows if isinstance(statement, tree.Table) else ():
            for cell in row.cells:
                yield from cell.statements
        if not isinstance(statement, tree.Table):
            yield statement


def _use(symbol: Symbol | None, span: Span) -> None:
    if symbol is not None:
        symbol.uses.append(span)
