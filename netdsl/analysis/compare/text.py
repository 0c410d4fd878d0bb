"""Findings, figures and rows in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby, takewhile
from typing import NamedTuple

from netdsl.analysis.compare.describe import cut
from netdsl.analysis.compare.finding import AlignedRow, Finding, Place
from netdsl.ir import Network
from netdsl.shapes import text as shape_text

_LISTED = 3
_WIDEST = 92
_COLUMN = 40
_LONGEST = 72
_MARKS = {"added": "+", "removed": "-", "reshaped": "="}


class Line(NamedTuple):
    """A line of text and its role: `strong`, `added`, `removed`, `changed`, `dim`, or none."""

    text: str
    role: str = ""


def title(network: Network) -> str:
    """A network's name, with its variant."""
    return f"{network.name} ({network.variant})" if network.variant else network.name


def same(left: Network, right: Network, renamed: Sequence[tuple[str, str]], most: int | None = _LISTED) -> list[Line]:
    """That two networks are the same, and the first of the names that differ; `most` None for all."""
    what = "the same computation, under other names" if renamed else "the same"
    figures = f"{left.params:,} params, {left.macs:,} multiply-adds"
    lines = [Line(f"{title(left)} and {title(right)} are {what}: {figures}", "strong")]
    lines += [Line("")] * (most is None and bool(renamed))
    lines += [Line(f"  {one} -> {other}") for one, other in renamed[:most]]
    if most is not None and len(renamed) > most:
        lines.append(Line(f"  and {len(renamed) - most:,} more; --all shows them", "dim"))
    return lines


def figures(left: Network, right: Network) -> Iterator[Line]:
    """The totals on both sides."""
    cells = []
    for name in ("params", "macs", "depth", "aux_params", "frozen_params"):
        before, after = getattr(left.totals, name), getattr(right.totals, name)
        if before != after or name in ("params", "macs"):
            change = f"{after - before:+,}" if after != before else "="
            share = _share(before, after) if name != "depth" else ""
            title = "multiply-adds" if name == "macs" else name.replace("_", " ")
            cells.append((title, f"{before:,}", f"{after:,}", change, share))
    return (Line(text) for text in _aligned(cells, "<>>>>"))


def _share(before: int, after: int) -> str:
    """The change in percent, or how many times as much it is."""
    if before == after or not before:
        return ""
    return f"{100 * (after - before) / before:+.1f}%" if after < 10 * before else f"x{after / before:,.0f}"


def _aligned(rows: Sequence[Sequence[str]], sides: str) -> Iterator[str]:
    """Rows of cells in columns, each aligned to its side; a cell alone is a line of its own."""
    widths = [max(map(len, column)) for column in zip(*(row for row in rows if len(row) > 1), strict=True)]
    for row in rows:
        cells = (f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=False))
        yield "  ".join(cells).rstrip()


def _table(rows: Sequence[tuple[Sequence[str], str]], sides: str) -> Iterator[Line]:
    """The same for rows that have a role."""
    return map(Line, _aligned([cells for cells, _ in rows], sides), [role for _, role in rows])


# Findings ------------------------------------------------------------------------------------------------------------


def told(findings: Sequence[Finding], left: Network, right: Network, most: int | None) -> Iterator[Line]:
    """The findings in a table with what each changes: at most so many, the greatest; those of aux heads last."""
    kept = _greatest(findings, left, right, most)
    texts = [(_sentence(finding), _where(finding)) for finding in kept]
    width = min(_WIDEST, max(len(f"{text}  {where}".rstrip()) for text, where in texts))
    lines: list[tuple[Sequence[str], str]] = [((" " * width, "params", "multiply-adds"), "dim")]
    aux = False
    for (text, where), finding in zip(texts, kept, strict=True):
        if finding.aux and not aux:
            lines.append((("in the aux heads",), "dim"))
            aux = True
        fits = len(text) + len(where) + 2 <= width
        text = f"{text}  {where}".rstrip() if fits else cut(text, width)
        lines.append(((text, _number(finding.params), _number(finding.macs)), finding.kind))
        if where and not fits:
            lines.append(((f"    {where}",), "dim"))
    if hidden := [finding for finding in findings if finding not in kept]:
        params, macs = (sum(getattr(each, name) for each in hidden if not each.aux) for name in ("params", "macs"))
        lines.append(((f"and {len(hidden)} more; --all shows them", _number(params), _number(macs)), "dim"))
    yield Line("")
    yield from _table(lines, "<>>")


def _greatest(findings: Sequence[Finding], left: Network, right: Network, most: int | None) -> list[Finding]:
    """The findings that change the most, in their order; aux heads last."""
    found = sorted(findings, key=lambda finding: finding.aux)
    if most is None or len(found) <= most:
        return found
    params, macs = max(1, left.params, right.params), max(1, left.macs, right.macs)

    def size(finding: Finding) -> tuple[bool, float, int]:
        large = abs(finding.params) / params + abs(finding.macs) / macs
        return finding.kind in ("input", "output", "aux"), large, finding.count

    kept = sorted(found, key=size, reverse=True)[:most]
    return [finding for finding in found if finding in kept]


