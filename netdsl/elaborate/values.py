"""Expressions to values, exactly.

Integers stay integers: `/` that does not divide is an error, `//` rounds down. A name that is no parameter is a bare
word (`same`, `relu`), which arguments may take and arithmetic refuses. Nothing here can run code or take long:
numbers are bounded, and there are no loops.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from netdsl import shapes
from netdsl.elaborate.problems import Problem, Told
from netdsl.ir import Setting
from netdsl.syntax import tree
from netdsl.syntax.numbers import number
from netdsl.syntax.walk import children
from netdsl.text.diagnostics import did_you_mean
from netdsl.text.source import Span

LARGEST = 2**63 - 1
MOST_ELEMENTS, DEEPEST = 1000, 64
"""How many elements a list may have with those of the lists in it, and how deep it may nest: a name stands for a value
of any size, so a few lines could make one that no machine can hold."""


TRUTHS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""What is written here for the words that mean true and false elsewhere."""


class Word(str):
    """A bare word in a spec that names no parameter: `same`, `relu`."""

    __slots__ = ()


class Given(NamedTuple):
    """A value and where it was written; `term` is the text of an expression that names something (`ir.Written`)."""

    value: Any
    span: Span
    term: str | None = None


UNKNOWN: Any = object()
"""Stands for a param's value that an earlier error hides; whoever asks for it gets `Told`."""


