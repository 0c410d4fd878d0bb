"""A network to one page that stands alone: its spec, picture, tables, charts, claims, warnings and source.

Nothing is loaded from elsewhere and no script runs: pictures are embedded as images, all text of the spec is escaped.
The page follows the reader's choice of light or dark, and prints as a document: sections begin with their headings,
long texts wrap, and what only a screen needs is left out.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from netdsl import __version__
from netdsl.analysis import tables
from netdsl.analysis.charts import cost
from netdsl.analysis.lint import lint
from netdsl.backends.artefact import RenderError
from netdsl.backends.artefacts import find
from netdsl.backends.table import cells, fitting, notes, summary
from netdsl.backends.table.write import HEAD
from netdsl.compiler import Compilation
from netdsl.ir import Network
from netdsl.passes.claims import QUANTITIES, computed, holds, show
from netdsl.shapes import text as shape_text
from netdsl.text.diagnostics import Report
from netdsl.text.visible import visible
from netdsl.tools.render import render

STYLE = """\
:root {
  color-scheme: light dark;
  --ink: #222; --paper: #fff; --dim: #666; --line: #ccc; --code: #f6f7f9; --good: #1a7f37; --bad: #b3261e;
}
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #ddd; --paper: #16181c; --dim: #999; --line: #444; --code: #20242a; --good: #5cc27a; --bad: #ff8a80; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: .2rem; }
h2 { margin-top: 2.2rem; border-bottom: 1px solid var(--line); }
.dim { color: var(--dim); }
p.dim { margin: .25em 0; }
.good { color: var(--good); }
.bad { color: var(--bad); }
nav { font-size: 90%; }
nav a { margin-right: .9em; }
figure { margin: 1rem 0; overflow-x: auto; }
figure img { max-width: 100%; max-height: 56rem; background: #fff; border-radius: 4px; }
table { border-collapse: collapse; font-size: 88%; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
.plain td, .plain th { padding: .15rem .7rem .15rem 0; text-align: left; vertical-align: top; }
.plain thead th { border-bottom: 1px solid var(--line); }
.plain .number { text-align: right; }
.plain td:first-child { white-space: pre; }
pre { font: 12.5px/1.45 ui-monospace, monospace; background: var(--code); padding: .8rem 1rem; border-radius: 4px; }
pre { overflow-x: auto; }
.code .err { border: 0; }
summary { cursor: pointer; }
@media screen { .plain td:not(:last-child) { white-space: nowrap; } }
@media print {
  :root { --ink: #000; --dim: #555; --line: #bbb; --code: #fff; }
  body { max-width: none; margin: 0; font-size: 10pt; }
  nav { display: none; }
  h2 { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  figure img { max-height: 22cm; }
  .wide { overflow: visible; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); font-size: 8pt; }
}
@page { margin: 18mm; }
"""
LINES = 60
"""As many rows has the table of layers at most."""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What the page may load and run: nothing but its own images and styles."""


def page(compilation: Compilation, network: Network) -> str:
    """The page of a network that is right."""
    title = network.name if network.variant is None else f"{network.name} ({network.variant})"
    sections: list[tuple[str, str]] = [
        ("Spec", _specs(network)),
        ("Picture", _picture(network)),
        ("Layers", _layers(network)),
        ("As its paper prints it", _printed(network)),
        ("Where it spends", _costs(network)),
        ("Claims", _claims(network)),
        ("Warnings", _warnings(compilation)),
        ("PyTorch source", _source(network)),
    ]
    shown = [(name, body) for name, body in sections if body]
    links = "".join(f'<a href="#{_anchor(name)}">{escape(name)}</a>' for name, _ in shown)
    body = "\n".join(
        f'<section><h2 id="{_anchor(name)}">{escape(name)}</h2>\n{text}\n</section>' for name, text in shown
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{_text(title)}</title>\n<style>\n{STYLE}{_colors()}</style></head><body>\n"
        f"<header><h1>{_text(title)}</h1>\n{_head(network)}<nav>{links}</nav></header>\n{body}\n"
        f'<footer class="dim"><p>Made by netdsl {escape(__version__)}.</p></footer>\n</body></html>\n'
    )


def _text(text: str) -> str:
    return escape(visible(text))


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _head(network: Network) -> str:
    given = ", ".join(shape_text(item.shape) for item in network.inputs)
    figures = f"{given} → {shape_text(network.output)} · {network.params:,} parameters · {network.macs:,} multiply-adds"
    figures += f" · depth {network.depth}"
    source = f'<p class="dim">{_text(network.source)}</p>\n' if network.source else ""
    return f"<p>{escape(figures)}</p>\n{source}"


def _specs(network: Network) -> str:
    """Every text that the network was made of, the blocks of the library behind its own."""
    names = (each.name if each.name.startswith("<") else Path(each.name).name for each in network.sources)
    texts = (_colored(each.text, "netdsl") for each in network.sources)
    return "\n".join(f"<p><code>{_text(name)}</code></p>\n{text}" for name, text in zip(names, texts, strict=True))


def _colored(text: str, language: str) -> str:
    """A text with its colours, where there is somebody to colour it."""
    text = "\n".join(visible(line) for line in text.splitlines()) + "\n"
    try:
        from netdsl.tools.highlight import colored
    except ModuleNotFoundError:
        return f"<pre>{escape(text)}</pre>"
    return colored(text, language)


def _colors() -> str:
    """The style of coloured texts, in light and dark."""
    try:
        from netdsl.tools.highlight import styles
    except ModuleNotFoundError:
        return ""
    return styles()


def _picture(network: Network) -> str:
    try:
        data = find("svg").render(network)
    except RenderError as problem:
        return f'<p class="dim">There is no picture: {_text(str(problem))}</p>'
    return _image(data, f"diagram of {network.name}")


def _image(svg: bytes, words: str) -> str:
    """A picture as an image, in which no script can run."""
    return (
        f'<figure><img alt="{_text(words)}" src="data:image/svg+xml;base64,{b64encode(svg).decode("ascii")}"></figure>'
    )


def _layers(network: Network) -> str:
    table = fitting(summary(network), LINES)
    return _table(HEAD, cells(table), {3, 4}) + "".join(f'<p class="dim">{_text(note)}</p>' for note in notes(table))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> str:
    right = frozenset(numbers)

    def row(tag: str, texts: Sequence[str]) -> str:
        each = (f"<{tag}{' class=number' if n in right else ''}>{_text(text)}</{tag}>" for n, text in enumerate(texts))
        return f"<tr>{''.join(each)}</tr>"

    body = "\n".join(row("td", each) for each in rows)
    return _framed(row("th", head), body)


def _framed(head: str, body: str) -> str:
    return f'<div class="wide"><table class="plain"><thead>{head}</thead><tbody>\n{body}\n</tbody></table></div>\n'


def _printed(network: Network) -> str:
    """The table of the first style that has a place for it."""
    try:
        printed = tables.write([network])
    except tables.NotPrintable:
        return ""
    return f'<div class="wide">{tables.formats.find("html").write(printed.tables)}</div>'


def _costs(network: Network) -> str:
    chart = cost.chart(network)
    try:
        drawn = _image(chart.picture("svg"), chart.title)
    except ModuleNotFoundError:
        drawn = _table(
            chart.columns,
            [[f"{each:,}" if isinstance(each, int) else str(each) for each in row] for row in chart.rows],
            {2, 3, 4},
        )
    return drawn + "".join(f'<p class="dim">{_text(note)}</p>' for note in chart.notes)


def _claims(network: Network) -> str:
    """Every claim with what was computed, and the verdict."""
    rows = claims(network)
    if not rows:
        return "<p>The spec claims nothing.</p>"
    body = "\n".join(
        f"<tr><td>{_text(claim)}</td><td>{_text(found)}</td><td class={kind}>{_text(verdict)}</td>"
        f"<td>{_text(note)}</td></tr>"
        for claim, found, verdict, kind, note in rows
    )
    head = "".join(f"<th>{each}</th>" for each in ("claim", "computed", "verdict", "note"))
    return _framed(f"<tr>{head}</tr>", body)


class Claim(NamedTuple):
    """A claim of a spec, what was computed, and the verdict, with its kind (`good`, `bad`, `dim`) and the note."""

    text: str
    computed: str
    verdict: str
    kind: str
    note: str


def claims(network: Network) -> list[Claim]:
    """What a spec claims and reports, in its order, shapes first."""
    return [*_shapes(network), *_figures(network)]


def _shapes(network: Network) -> Iterator[Claim]:
    for claim in network.shape_claims:
        line, found = network.line(claim.span), network.shapes[claim.value]
        good = found == claim.shape
        yield Claim(f"line {line}: -> {shape_text(claim.shape)}", shape_text(found), *_verdict(good), "")


def _figures(network: Network) -> Iterator[Claim]:
    for expected, figures in ((True, network.expected), (False, network.reported)):
        for figure in figures:
            name = f"{figure.label}.{figure.quantity}" if figure.label else figure.quantity
            claim = f"{'expect' if expected else 'reported'} {name} = {figure.text}"
            note = figure.note or ""
            if figure.quantity not in QUANTITIES:
                yield Claim(claim, "", "reported", "dim", note)
                continue
            try:
                value = computed(network, figure.label, figure.quantity)
            except (KeyError, ValueError):
                yield Claim(claim, "", "cannot be computed", "dim", note)
                continue
            good = _holds(value, figure.value, figure.text)
            yield Claim(claim, show(figure.quantity, value), *_verdict(good, note), note)


def _holds(value: object, claimed: object, text: str) -> bool:
    return holds(value, claimed, text) if isinstance(value, (int, float)) else value == claimed


def _verdict(good: bool, note: str = "") -> tuple[str, str]:
    said = note.partition(":")[0] if note.startswith(("erratum", "by design", "unsettled")) else "differs"
    return ("holds", "good") if good else (said, "bad" if said == "differs" else "dim")


def _warnings(compilation: Compilation) -> str:
    report: Report = lint(compilation)
    text = render(report, color=False)
    for name in report.sources:  # where the files lie is the author's own affair
        text = text.replace(f"--> {name}:", f"--> {Path(name).name}:")
    return f"<pre>{escape(text)}</pre>" if len(report) else "<p>None.</p>"


def _source(network: Network) -> str:
    text = find("torch").render(network).decode()
    lines = text.count("\n")
    said = f"{lines} lines, which need torch and nothing else"
    return f"<details open><summary>{said}</summary>\n{_colored(text, 'python')}</details>"
