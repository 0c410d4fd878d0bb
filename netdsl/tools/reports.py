"""A spec in every variant of its table, and the messages of several compilations as one report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdsl.compiler import Compilation
    from netdsl.text.diagnostics import Report


def in_every_variant(compile: Callable[[str | None], Compilation], chosen: str | None = None) -> dict[str, Compilation]:
    """What `compile` makes of the `chosen` variant, or else of each that there is, by name; "" is a spec without
    variants."""
    first = compile(chosen)
    if chosen is not None or not first.variants:
        return {chosen or "": first}
    return {name: compile(name) for name in first.variants}


def together(reports: Iterable[Report]) -> Report:
    """The messages of several reports as one; what more than one of them says is said once."""
    from netdsl.text.diagnostics import Report

    every = Report()
    for report in reports:
        every.sources.update(report.sources)
        for diagnostic in report:
            every.add(diagnostic)
    return every
