"""What the benchmarks share: a figure beside what it must reach, as a line and as a row of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from netdsl.backends.purpose.race import INNER, Clock, Spread, turns


class Figure(NamedTuple):
    """One figure: what it is, what was found (median and quartiles), and what it must reach, None for no bound.

    `most`: it must be no more than the bound.
    """

    name: str
    found: Spread
    must: float | None = None
    most: bool = False

    @property
    def reached(self) -> bool:
        """Whether the median reaches the bound, with 5 % for noise."""
        if self.must is None:
            return True
        return self.found.median <= self.must * 1.05 if self.most else self.found.median >= self.must * 0.95

    @property
    def row(self) -> str:
        """The row of a table in Markdown."""
        sign = "at most" if self.most else "at least"
        bound = "" if self.must is None else f"{sign} {self.must:g}"
        said = "" if self.must is None else "reached" if self.reached else "missed"
        found = self.found
        return f"| {self.name} | {found.median:.2f} | {found.low:.2f} to {found.high:.2f} | {bound} | {said} |"


def ratios(ways: dict[str, Callable[[], Any]], rounds: int, clock: Clock, inner: int = INNER) -> Ratios:
    """How the ways of computing compare, each with `inner` turns in a round."""
    return Ratios(turns(ways, rounds, clock, inner))


class Ratios(NamedTuple):
    """The times of ways that took turns, round by round."""

    times: dict[str, list[float]]

    def faster(self, way: str, over: str) -> Spread:
        """How many times faster a way is than another, of times of one round."""
        return Spread.of([base / own for base, own in zip(self.times[over], self.times[way], strict=True)])
