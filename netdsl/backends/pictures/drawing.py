"""A drawing: marks with places, in points, y downwards; what styles make and renderers write.

There are four kinds of marks, few enough that a new format is a small file, and `Group`, which holds the marks of one
node together with what a reader is told of it. Colours are names of a theme's roles or values like `#4477aa`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from netdsl.backends.pictures.metrics import width

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line of text, in one size and colour."""

    text: str
    size: float = 10.0
    bold: bool = False
    color: str = "ink"

    @property
    def width(self) -> float:
        return width(self.text, self.size, self.bold)


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; `y` is its baseline. `turned`: it reads upwards."""

    x: float
    y: float
    runs: tuple[Run, ...]
    anchor: Literal["start", "middle", "end"] = "start"
    turned: bool = False

    @property
    def size(self) -> float:
        return max(run.size for run in self.runs)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        wide = sum(run.width for run in self.runs)
        before = {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        if self.turned:
            return self.x - 0.75 * self.size, self.y - wide + before, self.x + 0.2 * self.size, self.y + before
        return self.x - before, self.y - 0.75 * self.size, self.x - before + wide, self.y + 0.2 * self.size


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle with round corners."""

    x: float
    y: float
    w: float
    h: float
    radius: float = 4.0
    fill: str = "none"
    stroke: str = "line"
    dash: str = ""
    thick: float = 0.8


@dataclass(frozen=True, slots=True)
class Circle:
    x: float
    y: float
    r: float
    fill: str = "none"
    stroke: str = "line"
    thick: float = 0.8


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points, with round corners (`radius`), or a smooth curve through control points (`curve`: each
    three points behind the first are a cubic Bézier). `arrow`: a head at its end. With `fill` it is closed."""

    points: tuple[Point, ...]
    stroke: str = "line"
    dash: str = ""
    arrow: bool = False
    radius: float = 0.0
    curve: bool = False
    fill: str = "none"
    thick: float = 0.9


Mark: TypeAlias = "Text | Rect | Circle | Path | Group"


@dataclass(frozen=True, slots=True)
class Group:
    """Marks that belong together: `title` is what a pointer or a screen reader is told, `link` where it was written."""

    marks: tuple[Mark, ...]
    title: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks from the back to the front, inside `width` x `height`."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str = ""
    description: str = ""
    theme: str = "light"


def flat(marks: Iterable[Mark]) -> Iterator[Text | Rect | Circle | Path]:
    """All marks, out of their groups."""
    for mark in marks:
        if isinstance(mark, Group):
            yield from flat(mark.marks)
        else:
            yield mark


def bounds(marks: Iterable[Mark]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of all marks."""
    boxes = []
    for mark in flat(marks):
        if isinstance(mark, Text):
            boxes.append(mark.bounds)
        elif isinstance(mark, Rect):
            boxes.append((mark.x, mark.y, mark.x + mark.w, mark.y + mark.h))
        elif isinstance(mark, Circle):
            boxes.append((mark.x - mark.r, mark.y - mark.r, mark.x + mark.r, mark.y + mark.r))
        else:
            xs, ys = zip(*mark.points, strict=True)
            boxes.append((min(xs), min(ys), max(xs), max(ys)))
    if not boxes:
        return 0.0, 0.0, 0.0, 0.0
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def moved(mark: Mark, dx: float, dy: float) -> Mark:
    """The mark at another place."""
    if isinstance(mark, Group):
        return replace(mark, marks=tuple(moved(each, dx, dy) for each in mark.marks))
    if isinstance(mark, Path):
        return replace(mark, points=tuple((x + dx, y + dy) for x, y in mark.points))
    return replace(mark, x=mark.x + dx, y=mark.y + dy)


def fitted(marks: Iterable[Mark], title: str, description: str, theme: str, margin: float = 8.0) -> Drawing:
    """A drawing that is as large as its marks."""
    marks = tuple(marks)
    left, top, right, bottom = bounds(marks)
    placed = tuple(moved(mark, margin - left, margin - top) for mark in marks)
    return Drawing(right - left + 2 * margin, bottom - top + 2 * margin, placed, title, description, theme)
