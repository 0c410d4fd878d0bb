"""The certain fixes of a spec, made: all that do not touch each other at once, again and again until nothing is left.

A diagnostic's `edits` are certain in themselves. Together with another mistake they may still be wrong, so that each
round is checked: fixes after which the text is understood less than before are left out, found by halving.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from netdsl.analysis.fixes._trial import settles
from netdsl.compiler import Compilation
from netdsl.text import edits
from netdsl.text.diagnostics import Diagnostic
from netdsl.text.source import Source

MOST_ROUNDS = 20
"""A fix can bring another to light; after so many in a row the rest is left."""
MOST_CHECKS = 40
"""How often the text is compiled at most."""


@dataclass(frozen=True)
class Fixed:
    """What came of fixing: the text, what it compiles to, and how many messages are gone.

    `left` are the messages whose certain edits were not made, since something new would be wrong then.
    """

    text: str
    compilation: Compilation
    fixed: int
    left: tuple[Diagnostic, ...] = ()

    @property
    def problems(self) -> int:
        """All messages there were: those that are gone, and those that are told now."""
        return self.fixed + len(self.compilation.report)


def fix(compilation: Compilation, recompile: Callable[[Source], Compilation]) -> Fixed:
    """Make the certain edits in the file of a compilation; `recompile` compiles a changed text of it in the same way.

    Edits in other files are not made, nor any where the file could not be read. Where two overlap, the first by place
    is made, and the other when it is still asked for afterwards.
    """
    fixed, budget = 0, MOST_CHECKS
    for _ in range(MOST_ROUNDS):
        if compilation.file is None:
            return Fixed("", compilation, fixed)
        source = compilation.file.source
        offered = [each for each in compilation.report if _certain(each, source)]
        made = _Round(compilation, recompile, source, budget)
        made.settle(_apart(offered))
        budget = made.budget
        if not made.chosen:
            return Fixed(source.text, compilation, fixed, tuple(offered))
        fixed += len(made.chosen)
        compilation = made.compilation
    assert compilation.file is not None
    return Fixed(compilation.file.source.text, compilation, fixed)


def _certain(diagnostic: Diagnostic, source: Source) -> bool:
    """Whether it is about this text and carries edits of nothing else."""
    span = diagnostic.span
    return (
        span is not None
        and span.file == source.name
        and bool(diagnostic.edits)
        and all(edit.span.file == source.name for edit in diagnostic.edits)
    )


def _apart(offered: list[Diagnostic]) -> list[Diagnostic]:
    """Those whose edits do not touch an edit of one before; the same edit may be wanted twice."""
    chosen: list[Diagnostic] = []
    taken: list[tuple[int, int, str]] = []
    for diagnostic in sorted(offered, key=lambda each: min(edit.span.start for edit in each.edits)):
        wanted = {(edit.span.start, edit.span.end, edit.text) for edit in diagnostic.edits}
        new = [each for each in sorted(wanted) if not _is_in(taken, each)]
        if any(_touches(taken, each) for each in new) or any(_touch(*pair) for pair in pairwise(new)):
            continue
        chosen.append(diagnostic)
        for each in new:
            insort(taken, each)
    return chosen


def _is_in(taken: list[tuple[int, int, str]], edit: tuple[int, int, str]) -> bool:
    at = bisect_left(taken, edit)
    return at < len(taken) and taken[at] == edit


def _touches(taken: list[tuple[int, int, str]], edit: tuple[int, int, str]) -> bool:
    """Whether an edit touches one of those taken, which lie in order and apart."""
    at = bisect_left(taken, edit)
    return any(_touch(other, edit) for other in taken[max(at - 1, 0) : at + 1])


def _touch(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


class _Round:
    """One round of fixing: `chosen` are the messages that `compilation` is rid of."""

    def __init__(
        self, before: Compilation, recompile: Callable[[Source], Compilation], source: Source, budget: int
    ) -> None:
        self.before, self.recompile, self.source, self.budget = before, recompile, source, budget
        self.compilation = before
        self.chosen: list[Diagnostic] = []

    def settle(self, group: Sequence[Diagnostic]) -> None:
        """Choose all of the group, or what can be chosen of each half of it."""
        if not group or self.budget <= 0:
            return
        together = [*self.chosen, *group]
        found = [edit for each in together for edit in each.edits]
        text = edits.apply(self.source, found)
        self.budget -= 1
        after = self.recompile(Source(self.source.name, text))
        if settles(self.before.report, after.report, list(dict.fromkeys(found)), together):
            self.chosen, self.compilation = together, after
        elif len(group) > 1:
            half = len(group) // 2
            self.settle(group[:half])
            self.settle(group[half:])
