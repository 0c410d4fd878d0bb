"""A network to a piece of HTML for notebooks: its diagram beside its table.

All text of the network is untrusted and is escaped. The diagram is embedded as an image, so no script in it can run and
its ids cannot clash with others on the page. The table takes its colours from the page, light or dark. Showing must not
take long: of a large network only the beginning of the table is shown, of a very large one only the figures.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice

from netdsl.backends.artefact import RenderError
from netdsl.backends.pictures import TooLarge, diagram
from netdsl.backends.table import Row, Summary, summary
from netdsl.backends.table.write import notes, title
from netdsl.ir import Network
from netdsl.shapes import text as shape_text

MOST_NODES = 20_000
"""A network with more nodes is shown by its figures alone."""
MOST_BOXES = 300
"""A diagram with more boxes, all repetitions folded, is left out."""
MOST_ROWS = 400
"""A longer table is cut."""

_STYLE = """\
<style>
.netdsl { display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start; }
.netdsl > div { overflow: auto; min-width: 0; }
.jp-NotebookPanel .netdsl > div, #notebook .netdsl > div { max-height: 36em; }
.netdsl .netdsl-diagram { flex: 0 1 auto; max-width: 60%; background: #fff; border-radius: 4px; padding: 4px; }
.netdsl .netdsl-diagram img { display: block; max-width: none; }
.netdsl .netdsl-table { flex: 1 1 30em; }
.netdsl table { border-collapse: collapse; margin: 0 0 .5em; border: 0; font-size: 12px; }
.netdsl.netdsl table th, .netdsl.netdsl table td { text-align: left; }
.netdsl th, .netdsl td { padding: 2px 10px 2px 0; border: 0; white-space: nowrap; background: none; }
.netdsl th:first-child { padding-left: .3em; }
.netdsl.netdsl table td:nth-child(2) { font-family: monospace; white-space: normal; min-width: 14em; max-width: 40em; }
.netdsl.netdsl table td:nth-child(n+4), .netdsl.netdsl table th:nth-child(n+4) { text-align: right; }
.netdsl td, .netdsl th { font-variant-numeric: tabular-nums; }
.netdsl thead th { border-bottom: 1px solid rgba(128, 128, 128, .6); }
.netdsl tfoot th { border-top: 1px solid rgba(128, 128, 128, .6); }
.netdsl tbody tr:nth-child(even) { background: rgba(128, 128, 128, .08); }
.netdsl p { margin: 0 0 .5em; }
.netdsl small { opacity: .75; }
</style>
"""


def html(network: Network) -> str:
    """The diagram and the table of `network`, as a part of a page."""
    if len(network.nodes) > MOST_NODES:
        return f"<div><p><code>{escape(repr(network))}</code></p>{_remark(_TOO_LARGE.format(len(network.nodes)))}</div>"
    table = summary(network)
    named = title(table).partition("\n")[0]
    head = f"<p><b>{escape(table.title)}</b>{escape(named.removeprefix(table.title))}</p>"
    return (
        f'{_STYLE}<div class="netdsl">{_diagram(network)}'
        f'<div class="netdsl-table">{head}{"".join(_table(table))}{"".join(map(_remark, notes(table)))}</div></div>'
    )


_TOO_LARGE = "The network has {:,} nodes, too many to show here; netdsl.summary and netdsl.draw take them all."
_TOO_MANY = "The diagram has {:,} boxes, too many to show here; netdsl.draw writes it."


def _remark(text: str) -> str:
    return f"<small>{escape(text)}</small><br>"


def _diagram(network: Network) -> str:
    """The diagram as an image, or a remark on why there is none."""
    try:
        data = diagram(network, most=MOST_BOXES)
    except TooLarge as problem:
        return f"<div>{_remark(_TOO_MANY.format(problem.count))}</div>"
    except RenderError as problem:
        return f"<div>{_remark(f'no diagram: {problem}')}</div>"
    name = escape(network.name, quote=True)
    return (
        f'<div class="netdsl-diagram"><img alt="diagram of {name}" '
        f'src="data:image/svg+xml;base64,{b64encode(data).decode("ascii")}"></div>'
    )


def _table(table: Summary) -> Iterator[str]:
    if table.throughout:
        yield f"<p><small>throughout: <code>{escape(', '.join(table.throughout))}</code></small></p>"
    yield "<table><thead><tr>"
    yield from (f"<th>{each}</th>" for each in ("layer", "operator", "output", "params", "multiply-adds"))
    yield "</tr></thead><tbody>"
    rows = _rows(table.rows, 0)
    yield from islice(rows, MOST_ROWS)
    rest = sum(1 for _ in rows)
    if rest:
        yield f'<tr><td colspan="5">… and {rest:,} more rows</td></tr>'
    params, macs = (f"{figure:,}" if figure is not None else "?" for figure in (table.params, table.macs))
    yield "</tbody><tfoot><tr>"
    yield from (f"<th>{each}</th>" for each in ("total", "", shape_text(table.output), params, macs))
    yield "</tr></tfoot></table>"


def _rows(rows: Iterable[Row], level: int) -> Iterator[str]:
    for row in rows:
        times = f" ×{row.times}" if row.times > 1 else ""
        figures = ("?" if figure is None else f"{figure:,}" if figure else "" for figure in (row.params, row.macs))
        size = row.size or shape_text(row.output)
        cells = "".join(f"<td>{each}</td>" for each in (escape(row.op) + times, size, *figures))
        yield f'<tr><td style="padding-left: {level + 0.3:g}em">{escape(row.name or "-")}</td>{cells}</tr>'
        yield from _rows(row.rows, level + 1)
