"""What each rule of the grammar becomes: the methods are called with a rule's parts as the parser reduces it.

Tokens of brackets are kept among the parts, since a span begins and ends with them.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from lark import Token, Transformer

from netdsl.diagnostics import Report
from netdsl.shapes import LARGEST
from netdsl.source import Source, Span
from netdsl.syntax import tree

DEEPEST_EXPRESSION = 64
LONGEST_STRING = 10_000
LONGEST_NUMBER = 40
_SUFFIXES: dict[str, int | Fraction] = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "%": Fraction(1, 100)}
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def number(text: str) -> int | float:
    """The value of a number as written: `60K` is 60000, `40%` 0.4, `1.8G` an integer, `2.0` a float."""
    unit = _SUFFIXES.get(text[-1])
    digits = text[:-1] if unit is not None else text
    if unit is None and digits.isdigit():
        return int(digits)
    exact = Fraction(digits) * (unit or 1)
    if unit is not None and text[-1] != "%" and exact.denominator == 1:
        return int(exact)
    return float(exact)


class Reducer(Transformer[Token, Any]):
    """Builds the tree of one source. Faults inside a token or a table go to `report`."""

    def __init__(self, source: Source, report: Report):
        super().__init__()
        self.origin = source
        self.report = report
        self.file_name = source.name
        self.depths: dict[int, int] = {}
        self.saved: dict[int | None, list[Any]] = {}

    # Spans and small parts -------------------------------------------------------------------------------------------

    def _at(self, token: Token) -> Span:
        return Span(self.file_name, int(token.start_pos or 0), int(token.end_pos or 0))

    def _over(self, parts: list[Any]) -> Span:
        """From the first part to the last."""
        present = [part for part in parts if part is not None and part != []]
        first, last = present[0], present[-1]
        start = int(first.start_pos or 0) if isinstance(first, Token) else first.span.start
        end = int(last.end_pos or 0) if isinstance(last, Token) else last.span.end
        return Span(self.file_name, start, end)

    def _name(self, token: Token) -> tree.Name:
        return tree.Name(str(token), self._at(token))

    def _deep(self, node: Any, *parts: Any) -> Any:
        """Bound how deep an expression is: whoever walks the tree may recurse."""
        depth = 1 + max((self.depths.get(id(part), 0) for part in parts), default=0)
        if depth > DEEPEST_EXPRESSION:
            self.report.error(
                "E0003",
                f"the expression is nested more than {DEEPEST_EXPRESSION} deep",
                node.span,
                help="make it shorter, with params",
            )
            return tree.Literal(0, "0", node.span)
        self.depths[id(node)] = depth
        return node

    # Expressions -----------------------------------------------------------------------------------------------------

    def number(self, parts: list[Any]) -> tree.Literal:
        token = parts[0]
        text = str(token)
        value: int | float = 0
        exponent = re.search(r"[eE]([+-]?\d+)", text)
        if len(text) > LONGEST_NUMBER or (exponent and abs(int(exponent[1])) > 300):
            self.report.error("E0106", "this number is out of range", self._at(token), help="numbers go up to 2^63 - 1")
        else:
            value = number(text)
        return tree.Literal(value, text, self._at(token))

    def dims(self, parts: list[Any]) -> tree.Dims:
        token = parts[0]
        texts = re.split("[x×]", token)
        if any(len(text) > 10 or int(text) > LARGEST for text in texts):
            self.report.error("E0005", "a dimension may be at most 2^31 - 1", self._at(token))
            return tree.Dims((1,) * len(texts), self._at(token))
        return tree.Dims(tuple(map(int, texts)), self._at(token))

    def string(self, parts: list[Any]) -> tree.Literal:
        return self._string(parts[0])

    def _string(self, token: Token) -> tree.Literal:
        if len(token) - 2 > LONGEST_STRING:
            self.report.error("E0006", f"a string may have at most {LONGEST_STRING:,} characters", self._at(token))
            return tree.Literal("", str(token), self._at(token))
        value = re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), token[1:-1])
        return tree.Literal(value, str(token), self._at(token))

    def true(self, parts: list[Any]) -> tree.Literal:
        return tree.Literal(True, str(parts[0]), self._at(parts[0]))

    def false(self, parts: list[Any]) -> tree.Literal:
        return tree.Literal(False, str(parts[0]), self._at(parts[0]))

    def none(self, parts: list[Any]) -> tree.Literal:
        return tree.Literal(None, str(parts[0]), self._at(parts[0]))

    def reference(self, parts: list[Any]) -> tree.Reference:
        return tree.Reference(str(parts[0]), self._at(parts[0]))

    def list_value(self, parts: list[Any]) -> tree.ListValue:
        items = tuple(part for part in parts[1:-1] if part is not None)
        return self._deep(tree.ListValue(items, self._over(parts)), *items)  # type: ignore[no-any-return]

    def parenthesized(self, parts: list[Any]) -> Any:
        return parts[1]

    def braced(self, parts: list[Any]) -> Any:
        return parts[1]

    def unary(self, parts: list[Any]) -> Any:
        return self._deep(tree.Unary(str(parts[0]).lower(), parts[1], self._over(parts)), parts[1])

    def binary(self, parts: list[Any]) -> Any:
        left, operator, right = parts
        return self._deep(tree.Binary(str(operator).lower(), left, right, self._over(parts)), left, right)

    def conditional(self, parts: list[Any]) -> Any:
        then, _, test, _, otherwise = parts
        return self._deep(tree.Conditional(test, then, otherwise, self._over(parts)), then, test, otherwise)

    def call(self, parts: list[Any]) -> Any:
        name, arguments = parts
        values = [argument.value for argument in arguments.items]
        return self._deep(tree.Call(self._name(name), arguments.items, self._over([name, arguments])), *values)

    def named(self, parts: list[Any]) -> tree.Argument:
        return tree.Argument(self._name(parts[0]), parts[1], self._over(parts))

    def positional(self, parts: list[Any]) -> tree.Argument:
        return tree.Argument(None, parts[0], parts[0].span)

    def arguments(self, parts: list[Any]) -> Any:
        return _Arguments(tuple(part for part in parts[1:-1] if part is not None), self._over(parts))

    # Layer statements ------------------------------------------------------------------------------------------------

    def body(self, parts: list[Any]) -> Any:
        found: list[Any] = []
        for part in parts:
            if isinstance(part, _Several):
                found.extend(part.items)
            elif part is not None:
                found.append(part)
        statements = tuple(found)
        span = self._over(list(statements)) if statements else Span(self.file_name, 0, 0)
        return tree.Body(statements, span)

    def file(self, parts: list[Any]) -> tree.Body:
        return parts[0]  # type: ignore[no-any-return]

    def _braced(self, body: tree.Body, left: Token, right: Token) -> tree.Body:
        """A body between two tokens: an empty one lies between them."""
        if body.statements:
            return body
        return tree.Body((), Span(self.file_name, left.start_pos, right.end_pos))  # type: ignore[arg-type]

    def plain(self, parts: list[Any]) -> tree.Operation:
        head, *rest = parts
        kernel = rest.pop(0) if len(rest) == 5 else None
        _, out, _, stride = rest
        end = self._over(parts)
        if isinstance(parts[-1], (tree.Literal, tree.Dims, tree.Reference)) or parts[-1] is None:
            pass
        return tree.Operation(self._name(head), kernel, out, stride, None, self._stretch(end, stride or out or kernel))

    def _stretch(self, span: Span, last: Any) -> Span:
        """Include the closing brace behind a computed part."""
        text = self.origin.text
        end = span.end
        if last is not None:
            at = end
            while at < len(text) and text[at] in " \t":
                at += 1
            if (
                at < len(text)
                and text[at] == "}"
                and text.rfind("{", span.start, end) > text.rfind("}", span.start, end)
            ):
                end = at + 1
        return Span(span.file, span.start, end)

    def called(self, parts: list[Any]) -> tree.Operation:
        plain, arguments = parts
        return tree.Operation(
            plain.head, plain.kernel, plain.out, plain.stride, arguments.items, plain.span.to(arguments.span)
        )

    def label(self, parts: list[Any]) -> tree.Label:
        if len(parts) == 1:
            return tree.Label(str(parts[0]), None, self._at(parts[0]))
        name, _, index, right, after = parts
        return tree.Label(str(name), index, self._over([name, after or right]), str(after) if after is not None else "")

    def layer(self, parts: list[Any]) -> tree.Layer:
        label, item, repeat, *rest, claim = parts
        stride = rest[-1] if rest else None
        known = self._over([label, item, repeat, stride, claim])
        return tree.Layer(label, item, repeat, stride, claim, self._stretch(known, None if claim else stride))

    def group(self, parts: list[Any]) -> tree.Group:
        left, body, right = parts
        return tree.Group(self._braced(body, left, right), self._over(parts))

    def join(self, parts: list[Any]) -> tree.Join:
        kind, arguments, left, *rest, right = parts
        branches, before = [], left
        bodies = [part for part in rest if isinstance(part, tree.Body)]
        for body in bodies:
            branches.append(self._braced(body, before, right if len(bodies) == 1 else before))
        name = tree.Name(str(kind).lower(), self._at(kind))
        return tree.Join(name, arguments.items if arguments else (), tuple(branches), self._over(parts))

    def residual(self, parts: list[Any]) -> tree.Residual:
        _, arguments, left, body, right = parts
        return tree.Residual(arguments.items if arguments else (), self._braced(body, left, right), self._over(parts))

    def aux(self, parts: list[Any]) -> tree.Aux:
        _, name, arguments, left, body, right = parts
        return tree.Aux(
            self._name(name), arguments.items if arguments else (), self._braced(body, left, right), self._over(parts)
        )

    def goto(self, parts: list[Any]) -> tree.Goto:
        return tree.Goto(self._name(parts[1]), self._over(parts))

    def reuse(self, parts: list[Any]) -> tree.Reuse:
        return tree.Reuse(self._name(parts[2]), self._over(parts))

    def output(self, parts: list[Any]) -> tree.Output:
        return tree.Output(self._name(parts[1]), self._over(parts))

    def conditional_layers(self, parts: list[Any]) -> tree.If:
        _, test, left, then, right, *rest = parts
        otherwise: tree.Body | None = None
        rest = [part for part in rest if part is not None]
        if rest and isinstance(rest[-1], tree.If):
            nested = rest[-1]
            layer = tree.Layer(None, nested, None, None, None, nested.span)
            otherwise = self._nest(tree.Body((layer,), nested.span))
        elif rest:
            otherwise = self._braced(rest[2], rest[1], rest[3])
        return tree.If(test, self._braced(then, left, right), otherwise, self._over(parts))

    def _nest(self, body: tree.Body) -> tree.Body:
        depth = 0
        inner: Any = body
        while (
            inner is not None and inner.statements and isinstance(getattr(inner.statements[0], "item", None), tree.If)
        ):
            inner = inner.statements[0].item.otherwise
            depth += 1
        if depth > DEEPEST_EXPRESSION:
            self.report.error("E0003", f"more than {DEEPEST_EXPRESSION} `else if` in a row", body.span)
            return tree.Body((), body.span)
        return body

    def bracket(self, parts: list[Any]) -> tree.Bracket:
        return tree.Bracket(tuple(part for part in parts if isinstance(part, tree.Row)), self._over(parts))

    def row(self, parts: list[Any]) -> tree.Row:
        kernel, out, _, stride, *arguments = parts
        given = tuple(part for part in arguments if isinstance(part, tree.Argument))
        span = self._over([kernel, out, stride, *given])
        return tree.Row(kernel, out, stride, given, self._stretch(span, None if given else stride or out))

    def repeat(self, parts: list[Any]) -> tree.Repeat:
        token, *index = parts
        text = token[1:].strip()
        value = int(text) if len(text) <= 18 else 10**18
        span = self._at(token)
        count = tree.Literal(value, text, span)
        return tree.Repeat(count, self._name(index[0]) if index and index[0] is not None else None, self._over(parts))

    def repeat_computed(self, parts: list[Any]) -> tree.Repeat:
        _, count, _, index = parts
        return tree.Repeat(count, self._name(index) if index is not None else None, self._over(parts))

    def broken(self, parts: list[Any]) -> Any:
        """A statement with a syntax error; what stood complete before it (`saved`) is kept."""
        token = parts[0]
        saved = self.saved.pop(token.start_pos, [])
        broken = tree.Broken(self._at(token))
        return _Several((*saved, broken), broken.span) if saved else broken

    # The file --------------------------------------------------------------------------------------------------------

    def net(self, parts: list[Any]) -> tree.Net:
        return tree.Net(self._name(parts[1]), self._over(parts))

    def source(self, parts: list[Any]) -> tree.SourceNote:
        return tree.SourceNote(self._string(parts[1]), self._over(parts))

    def input(self, parts: list[Any]) -> tree.Input:
        _, name, shape = parts
        return tree.Input(self._name(name) if name is not None else None, shape, self._over(parts))

    def param(self, parts: list[Any]) -> tree.Param:
        return tree.Param(self._name(parts[1]), parts[2], self._over(parts))

    def default(self, parts: list[Any]) -> tree.Default:
        return tree.Default(self._name(parts[1]), parts[2].items, self._over(parts))

    def use(self, parts: list[Any]) -> tree.Use:
        return tree.Use(self._string(parts[1]), self._over(parts))

    def extends(self, parts: list[Any]) -> tree.Extends:
        _, path, variant, arguments = parts
        name = None
        if variant is not None:
            quoted = variant.type == "STRING"
            name = tree.Name(str(self._string(variant).value) if quoted else str(variant), self._at(variant))
        return tree.Extends(self._string(path), name, arguments.items if arguments else (), self._over(parts))

    def parameter(self, parts: list[Any]) -> tree.Parameter:
        return tree.Parameter(self._name(parts[0]), parts[1], self._over(parts))

    def block(self, parts: list[Any]) -> tree.Block:
        _, name, *rest = parts
        parameters = tuple(part for part in rest if isinstance(part, tree.Parameter))
        left, body, right = rest[-3:]
        return tree.Block(self._name(name), parameters, self._braced(body, left, right), self._over(parts))

    def _target(self, token: Token) -> tuple[tree.Name | None, tree.Name]:
        """`layer1.0.params`: the label `layer1.0` and the quantity `params`."""
        label, dot, quantity = token.rpartition(".")
        start, end = int(token.start_pos or 0), int(token.end_pos or 0)
        name = tree.Name(quantity, Span(self.file_name, end - len(quantity), end))
        return (tree.Name(label, Span(self.file_name, start, start + len(label))) if dot else None), name

    def expect(self, parts: list[Any]) -> tree.Expect:
        return tree.Expect(*self._target(parts[1]), parts[2], self._over(parts))

    def reported(self, parts: list[Any]) -> tree.Reported:
        _, target, value, note = parts
        return tree.Reported(
            *self._target(target), value, self._string(note) if note is not None else None, self._over(parts)
        )

    def train(self, parts: list[Any]) -> tree.Train:
        return tree.Train(parts[1].items, self._over(parts))

    def cell(self, parts: list[Any]) -> tree.Body:
        return self.body(parts)  # type: ignore[no-any-return]

    def table_row(self, parts: list[Any]) -> tree.TableRow:
        bar, *cells = parts
        end = int(bar.end_pos or 0)
        filled = [cell for cell in cells if cell.statements]
        span = Span(self.file_name, end - 1, filled[-1].span.end if filled else end)
        if len(cells) > 1 and not cells[-1].statements:
            cells = cells[:-1]  # the bar that closes the line
        return tree.TableRow(tuple(cells), span)

    def table(self, parts: list[Any]) -> tree.Table:
        head, *rows = parts
        start = int(head.start_pos or 0)
        columns = self._columns(head, start)
        for row in rows:
            if len(row.cells) not in (1, len(columns)):
                self.report.error(
                    "E0104",
                    f"this row has {len(row.cells)} cells, the table has {len(columns)} columns",
                    row.span,
                    help="one cell for each column (it may be empty), or a single one for all",
                )
        kept = tuple(row for row in rows if len(row.cells) in (1, len(columns)))
        return tree.Table(columns, kept, self._over([head, *rows]))

    def _columns(self, head: Token, start: int) -> tuple[tree.Name, ...]:
        """The names in a table's first line."""
        lines = [(match.start(), match[0]) for match in re.finditer(r"[^\n]+", head)]
        at, line = next((at, line) for at, line in lines if line.lstrip().startswith("|"))
        columns = []
        for match in re.finditer(r"[^|\s](?:[^|]*[^|\s])?", line.partition("#")[0]):
            begin = start + at + match.start()
            span = Span(self.file_name, begin, begin + len(match[0]))
            if not re.fullmatch(r"[A-Za-z0-9._-]+", match[0]):
                self.report.error(
                    "E0107", f"'{match[0]}' cannot name a variant", span, help="letters, digits, `.`, `_` and `-`"
                )
            columns.append(tree.Name(match[0], span))
        return tuple(columns)


class _Arguments:
    """The arguments between parentheses, with the place of both."""

    __slots__ = ("items", "span")

    def __init__(self, items: tuple[Any, ...], span: Span):
        self.items, self.span = items, span


class _Several(_Arguments):
    """Statements that stand where one was expected."""
