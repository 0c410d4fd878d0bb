"""Expressions over the arguments of a constructor, with their Python text; evaluated, and written in other names."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from netdsl.elaborate.functions import Unsuited, power

MOST_OPERATORS = 4
"""So many operators a term may have, and still be read where it stands."""

MOST_LOCAL = 8
"""So many, if it has a line of its own."""


class Layer(str):
    """The class of a layer as it is written, `nn.ReLU`, as a value that a constructor can be given."""


def literal(value: Any) -> str:
    """A constant as Python source. Strings are quoted with double quotes, as formatters want them."""
    if isinstance(value, Term):
        return value.text
    if isinstance(value, Layer):
        return str(value)
    if isinstance(value, str):
        text = ascii(value)
        return '"' + text[1:-1] + '"' if text[0] == "'" and '"' not in text else text
    if isinstance(value, tuple):
        inside = ", ".join(map(literal, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return f'float("{value}")'
        mantissa, e, exponent = float.__repr__(value).partition("e")
        return f"{mantissa}e{int(exponent)}" if e else mantissa
    return repr(value)


class Term:
    """`op` of `args`, which are terms, or a name, or a constant.

    `names` are those in it, `rank` binds its text, `size` counts its operators. One that `rounds` as networks do
    is computed where a block is called, unless it is written as an argument.
    """

    __slots__ = ("args", "constant", "names", "op", "rank", "rounds", "size", "text")

    def __init__(self, op: str, args: tuple[Any, ...], text: str, rank: int):
        self.op, self.args, self.text, self.rank = op, args, text, rank
        self.constant = op == "constant"
        if op == "name":
            self.names: frozenset[str] = frozenset(args)
            self.size, self.rounds = 0, False
        elif op == "constant":
            self.names, self.size, self.rounds = frozenset(), 0, False
        else:
            self.names = frozenset().union(*(each.names for each in args))
            self.size = 1 + sum(each.size for each in args)
            self.rounds = op == "round_to" or any(each.rounds for each in args)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Term) and self.text == other.text)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return self.text

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """Its value. Raises `KeyError` for a name that is missing, and what arithmetic raises."""
        op, args = self.op, self.args
        if op == "name":
            return names[args[0]]
        if op == "constant":
            return args[0]
        if op == "and":
            return args[0].evaluate(names) and args[1].evaluate(names)
        if op == "or":
            return args[0].evaluate(names) or args[1].evaluate(names)
        if op == "if":
            return (args[1] if args[0].evaluate(names) else args[2]).evaluate(names)
        return FUNCTIONS[op](*[each.evaluate(names) for each in args])

    @property
    def rounding(self) -> bool:
        """Whether it is the outcome of a rounding, not computed of one."""
        return self.op in _ROUNDING

    def parts(self) -> Iterator[Term]:
        """All terms in it, itself first."""
        yield self
        if self.op not in ("name", "constant"):
            for each in self.args:
                yield from each.parts()

    def exchanged(self, old: Term, new: Term) -> Term:
        """The same with another term in place of one in it."""
        if self == old:
            return new
        if self.size <= old.size:
            return self
        return make(self.op, *(each.exchanged(old, new) for each in self.args))

    def substitute(self, names: Mapping[str, Any]) -> Term:
        """The same with other terms or constants for some names."""
        if not self.names & names.keys():
            return self
        if self.op == "name":
            given = names[self.args[0]]
            return given if isinstance(given, Term) else getattr(given, "term", None) or constant(given)
        return make(self.op, *(each.substitute(names) for each in self.args))


def _arithmetic(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A function of numbers alone: Python's of a list or a text and a number can be larger than any machine."""

    def apply(a: Any, b: Any) -> Any:
        if not (isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS)):
            raise TypeError
        try:
            return function(a, b)
        except Unsuited:
            raise ValueError from None

    return apply


