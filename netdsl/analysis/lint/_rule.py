"""What a rule is: a code, why it is one, and a function from a network to the places where it is broken.

A new rule is one new file in this folder, its class derived from `Rule`, and its title in `netdsl.text.codes`. It finds
what it is about in a `Subject`, and says it with the figures of the network at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from netdsl.analysis.lint._subject import Subject
from netdsl.text.codes import title
from netdsl.text.diagnostics import Diagnostic, Edit, Related
from netdsl.text.source import Span


class Rule:
    """The base of all rules.

    - `code`: what its warnings carry; it never changes its meaning.
    - `why`: the reason in a sentence or two.
    - `literature`: the papers it follows, with the place in them; empty where the reason is the language itself.
    - `once`: it judges the network as a whole, so that it has one warning, whose place is an example.
    - `fixes`: whether its warnings may carry edits. An edit leaves the function of the network what it was.
    """

    code: ClassVar[str]
    why: ClassVar[str]
    literature: ClassVar[tuple[str, ...]] = ()
    once: ClassVar[bool] = False
    fixes: ClassVar[bool] = False

    @property
    def title(self) -> str:
        """What its warnings are about, in a few words."""
        return title(self.code)

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        """The places where the network breaks the rule, each told once."""
        raise NotImplementedError(type(self).__name__)

    def warning(
        self,
        message: str,
        span: Span,
        *,
        label: str = "",
        help: str | None = None,
        related: Iterable[Related] = (),
        edits: Iterable[Edit] = (),
    ) -> Diagnostic:
        """A warning under this rule's code."""
        return Diagnostic(self.code, message, span, label, help, tuple(related), edits=tuple(edits), severity="warning")
