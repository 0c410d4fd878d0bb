"""What each rule of the grammar becomes.

Lark calls the method that the rule names (see `grammar.lark`) with a list of what the rule covers: tokens, nodes, and None
for an optional part that is absent. Tokens and nodes alike have a `span`, so the place of a node goes from that of its
first part to that of its last one. What the grammar lets through and the language does not is reported here, where it is
known what was meant.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from lark import Transformer

from netdsl.shapes import LARGEST
from netdsl.syntax import tree
from netdsl.syntax.lex import Token
from netdsl.syntax.numbers import number
from netdsl.syntax.scan import MOST_ERRORS
from netdsl.text.diagnostics import Edit, Report
from netdsl.text.source import Span

DEEPEST_EXPRESSION = 64
LONGEST_STRING = 10_000
MOST_DIMENSIONS = 8
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_COLUMN = re.compile(r"[^|\s](?:[^|]*[^|\s])?")
_VARIANT = re.compile(r"[A-Za-z0-9._-]+")
_HEADER = re.compile(r"\n[ \t\u00a0]*\|([^\n]*)")

Parts = list[Any]


class Enclosed(NamedTuple):
    """What stands in brackets, with the place of the brackets."""

    value: Any
    span: Span


def _bare(part: Any) -> Any:
    """An expression without the brackets around it."""
    return part.value if type(part) is Enclosed else part


def _all(part: Enclosed | None) -> tuple[Any, ...]:
    """The items of a list in brackets that may be absent."""
    return () if part is None else part.value


def _name(token: Token) -> tree.Name:
    return tree.Name(token.value, token.span)


class Reducer(Transformer[Token, Any]):
    """Builds the nodes of one text at a time: `begin` says where to report its faults."""

    def begin(self, report: Report) -> None:
        """Go on to another text."""
        self.report = report
        self.faults = 0
        self.depths: dict[int, int] = {}
        self.kept: list[Any] = []
        self.begun: list[tree.Statement] = []
        """The statements of the body that was begun last."""

    def error(self, code: str, message: str, span: Span, help: str | None = None, edits: tuple[Edit, ...] = ()) -> None:
        """Report a fault inside a statement that is otherwise whole; of a thousand faults only the first ones."""
        self.faults += 1
        if self.faults <= MOST_ERRORS:
            self.report.error(code, message, span, help=help, edits=edits)

    # Lists: built by one rule for the first item and one for each further one --------------------------------------

    def first(self, parts: Parts) -> list[Any]:
        return [parts[-1]]

    def more(self, parts: Parts) -> list[Any]:
        items: list[Any] = parts[0]
        items.append(parts[-1])
        return items

    def enclosed_list(self, parts: Parts) -> Enclosed:
        opening, items, _, closing = parts
        return Enclosed(tuple(items or ()), opening.span.to(closing.span))

    # Expressions -----------------------------------------------------------------------------------------------------

    def alone(self, parts: Parts) -> Any:
        return _bare(parts[0])

    def number(self, parts: Parts) -> tree.Literal:
        token = parts[0]
        return self._number(token.value, token.span)

    def _number(self, text: str, span: Span) -> tree.Literal:
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

    def dims(self, parts: Parts) -> tree.Dims:
        token = parts[0]
        sizes = token.value.replace("×", "x").split("x")
        if len(sizes) > MOST_DIMENSIONS:
            self.error("E0005", f"a shape has at most {MOST_DIMENSIONS} dimensions", token.span)
            return tree.Dims((1, 1, 1), token.span)
        if any(len(size) > 20 or int(size) > LARGEST for size in sizes):
            self.error("E0005", "a dimension may be at most 2^31 - 1", token.span)
            return tree.Dims((1,) * len(sizes), token.span)
        return tree.Dims(tuple(map(int, sizes)), token.span)

    def string(self, parts: Parts) -> tree.Literal:
        return self._string(parts[0])

    def _string(self, token: Token) -> tree.Literal:
        text, span = token.value, token.span
        if len(text) - 2 > LONGEST_STRING:
            self.error("E0006", f"a string may have at most {LONGEST_STRING:,} characters", span)
            return tree.Literal("", text, span)
        if "\\" not in text:
            return tree.Literal(text.strip('"'), text, span)
        for escape in _ESCAPE.finditer(text):
            if escape[1] not in _ESCAPES:
                at = Span(span.file, span.start + escape.start(), span.start + escape.end())
                help = 'write `\\\\` for a backslash; also `\\"`, `\\n`, `\\t`'
                self.error("E0105", f"unknown escape '{escape[0]}' in a string", at, help)
        inner = text[1:-1] if len(text) > 1 and text[-1] == '"' else text[1:]
        return tree.Literal(_ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[0]), inner), text, span)

    def true(self, parts: Parts) -> tree.Literal:
        return tree.Literal(True, parts[0].value, parts[0].span)

    def false(self, parts: Parts) -> tree.Literal:
        return tree.Literal(False, parts[0].value, parts[0].span)

    def none(self, parts: Parts) -> tree.Literal:
        return tree.Literal(None, parts[0].value, parts[0].span)

    def reference(self, parts: Parts) -> tree.Reference:
        token = parts[0]
        return tree.Reference(token.value, token.span)

    def enclosed(self, parts: Parts) -> Enclosed:
        opening, value, closing = parts
        return Enclosed(_bare(value), opening.span.to(closing.span))

    def list_value(self, parts: Parts) -> Any:
        opening, items, _, closing = parts
        found = tuple(map(_bare, items or ()))
        return self._nested(tree.ListValue(found, opening.span.to(closing.span)), *found)

    def element(self, parts: Parts) -> Any:
        items, _, index, closing = parts
        index = _bare(index)
        return self._nested(tree.Element(items, index, items.span.to(closing.span)), items, index)

    def element_of_name(self, parts: Parts) -> Any:
        name, *rest = parts
        return self.element([tree.Reference(name.value, name.span), *rest])

    def unary(self, parts: Parts) -> Any:
        operator, right = parts
        operand = _bare(right)
        return self._nested(tree.Unary(operator.lower(), operand, operator.span.to(right.span)), operand)

    def binary(self, parts: Parts) -> Any:
        first, operator, second = parts
        left, right = _bare(first), _bare(second)
        return self._nested(tree.Binary(operator.lower(), left, right, first.span.to(second.span)), left, right)

    def compare(self, parts: Parts) -> Any:
        left = parts[0]
        if isinstance(left, tree.Binary) and left.operator in _COMPARISONS:
            span = left.span.to(parts[-1].span)
            self.error("E0101", "comparisons cannot be chained", span, "join them with `and`: `a < b and b < c`")
        return self.binary(parts)

    def conditional(self, parts: Parts) -> Any:
        then, test, otherwise = map(_bare, parts[::2])
        span = parts[0].span.to(parts[-1].span)
        return self._nested(tree.Conditional(test, then, otherwise, span), then, test, otherwise)

    def call(self, parts: Parts) -> Any:
        name, given = parts
        node = tree.Call(_name(name), given.value, name.span.to(given.span))
        return self._nested(node, *[argument.value for argument in given.value])

    def _nested(self, node: Any, *parts: Any) -> Any:
        """Bound how deep an expression is, so that whoever walks the tree may recurse."""
        depths = self.depths
        depth = 1
        for part in parts:
            depth = max(depth, depths.get(id(part), 0) + 1)
        if depth > DEEPEST_EXPRESSION:
            if not self.kept:  # once in a statement
                message = f"the expression is nested more than {DEEPEST_EXPRESSION} deep"
                self.error("E0003", message, node.span, "split it up, with params")
            self.kept.append(node)  # its parts stay alive: depths go by identity
            return tree.Literal(0, "0", node.span)
        depths[id(node)] = depth
        return node

    def _settle(self) -> None:
        """A statement is whole: how deep its expressions were is no longer asked."""
        if self.depths:
            self.depths.clear()
            self.kept.clear()

    def named(self, parts: Parts) -> tree.Argument:
        name, _, value = parts
        return tree.Argument(_name(name), _bare(value), name.span.to(value.span))

    def positional(self, parts: Parts) -> tree.Argument:
        value = parts[0]
        return tree.Argument(None, _bare(value), value.span)

    # Layer statements ------------------------------------------------------------------------------------------------

    def body(self, parts: Parts) -> list[tree.Statement]:
        return parts[0] or []

    def first_statement(self, parts: Parts) -> list[tree.Statement]:
        self.begun = parts
        return parts

    def first_body(self, parts: Parts) -> Parts:
        """The sign before the first of several bodies, and the bodies."""
        sign, statements = parts
        return [sign, _body(statements, sign.span)]

    def more_bodies(self, parts: Parts) -> Parts:
        found: Parts
        found, sign, statements = parts
        found.append(_body(statements, sign.span))
        return found

    def braces(self, parts: Parts) -> Enclosed:
        opening, statements, closing = parts
        span = opening.span.to(closing.span)
        return Enclosed(_body(statements, span), span)

    def layer(self, parts: Parts) -> tree.Layer:
        label, item, repeat, _, stride, _, claim = parts
        self._settle()
        first = label or item
        last = claim or stride or repeat or item
        span = item.span if first is last else first.span.to(last.span)
        return tree.Layer(label, item, repeat, _bare(stride), claim, span)

    def label(self, parts: Parts) -> tree.Label:
        return tree.Label(parts[0].value, None, parts[0].span)

    def label_computed(self, parts: Parts) -> tree.Label:
        name, index, after, _ = parts
        span = name.span.to((after or index).span)
        return tree.Label(name.value, index.value, span, after.value if after else "")

    def label_dashed(self, parts: Parts) -> tree.Label:
        name, dash, index, after, _ = parts
        span = name.span.to((after or index).span)
        return tree.Label(name.value + dash.value, index.value, span, after.value if after else "")

    def operation(self, parts: Parts) -> tree.Operation:
        head, kernel, _, out, _, stride, given = parts
        name = tree.Name(head.replace("×", "x"), head.span)
        last = given or stride or out or kernel
        span = head.span if last is None else head.span.to(last.span)
        arguments = None if given is None else given.value
        return tree.Operation(name, _bare(kernel), _bare(out), _bare(stride), arguments, span)

    def operation_alias(self, parts: Parts) -> tree.Operation:
        head, *rest = parts
        return self.operation([head, None, *rest])

    def repeat(self, parts: Parts) -> tree.Repeat:
        written, _, index = parts
        text = written[1:].strip()
        span = written.span
        count = self._number(text, Span(span.file, span.end - len(text), span.end))
        return tree.Repeat(count, _name(index) if index else None, span.to((index or written).span))

    def repeat_computed(self, parts: Parts) -> tree.Repeat:
        opening, count, closing, _, index = parts
        span = opening.span.to((index or closing).span)
        return tree.Repeat(_bare(count), _name(index) if index else None, span)

    def group(self, parts: Parts) -> tree.Group:
        return tree.Group(*parts[0])

    def join(self, parts: Parts) -> tree.Join:
        kind, given, (_, *branches), closing = parts
        name = tree.Name(kind.lower(), kind.span)
        return tree.Join(name, _all(given), tuple(branches), kind.span.to(closing.span))

    def residual(self, parts: Parts) -> tree.Residual:
        keyword, given, braces = parts
        return tree.Residual(_all(given), braces.value, keyword.span.to(braces.span))

    def aux(self, parts: Parts) -> tree.Aux:
        keyword, name, given, braces = parts
        return tree.Aux(_name(name), _all(given), braces.value, keyword.span.to(braces.span))

    def goto(self, parts: Parts) -> tree.Goto:
        sign, name = parts
        return tree.Goto(_name(name), sign.span.to(name.span))

    def reuse(self, parts: Parts) -> tree.Reuse:
        keyword, _, name, closing = parts
        return tree.Reuse(_name(name), keyword.span.to(closing.span))

    def output(self, parts: Parts) -> tree.Output:
        keyword, name = parts
        return tree.Output(_name(name), keyword.span.to(name.span))

    def branch_if(self, parts: Parts) -> tree.If:
        keyword, test, then = parts
        return tree.If(_bare(test), then.value, None, keyword.span.to(then.span))

    def branch_else(self, parts: Parts) -> tree.If:
        keyword, test, then, _, otherwise = parts
        return tree.If(_bare(test), then.value, otherwise.value, keyword.span.to(otherwise.span))

    def branch_else_if(self, parts: Parts) -> tree.If:
        *before, nested = parts
        layer = tree.Layer(None, nested, None, None, None, nested.span)
        return self.branch_else([*before, Enclosed(tree.Body((layer,), nested.span), nested.span)])

    def bracket(self, parts: Parts) -> tree.Bracket:
        opening, _, rows, _, closing = parts
        return tree.Bracket(tuple(rows), opening.span.to(closing.span))

    def row(self, parts: Parts) -> tree.Row:
        kernel, _, out, _, stride, arguments = parts
        last = arguments[-1] if arguments else stride or out
        span = kernel.span.to(last.span)
        return tree.Row(_bare(kernel), _bare(out), _bare(stride), tuple(arguments or ()), span)

    def broken(self, parts: Parts) -> tree.Broken:
        self._settle()
        return tree.Broken(parts[0].span)

    # The file --------------------------------------------------------------------------------------------------------

    def file(self, parts: Parts) -> tuple[tree.Statement, ...]:
        return tuple(parts[0])

    def net(self, parts: Parts) -> tree.Net:
        keyword, name = parts
        return tree.Net(_name(name), keyword.span.to(name.span))

    def source(self, parts: Parts) -> tree.SourceNote:
        keyword, text = parts
        return tree.SourceNote(self._string(text), keyword.span.to(text.span))

    def input(self, parts: Parts) -> tree.Input:
        keyword, name, _, shape = parts
        self._settle()
        return tree.Input(_name(name) if name else None, _bare(shape), keyword.span.to(shape.span))

    def param(self, parts: Parts) -> tree.Param:
        keyword, name, _, value = parts
        self._settle()
        return tree.Param(_name(name), _bare(value), keyword.span.to(value.span))

    def default(self, parts: Parts) -> tree.Default:
        keyword, operator, given = parts
        self._settle()
        return tree.Default(_name(operator), given.value, keyword.span.to(given.span))

    def use(self, parts: Parts) -> tree.Use:
        keyword, path = parts
        return tree.Use(self._string(path), keyword.span.to(path.span))

    def extends(self, parts: Parts) -> tree.Extends:
        keyword, path, _, variant, given = parts
        self._settle()
        name = None
        if variant is not None:
            quoted = variant.value[0] == '"'
            name = tree.Name(str(self._string(variant).value), variant.span) if quoted else _name(variant)
        return tree.Extends(self._string(path), name, _all(given), keyword.span.to((given or variant or path).span))

    def block(self, parts: Parts) -> tree.Block:
        keyword, name, parameters, braces = parts
        self._settle()
        return tree.Block(_name(name), _all(parameters), braces.value, keyword.span.to(braces.span))

    def parameter(self, parts: Parts) -> tree.Parameter:
        name, _, default = parts
        return tree.Parameter(_name(name), _bare(default), name.span.to((default or name).span))

    def expect(self, parts: Parts) -> tree.Expect:
        keyword, target, _, value = parts
        self._settle()
        return tree.Expect(*_target(target), _bare(value), keyword.span.to(value.span))

    def reported(self, parts: Parts) -> tree.Reported:
        keyword, target, _, value, note = parts
        self._settle()
        known = None if note is None else self._string(note)
        return tree.Reported(*_target(target), _bare(value), known, keyword.span.to((note or value).span))

    def train(self, parts: Parts) -> tree.Train:
        keyword, given = parts
        self._settle()
        return tree.Train(given.value, keyword.span.to(given.span))

    def table(self, parts: Parts) -> tree.Table:
        header, rows, end = parts
        columns = self._columns(header)
        kept = []
        sizes = [len(row.cells) for row in rows or () if len(row.cells) > 1]
        whole = len(sizes) > 1 and len(set(sizes)) == 1 and sizes[0] != len(columns)
        if whole and columns:  # it is the first row that has another number than all others
            message = f"the table names {len(columns)} variants, and its rows have {sizes[0]} cells"
            help = "name a variant for each column, with `|` between the names"
            self.error("E0104", message, columns[0].span.to(columns[-1].span), help)
        for row in rows or ():
            if len(row.cells) in (1, len(columns)):
                kept.append(row)
                continue
            kept.append(tree.TableRow((tree.Body((tree.Broken(row.span),), row.span),), row.span))
            if not whole and not any(_is_broken(cell) for cell in row.cells):
                message = f"this row has {len(row.cells)} cells, the table has {len(columns)} columns"
                help = "one cell for each column, which may be empty, or one for all"
                self.error("E0104", message, row.span, help)
        return tree.Table(columns, tuple(kept), header.span.to(end.span))

    def table_row(self, parts: Parts) -> tree.TableRow:
        bar, *cells = parts[0]
        return tree.TableRow(tuple(cells), bar.span.to(cells[-1].span))

    def _columns(self, header: Token) -> tuple[tree.Name, ...]:
        """The names in a table's first line."""
        line = _HEADER.search(header)
        assert line
        columns = []
        for match in _COLUMN.finditer(line[1].partition("#")[0]):
            start = header.span.start + line.start(1) + match.start()
            span = Span(header.span.file, start, start + len(match[0]))
            if not _VARIANT.fullmatch(match[0]):
                message = f"'{_short(match[0])}' cannot name a variant"
                self.error("E0107", message, span, "letters, digits, `.`, `_` and `-`")
            columns.append(tree.Name(match[0], span))
        return tuple(columns)


def _body(statements: list[tree.Statement], empty: Span) -> tree.Body:
    """Statements as a body, which is as long as they are, or stands at `empty` where there are none."""
    if not statements:
        return tree.Body((), empty)
    return tree.Body(tuple(statements), statements[0].span.to(statements[-1].span))


def _target(token: Token) -> tuple[tree.Name | None, tree.Name]:
    """`layer1.0.params`: the label `layer1.0` and the quantity `params`."""
    file, start, end = token.span
    label, dot, quantity = token.value.rpartition(".")
    name = tree.Name(quantity, Span(file, end - len(quantity), end))
    return (tree.Name(label, Span(file, start, start + len(label))) if dot else None), name


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
