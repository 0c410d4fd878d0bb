"""Symbolic numbers: values with their terms.

Operators compute with a `Sym` as with any other number, and what they give has its term too, so that
`(kernel - 1) // 2` needs no second rule. Comparisons give plain answers: a term holds on the way the operator took, and
whoever uses it elsewhere evaluates it there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netdsl.backends.torch.terms import FUNCTIONS, Layer, Term, constant, make


def as_term(value: Any) -> Term:
    """The term of a value: a constant for a plain one."""
    kind = type(value)
    if kind is int:
        return constant(value)
    if kind is Term:
        return value  # type: ignore[no-any-return]
    if kind in SYMBOLIC:
        return value.term  # type: ignore[no-any-return]
    if kind is tuple and any(type(each) in (Sym, SymF) for each in value):
        return make("tuple", *map(as_term, value))
    return constant(value)


def symbolic(value: Any, term: Term) -> Any:
    """A value with its term; a plain one where there is nothing to be said of it."""
    kind = _SYMBOLIC.get(type(value))
    if kind is None or term.constant:
        return plain(value)
    if term.op == "tuple":
        return tuple(map(symbolic, value, term.args))
    found = kind(value)
    found.term = term
    return found


def plain(value: Any) -> Any:
    """A value without its term."""
    kind = type(value)
    if kind is Sym:
        return int(value)
    if kind is SymF:
        return float(value)
    if kind is SymT or kind is tuple:
        return tuple(map(plain, value))
    if kind is SymB:
        return bool(value)
    if kind is SymL:
        return Layer(value)
    return value


def _binary(op: str, swapped: bool = False) -> Callable[[Any, Any], Any]:
    function = FUNCTIONS[op]

    def method(self: Any, other: Any) -> Any:
        kind = type(other)
        if kind not in _NUMBERS:
            return NotImplemented
        own, given = _NUMBERS[type(self)](self), _NUMBERS[kind](other)
        a, b = as_term(self), as_term(other)
        if swapped:
            return symbolic(function(given, own), make(op, b, a))
        return symbolic(function(own, given), make(op, a, b))

    return method


class Sym(int):
    """A whole number with its term."""

    term: Term
    __add__, __radd__ = _binary("+"), _binary("+", True)
    __sub__, __rsub__ = _binary("-"), _binary("-", True)
    __mul__, __rmul__ = _binary("*"), _binary("*", True)
    __floordiv__, __rfloordiv__ = _binary("//"), _binary("//", True)
    __truediv__, __rtruediv__ = _binary("/"), _binary("/", True)
    __mod__, __rmod__ = _binary("%"), _binary("%", True)

    def __neg__(self) -> Any:
        return symbolic(-int(self), make("negative", self.term))


class SymF(float):
    """A number with its term."""

    term: Term
    __add__, __radd__ = _binary("+"), _binary("+", True)
    __sub__, __rsub__ = _binary("-"), _binary("-", True)
    __mul__, __rmul__ = _binary("*"), _binary("*", True)
    __truediv__, __rtruediv__ = _binary("/"), _binary("/", True)


class SymT(tuple[Any, ...]):
    """Height x width, or another tuple, with its term."""

    term: Term


class SymB(int):
    """A truth with its term."""

    term: Term


class SymL(Layer):
    """The class of a layer, with its term."""

    term: Term


_NUMBERS: dict[type, Any] = {int: int, float: float, Sym: int, SymF: float}
_SYMBOLIC: dict[type, Any] = {int: Sym, bool: SymB, float: SymF, tuple: SymT, Layer: SymL}
_SYMBOLIC |= {kind: kind for kind in _SYMBOLIC.values()}
SYMBOLIC = frozenset(_SYMBOLIC.values())


def is_symbolic(value: Any) -> bool:
    """Whether a value has a term, or parts that have."""
    kind = type(value)
    return kind in SYMBOLIC or (kind is tuple and any(map(is_symbolic, value)))
