"""From errors to suggestions: what all kinds propose is tried, the smallest change first, with a bounded effort.

A suggestion is offered only if the text with it compiles without the error and without a new one. Where there is none,
those with the fewest new errors are offered, and say so. Each trial is a compilation, so there are at most
`MOST_TRIALS`, fewer for a large network (`MOST_WORK`), and none for a spec without errors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from types import ModuleType

from netdsl import registry
from netdsl.analysis.fixes._effect import effect
from netdsl.analysis.fixes._fault import Candidate, Fault
from netdsl.analysis.lookup import Trees
from netdsl.analysis.trial import size
from netdsl.compiler import Compilation
from netdsl.text import edits
from netdsl.text.diagnostics import Diagnostic, Edit, Proposal, Report
from netdsl.text.edits import Moved
from netdsl.text.source import Source

MOST_TRIALS = 20
"""How often a changed text is compiled in one call, and how many messages are looked into."""
MOST_FOR_ONE = 8
"""How often for one of them."""
MOST_WORK = 20_000
"""How many layers may be compiled in all trials together; 50 characters of text count as a layer. ResNet-152 has 511
layers and gets all its trials; a network with more layers than this gets none."""
MOST_TOGETHER = 60_000
"""How many layers in the trials for all variants of a text together."""
MOST_OFFERED = 3
"""How many suggestions a message has at most."""


@dataclass(frozen=True, kw_only=True)
class Suggestion(Proposal):
    """A small change after which `diagnostic` is gone and no other error has come; it changes the spec's own file."""

    diagnostic: Diagnostic


def suggestions(
    compilation: Compilation,
    recompile: Callable[[Source], Compilation],
    *,
    about: Iterable[Diagnostic] | None = None,
    most: int = MOST_TRIALS,
) -> tuple[Suggestion, ...]:
    """Changes that were tried and remove an error of a compilation: at most three for each, the smallest first.

    `recompile` compiles another text of the same file, with the same variant, params and directory. `about` limits the
    search to some messages of the report, `most` the number of trials. Messages that carry certain edits, or are about
    another file, get none.
    """
    if compilation.file is None or compilation.valid:
        return ()
    source = compilation.file.source
    budget = min(most, MOST_WORK // size(compilation))
    asked = compilation.report.errors if about is None else about
    trees = Trees([compilation.file])
    found: list[Suggestion] = []
    for diagnostic in islice(asked, MOST_TRIALS):
        if budget <= 0:
            break
        span = diagnostic.span
        if span is None or span.file != source.name or diagnostic.edits or diagnostic.severity != "error":
            continue
        clean, trials = 0, 0
        others: list[tuple[int, Suggestion]] = []
        for candidate in _candidates(Fault(diagnostic, source, trees, compilation.network)):
            if trials == MOST_FOR_ONE or budget <= 0 or clean == MOST_OFFERED:
                break
            budget, trials = budget - 1, trials + 1
            after = recompile(Source(source.name, edits.apply(source, candidate.edits)))
            new = _added(compilation.report, after.report, candidate.edits, diagnostic)
            if new == 0:
                told = effect(compilation.network, after.network)
                found.append(Suggestion(candidate.title, candidate.edits, told, diagnostic=diagnostic))
                clean += 1
            elif new is not None:
                errors = "another error comes" if new == 1 else f"{new} other errors come"
                told = f"behind it {errors} to light"
                others.append((new, Suggestion(candidate.title, candidate.edits, told, diagnostic=diagnostic)))
        if not clean and others:
            least = min(new for new, _ in others)
            found += [each for new, each in others if new == least][:MOST_OFFERED]
    return tuple(found)


def trials(compilation: Compilation) -> int:
    """How many trials a text is worth, whose variants are asked about one after the other."""
    return min(MOST_TRIALS, max(1, MOST_TOGETHER // size(compilation)))


def _added(before: Report, after: Report, made: Iterable[Edit], diagnostic: Diagnostic) -> int | None:
    """How many errors are new after the edits; None if `diagnostic` is still there, or a new error is not behind it.

    Messages hold shapes and figures, which change with what stands before them; so errors are compared by code and
    place. Behind an error shapes are unknown, and mistakes there are only found when it is gone.
    """
    span = diagnostic.span
    if span is None:
        return None
    moved = Moved(made)
    first, last = moved(span.start), moved(span.end, behind=True)
    known: set[tuple[str, str, int]] = set()
    for each in before.errors:
        if each.span is not None:
            places = moved.both(each.span.start) if each.span.file == span.file else (each.span.start,)
            known.update((each.code, each.span.file, place) for place in places)
    count = 0
    for each in after.errors:
        if each.span is None:
            return None
        if each.span.file == span.file and first <= each.span.start <= last and each.code == diagnostic.code:
            return None
        if (each.code, each.span.file, each.span.start) not in known:
            if each.span.file != span.file or each.span.start <= last:
                return None
            count += 1
    return count


def proposed(report: Report, found: Mapping[Diagnostic, Iterable[Suggestion]]) -> Report:
    """The report with each message carrying the suggestions found for it, to be shown by `netdsl.tools.render`."""
    carrying = Report(dict(report.sources))
    for diagnostic in report:
        ways = tuple(Proposal(each.title, each.edits, each.effect) for each in found.get(diagnostic, ()))
        carrying.add(replace(diagnostic, proposals=ways) if ways else diagnostic)
    return carrying


def _candidates(fault: Fault) -> Iterator[Candidate]:
    """What all kinds propose, the smallest first, each change once."""
    code = fault.diagnostic.code
    proposals = [candidate for kind in _kinds() if code in kind.CODES for candidate in kind.propose(fault)]
    different: dict[frozenset[Edit], Candidate] = {}
    for candidate in sorted(proposals, key=lambda each: each.size(fault.source)):
        different.setdefault(frozenset(candidate.edits), candidate)
    said = Counter(candidate.title for candidate in different.values())
    for candidate in different.values():
        if said[candidate.title] > 1:
            line, column = fault.source.position(candidate.edits[0].span.start)
            candidate = replace(candidate, title=f"{candidate.title} at {line}:{column}")
        yield candidate


@cache
def _kinds() -> tuple[ModuleType, ...]:
    return tuple(registry.module(__package__, name) for name in registry.names(__package__))
