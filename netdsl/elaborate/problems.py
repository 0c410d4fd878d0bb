"""What is wrong with a spec: raised where it is found, and told by whoever knows the block calls that led there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netdsl.text.diagnostics import Diagnostic, Edit, Related, Report
from netdsl.text.source import Span


class Problem(Exception):
    """Something wrong with a spec, as the message that is to be told."""

    def __init__(
        self,
        code: str,
        message: str,
        span: Span | None,
        help: str | None = None,
        related: Sequence[Related] = (),
        *,
        label: str = "",
        edits: Sequence[Edit] = (),
    ):
        super().__init__(message)
        self.diagnostic = Diagnostic(code, message, span, label, help, tuple(related), edits=tuple(edits))

    def tell(self, report: Report, calls: tuple[Related, ...] = (), help: str | None = None) -> None:
        """Report it, with the calls that led to it; `help` stands in for its own."""
        report.add(replace(self.diagnostic, calls=calls, help=help or self.diagnostic.help))


class Told(Problem):
    """What is asked for follows from an error that has been told already; nothing more is said."""

    def __init__(self) -> None:
        super().__init__("", "", None)

    def tell(self, report: Report, calls: tuple[Related, ...] = (), help: str | None = None) -> None:
        """Stay silent."""


def twice(what: str, span: Span, first: Span | None, help: str | None = None, code: str = "E0202") -> Problem:
    """A thing that is given a second time; `first` is where it was given before."""
    related = [Related(first, "first given here")] if first else []
    return Problem(code, f"{what} is given twice", span, help, related)
