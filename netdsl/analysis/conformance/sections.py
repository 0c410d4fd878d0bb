"""Comparisons to what a reader sees: one section for each spec, its variants side by side.

In a section a figure has one row for all who agree on it, and one more for each who does not; rows that are the same
in all variants stand once. Map sizes that hold are gathered in a list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from netdsl.analysis.conformance.compare import PAPER, SPEC, Comparison, Conformance, Verdict

Item = TypeVar("Item")
Cells = tuple[str, str, str, str, Verdict, str]
"""A row without its variants: figure, computed, paper, reference, verdict, reason."""


@dataclass(frozen=True)
class Row:
    """A figure: `variants` it is that of (none: of all), the paper's, the references' and the verdict."""

    figure: str
    variants: tuple[str, ...]
    computed: str
    paper: str
    reference: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Section:
    """A spec. `sizes` are the map sizes that hold, and `recorded` what cannot be computed, each with the variants."""

    name: str
    title: str
    source: str | None
    networks: tuple[Conformance, ...]
    rows: tuple[Row, ...]
    sizes: tuple[tuple[str, str, tuple[str, ...]], ...]
    recorded: tuple[tuple[str, tuple[str, ...]], ...]

    def count(self, verdict: Verdict) -> int:
        return sum(each.count(verdict) for each in self.networks)

    @property
    def figures(self) -> int:
        return sum(len(each.comparisons) for each in self.networks)


def sections(found: Iterable[Conformance]) -> tuple[Section, ...]:
    """The sections of networks, the variants of a spec together, in the order in which they come."""
    specs: dict[str, list[Conformance]] = {}
    for each in found:
        name = each.name.removesuffix(f":{each.variant}") if each.variant else each.name
        specs.setdefault(name, []).append(each)
    return tuple(_section(name, networks) for name, networks in specs.items())


def _section(name: str, networks: list[Conformance]) -> Section:
    rows = [(each.variant, row) for each in networks for row in _rows(each.comparisons)]
    sizes = [
        (each.variant, (item.place or "", number(item.given)))
        for each in networks
        for item in each.comparisons
        if _is_size(item)
    ]
    recorded = [(each.variant, item) for each in networks for item in each.recorded]
    return Section(
        name,
        networks[0].title,
        networks[0].source,
        tuple(networks),
        tuple(Row(row[0], variants, *row[1:]) for row, variants in _folded(rows, len(networks))),
        tuple((*size, variants) for size, variants in _folded(sizes, len(networks))),
        tuple(_folded(recorded, len(networks))),
    )


def _is_size(item: Comparison) -> bool:
    return item.place is not None and item.verdict is Verdict.MATCH


def _rows(comparisons: Iterable[Comparison]) -> list[Cells]:
    """The rows of one network, those of a figure together: what agrees on it in one, what does not each in its own."""
    figures: dict[str, list[Comparison]] = {}
    for item in comparisons:
        if not _is_size(item):
            figures.setdefault(f"size after `{item.place}`" if item.place else item.figure, []).append(item)
    rows: list[Cells] = []
    for figure, items in figures.items():
        agreed = [item for item in items if item.verdict is Verdict.MATCH]
        if agreed:
            rows.append(_agreement(figure, agreed))
        for item in items:
            if item.verdict is not Verdict.MATCH:
                shown = number(item.given)
                cells = (shown, "") if item.source in (PAPER, SPEC) else ("", f"{shown} ({item.source})")
                rows.append((figure, number(item.computed), *cells, item.verdict, item.reason))
    return sorted(rows, key=lambda row: "." in row[0])  # the whole network first


def _agreement(figure: str, items: list[Comparison]) -> Cells:
    printed = dict.fromkeys(number(item.given) for item in items if item.source == PAPER)
    sources = dict.fromkeys(item.source for item in items if item.source not in (PAPER, SPEC))
    reasons = dict.fromkeys(item.reason for item in items if item.reason)
    cells = (figure, number(items[0].computed), ", ".join(printed), ", ".join(sources))
    return (*cells, Verdict.MATCH, "; ".join(reasons))


def number(value: int | str | None) -> str:
    """A figure for readers: `143,667,240`, `512x7x7`, `-` for one that is not there."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else value


def _folded(found: list[tuple[str | None, Item]], networks: int) -> list[tuple[Item, tuple[str, ...]]]:
    """Each item once, with the variants that have it; none where all have it."""
    by_item: dict[Item, list[str]] = {}
    for variant, item in found:
        known = by_item.setdefault(item, [])
        if (variant or "") not in known:
            known.append(variant or "")
    return [(item, () if len(known) == networks else tuple(known)) for item, known in by_item.items()]
