"""Comparisons to what a reader sees: one section for each spec, its variants side by side.

In a section a figure has one line for all who agree on it, and one more for each who does not; lines that are the same
in all variants stand once. Map sizes that match are gathered in a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from netdsl.analysis.conformance.compare import PAPER, SPEC, Comparison, Conformance, Recorded, Verdict

Item = TypeVar("Item")

OWN = "count:"
"""How the names of this project's own counts begin."""


@dataclass(frozen=True)
class Line:
    """A figure as computed, as the paper and the references give it, and the verdict. `own` are the counts that this
    project made, without netdsl, where there is no implementation to ask. `variants` are those that it is true of; none
    means all."""

    figure: str
    computed: str
    paper: str
    reference: str
    own: str
    verdict: Verdict
    reason: str
    variants: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A spec. `sizes` are the map sizes that match, `recorded` the figures that cannot be computed, each with its
    variants."""

    name: str
    title: str
    source: str | None
    networks: tuple[Conformance, ...]
    lines: tuple[Line, ...]
    sizes: tuple[tuple[str, str, tuple[str, ...]], ...]
    recorded: tuple[tuple[Recorded, tuple[str, ...]], ...]

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
    def folded(pick: Callable[[Conformance], Iterable[Item]]) -> list[tuple[Item, tuple[str, ...]]]:
        return _folded([(each.variant, item) for each in networks for item in pick(each)], len(networks))

    first = networks[0]
    lines = folded(lambda each: _lines(each.comparisons))
    sizes = folded(lambda each: [(c.place or "", number(c.given)) for c in each.comparisons if _is_size(c)])
    return Section(
        name,
        first.title,
        first.source,
        tuple(networks),
        tuple(replace(line, variants=variants) for line, variants in lines),
        tuple((*size, variants) for size, variants in sizes),
        tuple(folded(lambda each: each.recorded)),
    )


def _is_size(item: Comparison) -> bool:
    return item.place is not None and item.verdict is Verdict.MATCH


def _lines(comparisons: Iterable[Comparison]) -> list[Line]:
    """The lines of one network, those of a figure together: first what agrees, then each that does not."""
    figures: dict[str, list[Comparison]] = {}
    for item in comparisons:
        if not _is_size(item):
            figures.setdefault(f"size after `{item.place}`" if item.place else item.figure, []).append(item)
    lines: list[Line] = []
    for figure, items in figures.items():
        agreed = [item for item in items if item.verdict is Verdict.MATCH]
        for computed in dict.fromkeys(item.computed for item in agreed):  # another one on a reference's other input
            lines.append(_agreement(figure, [item for item in agreed if item.computed == computed]))
        for item in items:
            if item.verdict is not Verdict.MATCH:
                given = number(item.given)
                paper = given if item.source in (PAPER, SPEC) else ""
                theirs = "" if paper else f"{given} ({item.source})"
                own = theirs if item.source.startswith(OWN) else ""
                reference = "" if own else theirs
                computed = number(item.computed)
                lines.append(Line(figure, computed, paper, reference, own, item.verdict, item.reason))
    return sorted(lines, key=lambda line: "." in line.figure)  # the whole network first


def _agreement(figure: str, items: list[Comparison]) -> Line:
    printed = dict.fromkeys(number(item.given) for item in items if item.source == PAPER)
    sources = dict.fromkeys(item.source for item in items if item.source not in (PAPER, SPEC))
    reference = ", ".join(each for each in sources if not each.startswith(OWN))
    own = ", ".join(each for each in sources if each.startswith(OWN))
    reasons = dict.fromkeys(item.reason for item in items if item.reason)
    computed = number(items[0].computed)
    return Line(figure, computed, ", ".join(printed), reference, own, Verdict.MATCH, "; ".join(reasons))


def recorded(section: Section) -> list[str]:
    """What cannot be computed, in one line for what was read in the source, by place, and one for what is remembered;
    what belongs to a variant stands together: `year 2015; 34-layer: top1 24.52%, top5 7.46%`."""
    groups: dict[tuple[bool, str], dict[tuple[str, ...], list[str]]] = {}
    for item, variants in sorted(section.recorded, key=lambda each: bool(each[1])):  # what all share first
        groups.setdefault((item.read, item.where), {}).setdefault(variants, []).append(item.text)
    lines = []
    for (read, where), together in sorted(groups.items(), key=lambda each: not each[0][0]):
        head = f"Read in the source{f' ({where})' if where else ''}" if read else "Remembered, not read again"
        texts = ((f"{', '.join(names)}: " if names else "") + ", ".join(texts) for names, texts in together.items())
        lines.append(f"{head}: {'; '.join(texts)}.")
    return lines


def overview(sections: Sequence[Section]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The head and the rows of a table of how many figures have each verdict; the last row, `all`, is the sum.
    Unexplained figures have a column only where there are some."""
    fails = any(each.count(Verdict.UNEXPLAINED) for each in sections)
    head = ("spec", "networks", "figures", "match", "errata", "by design", "unsettled", *["UNEXPLAINED"] * fails)
    counts = [
        (len(each.networks), each.figures, *(each.count(verdict) for verdict in Verdict))[: len(head) - 1]
        for each in sections
    ]
    rows = [(each.name, *map(str, row)) for each, row in zip(sections, counts, strict=True)]
    return head, [*rows, ("all", *(str(sum(column)) for column in zip(*counts, strict=True)))]


def number(value: int | str | None) -> str:
    """A figure for readers: `143,667,240`, `512x7x7`, `-` for one that is not there."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else value


def _folded(found: list[tuple[str | None, Item]], networks: int) -> list[tuple[Item, tuple[str, ...]]]:
    """Each item once, with the variants that have it; with none where all networks have it."""
    by_item: dict[Item, dict[str, None]] = {}
    for variant, item in found:
        by_item.setdefault(item, {})[variant or ""] = None
    return [(item, () if len(known) == networks else tuple(known)) for item, known in by_item.items()]
