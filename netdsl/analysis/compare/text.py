"""A difference as lines for a terminal: the short account, and the whole alignment side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from netdsl.analysis.compare.difference import Difference, Finding, Place, Row, Side
from netdsl.analysis.compare.places import brief, shortened
from netdsl.shapes import text as shape_text

MOST = 10
"""So many findings are told in short; those that change the most."""
_LISTED = 3
_WIDEST = 92
_COLUMN = 40
_LONGEST = 72


class Line(NamedTuple):
    """A line of text and its role: `strong`, `added`, `removed`, `changed`, `dim`, or none."""

    text: str
    role: str = ""


def short(difference: Difference, most: int | None = MOST) -> list[Line]:
    """What differs, in a screen: the figures, then at most `most` findings, the greatest ones; None for all."""
    left, right = difference.left, difference.right
    if difference.same:
        return list(_same(difference))
    lines = [Line(f"{left.title} -> {right.title}", "strong"), Line("")]
    lines += _figures(left, right)
    kept = _greatest(difference, most)
    told = [(_sentence(finding), _where(finding), finding) for finding in kept]
    width = max((len(f"{text}  {where}".rstrip()) for text, where, _ in told), default=0)
    width = min(max(width, max((len(text) for text, _, _ in told), default=0)), _WIDEST)
    heads = "params", "multiply-adds"
    columns = [
        max(len(head), *(len(f"{number:+,}") for number in numbers))
        for head, numbers in zip(heads, zip(*((each.params, each.macs) for each in kept), strict=True), strict=True)
    ]

    def line(text: str, params: int, macs: int) -> str:
        figures = (f"{number:+,}" if number else "" for number in (params, macs))
        aligned = (each.rjust(size) for each, size in zip(figures, columns, strict=True))
        return f"{text:{width}}  {'  '.join(aligned)}".rstrip()

    aligned = (head.rjust(size) for head, size in zip(heads, columns, strict=True))
    lines += [Line(""), Line(f"{'':{width}}  {'  '.join(aligned)}", "dim")]
    aux = False
    for text, where, finding in told:
        if finding.aux and not aux:
            lines.append(Line("in the aux heads", "dim"))
            aux = True
        if where and len(text) + len(where) + 2 <= width:
            text, where = f"{text}  {where}", ""
        if len(text) > width:
            text = f"{text[: width - 3]}..."
        lines.append(Line(line(text, finding.params, finding.macs), finding.kind))
        if where:
            lines.append(Line(f"    {where}", "dim"))
    hidden = len(difference.findings) - len(kept)
    if hidden:
        rest = [finding for finding in difference.findings if finding not in kept]
        params, macs = (sum(getattr(each, name) for each in rest if not each.aux) for name in ("params", "macs"))
        lines.append(Line(line(f"and {hidden} more; --all shows them", params, macs), "dim"))
    if not difference.exact:
        lines += [Line("the networks are too long for the best alignment; this is one found in parts", "dim")]
    return lines


def _same(difference: Difference) -> Iterator[Line]:
    left, right = difference.left, difference.right
    figures = f"{left.totals.params:,} params, {left.totals.macs:,} multiply-adds"
    if not difference.renamed:
        yield Line(f"{left.title} and {right.title} are the same: {figures}", "strong")
        return
    yield Line(f"{left.title} and {right.title} are the same computation, under other names: {figures}", "strong")
    shown = difference.renamed[:_LISTED]
    for one, other in shown:
        yield Line(f"  {one} -> {other}")
    if len(difference.renamed) > len(shown):
        yield Line(f"  and {len(difference.renamed) - len(shown):,} more; --all shows them", "dim")


def _figures(left: Side, right: Side) -> Iterator[Line]:
    """The totals on both sides."""
    rows = [("params", "params"), ("multiply-adds", "macs"), ("depth", "depth"), ("aux params", "aux_params")]
    rows += [("frozen params", "frozen_params")]
    cells = []
    for title, name in rows:
        before, after = getattr(left.totals, name), getattr(right.totals, name)
        if before == after and name not in ("params", "macs"):
            continue
        change = f"{after - before:+,}" if after != before else "="
        share = _share(before, after) if name != "depth" else ""
        cells.append((title, f"{before:,}", f"{after:,}", change, share))
    widths = [max(len(each[column]) for each in cells) for column in range(5)]
    for title, *numbers in cells:
        aligned = (each.rjust(size) for each, size in zip(numbers, widths[1:], strict=True))
        yield Line(f"{title:{widths[0]}}  {'  '.join(aligned)}".rstrip())


def _share(before: int, after: int) -> str:
    """The change in percent, or how many times as much it is."""
    if before == after or not before:
        return ""
    return f"{100 * (after - before) / before:+.1f}%" if after < 10 * before else f"x{after / before:,.0f}"


def _greatest(difference: Difference, most: int | None) -> list[Finding]:
    """The findings that change the most, in their order; aux heads last."""
    found = sorted(difference.findings, key=lambda finding: finding.aux)
    if most is None or len(found) <= most:
        return found
    params = max(1, difference.left.totals.params, difference.right.totals.params)
    macs = max(1, difference.left.totals.macs, difference.right.totals.macs)

    def size(number: int) -> tuple[bool, float, int, int]:
        finding = found[number]
        large = abs(finding.params) / params + abs(finding.macs) / macs
        return finding.kind in ("input", "output", "aux"), large, finding.count, -number

    return [found[number] for number in sorted(sorted(range(len(found)), key=size, reverse=True)[:most])]


# One finding ---------------------------------------------------------------------------------------------------------

_MARKS = {"added": "+", "removed": "-", "reshaped": "=", "recipe": "~", "init": "~"}


def _sentence(finding: Finding) -> str:
    """A finding in words, without where it is."""
    mark = _MARKS.get(finding.kind, "~")
    if finding.kind == "reshaped":
        return f"{mark} on inputs of other shapes: {finding.text}"
    head, colon, tail = finding.text.partition(":")
    change = _change(finding)
    times = f" ({finding.count:,})" if finding.count > 1 else ""
    if finding.kind in ("added", "removed"):
        return f"{mark} {_extra(finding, change)}"
    if not finding.text:
        return f"{mark} {change}{times}"
    if not colon:
        return f"{mark} {head}{times} {change}".rstrip()
    every = "every " if finding.every else ""
    return f"{mark} {every}{head}{times}:{tail} {change}"


def _extra(finding: Finding, change: str) -> str:
    """Layers that one side has, and how many."""
    if finding.every and finding.kind == "removed":
        return f"every {finding.text} ({finding.count:,})"
    if " behind " in finding.text:
        return f"{finding.text} ({finding.count:,})" if finding.count > 1 else finding.text
    text = f"{finding.count:,} x {finding.text}" if finding.count > 1 else finding.text
    if finding.details:
        listed = _some([f"{each.before or each.after} ({each.times})" for each in finding.details])
        return f"{finding.count:,} x {listed}"
    return f"{text}: {change}" if change else text


def _change(finding: Finding) -> str:
    if finding.details:
        return _some([f"{each.before} -> {each.after} ({each.times})" for each in finding.details])
    return f"{finding.before} -> {finding.after}" if finding.before is not None else ""


def _some(texts: Sequence[str]) -> str:
    """The first texts, as many as a line bears."""
    kept = 1
    while kept < min(len(texts), _LISTED) and sum(map(len, texts[: kept + 1])) <= _LONGEST:
        kept += 1
    more = f", and {len(texts) - kept} more" if len(texts) > kept else ""
    return ", ".join(texts[:kept]) + more


def _where(finding: Finding) -> str:
    """Where a finding is, unless it is everywhere."""
    if finding.every or " behind every " in finding.text or finding.kind == "reshaped":
        return ""
    spots = finding.spots
    if len(spots) <= _LISTED and all(_numbered(spot.path) for spot in spots):
        return ", ".join(
            f"at {shortened(spot.path)}" + (f" ({shape_text(spot.output)})" if spot.output else "") for spot in spots
        )
    text = brief([spot.path for spot in spots])
    return f"at {text}" if text else ""


def _numbered(path: str) -> bool:
    """Whether a path says where a layer is by a number alone."""
    return bool(path) and all(part.isdigit() for part in path.split(".")[-1:])


# Side by side --------------------------------------------------------------------------------------------------------


def full(difference: Difference) -> list[Line]:
    """All findings, all other names, and the aligned layers side by side; equal ones in a row are counted only."""
    lines = short(difference, None) if not difference.same else list(_same(difference))[:1]
    lines += [Line("")]
    if difference.same:
        return (
            lines + [Line(f"  {one} -> {other}") for one, other in difference.renamed]
            if difference.renamed
            else lines[:1]
        )
    table = list(_table(difference.rows))
    widths = [max((len(cells[column]) for cells, _ in table), default=0) for column in range(7)]
    for cells, role in table:
        aligned = [
            cell.rjust(size) if column > 4 else cell.ljust(size)
            for column, (cell, size) in enumerate(zip(cells, widths, strict=True))
        ]
        lines.append(Line("  ".join(aligned).rstrip(), role))
    return lines


def _table(rows: Iterable[Row]) -> Iterator[tuple[tuple[str, ...], str]]:
    equal = 0
    for row in rows:
        if row.kind == "same" or (row.kind == "reshaped" and not row.params and not row.macs):
            equal += 1
            continue
        if equal:
            yield _equal(equal)
            equal = 0
        mark = _MARKS.get(row.kind, "~")
        yield (mark, *_cells(row.left), *_cells(row.right), _number(row.params), _number(row.macs)), row.kind
    if equal:
        yield _equal(equal)


def _equal(count: int) -> tuple[tuple[str, ...], str]:
    return ("", f"... {count:,} equal row{'s' * (count != 1)}", "", "", "", "", ""), "dim"


def _cells(place: Place | None) -> tuple[str, str]:
    if place is None:
        return "", ""
    op = place.op if len(place.op) <= _COLUMN else f"{place.op[: _COLUMN - 3]}..."
    return shortened(place.path), op


def _number(number: int) -> str:
    return f"{number:+,}" if number else ""
