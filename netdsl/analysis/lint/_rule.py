"""The base of all rules: a code, the reason for it, and a function from a spec to its warnings.

A new rule is one new file in this folder with a class derived from `Rule`, and a title for its code in
`netdsl.text.codes`. It reads a `Subject` and puts the figures of the network at hand into its messages; the functions
below print them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, TypeAlias

from netdsl.analysis.lint._subject import Place, Subject
from netdsl.text.amounts import amount
from netdsl.text.codes import title
from netdsl.text.diagnostics import Diagnostic, Edit, Related
from netdsl.text.source import Span

__all__ = ["Rule", "Subject", "Warnings", "percent", "plural", "short", "times"]

Warnings: TypeAlias = Iterator[Diagnostic]


class Rule:
    """The base of all rules.

    - `code`: what its warnings carry; it never changes its meaning.
    - `why`: the reason in a sentence or two.
    - `literature`: the papers it follows, with the place in them; empty where the reason is the language itself.
    - `of_text`: it needs no network, but a text without syntax errors; other rules need a network.
    - `once`: it judges the network as a whole, so it gives one warning, whose place is an example.
    - `early`: what it finds is hardly ever meant, so `netdsl check` tells of it too.
    - `fixes`: whether its warnings may carry edits, which must leave the function of the network as it is.
    """

    code: ClassVar[str]
    why: ClassVar[str]
    literature: ClassVar[tuple[str, ...]] = ()
    of_text: ClassVar[bool] = False
    once: ClassVar[bool] = False
    early: ClassVar[bool] = False
    fixes: ClassVar[bool] = False

    @property
    def title(self) -> str:
        """What its warnings are about, in a few words."""
        return title(self.code)

    def judge(self, subject: Subject) -> Warnings:
        """The warnings about a spec; none where what the rule needs is missing."""
        return self.find(subject) if (subject.readable if self.of_text else subject.has_network) else iter(())

    def find(self, subject: Subject) -> Warnings:
        """The places where the spec breaks the rule, each once."""
        raise NotImplementedError(type(self).__name__)

    def warning(
        self,
        message: str,
        where: Place | Span,
        *,
        label: str = "",
        help: str | None = None,
        related: Iterable[Related] = (),
        edits: Iterable[Edit] = (),
    ) -> Diagnostic:
        """A warning under this rule's code. At a node's place the label also names the standard block it is inside."""
        span, inside = where if isinstance(where, Place) else (where, "")
        label = f"{label}{inside}".removeprefix(", ")
        return Diagnostic(self.code, message, span, label, help, tuple(related), edits=tuple(edits), severity="warning")


def short(count: int) -> str:
    """A count in three digits if it has more than four: `9,408`, `590K`, `2.36M`."""
    return f"{count:,}" if count < 10_000 else amount(count)


def plural(count: int, word: str) -> str:
    """`1 weight`, `2 weights`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def times(count: int) -> str:
    """` (x4)` for several, nothing for one."""
    return f" (x{count})" if count > 1 else ""


def percent(share: float) -> str:
    """A share in whole percent; with a decimal where it would round to 0 or 100 but is neither."""
    whole = round(100 * share)
    return f"{100 * share:.1f}%" if whole in (0, 100) and 0 < share < 1 else f"{whole}%"
