"""Sections to plain text for a terminal, and to JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from netdsl.analysis.conformance.compare import Conformance, Verdict
from netdsl.analysis.conformance.markdown import counts, heads
from netdsl.analysis.conformance.sections import Row, Section

FORMAT_VERSION = 1


def text(sections: Sequence[Section], *, overview_only: bool = False, failed_only: bool = False) -> str:
    """The figures of each spec, then the overview. `failed_only` leaves out all rows but the unexplained."""
    parts = []
    if not overview_only:
        for section in sections:
            rows = [row for row in section.rows if not failed_only or row.verdict is Verdict.UNEXPLAINED]
            if rows or not failed_only:
                parts.append(_section(section, rows, failed_only))
    if failed_only and not parts:
        return f"nothing is unexplained in {sum(each.figures for each in sections)} figures\n"
    if len(sections) > 1 or overview_only:
        parts.append(_overview(sections))
    return "\n".join(parts)


def _section(section: Section, rows: Sequence[Row], failed_only: bool) -> str:
    several = any(row.variants for row in rows)
    lines = [f"{section.name}  {section.source or section.title}"]
    cells = [(row.figure, *[", ".join(row.variants)] * several, row.computed, row.paper, row.reference) for row in rows]
    verdicts = [row.verdict + (f": {row.reason}" if row.reason else "") for row in rows]
    head = ("figure", *["variant"] * several, "computed", "paper", "reference")
    columns = _aligned([head, *cells], right={1 + several})
    lines += [f"  {left}  {verdict}" for left, verdict in zip(columns, ["verdict", *verdicts], strict=True)]
    if section.sizes and not failed_only:
        lines.append(f"  and {len(section.sizes)} map sizes as they are claimed")
    return "\n".join(lines) + "\n"


def _overview(sections: Sequence[Section]) -> str:
    head = heads(sections)
    numbers = [counts(each, len(head)) for each in sections]
    total = [sum(column) for column in zip(*numbers, strict=True)]
    rows = [(each.name, *(str(n) for n in row)) for each, row in zip(sections, numbers, strict=True)]
    table = [head, *rows, *[("all", *map(str, total))] * (len(sections) > 1)]
    return "\n".join(_aligned(table, right=set(range(1, len(head))))) + "\n"


def _aligned(rows: Sequence[Sequence[str]], right: set[int]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def to_json(found: Sequence[Conformance], *, failed_only: bool = False) -> str:
    """All comparisons, figures as exact integers."""
    return (
        json.dumps(
            {
                "format_version": FORMAT_VERSION,
                "proved": all(each.proved for each in found),
                "networks": [_network(each, failed_only) for each in found],
            },
            indent=1,
            ensure_ascii=False,
        )
        + "\n"
    )


def _network(network: Conformance, failed_only: bool) -> dict[str, object]:
    return {
        "name": network.name,
        "title": network.title,
        "variant": network.variant,
        "source": network.source,
        "proved": network.proved,
        "counts": {verdict.value: network.count(verdict) for verdict in Verdict},
        "figures": [
            {
                "figure": each.figure,
                "place": each.place,
                "computed": each.computed,
                "given": each.given,
                "source": each.source,
                "verdict": each.verdict.value,
                "reason": each.reason or None,
            }
            for each in network.comparisons
            if not failed_only or each.verdict is Verdict.UNEXPLAINED
        ],
        "recorded": list(network.recorded),
    }