def _made_divisible(value: Any, divisor: Any) -> int:
    """What the emitted `make_divisible` gives: in floating point, not exactly as the spec's `round_to`."""
    found: int = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return found + divisor if 10 * found < 9 * value else found


_NUMBERS = (int, float)
_TURN = "@"


def turned(number: int) -> str:
    """The name of a repetition's index in one of its turns, until it is known whether a loop makes them."""
    return f"i{_TURN}{number}"


def turns_of(term: Term) -> dict[str, int]:
    """The turns in a term, with their numbers."""
    return {each: int(each.partition(_TURN)[2]) for each in term.names if _TURN in each}


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(operator.truediv),
    "//": _arithmetic(operator.floordiv),
    "%": _arithmetic(operator.mod),
    "==": operator.eq,
    "!=": operator.ne,
    "is": operator.eq,
    "is not": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "**": _arithmetic(power),
    "round_to": _arithmetic(_made_divisible),
    "len": len,
    "not": operator.not_,
    "negative": operator.neg,
    "max": lambda *values: max(values),
    "min": lambda *values: min(values),
    "floor": math.floor,
    "ceil": math.ceil,
    "tuple": lambda *values: tuple(values),
    "element": operator.getitem,
}
_ROUNDING = ("floor", "ceil", "round_to")
_WRITTEN = {"floor": "math.floor", "ceil": "math.ceil", "round_to": "make_divisible"}

MAKE_DIVISIBLE = '''def make_divisible(value: float, divisor: int) -> int:
    """A number of channels as a multiple of `divisor`, at least that and never under 0.9 of `value` (MobileNetV2)."""
    found = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return found + divisor if 10 * found < 9 * value else found
'''
"""What `round_to` is in the emitted text."""
_RANKS = {"if": 0, "or": 1, "and": 2, "not": 3} | dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "is", "is not"), 4)
_RANKS |= {"+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "negative": 7, "**": 8}
_ATOM = 9


@lru_cache(4096)
def name(text: str) -> Term:
    return Term("name", (text,), text, _ATOM)


@lru_cache(4096, typed=True)
def constant(value: Any) -> Term:
    negative = isinstance(value, int | float) and not isinstance(value, bool) and value < 0
    return Term("constant", (value,), literal(value), _RANKS["negative"] if negative else _ATOM)


NONE = constant(Layer("None"))
"""In place of a layer that there is not."""


HALF = constant(0.5)


@lru_cache(8192)
def make(op: str, *args: Term) -> Term:
    """`op` of `args`, simplified where integers allow it; constants are computed. Halves go away from zero in a spec,
    and to even numbers in Python."""
    if op == "round":
        return make("floor", make("+", *args, HALF))
    if all(each.constant for each in args):
        try:
            return constant(Term(op, args, "", 0).evaluate({}))
        except (ArithmeticError, TypeError, ValueError, IndexError):
            pass
    found = _simple(op, *args) if len(args) == 2 else None
    if found is not None:
        return found
    if op in _ROUNDING and args[0].op == "*" and args[0].args[1] == constant(1.0):
        return make(op, args[0].args[0], *args[1:])
    if op == ">" and args[0].op == "if" and all(each.constant for each in (*args[0].args[1:], args[1])):
        return make("if", args[0].args[0], *(make(op, each, args[1]) for each in args[0].args[1:]))
    if op == "if" and args[1] == args[2]:
        return args[1]
    if op == "if" and args[0].constant:
        return args[1] if args[0].args[0] else args[2]
    if op == "if" and all(each.constant and isinstance(each.args[0], bool) for each in args[1:]):
        return args[0] if args[1].args[0] else make("not", args[0])
    if op == "not" and args[0].op in _OPPOSITES:
        return make(_OPPOSITES[args[0].op], *args[0].args)
    if op == "not" and args[0].op in ("and", "or") and all(each.op in _OPPOSITES for each in args[0].args):
        return make("or" if args[0].op == "and" else "and", *(make("not", each) for each in args[0].args))
    if op == "not" and args[0].op == "not":
        return args[0].args[0]  # type: ignore[no-any-return]
    return Term(op, args, _text(op, args), _RANKS.get(op, _ATOM))


_OPPOSITES = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "is": "is not", "is not": "is"}


