"""A tree to its names, by the rules of the language.

A label is seen in its own body and in those inside it, and in the later branches of a join that it stands in; the arms
of an `if` belong to the body around. A block's parameters and inputs are seen in the block, an index in its repetition,
a param in the whole file. The cells of a table are one body with what stands around it, so a label that several columns
give is one name; one with an expression in it (`s{i}`) is one name too, of which `@s0` is a use.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netdsl import ops
from netdsl.elaborate.recipe import labelled
from netdsl.syntax import tree, walk
from netdsl.syntax.lex import NET_NAME
from netdsl.syntax.walk import children
from netdsl.text.source import Span
from netdsl.tools.lsp.names import Kind, Names, Symbol

_NUMBERED = re.compile(r"(.*?)[0-9]+([^0-9]*)")


@dataclass(frozen=True)
class _Sight:
    """What can be seen from a place: the labels of its body and of those around it, and the names of values. `outputs`
    are those of the block or the file, `owner` is the label or aux head of the statement that it lies in, whose bodies
    are its own."""

    labels: ChainMap[str, Symbol]
    values: ChainMap[str, Symbol]
    span: Span
    outputs: dict[str, Symbol]
    owner: Symbol | None = None

    @property
    def own(self) -> dict[str, Symbol]:
        """The labels of the body itself."""
        return self.labels.maps[0]  # type: ignore[return-value]


def resolve(file: tree.File) -> Names:
    """The names of a file."""
    return _Resolver(file).names


class _Resolver:
    """One walk over a file. What can only be resolved when everything is defined waits until the end."""

    def __init__(self, file: tree.File):
        self.names = names = Names(file)
        self.claims: list[tree.Name] = []
        self.drawn: list[tree.Name] = []  # the labels of a recipe's `init`
        self.arguments: list[tuple[Symbol, tree.Name]] = []
        self.given: list[tuple[Symbol, tree.Label]] = []  # the outputs of calls that are named, with the label
        self._top(file)
        sight = _Sight(ChainMap(names.labels), ChainMap(names.params), file.span, names.outputs)
        self._body(list(_lines(file)), sight)
        for block, argument in self.arguments:
            _use(block.parameters.get(argument.text), argument.span)
        for call, part in self.given:
            for block in filter(None, (names.blocks.get(head) for head in call.heads)):
                self._seen_part(part, block.outputs)
        for claim in self.claims:
            self._path(claim)
        for label in self.drawn:
            self._path(label, anywhere=True)

    def _define(
        self,
        where: dict[str, Symbol],
        kind: Kind,
        name: tree.Name | tree.Label,
        sight: Span,
        statement: Any = None,
    ) -> Symbol:
        key, place, computed = name.text, name.span, False
        if isinstance(name, tree.Label):
            place = Span(place.file, place.start, place.start + len(name.text))
            computed = name.index is not None
            key = _family(name) if computed else key
        symbol = where.get(key)
        if symbol is None:
            symbol = where[key] = Symbol(kind, name.text, sight, computed=computed)
            self.names.symbols.append(symbol)
        symbol.definitions.append(place)
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
                if not re.fullmatch(NET_NAME, column.text):
                    continue  # what cannot name a variant, and may not be what is written: a stray bracket is left out
                self._define(names.variants, "variant", column, file.span, table)

    # The walk --------------------------------------------------------------------------------------------------------

    def _body(self, statements: Sequence[tree.Statement], sight: _Sight) -> None:
        """Define the labels of a body, which all of it sees, then go through its statements."""
        for layer in _layers(statements):
            if layer.label is not None and layer.label.text:
                self._define(sight.own, "label", layer.label, sight.span, layer)
            if isinstance(layer.item, tree.Output) and layer.item.target.parts[0].text:
                self._output(layer, layer.item, sight)
        for statement in statements:
            self._visit(statement, sight)

    def _output(self, layer: tree.Layer, item: tree.Output, sight: _Sight) -> None:
        """`output NAME: item` is a label too, where no input has that name."""
        name = item.target.parts[0]
        key = name.text if name.index is None else _family(name)
        known = sight.own.get(key)
        if item.item is None or (known is not None and known.kind == "input"):
            self._define(sight.outputs, "output", name, sight.span, layer)
        else:
            sight.outputs[key] = self._define(sight.own, "output", name, sight.span, layer)

    def _visit(self, node: Any, sight: _Sight) -> None:
        if isinstance(node, tree.Seen):
            self._seen(node, sight)
        elif isinstance(node, tree.Expression):
            for part in walk(node):
                if isinstance(part, tree.Reference):
                    _use(sight.values.get(part.name), part.span)
                elif isinstance(part, tree.Quantity):
                    span = part.names[0].span.to(part.names[-2].span)
                    self.claims.append(tree.Name(".".join(each.text for each in part.names[:-1]), span))
        elif isinstance(node, tree.Block):
            self._block(node, sight)
        elif isinstance(node, tree.Body):
            inside = replace(sight, labels=sight.labels.new_child(), span=node.span, owner=None)
            self._own(sight, inside)
            self._body(node.statements, inside)
        elif isinstance(node, tree.Layer):
            self._layer(node, sight)
        elif isinstance(node, tree.Output):
            self._children(node, sight, but=(node.target,))
            self._indices(node.target, sight)
        else:
            if isinstance(node, tree.Operation):
                self._operation(node, sight)
            elif isinstance(node, tree.Aux):
                sight = replace(sight, owner=self._define(self.names.aux, "aux", node.name, self.names.file.span, node))
            elif isinstance(node, (tree.Expect, tree.Reported)) and node.label is not None:
                self.claims.append(node.label)
            elif isinstance(node, tree.Train):
                self._drawn(node, sight)
            elif isinstance(node, tree.Domain):
                _use(sight.values.get(node.name.text), node.name.span)
            branches = getattr(node, "branches", None) or ()
            inner = sight
            if isinstance(node, tree.Join) and node.repeat is not None:
                inner = self._repeated(node.repeat, node, sight)
            self._children(node, sight, but=(*branches, getattr(node, "repeat", None)))
            self._branches(branches, node, inner)

    def _children(self, node: Any, sight: _Sight, but: tuple[Any, ...] = ()) -> None:
        for child in children(node):
            if not any(child is each for each in but):
                self._visit(child, sight)

    @staticmethod
    def _own(sight: _Sight, inside: _Sight) -> None:
        """The labels of a body are those inside what the statement around it labels."""
        if sight.owner is not None:
            sight.owner.inner.append(inside.own)

    def _repeated(self, repeat: tree.Repeat, node: Any, sight: _Sight) -> _Sight:
        """What is seen in a repetition: its index too, which the count does not see."""
        self._visit(repeat.count, sight)
        if repeat.index is None:
            return sight
        index: dict[str, Symbol] = {}
        self._define(index, "index", repeat.index, node.span, node)
        return replace(sight, values=sight.values.new_child(index))

    def _branches(self, branches: Sequence[tree.Branch], node: Any, sight: _Sight) -> None:
        """Branches, of which each sees the labels of those before it."""
        labels = sight.labels
        for branch in branches:
            around = sight if branch.repeat is None else self._repeated(branch.repeat, branch, sight)
            labels = labels.new_child()
            span = Span(node.span.file, branch.body.span.start, node.span.end)
            inside = replace(around, labels=labels, span=span, owner=None)
            self._own(sight, inside)
            self._body(branch.body.statements, inside)

    def _layer(self, layer: tree.Layer, sight: _Sight) -> None:
        """A statement; of one in a repetition all parts but the claim see its index."""
        label, item = layer.label, layer.item
        inner = sight if layer.repeat is None else self._repeated(layer.repeat, layer, sight)
        if label is not None and label.index is not None:
            self._visit(label.index, inner)
        if layer.stride is not None:
            self._visit(layer.stride, inner)
        if layer.claim is not None:
            self._visit(layer.claim, sight)
        if isinstance(item, tree.If) and _in_place(layer):
            self._visit(item.test, inner)
            for arm in _arms(item):  # whose labels are known
                for statement in arm.statements:
                    self._visit(statement, inner)
            return
        named = label or (item.target.parts[0] if isinstance(item, tree.Output) and item.item is not None else None)
        key = named and (named.text if named.index is None else _family(named))
        self._visit(item, replace(inner, owner=sight.own.get(key) if key else None))

    def _block(self, block: tree.Block, sight: _Sight) -> None:
        symbol = self.names.blocks.get(block.name.text)
        parameters: dict[str, Symbol] = {}
        values = ChainMap(parameters, self.names.params)
        for parameter in block.parameters:
            if parameter.default is not None:
                self._visit(parameter.default, replace(sight, values=values))
            self._define(parameters, "parameter", parameter.name, block.span, parameter)
        labels: dict[str, Symbol] = {}
        outputs: dict[str, Symbol] = {}
        if symbol is not None:
            symbol.parameters = symbol.parameters or parameters
            labels, outputs = symbol.inner[0], symbol.outputs
        inside = _Sight(ChainMap(labels), values, block.body.span, outputs)
        for taken in block.takes:
            count = taken.repeat.count if taken.repeat is not None else None
            name = tree.Label(taken.name.text, count, taken.name.span)
            self._define(labels, "input", name, block.body.span, taken)
            if taken.repeat is not None:
                self._visit(taken.repeat.count, inside)
        self._body(block.body.statements, inside)

    def _operation(self, operation: tree.Operation, sight: _Sight) -> None:
        head = operation.head
        block = self.names.blocks.get(head.text)
        if block is None:
            if head.text in sight.values and ops.resolve(head.text) is None:
                _use(sight.values[head.text], head.span)  # it stands for an operator or a block
            return
        _use(block, head.span)
        if sight.owner is not None:
            sight.owner.inner += block.inner
            sight.owner.heads.append(head.text)
        # The parameters of a block that is defined further below are not known yet.
        self.arguments += [(block, each.name) for each in operation.arguments or () if each.name is not None]

    # Labels that are named -------------------------------------------------------------------------------------------

    def _seen(self, node: tree.Seen, sight: _Sight) -> None:
        """A label behind `@`, perhaps with an output of what it labels."""
        self._indices(node, sight)
        first, *more = node.parts
        found = self._seen_part(first, sight.labels)
        if found is not None:
            self.given += [(found, part) for part in more]

    def _indices(self, node: tree.Seen, sight: _Sight) -> None:
        for part in node.parts:
            if part.index is not None:
                self._visit(part.index, sight)

    def _seen_part(self, part: tree.Label, known: Any) -> Symbol | None:
        """One part of a name with dots."""
        found = known.get(_family(part)) if part.index is not None else _numbered(part.text, known)
        if found is not None:
            start = part.span.start
            _use(found, Span(part.span.file, start, start + len(found.name)))
        return found

    def _drawn(self, recipe: tree.Train, sight: _Sight) -> None:
        """`init=by(labels=[["head.fc", zeros]])` names labels, in a string or as a word that no param has."""
        for pair in labelled(recipe):
            label = pair.items[0] if isinstance(pair, tree.ListValue) and pair.items else None
            if isinstance(label, tree.Literal) and isinstance(label.value, str):
                inside = Span(label.span.file, label.span.start + 1, label.span.end - 1)
                self.drawn.append(tree.Name(label.value, inside))
            elif isinstance(label, tree.Reference) and label.name not in sight.values:
                self.drawn.append(tree.Name(label.name, label.span))

    def _path(self, path: tree.Name, anywhere: bool = False) -> None:
        """`expect inception3a.branch1.params`: each part of a path is a label inside what the part before labels.

        The first is one of the top level, or the only one of its name if the path has no other part; `anywhere`: even
        if it has.
        """
        if path.span.end - path.span.start != len(path.text):
            return
        parts = path.text.split(".")
        start = path.span.start
        sights: list[dict[str, Symbol]] = [self.names.labels, self.names.aux]
        for number, part in enumerate(parts):
            found = next((one for each in sights if (one := _numbered(part, each))), None)
            if found is None and number == 0 and (anywhere or len(parts) == 1):
                everywhere = [each for each in self.names.symbols if each.kind == "label" and each.name == part]
                found = everywhere[0] if len(everywhere) == 1 else None
            if found is not None:
                _use(found, Span(path.span.file, start, start + len(found.name)))
                sights = found.inner
            elif not part.isdigit():
                return
            start += len(part) + 1


def _family(name: tree.Label) -> str:
    """The name of all labels that are written with one expression."""
    return f"{name.text}{{}}{name.after}"


def _numbered(text: str, known: Any) -> Symbol | None:
    """A label as it is written out: its own name, or `s0` of `s{i}`."""
    found: Symbol | None = known.get(text)
    if found is None and (split := _NUMBERED.fullmatch(text)):
        found = known.get(f"{split[1]}{{}}{split[2]}")
    return found


def _in_place(layer: tree.Layer) -> bool:
    """Whether the arms of an `if` stand in its place, and are no bodies of their own."""
    return layer.label is None and layer.repeat is None


def _arms(item: tree.If) -> tuple[tree.Body, ...]:
    return (item.then,) if item.otherwise is None else (item.then, item.otherwise)


def _layers(statements: Iterable[tree.Statement]) -> Iterator[tree.Layer]:
    """The layers of a body, those in the arms of its `if`s among them."""
    for statement in statements:
        if isinstance(statement, tree.Layer):
            yield statement
            if isinstance(statement.item, tree.If) and _in_place(statement):
                for arm in _arms(statement.item):
                    yield from _layers(arm.statements)


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