def show(value: Any) -> str:
    """A value as a spec writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, Setting):
        inside = [show(item) for item in value.args] + [f"{key}={show(item)}" for key, item in value.kwargs.items()]
        return f"{value.name}({', '.join(inside)})"
    return str(value)


def power(left: Any, right: Any) -> Any:
    """`left ** right`, refused before it is computed where it leaves the range."""
    if isinstance(left, int) and isinstance(right, int) and right > 1 and (abs(left).bit_length() - 1) * right > 63:
        raise OverflowError
    found = left**right
    if isinstance(found, complex):
        raise ValueError(f"{show(left)} ** {show(right)} is no real number", "only a whole power of it is one")
    return found


def _divide(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        if left % right:
            raise ValueError(f"{left} / {right} is not a whole number", f"`//` rounds down, to {left // right}")
        return left // right
    return left / right


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": power,
}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


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
    return " ".join(text[node.span.start : node.span.end].split())


DIMENSIONS = ((), ("length",), ("height", "width"), ("depth", "height", "width"))
"""What the dimensions behind the channels are called, by their number."""
SIZES = ("channels", "length", "depth", "height", "width")
"""The names that stand for the size of the current value."""


def round_to(value: Any, divisor: Any) -> int:
    """A number of channels as a multiple of a whole number. Raises `Unsuited` where that is none."""
    if not isinstance(divisor, int) or divisor < 1:
        raise Unsuited(f"`round_to` rounds to the multiples of a whole number of at least 1, not of {show(divisor)}")
    found: int = shapes.round_to(Fraction(value), divisor)
    return found


class Unsuited(Exception):
    """A value that a function does not take, with what it takes."""


class Function(NamedTuple):
    """A function of numbers: how many it takes, in words too, and how it is written."""

    call: Callable[..., Any]
    least: int
    most: int
    takes: str
    example: str


FUNCTIONS: dict[str, Function] = {
    "min": Function(lambda *values: min(values), 1, 99, "numbers", "as in `min(channels, 64)`"),
    "max": Function(lambda *values: max(values), 1, 99, "numbers", "as in `max(8, channels // 16)`"),
    "round": Function(
        lambda value: shapes.rounded(Fraction(value)),
        1,
        1,
        "one number",
        "as in `round(width * 0.75)`, to the nearest integer",
    ),
    "ceil": Function(math.ceil, 1, 1, "one number", "as in `ceil(n / 2)`"),
    "floor": Function(math.floor, 1, 1, "one number", "as in `floor(width * 0.75)`; `n // 8` divides and rounds down"),
    "round_to": Function(
        round_to, 2, 2, "two numbers", "the value and what it is to be a multiple of, as in `round_to(width * 0.75, 8)`"
    ),
    "len": Function(len, 1, 1, "one list", "as in `x{len(widths)} as i`"),
}
"""The functions of expressions; `len` alone takes a list."""


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
        if isinstance(found, (int, float)) and not abs(found) <= LARGEST:
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
            raise self.unknown_function(node) or Problem(
                "E0601", f"a number is needed here, not {show(value)}", node.span, help
            )
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
        sizes = SIZES if self.shape is None else ("channels", *DIMENSIONS[len(self.shape) - 1]) if self.shape else ()
        meant = TRUTHS.get(word.lower())
        help = f"write `{meant}`" if meant else did_you_mean(word, [*self.names, *sizes], "in scope")
        return Problem("E0201", f"unknown name `{word}`", node.span, help)

    def _name(self, node: tree.Reference) -> Any:
        if node.name in self.names:
            value = self.names[node.name]
            if value is UNKNOWN:
                raise Told
            return value
        if node.name in SIZES and self.shape != ():
            if self.shape is None:
                raise Told
            known = ("channels", *DIMENSIONS[len(self.shape) - 1])
            if node.name in known:
                return self.shape[known.index(node.name)]
            if len(self.shape) == 1:
                raise Problem("E0603", f"`{node.name}` of {self.shape[0]} features: they have no plane", node.span)
            help = f"it is {' x '.join(known)}"
            raise Problem("E0603", f"`{node.name}` of a map of {shapes.text(self.shape)}", node.span, help)
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
        return _bounded(tuple(self.value(item) for item in node.items), node.span)

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
        if node.operator in _ORDER:
            return _ORDER[node.operator](left, right)
        try:
            return _ARITHMETIC[node.operator](left, right)
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

    def unknown_function(self, node: tree.Expression) -> Problem | None:
        """What to say where a number is needed and something is called that is no function."""
        return unknown_function(node.name.text, node.name.span) if isinstance(node, tree.Call) else None

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
        _bounded((*args, *kwargs.values()), node.span)
        return Setting(name=node.name.text, args=tuple(args), kwargs=kwargs)


def unknown_function(name: str, span: Span) -> Problem | None:
    """A call where a number is needed, of what is no function; None for one that there is."""
    if name in FUNCTIONS:
        return None
    from netdsl import foreign

    help = foreign.FUNCTIONS.get(name.lower().lstrip("_")) or did_you_mean(name, FUNCTIONS)
    help = help or f"the functions are {', '.join(FUNCTIONS)}"
    return Problem("E0201", f"unknown function `{name}`", span, help)


def _bounded(value: tuple[Any, ...], span: Span) -> tuple[Any, ...]:
    """A list that is not too large. Raises `Problem`. The values in it were bounded when they were made."""
    elements = deepest = 0
    waiting = [(each, 1) for each in value]
    while waiting and elements <= MOST_ELEMENTS and deepest <= DEEPEST:
        each, depth = waiting.pop()
        elements, deepest = elements + 1, max(deepest, depth)
        if isinstance(each, Setting):
            waiting += [(inner, depth + 1) for inner in (*each.args, *each.kwargs.values())]
        elif isinstance(each, tuple):
            waiting += [(inner, depth + 1) for inner in each]
    if waiting or elements > MOST_ELEMENTS or deepest > DEEPEST:
        message = f"the list has more than {MOST_ELEMENTS:,} elements, or nests more than {DEEPEST} deep"
        raise Problem("E0604", message, span, "a list counts with those that are in it")
    return value


def plain(value: Any) -> Any:
    """A value for the network: words become strings."""
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, Setting):
        kwargs = {key: plain(each) for key, each in value.kwargs.items()}
        return Setting(name=value.name, args=plain(value.args), kwargs=kwargs)
    return value
