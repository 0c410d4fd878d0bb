"""The plane as a network of two inputs sees it, in characters: one picture for pipes, a live one for terminals."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.text import Text

Plane = Sequence[Sequence[float]]
"""Rows from the top of the probability of class 1."""
Points = Sequence[tuple[float, float, int]]
"""From -1 to 1 in x and y, the edges of the plane, and the class."""

ROWS, COLUMNS = 22, 44
MARKS = "ox"
"""Of points of class 0 and 1."""
RAMP = ".:-=+*#"
"""Of the plane, from class 0 to class 1."""
PACE = 0.05
"""Seconds between two pictures at least, so that what learns in a blink can be watched."""
COLORS = ((245, 147, 34), (232, 234, 235), (8, 119, 189))
"""Of class 0, of the middle, and of class 1."""


def drawn(plane: Plane, points: Points) -> str:
    """The plane in plain characters, points over it."""
    return "\n".join("".join(mark or RAMP[min(int(v * len(RAMP)), len(RAMP) - 1)] for mark, v in row) for row in
                     _cells(plane, points))  # fmt: skip


@contextmanager
def live(points: Points, stream: IO[str]) -> Iterator[Callable[[Plane, str], None]]:
    """A picture on a terminal that is drawn anew by each call, with a line below it."""
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    with Live(console=console, auto_refresh=False) as picture:
        shown = 0.0

        def show(plane: Plane, line: str) -> None:
            nonlocal shown
            time.sleep(max(shown + PACE - time.monotonic(), 0))
            shown = time.monotonic()
            inside = _colored(plane, points) if console.color_system else Text(drawn(plane, points))
            picture.update(Group(inside, Text(line)), refresh=True)

        yield show


def _colored(plane: Plane, points: Points) -> Text:
    from rich.text import Text

    found = Text()
    for row in _cells(plane, points):
        for mark, value in row:
            found.append(mark or " ", f"bold black on {_color(value)}")
        found.append("\n")
    return found


def _color(value: float) -> str:
    low, high, share = (*COLORS[:2], 2 * value) if value < 0.5 else (*COLORS[1:], 2 * value - 1)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(low, high, strict=True))


def _cells(plane: Plane, points: Points) -> list[list[tuple[str, float]]]:
    """Rows of cells, each the mark of a point in it, or none, and the value there."""
    marks = {(_at(-y, ROWS), _at(x, COLUMNS)): MARKS[label] for x, y, label in points}
    tall, wide = len(plane), len(plane[0])
    return [
        [(marks.get((r, c), ""), plane[r * tall // ROWS][c * wide // COLUMNS]) for c in range(COLUMNS)]
        for r in range(ROWS)
    ]


def _at(place: float, count: int) -> int:
    return min(max(int((place + 1) / 2 * count), 0), count - 1)
