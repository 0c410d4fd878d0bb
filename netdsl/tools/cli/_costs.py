"""What `netdsl rewrite` did to a spec, as text: each statement before and after, and what both cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdsl.text.visible import visible
from netdsl.tools.cli._columns import aligned

if TYPE_CHECKING:
    from netdsl.analysis.rewrite import Rewritten

_HEAD = ("", "weights", "", "", "multiply-adds", "", "", "sees", "", "")


def costs(name: str, found: Rewritten) -> str:
    """What changed in the spec called `name`, what it costs, and what was left as it is."""
    lines = [f"{name}: {len(found.changes)} rewritten" if found.changes else f"{name}: nothing to rewrite"]
    for each in found.changes:
        lines.append(f"  line {each.line}: {_line(each.change.old)}  ->  {_line(each.change.new)}")
        lines += [f"    {note}" for note in each.change.notes]
    if found.changes:
        lines += [f"  {line}" for line in aligned([_HEAD, *_rows(found)], right=range(1, len(_HEAD)))]
    if found.dropped:
        lines.append(f"  claims that do not hold any more, taken out: {'; '.join(map(_line, found.dropped))}")
    lines += [f"  left as it is, line {line}: {why}" for line, why in found.skipped]
    return "\n".join(lines)


def _rows(found: Rewritten) -> list[tuple[str, ...]]:
    """The figures before and after: of each statement, and of the whole network in each variant."""
    rows: list[tuple[str, ...]] = []
    for each in found.changes:
        before, after = each.before, each.after
        windows = ("{}x{}".format(*before.window), "->", "{}x{}".format(*after.window))
        place = each.change.label or f"line {each.line}"
        rows.append((place, *_pair(before.params, after.params), *_pair(before.macs, after.macs), *windows))
    for variant, old in found.before.items():
        new = found.after[variant]
        if old.totals is not None and new.totals is not None:
            place = f"all of {variant}" if variant else "all"
            rows.append((place, *_pair(old.params, new.params), *_pair(old.macs, new.macs), "", "", ""))
    return rows


def _line(text: str) -> str:
    return visible(" ".join(text.split()))


def _pair(before: int, after: int) -> tuple[str, str, str]:
    return f"{before:,}", "->", f"{after:,}"
