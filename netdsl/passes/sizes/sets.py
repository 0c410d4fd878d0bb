"""Sets of sizes: those from some size on in some classes of a modulus, and the exceptions below."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple


class SizeSet(NamedTuple):
    """{n >= least, n mod modulus in residues}, and the `exceptions`, which are the valid sizes below `least`.

    `least` is the smallest valid size from which on this is so, and the modulus the smallest by which it can be said.
    Without residues the exceptions are all that there is.
    """

    least: int
    modulus: int
    residues: tuple[int, ...]
    exceptions: tuple[int, ...] = ()

    def __contains__(self, size: object) -> bool:
        return isinstance(size, int) and (
            (size >= self.least and size % self.modulus in self.residues) or size in self.exceptions
        )

    def members(self) -> Iterator[int]:
        """All sizes from the smallest on, without end where there are residues."""
        yield from self.exceptions
        size = self.least
        while self.residues:
            if size % self.modulus in self.residues:
                yield size
            size += 1

    @property
    def smallest(self) -> int | None:
        """The smallest size; None where there is none."""
        return next(self.members(), None)

    @property
    def everything(self) -> bool:
        """Whether every size from 1 on is in it."""
        return self.least == 1 and self.modulus == 1 and self.residues == (0,)

    def below(self, size: int) -> int | None:
        """The nearest size in the set below another."""
        near = max((size - 1 - (size - 1 - each) % self.modulus for each in self.residues), default=0)
        return near if near >= self.least else next((n for n in reversed(self.exceptions) if n < size), None)

    def above(self, size: int) -> int | None:
        """The nearest size in the set above another."""
        exception = next((n for n in self.exceptions if n > size), None)
        if exception is not None or not self.residues:
            return exception
        start = max(size + 1, self.least)
        return next(n for n in range(start, start + self.modulus) if n % self.modulus in self.residues)

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "least": self.least,
            "modulus": self.modulus,
            "residues": list(self.residues),
            "exceptions": list(self.exceptions),
        }


def condition(name: str, sizes: SizeSet) -> str:
    """A set in words: `H >= 32 and = 0 mod 32`; `name` may be of several dimensions, `H, W`."""
    few = _listed(sizes.exceptions)
    if not sizes.residues:
        return f"{name} = {few}" if few else f"no {name}"
    bound = any(n % sizes.modulus in sizes.residues for n in range(1, sizes.least))
    parts = [f">= {sizes.least}"] if bound or sizes.modulus == 1 else []
    if sizes.modulus > 1:
        parts.append(f"= {_listed(sizes.residues)} mod {sizes.modulus}")
    return f"{name} {' and '.join(parts)}" + (f", or {few}" if few else "")


def _listed(numbers: tuple[int, ...]) -> str:
    """`1, 3, 8 to 15`."""
    runs: list[list[int]] = []
    for each in numbers:
        if runs and runs[-1][1] + 1 == each:
            runs[-1][1] = each
        else:
            runs.append([each, each])
    words = []
    for first, last in runs:
        words += (
            [str(first)] if first == last else [str(first), str(last)] if last == first + 1 else [f"{first} to {last}"]
        )
    return ", ".join(words[:8]) + (", ..." if len(words) > 8 else "")


def canonical(flags: bytes, period: int) -> SizeSet:
    """The set of the sizes n with flags[n]; the last `period` of the flags go on for ever."""
    last = flags[-period:]
    modulus = next(m for m in count(1) if period % m == 0 and last == last[:m] * (period // m))
    residues = tuple(sorted({(len(flags) + at) % modulus for at in range(modulus) if last[at]}))
    regular = set(residues)
    end = next((n for n in range(len(flags) - period - 1, 0, -1) if bool(flags[n]) != (n % modulus in regular)), 0)
    least = end + 1
    while residues and least % modulus not in regular:
        least += 1
    return SizeSet(least, modulus, residues, tuple(n for n in range(1, min(least, len(flags))) if flags[n]))
