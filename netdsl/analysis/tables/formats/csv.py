"""A table as comma-separated values, for spreadsheets; and these, or the tabs of a text extractor, back.

A cell over several columns is in each of them, so that every column is whole by itself. An extractor gives it once, in
the first. The lines of a cell are joined by `; `.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from netdsl.analysis.tables.model import Cell, Row, Table, placed
from netdsl.text.source import Source
from netdsl.text.visible import visible

ENDINGS = (".csv", ".tsv")
COMMENT = ""


def write(tables: Sequence[Table]) -> str:
    """The rows of the tables, with an empty line between two; titles and notes are left out."""
    buffer = io.StringIO()
    out = csv.writer(buffer, lineterminator="\n")
    for number, table in enumerate(tables):
        if number:
            buffer.write("\n")
        for row in placed(table):
            out.writerow([_text(place.cell) for place in row for _ in range(place.cell.columns)])
    return buffer.getvalue()


def _text(cell: Cell) -> str:
    """A cell in one line; one that a spreadsheet would take for a formula begins with an apostrophe."""
    text = cell.text if cell.times is not None else "; ".join(cell.lines)
    text = visible(text)
    return f"'{text}" if text[:1] in ("=", "+", "@", "\t", "\r") else text


def fits(text: str) -> bool:
    """Whether most lines have tabs, or commas as many as their neighbours."""
    lines = [line for line in text.splitlines() if line.strip()]
    return sum("\t" in line or "," in line for line in lines) * 2 > len(lines)


def read(source: Source) -> list[Table]:
    """The tables, which empty lines part from each other."""
    tabs = "\t" in source.text
    found: list[Table] = []
    rows: list[Row] = []
    at = 0
    for line in [*source.text.splitlines(keepends=True), ""]:
        bare = line.rstrip("\r\n")
        if bare.strip() and not set(bare) <= set("-|+: \t"):
            rows.append(tuple(_cells(source, bare, at, "\t" if tabs else ",")))
        elif not bare.strip() and rows:
            found.append(Table("", (), tuple(rows)))
            rows = []
        at += len(line)
    return found


def _cells(source: Source, line: str, at: int, mark: str) -> Iterator[Cell]:
    texts = line.split(mark) if mark == "\t" else next(csv.reader([line]), [])
    while texts and not texts[-1].strip():
        texts.pop()
    end = 0
    for text in texts:
        begin = max(line.find(text, end), end)
        end = begin + len(text)
        said = text.strip().removeprefix("'")
        yield Cell((said,) if said else (), span=source.span(at + begin, at + end))
