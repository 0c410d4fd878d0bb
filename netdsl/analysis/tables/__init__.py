"""Tables as the papers print them: of a network, and back to one.

    networks --style--> tables --format--> text          netdsl table
    text --format--> tables --style--> spec              netdsl read-table

A style is one file in `styles/`, named after the paper; a format is one file in `formats/`. Both have both directions,
and between them is one model (`model`). The law that holds them: what `read` makes of the text of `write` is the
network, less what the style says it leaves out. `write` proves it, so that a style needs no list of what it has no
place for.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from contextlib import suppress
from types import ModuleType

from netdsl import compiler
from netdsl.analysis.tables import formats, styles
from netdsl.analysis.tables.layers import NOT_PRINTED, NotPrintable, less
from netdsl.analysis.tables.model import Table, placed
from netdsl.analysis.tables.printed import Printed
from netdsl.analysis.tables.spec import Spec
from netdsl.analysis.tables.spelling import lines_alike
from netdsl.ir import Network, Node
from netdsl.ops.shared.notation import notation
from netdsl.passes.hash import digest
from netdsl.text.diagnostics import Report, SpecError
from netdsl.text.source import Source

__all__ = ["NotPrintable", "Printed", "Spec", "formats", "less", "read", "styles", "write", "write_each"]

LARGEST = 60_000
"""Characters of a text with a table; those of the papers have 5,000."""


def write(networks: Sequence[Network], style: str | None = None) -> Printed:
    """The tables of some variants of a network in a style, by default the first that has a place for them. Raises
    `NotPrintable` where there is none, with the reason of each style."""
    refused = []
    for name in (style,) if style else styles.TRIED:
        try:
            found: Printed = styles.find(name).write(networks)
            _prove(networks, found, styles.find(name))
            return found
        except NotPrintable as problem:
            refused.append(f"{name}: {problem}")
    raise NotPrintable("\n".join(refused))


def write_each(networks: Sequence[Network], style: str | None = None) -> Printed:
    """As `write`; variants that no style has in one table have one each, by the first style that prints all."""
    try:
        return write(networks, style)
    except NotPrintable:
        for name in (style,) if style else styles.TRIED:
            with suppress(NotPrintable):
                each = [write([network], name) for network in networks]
                return Printed(
                    tuple(table for one in each for table in one.tables),
                    tuple(gone for one in each for gone in one.hidden),
                )
        raise


def _prove(networks: Sequence[Network], printed: Printed, style: ModuleType) -> None:
    """The law: raises `NotPrintable` where what is read from the tables is not the networks."""
    report = Report()
    spec: Spec | None = style.read(printed.tables, printed.tables[0], report)
    if spec is None or report.errors:
        raise NotPrintable("; ".join(each.message for each in report.errors) or "it would print no layers")
    text = spec.text()
    for number, (network, hidden) in enumerate(zip(networks, printed.hidden, strict=True)):
        variant = spec.columns[number] if len(spec.columns) > 1 else None
        try:
            back = compiler.loads(text, variant=variant)
        except SpecError as problem:
            raise NotPrintable(f"it would print what is no network: {problem.report.errors[0].message}") from None
        if digest(back) != digest(less(network, hidden)):
            raise NotPrintable(_apart(network, hidden, back))


def _apart(network: Network, hidden: Container[int], back: Network) -> str:
    """Where a network and what would be read of its table first part."""
    own = [node for node in network.nodes if node.id not in hidden and node.id not in network.aux_nodes]
    for ours, theirs in zip(*(filter(_printed, nodes) for nodes in (own, back.nodes)), strict=False):
        if _text(ours) != _text(theirs):
            place = f"the `{_text(ours)}` in line {network.line(ours.span)}"
            return f"it has no place for {place}, which would be read as `{_text(theirs)}`"
    return "it has no place for how its layers are joined"


def _printed(node: Node) -> bool:
    return not node.op.transparent and node.op.name != "flatten"


def _text(node: Node) -> str:
    return notation(node.op.model_copy(update={key: None for key in NOT_PRINTED if key in type(node.op).model_fields}))


def read(source: Source, report: Report, style: str | None = None) -> Spec | None:
    """The spec of the first table in a text that a style knows; what cannot be read is in the report."""
    report.sources.setdefault(source.name, source)
    if len(source.text) > LARGEST:
        report.error("E0802", f"the text has {len(source.text):,} characters; a table has at most {LARGEST:,}")
        return None
    tables = formats.read(source)
    for table in tables:
        for name in (style,) if style else styles.TRIED:
            each = styles.find(name)
            if style or each.fits(table):
                spec: Spec | None = each.read(tables, table, report)
                if spec is None and not report.errors:
                    report.error("E0802", f"the table has no layers that the {name} style knows", source.span(0, 0))
                return spec
    if not tables:
        help = "tables are read from Markdown, HTML, LaTeX's `tabular`, lines with tabs or commas, and text in columns"
        report.error("E0802", "there is no table in this text", source.span(0, 0), help=help)
    else:
        report.error("E0802", "the table is none of layers", source.span(0, 0), help=_about(tables[0]))
    return None


def _about(table: Table) -> str:
    """What may help with a table that no style knows."""
    head = [text for row in placed(table)[:1] for place in row if (text := lines_alike(place.cell.lines))]
    joined = " ".join(head).lower()
    if "error" in joined or "top-5" in joined:
        return "it looks like one of results; `netdsl chart depth` draws those of ILSVRC"
    known = (f"{name} ({styles.find(name).KNOWN})" for name in styles.names())
    shown = ", ".join(f"`{text}`" for text in head[:8])
    return f"its first row is {shown}; tables that are known are of the styles {'; '.join(known)}"
