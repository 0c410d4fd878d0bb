"""Rows of cells to columns that are lined up: as text, or on a terminal as wide as that is."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence

import click


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """A line for each row; the columns numbered in `right` are aligned at the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def tell(
    title: str, rows: Sequence[Sequence[str]], right: Collection[int], color: str, notes: Iterable[str] = ()
) -> None:
    """Print a table, of which the first row is the head, under its title and above its notes."""
    from netdsl.tools.render.paint import wants_color

    colored = wants_color(sys.stdout, color)
    if colored or sys.stdout.isatty():
        from netdsl.tools.terminal import grid

        grid(title, rows, right, sys.stdout, colored)
    else:
        click.echo("\n".join([title, "", *aligned(rows, right)]))
    if told := list(notes):
        click.echo("\n".join(["", *told]))
