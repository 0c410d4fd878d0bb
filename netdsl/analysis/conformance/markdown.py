"""Sections to a page of Markdown: what it is about, the figures that differ, the overview, and each spec with what
matches, folded away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netdsl.analysis.conformance import references
from netdsl.analysis.conformance.compare import Verdict
from netdsl.analysis.conformance.figures import split
from netdsl.analysis.conformance.sections import Line, Section, overview, recorded
from netdsl.text.visible import markdown

_INTRODUCTION = """\
# Conformance

Made by `netdsl conformance --format markdown > docs/conformance.md`; a test holds that it is what the specs give.

Each figure that the compiler computes from a spec of the zoo stands here beside what the paper prints and what the
implementations that people use have. The verdicts:

- **match**: the same figure, to the last digit that is given. 143,667,240 is `144M`; there is no other tolerance.
- **paper erratum**: the paper's figure does not follow from the network that it describes.
- **differs by design**: the two are different networks, and this is the difference.
- **unsettled**: no reading of the paper was found that gives its figure.

There is no fifth: a figure that differs without a reason fails the command. Parameters are the trainable ones without
auxiliary heads, multiply-adds (macs) those of convolutions and matrix products for one sample. A spec that is its
paper's where its reference differs is held against the reference with the differences that it lists (`apart from:`).
What nothing can compute (error rates, recipes) was read in its source where it says so, and is remembered otherwise.
Own counts were made by this project, apart from the compiler, and prove less than those of others. The references:

"""
_PARTS = ("output", "params", "weights", "macs", "connections")


def page(sections: Sequence[Section], *, overview_only: bool = False) -> str:
    """The page. `overview_only` leaves out the sections of the specs."""
    parts = [_INTRODUCTION + "".join(f"- `{kind}:` {how}.\n" for kind, how in references.counted().items())]
    parts += [_differing(sections), _overview(sections)]
    if not overview_only:
        parts += [_section(each) for each in sections]
    return "\n".join(parts)


def _overview(sections: Sequence[Section]) -> str:
    head, (*rows, total) = overview(sections)
    cells = [
        (f"[{each.name}](#{_anchor(each)})", *("" if count == "0" else count for count in row[1:]))
        for each, row in zip(sections, rows, strict=True)
    ]
    return "## Overview\n\n" + table(head, [*cells, [f"**{each}**" for each in total]], right=range(1, len(head)))


def _anchor(section: Section) -> str:
    """The anchor of a heading, as GitHub and the common site generators name it."""
    return "".join(c for c in section.name.lower() if c.isalnum() or c in "-_")


def _differing(sections: Sequence[Section]) -> str:
    """All figures that do not match, of all specs, in one table."""
    rows = [
        (f"[{each.name}](#{_anchor(each)})", *_cells(line, True))
        for each in sections
        for line in each.lines
        if line.verdict is not Verdict.MATCH
    ]
    head = ("spec", "figure", "variant", "computed", "paper", "reference", "own count", "verdict")
    return "## Figures that differ\n\n" + (table(head, rows, right=[3]) if rows else "None.\n")


def _section(section: Section) -> str:
    matches = [line for line in section.lines if line.verdict is Verdict.MATCH]
    parts = [line for line in matches if _is_part(line)]
    others = [line for line in matches if not _is_part(line)]
    several = any(line.variants for line in others)
    own = any(line.own for line in others)
    head = ("figure", *["variant"] * several, "computed", "paper", "reference", *["own count"] * own, "note")
    rows = [_cells(line, several, own) for line in others]
    written = [
        f"## {section.name}\n",
        f"{section.title}. {section.source}.\n" if section.source else f"{section.title}.\n",
        f"<details><summary>{section.count(Verdict.MATCH)} figures that match</summary>\n",
    ]
    if rows:
        written.append(table(head, rows, right=[1 + several]))
    if parts:
        written.append("Parts:\n\n" + _parts(parts))
    if section.sizes:
        sizes = [f"`{place}` {size}{_which(variants)}" for place, size, variants in section.sizes]
        written.append("Map sizes that hold as they are claimed: " + ", ".join(sizes) + ".\n")
    written.append("</details>\n")
    if section.recorded:
        written.append("Not computed. " + " ".join(recorded(section)) + "\n")
    return "\n".join(written)


def _is_part(line: Line) -> bool:
    """Whether it is a figure of a part on which all agree and that the paper does not print."""
    label, quantity = split(line.figure)
    return label is not None and quantity in _PARTS and line.verdict is Verdict.MATCH and not line.paper


def _parts(lines: Sequence[Line]) -> str:
    """One row for each part, its figures side by side."""
    parts: dict[tuple[str | None, tuple[str, ...], str], dict[str, str]] = {}
    for line in lines:
        label, quantity = split(line.figure)
        by = ", ".join(filter(None, (line.reference, line.own)))
        parts.setdefault((label, line.variants, by), {})[quantity] = line.computed
    several = any(variants for _, variants, _ in parts)
    columns = [name for name in _PARTS if any(name in figures for figures in parts.values())]
    cells = [
        (f"`{label}`", *_variants(variants, several), *(figures.get(name, "") for name in columns), reference)
        for (label, variants, reference), figures in parts.items()
    ]
    head = ("part", *["variant"] * several, *columns, "reference")
    return table(head, cells, right=range(1 + several, 1 + several + len(columns)))


def _variants(variants: tuple[str, ...], several: bool) -> list[str]:
    """The cell that names variants, where the table has one."""
    return [", ".join(variants) or "all"] * several


def _which(variants: tuple[str, ...]) -> str:
    return f" [{', '.join(variants)}]" if variants else ""


def _cells(line: Line, several: bool, own: bool = True) -> Sequence[str]:
    verdict = "" if line.verdict is Verdict.MATCH else f"**{line.verdict}**"
    note = ": ".join(filter(None, (verdict, line.reason)))
    figure = line.figure if "`" in line.figure else f"`{line.figure}`"
    shown = (figure, *_variants(line.variants, several), line.computed, line.paper, line.reference)
    return (*shown, *[line.own] * own, note)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """A Markdown table; the columns `right` are aligned to the right."""
    to_right = set(right)
    rule = ["---:" if i in to_right else "---" for i in range(len(head))]
    lines = [" | ".join(map(markdown, row)) for row in (head, rule, *rows)]
    return "".join(f"| {line} |\n" for line in lines)
