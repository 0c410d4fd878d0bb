"""Columns of layers put right: rows that a fragment has pushed to the left, and the last layer, which gives logits.

Both work on the body of a table with a column for each network: its rows, in each of these a list of statements for
each network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import TypeAlias

Body: TypeAlias = "list[list[list[str]]]"
MOST_CELLS = 3
"""With more cells that are unreadable there are too many ways."""
_WEIGHTED = re.compile(r"conv|fc|dwconv|rbf|local|pointwise|upconv", re.IGNORECASE)


def mended(body: Body, unread: Sequence[tuple[int, int]], depths: Sequence[int]) -> tuple[Body, tuple[int, ...]] | None:
    """The body with the cells behind the unreadable ones (row, column) moved to the right, and by how many columns
    each: where this alone gives each column the weight layers that its head promises; None where it does not."""
    if len(unread) > MOST_CELLS:
        return None
    wide = len(depths)
    fitting = []
    for shifts in product(*(range(1, wide - column) for _, column in unread)):
        made = list(body)
        for (number, column), shift in zip(unread, shifts, strict=True):
            kept, rest = made[number][:column], made[number][column + 1 :]
            if any(rest[len(rest) - shift :]):
                break
            made[number] = [*kept, *[[] for _ in range(shift + 1)], *rest[: len(rest) - shift]]
        else:
            if [_weights(made, column) for column in range(wide)] == list(depths):
                fitting.append((made, shifts))
    return fitting[0] if len(fitting) == 1 else None


def _weights(body: Body, column: int) -> int:
    """How many weight layers a column has."""
    return sum(each.startswith(("conv", "fc", "FC", "dwconv")) for row in body for each in row[column])


def make_linear(body: Body, column: int, acts: set[str]) -> None:
    """The last layer with weights gives the logits: it has no activation, unless it says so. `acts` are the operators
    whose default has one."""
    for row in reversed(body):
        for number in reversed(range(len(row[column]))):
            text = row[column][number]
            if text.startswith("["):
                return
            kind = _WEIGHTED.match(text)
            if kind is None:
                continue
            if kind[0].lower() in acts and "act=" not in text:
                said = f"{text[:-1]}, act=none)" if text.endswith(")") else f"{text}(act=none)"
                row[column] = [*row[column][:number], said, *row[column][number + 1 :]]
            return
