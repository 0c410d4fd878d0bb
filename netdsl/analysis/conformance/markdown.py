"""Sections to a page of Markdown: what it proves, the overview, and each spec with its figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netdsl.analysis.conformance import references
from netdsl.analysis.conformance.compare import Verdict
from netdsl.analysis.conformance.figures import split
from netdsl.analysis.conformance.sections import Row, Section

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
auxiliary heads, multiply-adds (macs) those of convolutions and matrix products for one sample. The references:

"""
_PARTS = ("output", "params", "weights", "macs", "connections")
_COUNTED = (Verdict.MATCH, Verdict.ERRATUM, Verdict.DESIGN, Verdict.UNSETTLED, Verdict.UNEXPLAINED)


def page(sections: Sequence[Section], *, overview_only: bool = False) -> str:
    """The page. `overview_only` leaves out the sections of the specs."""
    parts = [_INTRODUCTION + "".join(f"- `{kind}:` {how}.\n" for kind, how in references.counted().items())]
    parts.append(_overview(sections))
    if not overview_only:
        parts += [_section(each) for each in sections]
    return "\n".join(parts)


def heads(sections: Sequence[Section]) -> tuple[str, ...]:
    """The columns of the overview; unexplained figures have one where there are some."""
    fails = any(each.count(Verdict.UNEXPLAINED) for each in sections)
    return ("spec", "networks", "figures", "match", "errata", "by design", "unsettled", *["UNEXPLAINED"] * fails)


def counts(section: Section, columns: int) -> tuple[int, ...]:
    """The numbers of a section's row in the overview."""
    each = (len(section.networks), section.figures, *(section.count(verdict) for verdict in _COUNTED))
    return each[: columns - 1]


def _overview(sections: Sequence[Section]) -> str:
    head = heads(sections)
    rows: list[Sequence[str]] = [
        (f"[{each.name}](#{_anchor(each)})", *(str(n or "") for n in counts(each, len(head)))) for each in sections
    ]
    total = [sum(column) for column in zip(*(counts(each, len(head)) for each in sections), strict=True)]
    rows.append(("**all**", *(f"**{n}**" for n in total)))
    return "## Overview\n\n" + table(head, rows, right=range(1, len(head)))


def _anchor(section: Section) -> str:
    """The place of a heading, as GitHub and the common site generators name it."""
    return "".join(c for c in section.name.lower() if c.isalnum() or c in "-_")


def _section(section: Section) -> str:
    lines = [f"## {section.name}\n"]
    lines.append(f"{section.title}. {section.source}.\n" if section.source else f"{section.title}.\n")
    parts = [row for row in section.rows if _is_part(row)]
    rows = [row for row in section.rows if not _is_part(row)]
    several = any(row.variants for row in rows)
    head = ("figure", *["variant"] * several, "computed", "paper", "reference", "verdict")
    lines.append(table(head, [_cells(row, several) for row in rows], right=[1 + several]))
    if parts:
        lines.append("Parts that match:\n\n" + _parts(parts))
    if section.sizes:
        sizes = [f"`{place}` {size}{_which(variants)}" for place, size, variants in section.sizes]
        lines.append("Map sizes that hold as they are claimed: " + ", ".join(sizes) + ".\n")
    if section.recorded:
        lines.append("Recorded, not computed: " + _recorded(section) + ".\n")
    return "\n".join(lines)


def _recorded(section: Section) -> str:
    """Years and error rates, those of a variant together: `year 2015; 34-layer: top1 24.52%, top5 7.46%`."""
    together: dict[tuple[str, ...], list[str]] = {}
    for text, variants in sorted(section.recorded, key=lambda item: bool(item[1])):  # what all share first
        together.setdefault(variants, []).append(text)
    return "; ".join(
        (f"{', '.join(variants)}: " if variants else "") + ", ".join(texts) for variants, texts in together.items()
    )


def _is_part(row: Row) -> bool:
    """A figure of a part on which all agree, and of which the paper says nothing."""
    label, quantity = split(row.figure)
    return label is not None and quantity in _PARTS and row.verdict is Verdict.MATCH and not row.paper


def _parts(rows: Sequence[Row]) -> str:
    """One row for each part, its figures side by side."""
    parts: dict[tuple[str | None, tuple[str, ...], str], dict[str, str]] = {}
    for row in rows:
        label, quantity = split(row.figure)
        parts.setdefault((label, row.variants, row.reference), {})[quantity] = row.computed
    several = any(variants for _, variants, _ in parts)
    columns = [name for name in _PARTS if any(name in figures for figures in parts.values())]
    cells = [
        (
            f"`{label}`",
            *[", ".join(variants) or "all"] * several,
            *(figures.get(name, "") for name in columns),
            reference,
        )
        for (label, variants, reference), figures in parts.items()
    ]
    first = 1 + several
    return table(
        ("part", *["variant"] * several, *columns, "reference"), cells, right=range(first, first + len(columns))
    )


def _which(variants: tuple[str, ...]) -> str:
    return f" [{', '.join(variants)}]" if variants else ""


def _cells(row: Row, several: bool) -> Sequence[str]:
    verdict = row.verdict.value if row.verdict is Verdict.MATCH else f"**{row.verdict}**"
    if row.reason:
        verdict += f": {row.reason}"
    figure = row.figure if "`" in row.figure else f"`{row.figure}`"
    return (figure, *[", ".join(row.variants) or "all"] * several, row.computed, row.paper, row.reference, verdict)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """A Markdown table; the columns `right` are set to the right."""
    to_right = set(right)
    rule = ["---:" if i in to_right else "---" for i in range(len(head))]
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in (head, rule, *rows)]
    return "".join(f"| {line} |\n" for line in lines)
