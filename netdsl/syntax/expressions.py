"""What the rules of expressions become: numbers, shapes, names, operators, calls, lists.

The base of `layers.Layers`, which builds the statements that hold them.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from lark import Transformer

from netdsl.shapes import LARGEST
from netdsl.syntax import tree
from netdsl.syntax.lex import Token
from netdsl.syntax.numbers import fault, number
from netdsl.syntax.scan import MOST_ERRORS
from netdsl.text.diagnostics import Edit, Report
from netdsl.text.source import Span

DEEPEST_EXPRESSION = 64
LONGEST_STRING = 10_000
MOST_DIMENSIONS = 8
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_CONSTANTS = {"TRUE": True, "FALSE": False, "NONE": None}
_BINDS = {"OR": 1, "AND": 2, "COMPARE": 3, "PLUS": 4, "MINUS": 4, "TIMES": 5, "SLASH": 5}
"""How tight the operators between two operands bind."""
_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))

Parts = list[Any]


class Enclosed(NamedTuple):
    """What stands in brackets, with the place of the brackets."""

    value: Any
    span: Span


def bare(part: Any) -> Any:
    """An expression without the brackets around it."""
    return part.value if type(part) is Enclosed else part


def as_name(token: Token) -> tree.Name:
    """A token as a name."""
    return tree.Name(token.value, token.span)


class Expressions(Transformer[Token, Any]):
    """Builds the nodes of one text at a time: `begin` says where to report its faults."""

    def begin(self, report: Report) -> None:
        """Go on to another text."""
        self.report = report
        self.faults = 0
        self.depths: dict[int, int] = {}
        self.kept: list[Any] = []

    def error(self, code: str, message: str, span: Span, help: str | None = None, edits: tuple[Edit, ...] = ()) -> None:
        """Report a fault inside a statement that is otherwise whole; of a thousand faults only the first ones."""
        self.faults += 1
        if self.faults <= MOST_ERRORS:
            self.report.error(code, message, span, help=help, edits=edits)

    # Lists: built by one rule for the first item and one for each further one ----------------------------------------

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
        return bare(parts[0])

    def number(self, parts: Parts) -> tree.Literal:
        token = parts[0]
        return self._number(token.value, token.span)

    def _number(self, text: str, span: Span) -> tree.Literal:
        value = number(text)
        if value is None:
            message, help, meant = fault(text)
            self.error("E0106", message, span, help, (Edit(span, meant),) if meant else ())
            value = 0
        return tree.Literal(value, text, span)

    def dims(self, parts: Parts) -> tree.Dims:
        token = parts[0]
        return self._dims(token.value, token.span)

    def _dims(self, text: str, span: Span) -> tree.Dims:
        sizes = text.replace("×", "x").split("x")
        if len(sizes) > MOST_DIMENSIONS:
            return self._too_many(span)
        if any(len(size) > 20 or int(size) > LARGEST for size in sizes):
            self.error("E0005", "a dimension may be at most 2^31 - 1", span)
            return tree.Dims((1,) * len(sizes), span)
        return tree.Dims(tuple(map(int, sizes)), span)

    def _too_many(self, span: Span) -> tree.Dims:
        self.error("E0005", f"a shape has at most {MOST_DIMENSIONS} dimensions", span)
        return tree.Dims((1, 1, 1), span)

    def shape(self, parts: Parts) -> Any:
        """`3x{n}x{n}`: dimensions of which some are expressions in braces."""
        first, more = parts
        sizes: list[Any] = []
        computed = []
        for part in (first, *more):
            if type(part) is tree.Dims:
                sizes += part.values
            elif type(part) is tree.Literal:
                sizes.append(self._extent(part))
            else:
                computed.append(bare(part))
                sizes.append(computed[-1])
        span = first.span.to(more[-1].span)
        if len(sizes) > MOST_DIMENSIONS:
            return self._too_many(span)
        return self._nested(tree.Dims(tuple(sizes), span), *computed)

    def _extent(self, size: tree.Literal) -> int:
        """A number among dimensions."""
        if type(size.value) is int and size.value <= LARGEST and size.text.isdigit():
            return size.value
        if number(size.text) is None:
            return 1  # which has been told
        if type(size.value) is int and size.value > LARGEST:
            self.error("E0005", "a dimension may be at most 2^31 - 1", size.span)
        else:
            self.error("E0106", f"a dimension is a whole number, not {size.text}", size.span)
        return 1

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

    def constant(self, parts: Parts) -> tree.Literal:
        token = parts[0]
        return tree.Literal(_CONSTANTS[token.type], token.value, token.span)

    def reference(self, parts: Parts) -> tree.Reference:
        token = parts[0]
        return tree.Reference(token.value, token.span)

    def quantity(self, parts: Parts) -> tree.Quantity:
        first, _, last = parts
        names = first.names if isinstance(first, tree.Quantity) else (as_name(first),)
        return tree.Quantity((*names, as_name(last)), first.span.to(last.span))

    def path(self, parts: Parts) -> tree.Quantity:
        (token,) = parts
        places = [match.span() for match in re.finditer(r"\w+", token.value)]
        file, begin, _ = token.span
        names = (tree.Name(token.value[a:b], Span(file, begin + a, begin + b)) for a, b in places)
        return tree.Quantity(tuple(names), token.span)

    def enclosed(self, parts: Parts) -> Enclosed:
        opening, value, closing = parts
        return Enclosed(bare(value), opening.span.to(closing.span))

    def list_value(self, parts: Parts) -> Any:
        opening, items, _, closing = parts
        found = tuple(map(bare, items or ()))
        return self._nested(tree.ListValue(found, opening.span.to(closing.span)), *found)

    def element(self, parts: Parts) -> Any:
        items, _, index, closing = parts
        index = bare(index)
        return self._nested(tree.Element(items, index, items.span.to(closing.span)), items, index)

    def element_of_name(self, parts: Parts) -> Any:
        name, *rest = parts
        return self.element([tree.Reference(name.value, name.span), *rest])

    def unary(self, parts: Parts) -> Any:
        operator, right = parts
        operand = bare(right)
        return self._nested(tree.Unary(operator.lower(), operand, operator.span.to(right.span)), operand)

    def binary(self, parts: Parts) -> Any:
        first, operator, second = parts
        left, right = bare(first), bare(second)
        return self._nested(tree.Binary(operator.lower(), left, right, first.span.to(second.span)), left, right)

    def chain(self, parts: Parts) -> Parts:
        """Operands with the operators between them."""
        return parts

    def longer_chain(self, parts: Parts) -> Parts:
        chain: Parts
        chain, *further = parts
        chain += further
        return chain

    def grouped(self, parts: Parts) -> Any:
        """A chain as the tree that it means: what binds tighter is done first, and of what binds alike the left one."""
        first, *rest = parts[0]
        operands, operators = [first], list[Token]()
        for operator, operand in zip(rest[::2], rest[1::2], strict=True):
            while operators and _BINDS[operators[-1].type] >= _BINDS[operator.type]:
                self._join(operands, operators.pop())
            operators.append(operator)
            operands.append(operand)
        while operators:
            self._join(operands, operators.pop())
        return operands[0]

    def _join(self, operands: list[Any], operator: Token) -> None:
        """Put an operator between the last two operands."""
        right, left = operands.pop(), operands.pop()
        if operator.type == "COMPARE" and isinstance(left, tree.Binary) and left.operator in _COMPARISONS:
            span = left.span.to(right.span)
            self.error("E0101", "comparisons cannot be chained", span, "join them with `and`: `a < b and b < c`")
            operands.append(tree.Literal(0, "", span))  # a value that is not known
        else:
            operands.append(self.binary([left, operator, right]))

    def conditional(self, parts: Parts) -> Any:
        then, test, otherwise = map(bare, parts[::2])
        span = parts[0].span.to(parts[-1].span)
        return self._nested(tree.Conditional(test, then, otherwise, span), then, test, otherwise)

    def call(self, parts: Parts) -> Any:
        name, given = parts
        node = tree.Call(as_name(name), given.value, name.span.to(given.span))
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
        return tree.Argument(as_name(name), bare(value), name.span.to(value.span))

    def positional(self, parts: Parts) -> tree.Argument:
        value = parts[0]
        return tree.Argument(None, bare(value), value.span)

    def label_seen(self, parts: Parts) -> tree.Seen:
        """A label as a value, whose place begins with the `@`."""
        sign, seen = parts
        return tree.Seen(seen.parts, sign.span.to(seen.span))
