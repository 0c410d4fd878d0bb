"""Whole numbers that stand for many: b + a k for k = 0, 1, 2, ...; what is computed of one is computed of all.

The shape of a layer is asked of the operators themselves, with such a number in place of a size, so there is no second
rule for anything. Sums and products are polynomials in k. Where the answer is not the same for all k, the number says
how it falls apart: a comparison changes at some k (`Split`), a division is only regular for every m-th k (`Refine`).
Whoever asked goes on with the parts, each of which has one answer.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from itertools import zip_longest
from math import floor, gcd, lcm
from typing import Any

from netdsl.shapes import LARGEST

_FARTHEST = 100_000
"""So far a comparison of products is looked through."""


class Apart(Exception):
    """The members have no common answer."""


class Split(Apart):
    """Those before `at` have one answer, and those from there on may have another."""

    def __init__(self, at: int):
        self.at = at


class Refine(Apart):
    """There is a common answer for each of the `by` classes of every `by`-th member."""

    def __init__(self, by: int):
        self.by = by


class Progression:
    """The numbers c0 + c1 k + c2 k^2 + ... for k from 0 to below `count` (None: without end).

    Sizes beyond what the language admits are not looked at: nothing is compared with its limit.
    """

    __slots__ = ("coefficients", "count")

    def __init__(self, coefficients: tuple[Any, ...], count: int | None):
        self.coefficients = coefficients
        self.count = count

    def _made(self, coefficients: tuple[Any, ...]) -> Any:
        while len(coefficients) > 1 and coefficients[-1] == 0:
            coefficients = coefficients[:-1]
        return coefficients[0] if len(coefficients) == 1 else Progression(coefficients, self.count)

    def placed(self, step: int, start: int, count: int | None) -> Any:
        """The members start, start + step, ...: a progression of their own; a number where it is one alone."""
        if count == 1:
            return self.at(start)
        found: tuple[Any, ...] = (self.coefficients[-1],)
        for each in reversed(self.coefficients[:-1]):  # Horner, in start + step k
            longer = zip_longest((start * item for item in found), (0, *(step * item for item in found)), fillvalue=0)
            found = tuple(map(sum, longer))
            found = (found[0] + each, *found[1:])
        return Progression(found, count)

    def at(self, k: int) -> Any:
        """One member."""
        return sum(each * k**power for power, each in enumerate(self.coefficients))

    def __add__(self, other: Any) -> Any:
        given = _coefficients(other)
        return NotImplemented if given is None else self._made(_sum(self.coefficients, given))

    def __sub__(self, other: Any) -> Any:
        given = _coefficients(other)
        if given is None:
            return NotImplemented
        return self._made(_sum(self.coefficients, tuple(-each for each in given)))

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, float):
            other = Fraction(other)
            if other.denominator > 1024:  # no power of two in print: its product is rounded in ways of its own
                raise Split(1)
        given = _coefficients(other)
        if given is None:
            return NotImplemented
        found = [0] * (len(self.coefficients) + len(given))
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(given):
                found[i + j] += a * b
        return self._made(tuple(found))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Any:
        return self._made(tuple(-each for each in self.coefficients))

    def __pos__(self) -> Any:
        return self

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def _regular(self, by: Any) -> int:
        """The divisor, where all members leave one remainder; else they fall apart."""
        if not isinstance(by, int):
            raise Split(1)
        needed = lcm(*(by // gcd(by, each) for each in self.coefficients[1:]))
        if needed > 1:
            raise Refine(needed)
        return by

    def _times(self, by: Any) -> int | None:
        """How many times another progression it is; None where that is not one whole number for all members."""
        if not isinstance(by, Progression) or len(by.coefficients) != len(self.coefficients):
            return None
        ratio = Fraction(self.coefficients[-1]) / Fraction(by.coefficients[-1])
        same = all(a == b * ratio for a, b in zip(self.coefficients, by.coefficients, strict=True))
        return int(ratio) if same and ratio.denominator == 1 else None

    def __floordiv__(self, by: Any) -> Any:
        times = self._times(by)
        if times is not None:
            return times
        divisor = self._regular(by)
        return self._made((self.coefficients[0] // divisor, *(each // divisor for each in self.coefficients[1:])))

    def __mod__(self, by: Any) -> Any:
        return 0 if self._times(by) is not None else self.coefficients[0] % self._regular(by)

    def __rmod__(self, other: Any) -> Any:
        if 0 <= other < self:  # beyond the number, all leave it as it is
            return other
        raise Split(1)

    def __rfloordiv__(self, other: Any) -> Any:
        if 0 <= other < self:
            return 0
        raise Split(1)

    def __truediv__(self, other: Any) -> Any:
        raise Split(1)

    __rtruediv__ = __truediv__

    def __ceil__(self) -> Any:
        return -(-self).__floor__()

    def __floor__(self) -> Any:
        needed = lcm(*(Fraction(each).denominator for each in self.coefficients[1:]))
        if needed > 1:
            raise Refine(needed)
        return self._made((floor(self.coefficients[0]), *map(int, self.coefficients[1:])))

    def _compared(self, other: Any, test: Callable[[Any, Any], bool]) -> Any:
        more = self.__sub__(other)
        if not isinstance(more, Progression):
            return more if more is NotImplemented else test(more, 0)
        first = test(more.coefficients[0], 0)
        if isinstance(other, int) and other >= LARGEST:
            return first
        turn = _turn(more.coefficients, lambda value: test(value, 0))
        if turn is not None and (self.count is None or turn < self.count):
            raise Split(turn)
        return first

    def __lt__(self, other: Any) -> Any:
        return self._compared(other, operator.lt)

    def __le__(self, other: Any) -> Any:
        return self._compared(other, operator.le)

    def __gt__(self, other: Any) -> Any:
        return self._compared(other, operator.gt)

    def __ge__(self, other: Any) -> Any:
        return self._compared(other, operator.ge)

    def __eq__(self, other: object) -> Any:
        return self._compared(other, operator.eq)

    def __ne__(self, other: object) -> Any:
        found = self._compared(other, operator.eq)
        return found if found is NotImplemented else not found

    def __hash__(self) -> int:
        return hash(self.coefficients)

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __index__(self) -> int:
        """The first member: what a message about all of them shows."""
        return int(self.coefficients[0])

    def __str__(self) -> str:
        return str(self.coefficients[0])


def _coefficients(value: Any) -> tuple[Any, ...] | None:
    if isinstance(value, Progression):
        return value.coefficients
    return (value,) if isinstance(value, (int, Fraction)) else None


def _sum(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a + b for a, b in zip_longest(one, other, fillvalue=0))


def _turn(coefficients: tuple[Any, ...], test: Callable[[Any], bool]) -> int | None:
    """The first k > 0 at which a test of a polynomial comes out otherwise than at 0; None where there is none."""
    first = test(coefficients[0])
    if len(coefficients) == 2:
        start, step = coefficients
        root = floor(Fraction(-start) / Fraction(step))
        return next((k for k in (root, root + 1) if k > 0 and test(start + step * k) != first), None)
    bound = floor(2 + max(map(abs, coefficients[:-1])) / abs(Fraction(coefficients[-1])))
    for k in range(1, min(bound, _FARTHEST) + 1):
        if test(sum(each * k**power for power, each in enumerate(coefficients))) != first:
            return k
    if bound > _FARTHEST:
        raise Split(1)
    return None
