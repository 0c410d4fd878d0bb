"""What expressions compute with, exactly: the signs between numbers, and the functions.

Integers stay integers: `/` that does not divide is an error, `//` rounds down.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from netdsl import shapes
from netdsl.elaborate.problems import Problem
from netdsl.elaborate.values import show
from netdsl.text.diagnostics import did_you_mean
from netdsl.text.source import Span


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


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": power,
}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def round_to(value: Any, divisor: Any) -> int:
    """A number of channels as a multiple of a whole number. Raises `Unsuited` where that is none."""
    if not isinstance(divisor, int) or divisor < 1:
        raise Unsuited(f"`round_to` rounds to the multiples of a whole number of at least 1, not of {show(divisor)}")
    return int(shapes.round_to(Fraction(value), divisor))


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


def unknown_function(name: str, span: Span) -> Problem | None:
    """A call where a number is needed, of what is no function; None for one that there is."""
    if name in FUNCTIONS:
        return None
    from netdsl import foreign

    help = foreign.FUNCTIONS.get(name.lower().lstrip("_")) or did_you_mean(name, FUNCTIONS)
    help = help or f"the functions are {', '.join(FUNCTIONS)}"
    return Problem("E0201", f"unknown function `{name}`", span, help)
