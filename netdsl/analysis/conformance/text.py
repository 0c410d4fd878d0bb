"""Sections to plain text for a terminal, and comparisons to JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from netdsl.analysis.conformance.compare import Conformance, Verdict
from netdsl.analysis.conformance.sections import Line, Section, overview, recorded

FORMAT_VERSION = 1


def text(sections: Sequence[Section], *, overview_only: bool = False, failed_only: bool = False) -> str:
    """The figures of each spec, then the overview; with `failed_only` only the unexplained figures."""
    parts = []
    if not overview_only:
        for section in sections:
            shown = [each for each in section.lines if not failed_only or each.verdict is Verdict.UNEXPLAINED]
            if shown or not failed_only:
                parts.append(_section(section, shown, failed_only))
    if failed_only and not parts:
        return f"nothing is unexplained in {sum(each.figures for each in sections)} figures\n"
    if len(sections) > 1 or overview_only:
        parts.append(_overview(sections))
    return "\n".join(parts)


def _section(section: Section, shown: Sequence[Line], failed_only: bool) -> str:
    several = any(each.variants for each in shown)
    own = any(each.own for each in shown)
    head = ("figure", *["variant"] * several, "computed", "paper", "reference", *["own count"] * own)
    cells = [
        (
            each.figure,
            *[", ".join(each.variants)] * several,
            each.computed,
            each.paper,
            each.reference,
            *[each.own] * own,
        )
        for each in shown
    ]
    verdicts = ["verdict", *(each.verdict + (f": {each.reason}" if each.reason else "") for each in shown)]
    written = [f"{section.name}  {section.source or section.title}"]
    columns = _aligned([head, *cells], right={1 + several})
    written += [f"  {left}  {verdict}" for left, verdict in zip(columns, verdicts, strict=True)]
    if section.sizes and not failed_only:
        written.append(f"  and {len(section.sizes)} map sizes as they are claimed")
    if not failed_only:
        written += [f"  {line}" for line in recorded(section)]
    return "\n".join(written) + "\n"


def _overview(sections: Sequence[Section]) -> str:
    head, rows = overview(sections)
    shown = rows if len(sections) > 1 else rows[:-1]
    return "\n".join(_aligned([head, *shown], right=set(range(1, len(head))))) + "\n"


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
    """All comparisons, with figures as exact integers."""
    document = {
        "format_version": FORMAT_VERSION,
        "proved": all(each.proved for each in found),
        "networks": [_network(each, failed_only) for each in found],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _network(network: Conformance, failed_only: bool) -> dict[str, object]:
    shown = [each for each in network.comparisons if not failed_only or each.verdict is Verdict.UNEXPLAINED]
    figures = ("figure", "place", "computed", "given", "source", "verdict")
    return {
        "name": network.name,
        "title": network.title,
        "variant": network.variant,
        "source": network.source,
        "proved": network.proved,
        "counts": {verdict: network.count(verdict) for verdict in Verdict},
        "figures": [{**{key: getattr(each, key) for key in figures}, "reason": each.reason or None} for each in shown],
        "recorded": [each.text for each in network.recorded],
        "read": [each.text for each in network.recorded if each.read],
    }
