"""One type for every message.

Operators raise an `OpError` that names an argument and has no place; the code that knows the statement turns it into a
`Diagnostic` in a `Report`. A report collects all messages of a run, and `netdsl.tools.render` turns them into text,
JSON, SARIF or LSP. `netdsl.text.codes` lists the codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from netdsl.text.source import Source, Span

Severity = Literal["error", "warning", "note"]
LONGEST_WORD = 64
"""For a longer word no name is guessed, since comparing takes time."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that `word` most likely meant, or None: one that is spelt alike, or that is a part of it."""
    folded = {name.lower(): name for name in known}
    word = word.lower()
    if len(word) > LONGEST_WORD:
        return None
    if len(word) > 2:
        most = max(1, len(word) // 3)
        near = [(far, each) for each in folded if (far := _distance(word, each, most)) <= most]
        if near:
            letters = sorted(word)  # of names that are equally near, one with the same letters is meant
            return folded[min(near, key=lambda pair: (pair[0], sorted(pair[1]) != letters))[1]]
    parts = [each for each in folded if len(each) >= 3 and (word.startswith(each) or word.endswith(each))]
    parts += [each for each in folded if len(word) >= 3 and each.startswith(word)]
    return folded[max(parts, key=len)] if parts else None


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """The known name that `word` certainly means: a letter or two differ, and no other name is as near."""
    if not 3 <= len(word) <= LONGEST_WORD:
        return None
    most = 2 if len(word) >= 7 else 1
    lower = word.lower()
    near = sorted((far, name) for name in dict.fromkeys(known) if (far := _distance(lower, name.lower(), most)) <= most)
    return None if not near or (len(near) > 1 and near[1][0] == near[0][0]) else near[0][1]


@lru_cache(2**15)
def _distance(word: str, other: str, most: int) -> int:
    """How many letters must be changed, added, dropped or swapped with their neighbour to turn one word into the other.
    It gives up with a number over `most`, since a text may have thousands of unknown words."""
    if abs(len(word) - len(other)) > most or len(set(word) - set(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        two_before, before, row = before, row, [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == against:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
        if min(row) > most and min(before) > most:
            return most + 1
    return row[-1]


def did_you_mean(word: str, known: Iterable[str], what: str = "") -> str | None:
    """A help text that names the nearest known name, or lists a few."""
    known = list(dict.fromkeys(known))
    best = nearest(word, known)
    if best:
        return f"did you mean `{best}`?"
    if known and len(known) <= 12:
        return f"{what or 'known'}: {', '.join(sorted(known))}"
    return None


class OpError(Exception):
    """Why an operator refuses its arguments or inputs. It has no place in the text.

    `at` names the argument that the message is about (None: the operator as a whole, or its inputs), `code` is the
    diagnostic's code, `help` the nearest fix.
    """

    def __init__(self, message: str, *, at: str | None = None, help: str | None = None, code: str = "E0301"):
        super().__init__(message)
        self.message = message
        self.at = at
        self.help = help
        self.code = code


@dataclass(frozen=True)
class Related:
    """Another place that explains a diagnostic, with a few words on how."""

    span: Span
    message: str


@dataclass(frozen=True)
class Edit:
    """A change of the text that certainly resolves the diagnostic: replace `span` by `text`."""

    span: Span
    text: str


@dataclass(frozen=True)
class Proposal:
    """A change that makes the diagnostic go away, one of several that may be meant; `title` follows the word "try", and
    `effect` says what it does to the network's output and figures."""

    title: str
    edits: tuple[Edit, ...]
    effect: str = ""

    @property
    def words(self) -> str:
        """Both in one line."""
        return f"{self.title} ({self.effect})" if self.effect else self.title


@dataclass(frozen=True)
class Diagnostic:
    """One message: what is wrong (`message`), where (`span`, with `label` under the marks), why (`related` places, the
    nearest first), and what to do (`help`, and `edits` where it is certain).

    `proposals` are changes to choose from that have been tried; `netdsl.analysis.fixes` adds them where they are asked
    for. `calls` is the chain of block calls that led to the place, innermost first.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    help: str | None = None
    related: tuple[Related, ...] = ()
    calls: tuple[Related, ...] = ()
    edits: tuple[Edit, ...] = ()
    severity: Severity = "error"
    proposals: tuple[Proposal, ...] = ()


@dataclass
class Report:
    """All messages of one run, and the sources they point into.

    Messages with the same code, text and place are kept once: a mistake in a block comes again in every call of it.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    _found: dict[tuple[str, str, Span | None], Diagnostic] = field(default_factory=dict)

    def add(self, diagnostic: Diagnostic) -> None:
        self._found.setdefault((diagnostic.code, diagnostic.message, diagnostic.span), diagnostic)

    def revise(self, told: Diagnostic, better: Diagnostic) -> None:
        """Put a message in the place of one that says less of the same thing."""
        self._found[(told.code, told.message, told.span)] = better

    def first(self, count: int) -> Report:
        """The report with only so many of its messages: the errors, then the others, each in order of place."""
        if len(self) <= count:
            return self
        fewer = Report(self.sources)
        for diagnostic in (*self.errors, *(each for each in self if each.severity != "error"))[:count]:
            fewer.add(diagnostic)
        return fewer

    def extend(self, other: Report) -> None:
        """Add all messages of another report, with its sources."""
        self.sources.update(other.sources)
        for diagnostic in other:
            self.add(diagnostic)

    def error(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        label: str = "",
        help: str | None = None,
        related: Iterable[Related] = (),
        calls: Iterable[Related] = (),
        edits: Iterable[Edit] = (),
    ) -> None:
        """Record an error."""
        self.add(Diagnostic(code, message, span, label, help, tuple(related), tuple(calls), tuple(edits)))

    def warn(self, code: str, message: str, span: Span | None = None, **more: object) -> None:
        """Record a warning; the keywords are those of `error`."""
        self.error(code, message, span, **more)  # type: ignore[arg-type]
        key = (code, message, span)
        self._found[key] = replace(self._found[key], severity="warning")

    def __iter__(self) -> Iterator[Diagnostic]:
        """The messages in order of place: the file they were met in first, then the offset."""
        order = {name: index for index, name in enumerate(self.sources)}
        end = len(order)

        def place(diagnostic: Diagnostic) -> tuple[int, int, int]:
            span = diagnostic.span
            return (end, 0, 0) if span is None else (order.get(span.file, end), span.start, span.end)

        return iter(sorted(self._found.values(), key=place))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self if d.severity == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self if d.severity == "warning")


class SpecError(Exception):
    """The spec is wrong. `.diagnostics` holds every message, in order of place; `str()` shows them."""

    def __init__(self, report: Report):
        self.report = report
        self.diagnostics: tuple[Diagnostic, ...] = tuple(report)
        super().__init__(report)

    def __str__(self) -> str:
        return "\n".join(
            (f"{d.span.file}:{self.report.sources[d.span.file].position(d.span.start).line}: " if d.span else "")
            + f"{d.severity}[{d.code}]: {d.message}"
            for d in self.diagnostics
        )
