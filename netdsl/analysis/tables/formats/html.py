"""A table in HTML, as a part of a page; and HTML's tables back, with what covers several columns or rows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from html.parser import HTMLParser

from netdsl.analysis.tables.model import Cell, Row, Table, placed
from netdsl.text.source import Source
from netdsl.text.visible import visible

ENDINGS = (".html", ".htm")
COMMENT = "<!-- {} -->"
STYLE = """\
<style>
table.printed { border-collapse: collapse; margin: 1.2em 0 .4em; font-variant-numeric: tabular-nums; }
table.printed caption { text-align: left; font-weight: 600; padding-bottom: .3em; white-space: nowrap; }
table.printed td, table.printed th { padding: .15em .7em; text-align: left; vertical-align: middle; }
table.printed th { font-weight: normal; }
table.printed .over { text-align: center; }
table.printed .right { text-align: right; }
table.printed thead tr:first-child > *, table.printed tbody tr:first-child > * { border-top: 1.5px solid currentColor; }
table.printed tbody tr.rule > * { border-top: 1px solid rgba(128, 128, 128, .6); }
table.printed tbody tr:last-child > * { border-bottom: 1.5px solid currentColor; }
table.printed .stack { display: inline-block; border: solid currentColor; border-width: 0 1.5px; border-radius: 4px;
  padding: 0 .35em; vertical-align: middle; }
p.printed { margin: .2em 0; font-size: 85%; }
</style>
"""


def write(tables: Sequence[Table]) -> str:
    """The tables and their style, as a part of a page."""
    return STYLE + "\n".join(map(body, tables))


def body(table: Table) -> str:
    """One table with its notes, without the style."""
    written = ['<table class="printed">', f"<caption>{_text(table.title)}</caption>", "<thead>"]
    for number, row in enumerate(placed(table)):
        if number == len(table.head):
            written += ["</thead>", "<tbody>"]
        tag = "th" if number < len(table.head) else "td"
        rule = ' class="rule"' if number - len(table.head) in table.rules else ""
        cells = "".join(_cell(tag, place.cell, place.column in table.right) for place in row if not place.below)
        written.append(f"<tr{rule}>{cells}</tr>")
    written += ["</tbody>", "</table>", *(f'<p class="printed">{_text(note)}</p>' for note in table.notes)]
    return "\n".join(written) + "\n"


def _cell(tag: str, cell: Cell, right: bool) -> str:
    attributes = "".join(
        f' {key}="{value}"' for key, value in (("colspan", cell.columns), ("rowspan", cell.rows)) if value > 1
    )
    attributes += ' class="over"' if cell.columns > 1 else ' class="right"' if right else ""
    text = "<br>".join(map(_text, cell.lines))
    if cell.times is not None:
        text = f'<span class="stack">{text}</span>&times;{cell.times}'
    return f"<{tag}{attributes}>{text}</{tag}>"


def _text(text: str) -> str:
    return escape(visible(text))


def fits(text: str) -> bool:
    """Whether there is a table in it."""
    return "<table" in text.lower()


def read(source: Source) -> list[Table]:
    """The tables of a page, each with its caption, and with the paragraphs behind it as notes."""
    reader = _Reader(source)
    reader.feed(source.text)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self, source: Source):
        super().__init__(convert_charrefs=True)
        self.source = source
        self.starts = [0]
        for line in source.text.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.found: list[Table] = []
        self.rows: list[list[Cell]] | None = None
        self.title = ""
        self.open: tuple[str, dict[str, str | None], int] | None = None  # a cell, caption or paragraph
        self.lines: list[str] = [""]
        self.stack = False
        self.skip = ""  # a footnote mark, or what is no text

    def here(self) -> int:
        line, column = self.getpos()
        return self.starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "table":
            self.rows, self.title = [], ""
        elif tag == "tr" and self.rows is not None:
            self.finish()
            self.rows.append([])
        elif tag in ("td", "th", "caption", "p"):
            self.finish()
            self.open, self.lines, self.stack = (tag, given, self.here()), [""], False
        elif tag == "br":
            self.lines.append("")
        elif tag == "span" and given.get("class") == "stack":
            self.stack = True
        elif tag in ("script", "style"):
            self.skip = tag
        elif tag == "sup":
            self.lines[-1] += "^"

    def handle_endtag(self, tag: str) -> None:
        if tag == self.skip:
            self.skip = ""
        elif tag in ("td", "th", "tr", "caption", "p"):
            self.finish()
        elif tag == "span" and self.stack:
            self.lines = ["[" + "; ".join(self.lines) + "]"]
        elif tag == "table" and self.rows is not None:
            self.finish()
            rows: tuple[Row, ...] = tuple(tuple(row) for row in self.rows if row)
            self.found.append(Table(self.title, (), rows))
            self.rows = None

    def handle_data(self, data: str) -> None:
        if not self.skip and self.open is not None:
            self.lines[-1] += data

    def finish(self) -> None:
        """End what is open: in HTML its end tag may be left out."""
        if self.open is None:
            return
        (tag, given, start), self.open = self.open, None
        lines = tuple(" ".join(line.split()) for line in self.lines if line.strip())
        if tag == "caption":
            self.title = " ".join(lines)
        elif tag == "p":
            if self.rows is None and self.found and lines:
                last = self.found[-1]
                self.found[-1] = Table(last.title, (), last.rows, (*last.notes, " ".join(lines)))
        elif self.rows is not None:
            if not self.rows:
                self.rows.append([])
            span = self.source.span(start, max(self.here(), start))
            self.rows[-1].append(Cell(lines, _number(given.get("colspan")), _number(given.get("rowspan")), span=span))


def _number(written: str | None) -> int:
    """A span of a cell; at most a thousand, as browsers have it."""
    return min(max(int(written), 1), 1000) if written and written.isascii() and written.isdigit() else 1
