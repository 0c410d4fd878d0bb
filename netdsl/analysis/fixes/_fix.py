"""The certain fixes of a spec, applied: in each round all that do not touch each other, until none is left.

A fix is certain by itself, and may still be wrong beside another mistake. So each round is tried, and a fix is left out
if the text has more errors, or errors of a new kind, with it than without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from netdsl.analysis.trial import MOST_ROUNDS, Trial, size
from netdsl.compiler import Compilation
from netdsl.text.diagnostics import Diagnostic, Report
from netdsl.text.edits import Moved, apart, within
from netdsl.text.source import Source

MOST_TRIALS = 40
"""How often the text is compiled at most."""
MOST_WORK = 40_000
"""How many layers are compiled in all trials together, as `trial.size` counts them; one is made of any text."""


@dataclass(frozen=True)
class Fixed:
    """The result: the text, what it compiles to, and how many messages are gone.

    `left` are the messages whose certain edits were not made, since these would bring a new error.
    """

    text: str
    compilation: Compilation
    fixed: int
    left: tuple[Diagnostic, ...] = ()

    @property
    def problems(self) -> int:
        """How many messages there were: those that are gone and those of the new text."""
        return self.fixed + len(self.compilation.report)


def fix(compilation: Compilation, recompile: Callable[[Source], Compilation]) -> Fixed:
    """Make the certain edits in the file of a compilation; `recompile` compiles a changed text of it in the same way.

    Edits in other files are not made. Where two overlap, the first by place is made, and the other in the next round if
    it is still asked for.
    """
    fixed, left, text = 0, MOST_WORK, ""
    for _ in range(MOST_ROUNDS):
        if compilation.file is None:
            return Fixed("", compilation, fixed)
        source = compilation.file.source
        offered = [each for each in compilation.report if within(each, source)]
        trial = Trial(source, compilation, recompile, partial(_proof, compilation.report), left, _cost)
        trial.settle(apart(offered))
        if not trial.chosen:
            return Fixed(source.text, compilation, fixed, tuple(offered))
        fixed += len(trial.chosen)
        compilation, left, text = trial.after, trial.left, trial.text
    return Fixed(text, compilation, fixed)


def _cost(made: Compilation) -> int:
    """The work of a trial, by what came of it: a mistake that is gone can bring to light a text that costs more."""
    return max(MOST_WORK // MOST_TRIALS, size(made))


def _proof(before: Report, compilation: Compilation, mended: Sequence[Diagnostic]) -> str | None:
    """None if all of `mended` are gone, there are not more errors, and none of a new code.

    Errors about shapes and claims may come in the place of others: before, the shapes that they are about were unknown.
    """
    after, known = _counted(compilation.report), _counted(before)
    if len(compilation.report.errors) > len(before.errors) or after.total() > known.total() or set(after) - set(known):
        return "it would bring another error"
    left = {(each.code, each.message, each.span.file, each.span.start) for each in compilation.report if each.span}
    moved = Moved(edit for each in mended for edit in each.edits)
    for each in mended:
        assert each.span is not None
        if any((each.code, each.message, each.span.file, at) in left for at in moved.both(each.span.start)):
            return "it would not help"
    return None


def _counted(report: Report) -> Counter[str]:
    """How many errors there are of each code, without those about shapes and claims."""
    return Counter(each.code for each in report.errors if not each.code.startswith(("E03", "E05")))