def _integer(term: Term) -> int | None:
    value = term.args[0] if term.constant else None
    return value if type(value) is int else None


def _multiple(term: Term) -> tuple[int, Term]:
    """How many times what a term is."""
    factor = _integer(term.args[0]) if term.op == "*" else None
    return (1, term) if factor is None else (factor, term.args[1])


def _simple(op: str, a: Term, b: Term) -> Term | None:
    """A shorter term of the same value, for any integers in place of the names."""
    right, left = _integer(b), _integer(a)
    if op == "and" and (a.constant or b.constant):
        return (b if a.args[0] else a) if a.constant else (a if b.args[0] else b)
    if op == "or" and (a.constant or b.constant):
        return (a if a.args[0] else b) if a.constant else (b if b.args[0] else a)
    if op in ("and", "or") and a == b:
        return a
    if op in ("+", "-"):
        if right == 0:
            return a
        if op == "+" and left == 0:
            return b
        if op == "-" and a == b:
            return constant(0)
        if op == "-" and a.op == "+" and a.args[1] == b:
            return a.args[0]  # type: ignore[no-any-return]
        (many, one), (less, other) = _multiple(a), _multiple(b)
        if one == other and one.op == "name" and (many > 1 or less > 1):
            return make("*", constant(many + less if op == "+" else many - less), one)
        if op == "+" and a.op == "+":
            (before, last) = _multiple(a.args[1])
            if last == other and last.op == "name":
                return make("+", a.args[0], make("*", constant(before + less), last))
        inner = _integer(a.args[1]) if a.op in ("+", "-") else None
        if right is not None and inner is not None:
            total = (inner if a.op == "+" else -inner) + (right if op == "+" else -right)
            return make("+", a.args[0], constant(total)) if total >= 0 else make("-", a.args[0], constant(-total))
    if op == "*":
        if right == 0 or left == 0:
            return constant(0)
        if right == 1:
            return a
        if left == 1:
            return b
        inner = _integer(a.args[1]) if a.op == "*" else None
        if right is not None and inner is not None:
            return make("*", a.args[0], constant(inner * right))
    if op == "//":
        if right == 1:
            return a
        if a == b:
            return constant(1)  # what is divided by are counts
        if right is not None and a.op == "*" and b in a.args:
            return a.args[0] if a.args[1] == b else a.args[1]  # type: ignore[no-any-return]
    return None


def _text(op: str, args: tuple[Term, ...]) -> str:
    rank = _RANKS.get(op, _ATOM)

    def inside(term: Term, above: bool = False) -> str:
        return f"({term.text})" if term.rank < rank or (above and term.rank == rank) else term.text

    if op == "if":
        return f"{inside(args[1], True)} if {inside(args[0], True)} else {inside(args[2])}"
    if op == "not":
        return f"not {inside(args[0])}"
    if op == "negative":
        return f"-{inside(args[0], True)}"
    if op == "tuple":
        return "(" + ", ".join(each.text for each in args) + ("," if len(args) == 1 else "") + ")"
    if op == "element":
        return f"{inside(args[0])}[{args[1].text}]"
    if op == "**":
        simple = all(each.op in ("name", "constant") and each.rank == _ATOM for each in args)
        return f"{inside(args[0], True)}{'**' if simple else ' ** '}{inside(args[1])}"
    if rank == _ATOM:
        return f"{_WRITTEN.get(op, op)}({', '.join(each.text for each in args)})"
    return f"{inside(args[0], rank == 4)} {op} {inside(args[1], op not in ('and', 'or'))}"
