"""The shapes of all values in terms of the input's: `512 x H/32 x W/32`, with how each quotient is rounded.

What a size is for every valid size of the input is known from `solve`. It is written as a (n + b) / c + d, rounded down
or up, where it is that for all of them; where it is not, it stays a number with a mark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise, takewhile
from math import ceil, floor, gcd

from netdsl.ir import Network
from netdsl.passes.sizes.valid import Dimension, Inputs

UNKNOWN = "?"


@dataclass(frozen=True)
class Size:
    """times * ((letter + plus) / over) + more; `rounded` is "down", "up" or "" where the quotient is always whole."""

    letter: str
    times: int = 1
    plus: int = 0
    over: int = 1
    more: int = 0
    rounded: str = ""

    def __str__(self) -> str:
        found = _plus(self.letter, self.plus)
        if self.over > 1:
            found = f"({found})/{self.over}" if self.plus else f"{found}/{self.over}"
        if self.times > 1:
            bare = self.over == 1 and not self.plus
            found = f"{self.times}{found}" if bare else f"{self.times}({found})"
        return _plus(found, self.more)

    def at(self, size: int) -> int:
        """The size for one size of the input."""
        quotient = Fraction(size + self.plus, self.over)
        return self.times * (ceil(quotient) if self.rounded == "up" else floor(quotient)) + self.more


def symbolic(network: Network, inputs: Inputs) -> dict[int, tuple[str, str]]:
    """For each value of known shape its shape as text, and how the quotients in it are rounded: "down", "up", "down and
    up", or "" where all are whole for every valid input."""
    found = {}
    rules = _Rules(inputs)
    for value, shape in enumerate(network.shapes):
        if shape is not None:
            parts = [rules.part(value, place, size) for place, size in enumerate(shape)]
            rounded = dict.fromkeys(each for _, ways in parts for each in ways)
            found[value] = (" x ".join(text for text, _ in parts), " and ".join(rounded))
    return found


class _Rules:
    """The rules by which sizes follow from the input's, each found once."""

    def __init__(self, inputs: Inputs):
        self.inputs = inputs
        self.samples = [_samples(each) for each in inputs.dimensions]
        self.known: dict[tuple[int, tuple[int, ...]], Size | None] = {}

    def part(self, value: int, place: int, size: int) -> tuple[str, list[str]]:
        """One size of a value as text, and how it is rounded."""
        dimensions = self.inputs.dimensions
        moving = [at for at, each in enumerate(dimensions) if place in each.solution.varied_among_valid[value]]
        if not moving:
            return str(size), []
        rules = [self.rule(at, value, place) for at in moving]
        text = _together(rules, [self.inputs.base[dimensions[at].place] for at in moving], size)
        plain = re.sub(r"\([^()]*\)", "", text)
        return (f"({text})" if " " in plain else text), [each.rounded for each in rules if each and each.rounded]

    def rule(self, at: int, value: int, place: int) -> Size | None:
        """How a size follows from one dimension, the others being as in the base; None where it is no such rule."""
        dimension = self.inputs.dimensions[at]
        sizes = tuple(dimension.solution.family(n).shape_at(value, n)[place] for n in self.samples[at])
        if (at, sizes) not in self.known:
            self.known[at, sizes] = fit(dimension.letter, self.samples[at], sizes, dimension.solution.period)
        return self.known[at, sizes]


def _samples(dimension: Dimension) -> tuple[int, ...]:
    """Valid sizes enough to tell a rule: the exceptions, and two periods."""
    end = dimension.sizes.least + 2 * dimension.solution.period
    return tuple(takewhile(lambda n: n <= end, islice(dimension.sizes.members(), 4096)))


def fit(letter: str, inputs: tuple[int, ...], sizes: tuple[int, ...], period: int) -> Size | None:
    """The rule by which sizes follow from those of the input, which repeats by `period`; None where it has not the form
    of `Size`."""
    known = dict(zip(inputs, sizes, strict=True))
    last = next((n for n in reversed(inputs) if n - period in known), None)
    if last is None or (rise := Fraction(known[last] - known[last - period], period)) <= 0:
        return None
    exact = {size - n * rise for n, size in known.items()}
    if len(exact) == 1:
        return _straight(letter, rise, exact.pop())
    times = gcd(*(b - a for a, b in pairwise(sizes)))
    if (Fraction(times) / rise).denominator != 1:
        return None
    over, more = int(times / rise), known[last] % times
    low = max(over * ((size - more) // times) - n for n, size in known.items())
    high = min(over * ((size - more) // times) - n + over - 1 for n, size in known.items())
    if low > high:
        return None
    if low <= over - 1 <= high:
        return Size(letter, times, 0, over, more, "up")
    return Size(letter, times, min(max(low, 0), high), over, more, "down")


def _straight(letter: str, rise: Fraction, start: Fraction) -> Size | None:
    """start + rise n as a rule."""
    times, over = rise.numerator, rise.denominator
    plus = start * over / times
    if plus.denominator == 1 and (over > 1 or times == 1):
        return Size(letter, times, int(plus), over)
    return Size(letter, times, 0, over, int(start)) if start.denominator == 1 else None


def _together(parts: list[Size | None], base: list[int], size: int) -> str:
    """A size that depends on several dimensions, which is their product or nothing that can be said in short."""
    known = [each for each in parts if each is not None]
    if len(known) < len(parts):
        return UNKNOWN
    if len(known) == 1:
        return str(known[0])
    more, *others = {each.more for each in known}
    if others:
        return UNKNOWN
    single = [Size(each.letter, 1, each.plus, each.over, 0, each.rounded) for each in known]
    product = 1
    for each, n in zip(single, base, strict=True):
        product *= each.at(n)
    if not product or (size - more) % product:
        return UNKNOWN
    times = (size - more) // product
    words = [f"({each})" if each.plus or (each.over > 1 and times > 1) else str(each) for each in single]
    return _plus(" * ".join([*([str(times)] if times > 1 else []), *words]), more)


def _plus(text: str, number: int) -> str:
    """`H + 2`, `H - 2`, and `H` where the number is 0."""
    return f"{text} + {number}".replace("+ -", "- ") if number else text