def _sentence(finding: Finding) -> str:
    """A finding in words, without where it is."""
    mark, text, count = _MARKS.get(finding.kind, "~"), finding.text, finding.count
    change = f"{finding.before} -> {finding.after}" if finding.before is not None else ""
    times = f" ({count:,})" if count > 1 else ""
    if finding.kind == "reshaped":
        return f"{mark} on inputs of other shapes: {text}"
    if finding.kind in ("added", "removed"):
        if finding.details:
            listed = [f"{each.before or each.after} ({each.times})" for each in finding.details]
            return f"{mark} {count:,} x {_some(listed)}"
        if " behind " in text:
            return f"{mark} {text}{times}"
        return f"{mark} {f'{count:,} x ' * (count > 1)}{text}{f': {change}' * bool(change)}"
    if finding.details:
        change = _some([f"{each.before} -> {each.after} ({each.times})" for each in finding.details])
    if not text:
        return f"{mark} {change}{times}"
    head, colon, tail = text.partition(":")
    return f"{mark} {'every ' * finding.every}{head}{times}{colon}{tail} {change}".rstrip()


def _some(texts: Sequence[str]) -> str:
    """The first texts, as many as a line bears."""
    fitting = [n for n in range(2, _LISTED + 1) if sum(map(len, texts[:n])) <= _LONGEST]
    kept = max([1, *fitting])
    more = f", and {len(texts) - kept} more" if len(texts) > kept else ""
    return ", ".join(texts[:kept]) + more


def _where(finding: Finding) -> str:
    """Where a finding is, unless it is everywhere."""
    if finding.every or " behind every " in finding.text or finding.kind == "reshaped":
        return ""
    spots = finding.spots
    if len(spots) <= _LISTED and all(spot.path.rpartition(".")[2].isdigit() for spot in spots):
        shapes = [f" ({shape_text(spot.output)})" if spot.output else "" for spot in spots]
        return ", ".join(f"at {shortened(spot.path)}{shape}" for spot, shape in zip(spots, shapes, strict=True))
    text = brief([spot.path for spot in spots])
    return f"at {text}" if text else ""


def brief(paths: Sequence[str]) -> str:
    """Many paths in few words: all of them where they are few, else the pattern they share (`inception*.branch3.1`),
    else the first of them."""
    paths = list(dict.fromkeys(shortened(path) for path in paths if path))
    listed = _some(paths)
    return listed if listed == ", ".join(paths) else _pattern(paths) or _first(paths)


def _first(paths: Sequence[str]) -> str:
    """As many paths as a line bears, and how many more there are."""
    room = _LONGEST - len(f"and {len(paths):,} more")
    lengths = accumulate(len(path) + len(", ") for path in paths)
    kept = max(1, sum(1 for _ in takewhile(lambda length: length <= room, lengths)))
    return ", ".join(paths[:kept]) + (f", and {len(paths) - kept:,} more" if kept < len(paths) else "")


def shortened(path: str) -> str:
    """A path of bearable length: its beginning and its end."""
    half = _LONGEST // 2
    return path if len(path) <= _LONGEST else f"{path[:half]}...{path[3 - half :]}"


def _pattern(paths: Sequence[str]) -> str:
    """The parts that all paths share, with `*` where they differ; nothing where they share too little."""
    split = [path.split(".") for path in paths]
    if len({len(parts) for parts in split}) != 1:
        return ""
    found = []
    for parts in zip(*split, strict=True):
        start = _start(parts)
        end = _start([part[len(start) :][::-1] for part in parts])[::-1]
        found.append(start if len(set(parts)) == 1 else f"{start}*{end}")
    return ".".join(found) if any(part != "*" and not part.isdigit() for part in found) else ""


def _start(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    return "".join(each[0] for each in takewhile(lambda each: len(set(each)) == 1, zip(*texts, strict=False)))


def side_by_side(rows: Iterable[AlignedRow]) -> Iterator[Line]:
    """The aligned layers in a table; equal ones in a row are counted only."""
    lines: list[tuple[Sequence[str], str]] = []
    for equal, group in groupby(rows, lambda row: row.kind in ("same", "reshaped") and not row.params and not row.macs):
        if equal:
            count = len(list(group))
            lines.append((("", f"... {count:,} equal row{'s' * (count != 1)}", "", "", "", "", ""), "dim"))
            continue
        for row in group:
            cells = _MARKS.get(row.kind, "~"), *_cells(row.left), *_cells(row.right)
            lines.append(((*cells, _number(row.params), _number(row.macs)), row.kind))
    yield from _table(lines, "<<<<<>>")


def _cells(place: Place | None) -> tuple[str, str]:
    if place is None:
        return "", ""
    return shortened(place.path), cut(place.op, _COLUMN)


def _number(number: int) -> str:
    return f"{number:+,}" if number else ""
