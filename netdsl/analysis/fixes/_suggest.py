"""From errors to suggestions: what each kind proposes, tried in the order of size, within a bounded amount of work.

A suggestion is shown only when the text with it compiles without the error and without any new one. Where nothing
does, the ones with the fewest errors behind it are shown, and say so: what follows a mistake is wrong in silence.
Trying costs a compilation, so that there are at most `MOST_TRIALS` of them in all, fewer for a large network
(`MOST_WORK`), and none for a spec without errors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import ModuleType

from netdsl.analysis.fixes._fault import Candidate, Fault, Known
from netdsl.analysis.fixes._trial import added
from netdsl.compiler import Compilation
from netdsl.text import edits
from netdsl.text.diagnostics import Diagnostic, Edit, Proposal, Report
from netdsl.text.source import Source

MOST_TRIALS = 20
"""How often a changed text is compiled in one call, and how many messages are looked into."""
MOST_FOR_ONE = 8
"""How often for one message."""
MOST_WORK = 20_000
"""How many layers may be placed in all trials together. ResNet-152, 511 layers, has all its trials; a network with more
than this many layers has none. 50 characters of text count as a layer."""
MOST_OFFERED = 3
"""How many suggestions a message has at most."""


@dataclass(frozen=True)
class Suggestion:
    """A small change after which `diagnostic` is gone and no other error has come.

    `title` says it in a few words that follow "try"; `edits` change the spec's own file.
    """

    diagnostic: Diagnostic
    title: str
    edits: tuple[Edit, ...]


def suggestions(
    compilation: Compilation,
    recompile: Callable[[Source], Compilation],
    *,
    about: Iterable[Diagnostic] | None = None,
    most: int = MOST_TRIALS,
) -> tuple[Suggestion, ...]:
    """Verified ways out of the errors of a compilation, the smallest first for each, at most three.

    `recompile` compiles another text of the same file, with the same variant, params and directory. `about` limits the
    search to some messages of the report, `most` the number of trials. Messages that carry certain edits, or lie in
    another file, get none.
    """
    if compilation.file is None or compilation.valid:
        return ()
    source = compilation.file.source
    layers = len(compilation.network.nodes) if compilation.network else 0
    budget = min(most, MOST_WORK // (max(1, len(compilation.variants)) * (layers + len(source.text) // 50 + 1)))
    asked = compilation.report.errors if about is None else about
    known = Known(compilation.file, compilation.network)
    found: list[Suggestion] = []
    for diagnostic in islice(asked, MOST_TRIALS):
        if budget <= 0:
            break
        span = diagnostic.span
        if span is None or span.file != source.name or diagnostic.edits or diagnostic.severity != "error":
            continue
        clean, trials = 0, 0
        others: list[tuple[int, Suggestion]] = []
        for candidate in _candidates(Fault(diagnostic, source, known)):
            if trials == MOST_FOR_ONE or budget <= 0 or clean == MOST_OFFERED:
                break
            budget, trials = budget - 1, trials + 1
            after = recompile(Source(source.name, edits.apply(source, candidate.edits)))
            new = added(compilation.report, after.report, candidate.edits, diagnostic)
            if new == 0:
                found.append(Suggestion(diagnostic, candidate.title, candidate.edits))
                clean += 1
            elif new is not None:
                title = f"{candidate.title} (behind it {_errors(new)} to light)"
                others.append((new, Suggestion(diagnostic, title, candidate.edits)))
        if not clean and others:
            least = min(new for new, _ in others)
            found += [each for new, each in others if new == least][:MOST_OFFERED]
    return tuple(found)


def _errors(count: int) -> str:
    return "another error comes" if count == 1 else f"{count} other errors come"


def proposed(report: Report, found: Mapping[Diagnostic, Iterable[Suggestion]]) -> Report:
    """The report with each message carrying the suggestions found for it, for `netdsl.tools.render` to show."""
    carrying = Report(dict(report.sources))
    for diagnostic in report:
        ways = tuple(Proposal(each.title, each.edits) for each in found.get(diagnostic, ()))
        carrying.add(replace(diagnostic, proposals=ways) if ways else diagnostic)
    return carrying


def _candidates(fault: Fault) -> Iterator[Candidate]:
    """What all kinds propose, the smallest first; the same change is proposed once."""
    seen = set()
    proposals = [
        candidate for kind in _kinds() if fault.diagnostic.code in kind.CODES for candidate in kind.propose(fault)
    ]
    said: Counter[str] = Counter()
    different = []
    for candidate in sorted(proposals, key=lambda each: each.size(fault.source)):
        changed = frozenset((edit.span, edit.text) for edit in candidate.edits)
        if changed not in seen:
            seen.add(changed)
            said[candidate.title] += 1
            different.append(candidate)
    for candidate in different:
        if said[candidate.title] > 1:
            line, column = fault.source.position(candidate.edits[0].span.start)
            candidate = replace(candidate, title=f"{candidate.title} at {line}:{column}")
        yield candidate


@cache
def _kinds() -> tuple[ModuleType, ...]:
    names = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    return tuple(import_module(f"netdsl.analysis.fixes.{name}") for name in names)
