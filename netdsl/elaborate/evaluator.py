"""Expressions to values. Nothing here can run code or take long: numbers are bounded, and there are no loops."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from netdsl.elaborate.functions import ARITHMETIC, FUNCTIONS, ORDER, Unsuited, unknown_function
from netdsl.elaborate.problems import Problem, Told
from netdsl.elaborate.values import TRUTHS, UNKNOWN, Given, Word, bounded, show
from netdsl.ir import Setting
from netdsl.shapes import LARGEST_NUMBER
from netdsl.shapes import text as shape_text
from netdsl.syntax import tree
from netdsl.syntax.numbers import number
from netdsl.syntax.scan import uncommented
from netdsl.syntax.walk import children
from netdsl.text.diagnostics import did_you_mean
from netdsl.text.source import Span

DIMENSIONS = ((), ("length",), ("height", "width"), ("depth", "height", "width"))
"""What the dimensions behind the channels are called, by their number."""
SIZES = ("channels", "length", "depth", "height", "width")
"""The names that stand for the size of the current value."""


def references(node: Any) -> Iterator[str]:
    """The names in an expression."""
    kind = type(node)
    if kind is tree.Reference:
        yield node.name
    elif kind is tree.Call:  # whose name is a function's
        for each in node.arguments:
            yield from references(each.value)
    elif kind is not tree.Literal:
        for each in children(node):
            yield from references(each)


def shown(node: tree.Expression, text: str) -> str:
    """An expression as it is written in the text of its file, in one line."""
    return " ".join(uncommented(text[node.span.start : node.span.end]).split())


def _literal(node: tree.Literal) -> Any:
    """The value of a literal. Raises `Told` for what was to be a number and is none."""
    if node.value == 0 and type(node.value) is int and number(node.text) is None:
        raise Told
    return node.value


class Evaluator:
    """Gives expressions their values where `names` are known, and `channels`, `height`, ... are those of `shape`.

    `shape` is None where an error has left the current value unknown, and `()` where there is no current value. `text`
    is that of the file; an expression with a name of `hidden` has no term. `terms` are those known, by the expression,
    which means the same names wherever it is met.
    """

    def __init__(
        self,
        names: Mapping[str, Any],
        shape: tuple[int, ...] | None = (),
        text: str = "",
        hidden: Collection[str] = (),
        terms: dict[int, str | None] | None = None,
    ):
        self.names = names
        self.shape = shape
        self.text = text
        self.hidden = hidden
        self.terms = {} if terms is None else terms

    def given(self, node: tree.Expression, span: Span | None = None) -> Given:
        """The value of an expression, the place it has (its own, if no other is said), and its term."""
        if type(node) is tree.Literal:
            return Given(_literal(node), span or node.span)
        return Given(self.value(node), span or node.span, self.term(node))

    def term(self, node: tree.Expression) -> str | None:
        """The text of an expression that names something, in one line."""
        kind = type(node)
        if kind is tree.Literal:
            return None
        key = id(node)
        if key not in self.terms:
            self.terms[key] = self._term(node)
        return self.terms[key]

    def _term(self, node: tree.Expression) -> str | None:
        named = False
        for each in references(node):
            if each in self.hidden:
                return None
            named = named or each in self.names or each in SIZES
        return shown(node, self.text) if named else None

    def value(self, node: tree.Expression) -> Any:
        """The value of an expression. Raises `Problem`, `Told` where an earlier error hides it."""
        kind = type(node)
        if kind is tree.Literal:
            return _literal(node)  # type: ignore[arg-type]
        if kind is tree.Reference:
            return self._name(node)  # type: ignore[arg-type]
        found: Any = getattr(self, "_" + kind.__name__.lower())(node)
        if isinstance(found, (int, float)) and not abs(found) <= LARGEST_NUMBER:
            raise Problem("E0604", "the value is out of range", node.span, "numbers go up to 2^63 - 1")
        return found

    def number(self, node: tree.Expression) -> Any:
        """The value of an expression that must be a number."""
        value = self.value(node)
        if isinstance(value, Word):
            raise self._unknown(value, node)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            help = None
            if isinstance(value, tuple):
                help = "`len(...)` is how many elements it has, `[0]` behind it the first; a list is written out"
            elif isinstance(value, str):
                help = "a number stands without quotation marks"
            unknown = unknown_function(node.name.text, node.name.span) if isinstance(node, tree.Call) else None
            raise unknown or Problem("E0601", f"a number is needed here, not {show(value)}", node.span, help)
        return value

    def integer(self, node: tree.Expression, what: str) -> int:
        """The value of an expression that must be an integer; `what` names it in the message."""
        value = self.number(node)
        if not isinstance(value, int):
            raise Problem("E0602", f"{what} must be an integer, not {value}", node.span, "round, ceil or floor it")
        return value

    def truth(self, node: tree.Expression) -> bool:
        """The value of an expression that must be true or false."""
        value = self.value(node)
        if isinstance(value, Word):
            raise self._unknown(value, node)
        if not isinstance(value, bool):
            raise Problem("E0601", f"true or false is needed here, not {show(value)}", node.span, "compare it: `n > 0`")
        return value

    def _unknown(self, word: Word, node: tree.Expression) -> Problem:
        meant = TRUTHS.get(word.lower())
        help = f"write `{meant}`" if meant else did_you_mean(word, [*self.names, *self._sizes], "in scope")
        return Problem("E0201", f"unknown name `{word}`", node.span, help)

    @property
    def _sizes(self) -> tuple[str, ...]:
        """What the sizes of the current value are called, in order; all names there are where it is unknown."""
        return SIZES if self.shape is None else ("channels", *DIMENSIONS[len(self.shape) - 1]) if self.shape else ()

    def _name(self, node: tree.Reference) -> Any:
        if node.name in self.names:
            value = self.names[node.name]
            if value is UNKNOWN:
                raise Told
            return value
        if node.name in SIZES and self.shape != ():
            if self.shape is None:
                raise Told
            known = self._sizes
            if node.name in known:
                return self.shape[known.index(node.name)]
            if len(self.shape) == 1:
                raise Problem("E0603", f"`{node.name}` of {self.shape[0]} features: they have no plane", node.span)
            help = f"it is {' x '.join(known)}"
            raise Problem("E0603", f"`{node.name}` of a map of {shape_text(self.shape)}", node.span, help)
        return Word(node.name)

    def _dims(self, node: tree.Dims) -> Any:
        if all(type(each) is int for each in node.values):
            return node.values
        return tuple(each if isinstance(each, int) else self.integer(each, "a dimension") for each in node.values)

    def _seen(self, node: tree.Seen) -> Any:
        raise Problem("E0405", "what a label stands for can only be an argument of an operator", node.span)

    def _quantity(self, node: tree.Quantity) -> Any:
        text = ".".join(each.text for each in node.names)
        raise Problem("E0405", f"`{text}` is a figure of the network, which only a property can ask for", node.span)

    def _listvalue(self, node: tree.ListValue) -> Any:
        return bounded(tuple(self.value(item) for item in node.items), node.span)

    def _element(self, node: tree.Element) -> Any:
        items = self.value(node.items)
        if isinstance(items, Word):
            raise self._unknown(items, node.items)
        if not isinstance(items, tuple):
            raise Problem("E0601", f"{show(items)} is no list, of which [ ] could take an element", node.items.span)
        index = self.integer(node.index, "an index")
        if not 0 <= index < len(items):
            help = f"the indices are 0 to {len(items) - 1}" if items else "the list is empty"
            if index < 0 and items and isinstance(node.items, tree.Reference):
                help = f"the last element is `{node.items.name}[len({node.items.name}) - 1]`"
            raise Problem("E0604", f"there is no element {index} in a list of {len(items)}", node.index.span, help)
        return items[index]

    def _unary(self, node: tree.Unary) -> Any:
        if node.operator == "not":
            return not self.truth(node.operand)
        if node.operator == "-" and isinstance(node.operand, tree.Dims):
            help = "each is written out, if need be in braces: `{channels * height}x4`"
            raise Problem("E0604", "a dimension is never negative", node.span, help)
        value = self.number(node.operand)
        return -value if node.operator == "-" else value

    def _binary(self, node: tree.Binary) -> Any:
        if node.operator == "and":
            return self.truth(node.left) and self.truth(node.right)
        if node.operator == "or":
            return self.truth(node.left) or self.truth(node.right)
        if node.operator in ("==", "!="):
            return self._equal(node) == (node.operator == "==")
        left, right = self.number(node.left), self.number(node.right)
        if node.operator in ORDER:
            return ORDER[node.operator](left, right)
        try:
            return ARITHMETIC[node.operator](left, right)
        except ZeroDivisionError:
            raise Problem("E0604", "division by zero", node.span) from None
        except OverflowError:
            raise Problem("E0604", "the value is out of range", node.span) from None
        except ValueError as problem:
            raise Problem("E0602", problem.args[0], node.span, problem.args[1]) from None

    def _equal(self, node: tree.Binary) -> bool:
        """Whether two values are equal. What is true or false is never equal to a number or a word, and whoever asks
        has mistaken one for the other (`deep == yes`)."""
        left, right = self.value(node.left), self.value(node.right)
        if left is not None and right is not None and isinstance(left, bool) != isinstance(right, bool):
            truth, other, at = (left, right, node.right) if isinstance(left, bool) else (right, left, node.left)
            meant = TRUTHS.get(other.lower()) if isinstance(other, str) else None
            help = "what is true or false is a condition by itself: `if deep { ... }`, `if not deep { ... }`"
            help = f"write `{meant}`" if meant else help
            raise Problem("E0601", f"{show(truth)} is never equal to {show(other)}", at.span, help)
        return bool(left == right)

    def _conditional(self, node: tree.Conditional) -> Any:
        return self.value(node.then if self.truth(node.test) else node.otherwise)

    def _call(self, node: tree.Call) -> Any:
        function = FUNCTIONS.get(node.name.text)
        if function is None:
            return self.setting(node)
        if node.name.text == "len":
            return self._length(node)
        values = [self.number(argument.value) for argument in node.arguments]
        if any(argument.name for argument in node.arguments) or not function.least <= len(values) <= function.most:
            raise Problem("E0605", f"`{node.name.text}` takes {function.takes}", node.span, function.example)
        try:
            return function.call(*values)
        except Unsuited as problem:
            raise Problem("E0602", str(problem), node.span) from None
        except (OverflowError, ValueError):
            raise Problem("E0604", "the value is out of range", node.span) from None

    def _length(self, node: tree.Call) -> int:
        """`len(list)`: how many elements a list has."""
        if len(node.arguments) != 1 or node.arguments[0].name is not None:
            raise Problem("E0605", "`len` takes one list", node.span, FUNCTIONS["len"].example)
        argument = node.arguments[0].value
        items = self.value(argument)
        if isinstance(items, Word):
            raise self._unknown(items, argument)
        if not isinstance(items, tuple):
            message = f"`len` counts the elements of a list; {show(items)} is none"
            raise Problem("E0601", message, argument.span, "a list is written `[64, 128]`")
        return len(items)

    def setting(self, node: tree.Call) -> Setting:
        """A value with settings, `sgd(lr=0.01)`: its arguments' values, each given once."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for argument in node.arguments:
            value = self.value(argument.value)
            if argument.name is None:
                if kwargs:
                    raise Problem("E0406", "a positional argument after a named one", argument.span)
                args.append(value)
            elif argument.name.text in kwargs:
                raise Problem("E0402", f"`{argument.name.text}` is given twice", argument.span)
            else:
                kwargs[argument.name.text] = value
        bounded((*args, *kwargs.values()), node.span)
        return Setting(name=node.name.text, args=tuple(args), kwargs=kwargs)
