"""Tables on a terminal: as wide as it is, with the colours it has. For a pipe there is plain text, and nothing of this
is imported.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import IO, Literal

from netdsl.backends import table
from netdsl.backends.table import Summary


def show(summary: Summary, stream: IO[str], colored: bool) -> None:
    """Print the table of a network to a terminal; operators that are too long for it are shortened. Where a user wants
    colours in a pipe, it is as wide as it needs to be."""
    from rich.box import Box
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(
        file=stream,
        highlight=False,
        force_terminal=True,
        color_system="standard" if colored else None,
        width=None if stream.isatty() else 1000,
    )
    name, _, throughout = table.title(summary).partition("\n")
    console.print(Text(name, "bold"), *([Text("\n" + throughout)] if throughout else []), sep="")
    console.print()
    rows = table.cells(summary)
    rule = Box("    \n    \n -- \n    \n    \n -- \n    \n    \n")
    made = Table(box=rule, show_edge=False, padding=0, show_footer=True, header_style="bold", footer_style="bold")
    widths = [max(cell_len(row[place]) for row in (table.HEAD, *rows)) for place in range(len(table.HEAD))]
    room = console.width - sum(widths) + widths[1] - (len(widths) - 1)
    widths[1] = min(widths[1], max(room, len(table.HEAD[1])))
    for place, (head, total) in enumerate(zip(table.HEAD, rows[-1], strict=True)):
        side: Literal["right", "left"] = "right" if place > 2 else "left"
        made.add_column(Text(head), Text(total), no_wrap=True, justify=side, overflow="ellipsis", width=widths[place])
    for row in rows[:-1]:
        layer, operator, *rest = row
        made.add_row(Text(layer, "cyan"), Text(table.shortened(operator, widths[1])), *map(Text, rest))
    console.print(made)
    console.print()
    for note in table.notes(summary):
        console.print(Text(note))


def grid(title: str, rows: Sequence[Sequence[str]], right: Collection[int], stream: IO[str], colored: bool) -> None:
    """Print rows of cells under a title, the first row as the head; the columns numbered in `right` at the right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = None if stream.isatty() else 1000
    system: Literal["standard"] | None = "standard" if colored else None
    console = Console(file=stream, highlight=False, force_terminal=True, color_system=system, width=width)
    made = Table(box=SIMPLE_HEAD, show_edge=False, header_style="bold")
    for place, head in enumerate(rows[0]):
        made.add_column(Text(head), justify="right" if place in right else "left", no_wrap=place == 0)
    for row in rows[1:]:
        made.add_row(*(Text(cell, "" if place else "cyan") for place, cell in enumerate(row)))
    console.print(Text(title, "bold"))
    console.print(made)
