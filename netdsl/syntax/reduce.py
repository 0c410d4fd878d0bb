"""What each rule of the grammar becomes.

The parser calls the method that the rule names (see `grammar.lark`) with the place of what the rule covers and its
parts: the text of a token, the node of a rule, None for an optional part that is absent. What the grammar lets through
and the language does not is reported here, where it is known what was meant.
"""

from __future__ import annotations

import re
from typing import Any

from netdsl.shapes import LARGEST
from netdsl.syntax import tree
from netdsl.syntax.numbers import number
from netdsl.syntax.scan import MOST_ERRORS
from netdsl.text.diagnostics import Edit, Report
from netdsl.text.source import Source, Span

DEEPEST_EXPRESSION = 64
LONGEST_STRING = 10_000
MOST_DIMENSIONS = 8
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_COLUMN = re.compile(r"[^|\s](?:[^|]*[^|\s])?")
_VARIANT = re.compile(r"[A-Za-z0-9._-]+")
_HEADER = re.compile(r"\n[ \t\u00a0]*\|([^\n]*)")

Arguments = tuple[tree.Argument, ...]


class Reducer:
    """Builds the tree of one source."""

    def __init__(self, source: Source, report: Report):
        self.source_text = source.text
        self.report = report
        self.file_name = source.name
        self.depths: dict[int, int] = {}
        self.kept: list[Any] = []
        self.faults = 0

    def error(self, code: str, message: str, span: Span, help: str | None = None, edits: tuple[Edit, ...] = ()) -> None:
        """Report a fault inside a statement that is otherwise whole; of a thousand faults only the first ones."""
        self.faults += 1
        if self.faults <= MOST_ERRORS:
            self.report.error(code, message, span, help=help, edits=edits)

    # Lists: built by one rule for the first item and one for each further one --------------------------------------

    def first(self, start: int, end: int, item: Any) -> list[Any]:
        return [item]

    def more(self, start: int, end: int, items: list[Any], item: Any) -> list[Any]:
        items.append(item)
        return items

    # Expressions -----------------------------------------------------------------------------------------------------

    def number(self, start: int, end: int, text: str) -> tree.Literal:
        span = Span(self.file_name, start, end)
        value = number(text)
        if value is None:
            if _looks_right(text):
                self.error("E0106", "this number is out of range", span, "at most 40 characters, and not beyond 1e308")
            else:
                meant = text.lower() if re.fullmatch(r"[0-9]+(?:[xX][0-9]+)+", text) else ""
                help = f"write `{_short(meant)}`" if meant else _number_help(text)
                edits = (Edit(span, meant),) if meant else ()
                self.error("E0106", f"'{_short(text)}' is not a number", span, help, edits)
            value = 0
        return tree.Literal(value, text, span)

    def dims(self, start: int, end: int, text: str) -> tree.Dims:
        sizes = text.replace("×", "x").split("x")
        span = Span(self.file_name, start, end)
        if len(sizes) > MOST_DIMENSIONS:
            self.error("E0005", f"a shape has at most {MOST_DIMENSIONS} dimensions", span)
            return tree.Dims((1, 1, 1), span)
        if any(len(size) > 20 or int(size) > LARGEST for size in sizes):
            self.error("E0005", "a dimension may be at most 2^31 - 1", span)
            return tree.Dims((1,) * len(sizes), span)
        return tree.Dims(tuple(map(int, sizes)), span)

    def string(self, start: int, end: int, text: str) -> tree.Literal:
        span = Span(self.file_name, start, end)
        if len(text) - 2 > LONGEST_STRING:
            self.error("E0006", f"a string may have at most {LONGEST_STRING:,} characters", span)
            return tree.Literal("", text, span)
        if "\\" not in text:
            return tree.Literal(text.strip('"'), text, span)
        for escape in _ESCAPE.finditer(text):
            if escape[1] not in _ESCAPES:
                at = Span(self.file_name, start + escape.start(), start + escape.end())
                self.error(
                    "E0105",
                    f"unknown escape '{escape[0]}' in a string",
                    at,
                    'write `\\\\` for a backslash; also `\\"`, `\\n`, `\\t`',
                )
        inner = text[1:-1] if len(text) > 1 and text[-1] == '"' else text[1:]
        return tree.Literal(_ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[0]), inner), text, span)

    def true(self, start: int, end: int, text: str) -> tree.Literal:
        return tree.Literal(True, text, Span(self.file_name, start, end))

    def false(self, start: int, end: int, text: str) -> tree.Literal:
        return tree.Literal(False, text, Span(self.file_name, start, end))

    def none(self, start: int, end: int, text: str) -> tree.Literal:
        return tree.Literal(None, text, Span(self.file_name, start, end))

    def reference(self, start: int, end: int, text: str) -> tree.Reference:
        return tree.Reference(text, Span(self.file_name, start, end))

    def list_value(self, start: int, end: int, items: list[Any] | None) -> Any:
        found = tuple(items or ())
        return self._nested(tree.ListValue(found, Span(self.file_name, start, end)), found)

    def element(self, start: int, end: int, items: Any, index: Any) -> Any:
        return self._nested(tree.Element(items, index, Span(self.file_name, start, end)), (items, index))

    def element_of_name(self, start: int, end: int, name: str, index: Any) -> Any:
        return self.element(start, end, self.reference(start, start + len(name), name), index)

    def unary(self, start: int, end: int, operator: str, operand: Any) -> Any:
        return self._nested(tree.Unary(operator.lower(), operand, Span(self.file_name, start, end)), (operand,))

    def binary(self, start: int, end: int, left: Any, operator: str, right: Any) -> Any:
        return self._nested(tree.Binary(operator.lower(), left, right, Span(self.file_name, start, end)), (left, right))

    def compare(self, start: int, end: int, left: Any, operator: str, right: Any) -> Any:
        if isinstance(left, tree.Binary) and left.operator in _COMPARISONS and left.span.start == start:
            span = Span(self.file_name, start, end)
            self.error("E0101", "comparisons cannot be chained", span, "join them with `and`: `a < b and b < c`")
        return self.binary(start, end, left, operator, right)

    def conditional(self, start: int, end: int, then: Any, _if: str, test: Any, _else: str, otherwise: Any) -> Any:
        span = Span(self.file_name, start, end)
        return self._nested(tree.Conditional(test, then, otherwise, span), (then, test, otherwise))

    def call(self, start: int, end: int, name: str, arguments: Arguments) -> Any:
        called = tree.Name(name, Span(self.file_name, start, start + len(name)))
        node = tree.Call(called, arguments, Span(self.file_name, start, end))
        return self._nested(node, tuple(argument.value for argument in arguments))

    def _nested(self, node: Any, parts: tuple[Any, ...]) -> Any:
        """Bound how deep an expression is, so that whoever walks the tree may recurse."""
        depths = self.depths
        depth = 1
        for part in parts:
            depth = max(depth, depths.get(id(part), 0) + 1)
        if depth > DEEPEST_EXPRESSION:
            if not self.kept:  # once in a statement
                self.error(
                    "E0003",
                    f"the expression is nested more than {DEEPEST_EXPRESSION} deep",
                    node.span,
                    "split it up, with params",
                )
            self.kept.append(node)  # its parts stay alive: depths go by identity
            return tree.Literal(0, "0", node.span)
        depths[id(node)] = depth
        return node

    # Arguments -------------------------------------------------------------------------------------------------------

    def named(self, start: int, end: int, name: str, value: Any) -> tree.Argument:
        known = tree.Name(name, Span(self.file_name, start, start + len(name)))
        return tree.Argument(known, value, Span(self.file_name, start, end))

    def positional(self, start: int, end: int, value: Any) -> tree.Argument:
        return tree.Argument(None, value, Span(self.file_name, start, end))

    def arguments(self, start: int, end: int, items: list[tree.Argument] | None) -> Arguments:
        return tuple(items or ())

    # Layer statements ------------------------------------------------------------------------------------------------

    def body(self, start: int, end: int, statements: list[tree.Statement] | None) -> tree.Body:
        if not statements:
            return tree.Body((), Span(self.file_name, max(start - 1, 0), end))
        span = Span(self.file_name, statements[0].span.start, statements[-1].span.end)
        return tree.Body(tuple(statements), span)

    def braces(self, start: int, end: int, body: tree.Body) -> tree.Body:
        """An empty body is as long as its braces."""
        return body if body.statements else tree.Body((), Span(self.file_name, start, end))

    def layer(
        self, start: int, end: int, label: Any, item: Any, repeat: Any, slash: str | None, stride: Any, claim: Any
    ) -> tree.Layer:
        self.depths.clear()
        self.kept.clear()
        return tree.Layer(label, item, repeat, stride, claim, Span(self.file_name, start, end))

    def label(self, start: int, end: int, text: str) -> tree.Label:
        return tree.Label(text, None, Span(self.file_name, start, start + len(text)))

    def label_computed(self, start: int, end: int, text: str, index: Any, after: str | None) -> tree.Label:
        colon = len(self.source_text[start : end - 1].rstrip())
        return tree.Label(text, index, Span(self.file_name, start, start + colon), after or "")

    def label_dashed(self, start: int, end: int, text: str, dash: str, index: Any, after: str | None) -> tree.Label:
        return self.label_computed(start, end, text + dash, index, after)

    def operation(
        self, start: int, end: int, head: str, kernel: Any, minus: str | None, out: Any, slash: str | None, stride: Any,
        arguments: Arguments | None,
    ) -> tree.Operation:  # fmt: skip
        name = tree.Name(head.replace("×", "x"), Span(self.file_name, start, start + len(head)))
        return tree.Operation(name, kernel, out, stride, arguments, Span(self.file_name, start, end))

    def operation_alias(
        self,
        start: int,
        end: int,
        head: str,
        minus: str | None,
        out: Any,
        slash: str | None,
        stride: Any,
        arguments: Arguments | None,
    ) -> tree.Operation:
        return self.operation(start, end, head, None, minus, out, slash, stride, arguments)

    def repeat(self, start: int, end: int, written: str, index: str | None) -> tree.Repeat:
        text = written[1:].strip()
        span = Span(self.file_name, start + len(written) - len(text), start + len(written))
        return self._repeat(start, end, self.number(span.start, span.end, text), index)

    def repeat_computed(self, start: int, end: int, count: Any, index: str | None) -> tree.Repeat:
        return self._repeat(start, end, count, index)

    def _repeat(self, start: int, end: int, count: Any, index: str | None) -> tree.Repeat:
        name = None if index is None else tree.Name(index, Span(self.file_name, end - len(index), end))
        return tree.Repeat(count, name, Span(self.file_name, start, end))

    def group(self, start: int, end: int, body: tree.Body) -> tree.Group:
        return tree.Group(body, Span(self.file_name, start, end))

    def join(
        self, start: int, end: int, kind: str, arguments: Arguments | None, branches: list[tree.Body]
    ) -> tree.Join:
        name = tree.Name(kind.lower(), Span(self.file_name, start, start + len(kind)))
        return tree.Join(name, arguments or (), tuple(branches), Span(self.file_name, start, end))

    def residual(
        self, start: int, end: int, keyword: str, arguments: Arguments | None, body: tree.Body
    ) -> tree.Residual:
        return tree.Residual(arguments or (), body, Span(self.file_name, start, end))

    def aux(
        self, start: int, end: int, keyword: str, name: str, arguments: Arguments | None, body: tree.Body
    ) -> tree.Aux:
        return tree.Aux(
            self._found(name, start + len(keyword)), arguments or (), body, Span(self.file_name, start, end)
        )

    def goto(self, start: int, end: int, name: str) -> tree.Goto:
        return tree.Goto(self._last(name, end), Span(self.file_name, start, end))

    def reuse(self, start: int, end: int, keyword: str, name: str) -> tree.Reuse:
        return tree.Reuse(self._found(name, self.source_text.index("(", start) + 1), Span(self.file_name, start, end))

    def output(self, start: int, end: int, keyword: str, name: str) -> tree.Output:
        return tree.Output(self._last(name, end), Span(self.file_name, start, end))

    def branch_if(self, start: int, end: int, keyword: str, test: Any, then: tree.Body) -> tree.If:
        return tree.If(test, then, None, Span(self.file_name, start, end))

    def branch_else(
        self, start: int, end: int, keyword: str, test: Any, then: tree.Body, _else: str, otherwise: tree.Body
    ) -> tree.If:
        return tree.If(test, then, otherwise, Span(self.file_name, start, end))

    def branch_else_if(
        self, start: int, end: int, keyword: str, test: Any, then: tree.Body, _else: str, nested: tree.If
    ) -> tree.If:
        layer = tree.Layer(None, nested, None, None, None, nested.span)
        return tree.If(test, then, tree.Body((layer,), nested.span), Span(self.file_name, start, end))

    def bracket(self, start: int, end: int, rows: list[tree.Row]) -> tree.Bracket:
        return tree.Bracket(tuple(rows), Span(self.file_name, start, end))

    def row(
        self,
        start: int,
        end: int,
        kernel: Any,
        out: Any,
        slash: str | None,
        stride: Any,
        arguments: list[tree.Argument] | None,
    ) -> tree.Row:
        return tree.Row(kernel, out, stride, tuple(arguments or ()), Span(self.file_name, start, end))

    def broken(self, start: int, end: int, text: str) -> tree.Broken:
        self.depths.clear()
        self.kept.clear()
        return tree.Broken(Span(self.file_name, start, end))

    # The file --------------------------------------------------------------------------------------------------------

    def file(self, start: int, end: int, body: tree.Body) -> tree.Body:
        return body

    def net(self, start: int, end: int, keyword: str, name: str) -> tree.Net:
        return tree.Net(self._last(name, end), Span(self.file_name, start, end))

    def source(self, start: int, end: int, keyword: str, text: str) -> tree.SourceNote:
        return tree.SourceNote(self.string(end - len(text), end, text), Span(self.file_name, start, end))

    def input(self, start: int, end: int, keyword: str, name: str | None, shape: Any) -> tree.Input:
        known = None if name is None else self._found(name, start + len(keyword))
        return tree.Input(known, shape, self._settled(start, end))

    def param(self, start: int, end: int, keyword: str, name: str, value: Any) -> tree.Param:
        return tree.Param(self._found(name, start + len(keyword)), value, self._settled(start, end))

    def default(self, start: int, end: int, keyword: str, operator: str, arguments: Arguments) -> tree.Default:
        return tree.Default(self._found(operator, start + len(keyword)), arguments, self._settled(start, end))

    def use(self, start: int, end: int, keyword: str, path: str) -> tree.Use:
        return tree.Use(self.string(end - len(path), end, path), Span(self.file_name, start, end))

    def extends(
        self, start: int, end: int, keyword: str, path: str, variant: str | None, arguments: Arguments | None
    ) -> tree.Extends:
        at = self.source_text.index(path, start + len(keyword))
        name = None
        if variant is not None:
            place = self.source_text.index(variant, at + len(path) + len("variant"))
            name = self._found(variant, place)
            if variant[0] == '"':
                name = tree.Name(str(self.string(place, place + len(variant), variant).value), name.span)
        return tree.Extends(self.string(at, at + len(path), path), name, arguments or (), self._settled(start, end))

    def block(
        self,
        start: int,
        end: int,
        keyword: str,
        name: str,
        parameters: tuple[tree.Parameter, ...] | None,
        body: tree.Body,
    ) -> tree.Block:
        return tree.Block(self._found(name, start + len(keyword)), parameters or (), body, self._settled(start, end))

    def parameters(self, start: int, end: int, items: list[tree.Parameter] | None) -> tuple[tree.Parameter, ...]:
        return tuple(items or ())

    def parameter(self, start: int, end: int, name: str, default: Any) -> tree.Parameter:
        return tree.Parameter(self._found(name, start), default, Span(self.file_name, start, end))

    def expect(self, start: int, end: int, keyword: str, target: str, value: Any) -> tree.Expect:
        return tree.Expect(*self._target(target, start + len(keyword)), value, self._settled(start, end))

    def reported(self, start: int, end: int, keyword: str, target: str, value: Any, note: str | None) -> tree.Reported:
        known = None if note is None else self.string(end - len(note), end, note)
        return tree.Reported(*self._target(target, start + len(keyword)), value, known, self._settled(start, end))

    def train(self, start: int, end: int, keyword: str, arguments: Arguments) -> tree.Train:
        return tree.Train(arguments, self._settled(start, end))

    def table(self, start: int, end: int, header: str, rows: list[tree.TableRow] | None) -> tree.Table:
        columns = self._columns(header, start)
        kept = []
        sizes = [len(row.cells) for row in rows or () if len(row.cells) > 1]
        whole = len(sizes) > 1 and len(set(sizes)) == 1 and sizes[0] != len(columns)
        if whole and columns:  # it is the first row that has another number than all others
            self.error(
                "E0104",
                f"the table names {len(columns)} variants, and its rows have {sizes[0]} cells",
                columns[0].span.to(columns[-1].span),
                "name a variant for each column, with `|` between the names",
            )
        for row in rows or ():
            if len(row.cells) in (1, len(columns)):
                kept.append(row)
                continue
            kept.append(tree.TableRow((tree.Body((tree.Broken(row.span),), row.span),), row.span))
            if not whole and not any(_is_broken(cell) for cell in row.cells):
                cells = f"{len(row.cells)} cells, the table has {len(columns)} columns"
                self.error(
                    "E0104",
                    f"this row has {cells}",
                    row.span,
                    "one cell for each column, which may be empty, or one for all",
                )
        return tree.Table(columns, tuple(kept), Span(self.file_name, start, end))

    def table_row(self, start: int, end: int, cells: list[tree.Body]) -> tree.TableRow:
        return tree.TableRow(tuple(cells), Span(self.file_name, start, end))

    def _columns(self, header: str, start: int) -> tuple[tree.Name, ...]:
        """The names in a table's first line."""
        line = _HEADER.search(header)
        assert line
        columns = []
        for match in _COLUMN.finditer(line[1].partition("#")[0]):
            place = start + line.start(1) + match.start()
            span = Span(self.file_name, place, place + len(match[0]))
            if not _VARIANT.fullmatch(match[0]):
                self.error(
                    "E0107", f"'{_short(match[0])}' cannot name a variant", span, "letters, digits, `.`, `_` and `-`"
                )
            columns.append(tree.Name(match[0], span))
        return tuple(columns)

    # Places ----------------------------------------------------------------------------------------------------------

    def _settled(self, start: int, end: int) -> Span:
        """The span of a statement that ends with expressions: how deep they were is no longer asked."""
        self.depths.clear()
        self.kept.clear()
        return Span(self.file_name, start, end)

    def _found(self, name: str, start: int) -> tree.Name:
        """The name whose text is the first after `start` that is not blank."""
        text = self.source_text
        while text[start : start + 1] != name[0]:  # blanks, and in parentheses newlines and comments
            newline = text.find("\n", start)
            start = newline + 1 if text[start] == "#" and newline >= 0 else start + 1
        return tree.Name(name, Span(self.file_name, start, start + len(name)))

    def _last(self, name: str, end: int) -> tree.Name:
        return tree.Name(name, Span(self.file_name, end - len(name), end))

    def _target(self, written: str, start: int) -> tuple[tree.Name | None, tree.Name]:
        """`layer1.0.params`: the label `layer1.0` and the quantity `params`."""
        span = self._found(written, start).span
        label, dot, quantity = written.rpartition(".")
        name = tree.Name(quantity, Span(self.file_name, span.end - len(quantity), span.end))
        return (tree.Name(label, Span(self.file_name, span.start, span.start + len(label))) if dot else None), name


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _looks_right(text: str) -> bool:
    return re.fullmatch(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[KMGT%]?", text) is not None


def _number_help(text: str) -> str | None:
    if re.fullmatch(r"[0-9.]+[kmgtb]", text):
        return f"did you mean `{text[:-1]}{text[-1].upper().replace('B', 'G')}`?" if len(text) <= 40 else None
    if re.fullmatch(r"[0-9]+[xX×]", text) or re.fullmatch(r"[0-9xX×]+", text):
        return "a shape is written `3x224x224`, a repetition `x4`"
    if re.match(r"[0-9]+[A-Za-z_]", text):
        return "a name begins with a letter"
    return None


def _is_broken(cell: tree.Body) -> bool:
    """Whether a mistake in a cell has been told."""
    return any(isinstance(each, tree.Broken) for each in cell.statements)
