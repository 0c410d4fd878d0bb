"""A spec checked as `netdsl check` does: for every variant where none is chosen, its messages in one report, each with
what to try.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netdsl.tools.cli._spec import Request

if TYPE_CHECKING:
    from netdsl.compiler import Compilation
    from netdsl.text.diagnostics import Diagnostic, Report
    from netdsl.text.source import Source


@dataclass(frozen=True)
class Checked:
    """What a check found. `together` has the messages of all variants; what only some of them say names these.

    `apart` are the compilations of the variants, each with its messages as they are said in `together`.
    """

    together: Compilation
    variants: tuple[str, ...]
    apart: tuple[tuple[Compilation, dict[Diagnostic, Diagnostic]], ...]

    @property
    def report(self) -> Report:
        """All messages."""
        return self.together.report


def check(request: Request, source: Source | None = None, explained: bool = True) -> Checked:
    """Check a spec, or another text in its place; with the warnings of the lint rules that are `early`."""
    from netdsl.analysis.lint import lint_variants, rules
    from netdsl.compiler import Compilation
    from netdsl.text.diagnostics import Report

    found = request.compile_all(source, explained)
    variants = tuple(filter(None, found))
    first = next(iter(found.values()))
    early = lint_variants(found, select=[rule.code for rule in rules() if rule.early])
    if len(found) == 1:
        own = {each: each for each in first.report}
        report = Report(dict(first.report.sources))
        for diagnostic in (*first.report, *early):
            report.add(diagnostic)
        return Checked(replace(first, report=report), variants, ((first, own),))
    report = Report()
    having: dict[Diagnostic, list[str]] = {}
    for variant, compilation in found.items():
        report.sources.update(compilation.report.sources)
        for diagnostic in compilation.report:
            having.setdefault(diagnostic, []).append(variant)
    as_said = {}
    for diagnostic, names in having.items():
        only = f" (variant {', '.join(names)})" if len(names) < len(found) else ""
        as_said[diagnostic] = replace(diagnostic, message=diagnostic.message + only)
        report.add(as_said[diagnostic])
    for diagnostic in early:
        report.add(diagnostic)
    apart = tuple((each, {diagnostic: as_said[diagnostic] for diagnostic in each.report}) for each in found.values())
    return Checked(Compilation(None, report, variants, first.file), variants, apart)


def again(request: Request) -> Callable[[Source], Compilation]:
    """How to check another text of the same spec, whose messages are not explained."""
    return lambda source: check(request, source, explained=False).together


def with_proposals(request: Request, checked: Checked) -> Report:
    """The messages, the errors with what may be tried against them."""
    if not checked.report.errors:
        return checked.report
    from netdsl.analysis.fixes import Suggestion, proposed, suggestions, trials

    left, trial = trials(checked.apart[0][0]), again(request)

    def counted(source: Source) -> Compilation:
        nonlocal left
        left -= 1
        return trial(source)

    found: dict[Diagnostic, list[Suggestion]] = {}
    for compilation, as_said in checked.apart:
        # the network of one variant says what does not fit; whether a change mends it, all of them say
        about = [diagnostic for diagnostic, told in as_said.items() if told not in found]
        whole = replace(compilation, report=checked.report)
        for each in suggestions(whole, counted, about=about, most=left):
            found.setdefault(as_said[each.diagnostic], []).append(each)
    return proposed(checked.report, found)
