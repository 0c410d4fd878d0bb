"""A table as text: for a terminal, in Markdown, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias
from unicodedata import east_asian_width

from netdsl.backends.table.figures import Row, Summary, size
from netdsl.backends.table.notation import shortened
from netdsl.shapes import Shape
from netdsl.shapes import text as shape_text
from netdsl.text.visible import markdown, visible

Cells: TypeAlias = tuple[str, str, str, str, str]
HEAD: Cells = ("layer", "operator", "output", "params", "multiply-adds")
WIDEST = 64
"""Columns of an operator; lists of the maps that LeNet-5's C3 sees would take 259."""


def cells(summary: Summary) -> list[Cells]:
    """The rows of the table, the last of them the total: layer, operator, output, params, multiply-adds."""
    total = ("total", "", summary.result or shape_text(summary.output), _count(summary.params), _count(summary.macs))
    return [*_lines(summary.rows, 0), total]


def to_text(summary: Summary) -> str:
    """The table as plain text: aligned, groups indented, thousands separated."""
    rows = cells(summary)
    widths = [max(_width(line[column]) for line in (HEAD, *rows)) for column in range(len(HEAD))]

    def write(line: Sequence[str]) -> str:
        left = (cell + " " * (size - _width(cell)) for cell, size in zip(line[:3], widths, strict=False))
        right = (cell.rjust(size) for cell, size in zip(line[3:], widths[3:], strict=True))
        return "  ".join((*left, *right)).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    written = [title(summary)]
    written += ["", write(HEAD), rule, *map(write, rows[:-1]), rule, write(rows[-1]), "", *notes(summary)]
    return "\n".join(written) + "\n"


def title(summary: Summary) -> str:
    """The lines above the table: the network, its input and its output, and what is left out of the rows."""
    named = f"{visible(summary.title)}: {_input(summary)} -> {shape_text(summary.output)}"
    return named + (f"\nthroughout: {visible(', '.join(summary.throughout))}" if summary.throughout else "")


def notes(summary: Summary) -> Iterator[str]:
    """The lines below the table."""
    if summary.valid is not None:
        yield f"valid inputs: {summary.valid}; a quotient is rounded as the word behind it says, where it is not whole"
    yield f"depth {_count(summary.depth)}: convolutions and fully connected layers on the longest path"
    if summary.field is not None and len(summary.output or ()) > 1:
        field = shape_text(summary.field) if isinstance(summary.field, tuple) else _count(summary.field)
        yield f"field {field}: what one value of the output sees of the input, in pixels"
    if summary.aux_params:
        yield f"aux heads, in training only and not in the total: {summary.aux_params:,} params"
    if summary.frozen_params:
        yield f"frozen, not in the total: {summary.frozen_params:,} params"
    if any(row.times > 1 and row.rows for row in _all(summary.rows)):
        yield "a group xN counts all N; the rows in it are those of one"
    if any(row.varied and row.rows for row in _all(summary.rows)):
        yield "where the N differ, as a range of numbers shows, the rows are those of the first"
    shown, deepest = summary.levels
    if shown:
        yield f"{shown} of {deepest} levels of groups; --depth {deepest} shows all"
    yield from map(visible, summary.reported)


def to_markdown(summary: Summary) -> str:
    """The table in Markdown; groups are indented by non-breaking spaces."""

    def cell(text: str) -> str:
        return markdown(text).replace("  ", "&nbsp;&nbsp;")

    *rows, total = cells(summary)
    written = [f"**{cell(title(summary).splitlines()[0])}**", ""]
    written += [f"Throughout: {cell(', '.join(summary.throughout))}", ""] if summary.throughout else []
    written += [f"| {' | '.join(HEAD)} |", "|---|---|---|---:|---:|"]
    written += [f"| {' | '.join(map(cell, line))} |" for line in rows]
    written += [f"| {' | '.join(f'**{each}**' if each else '' for each in total)} |", ""]
    written += [f"- {cell(note)}" for note in notes(summary)]
    return "\n".join(written) + "\n"


def to_json(summary: Summary, **more: Any) -> str:
    """The figures as JSON: exact integers, shapes as lists without the batch, every layer in order, null for what is
    unknown; `more` is written behind them."""
    return json.dumps({**document(summary), **more}, indent=2) + "\n"


def document(summary: Summary) -> dict[str, Any]:
    """The figures as plain data."""
    inputs = summary.input
    return {
        "name": summary.name,
        "variant": summary.variant,
        "input": {name: list(shape) for name, shape in inputs.items()} if isinstance(inputs, dict) else list(inputs),
        "output": _list(summary.output),
        "params": summary.params,
        "aux_params": summary.aux_params,
        "macs": summary.macs,
        "depth": summary.depth,
        "field": list(summary.field) if isinstance(summary.field, tuple) else summary.field,
        "layers": [
            {
                "name": layer.name,
                "op": layer.op,
                "output": _list(layer.output),
                "params": layer.params,
                "macs": layer.macs,
                "line": layer.line,
            }
            for layer in summary.layers
        ],
    }


def _list(shape: Shape | None) -> list[int] | None:
    return None if shape is None else list(shape)


def _input(summary: Summary) -> str:
    if isinstance(summary.input, dict):
        return ", ".join(f"{name}: {shape_text(shape)}" for name, shape in summary.input.items())
    return shape_text(summary.input)


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _figure(number: int | None) -> str:
    return "" if number == 0 else _count(number)


def _lines(rows: Iterable[Row], level: int) -> Iterator[Cells]:
    for row in rows:
        times = f"  x{row.times}" if row.times > 1 else ""
        yield (
            "  " * level + (visible(row.name) or "-"),
            shortened(visible((row.op + times).strip()), WIDEST),
            size(row),
            _figure(row.params),
            _figure(row.macs),
        )
        yield from _lines(row.rows, level + 1)


def _all(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        yield row
        yield from _all(row.rows)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
