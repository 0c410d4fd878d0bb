"""One feature map as a box to scale, with its shape above it and what made it below.

A map's height and depth in the drawing are its height and width, on a scale that keeps small maps visible (the square
root); its length is the number of its channels, on another. Groups of a convolution are boxes above one another, as
AlexNet's two processors. Features are bars.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2, sqrt

from netdsl.backends.pictures import prose, words
from netdsl.backends.pictures.cards import link, told
from netdsl.backends.pictures.drawing import Group, Mark, Path, Point, Run, Text
from netdsl.backends.pictures.look import TINTS
from netdsl.backends.pictures.model import Node
from netdsl.ops import Family
from netdsl.shapes import Shape

SLANT = 0.35
"""How far a box goes back to the right and up, of its depth."""
TYPE = 8.25
"""The size of all type but the title, in points; a row is no longer than lets it be read on a page."""
SHORT = 13
"""Characters of an operation that have room for the stride beside them."""


@dataclass(frozen=True, slots=True)
class Volume:
    """One box: the node that gives it, its size in points (length, height, depth), in how many parts it is, and the
    node whose value is a part of it."""

    node: Node
    length: float
    height: float
    depth: float
    parts: int = 1
    before: Node | None = None

    @property
    def width(self) -> float:
        return self.length + SLANT * self.depth


def made(node: Node) -> Shape | None:
    """The map that a node gives: of several in a row, the last one's."""
    return node.figures.last or node.figures.shape


def volume_of(node: Node, all_: list[Node], tallest: float) -> Volume:
    """The box of a node's value."""
    shape = made(node) or (1,)
    sizes = [side for each in all_ if len(made(each) or ()) > 1 for side in (made(each) or ())[1:]]
    largest = max(sizes, default=1)
    if len(shape) == 1:
        return Volume(node, 7.0, min(tallest, 10 + 9 * log2(shape[0] + 1)), 0.0)
    sides = shape[-2:] if len(shape) > 2 else (shape[1], 1)
    high, deep = (tallest * sqrt(side / largest) for side in sides)
    groups = int(node.op.model_dump().get("groups", 1)) if node.op is not None else 1
    halves = 2 if groups == 2 else 1
    return Volume(node, 3 + 2.2 * sqrt(shape[0]), high / halves, deep / halves, halves)


def tall(volume: Volume) -> float:
    each = volume.height + SLANT * volume.depth
    return each * volume.parts + 10 * (volume.parts - 1)


def broad(volume: Volume) -> float:
    """The width of the words above and below a volume."""
    return max(Run(line, TYPE).width for line in (shown(volume.node), *words_below(volume)))


def name(node: Node, x: float, y: float) -> Text:
    return Text(x, y, (Run(shown(node), TYPE, color="grey"),), "middle")


def shown(node: Node) -> str:
    return words.shape(made(node))


def box(volume: Volume, x: float, y: float, theme: str) -> Group:
    """A box whose front's left side is at `x` and whose middle is at `y`; its words are below it."""
    node = volume.node
    tint = TINTS[theme][node.family] if node.family else TINTS[theme][Family.REGULARIZATION]
    fill, stroke = ("wrongfill", "wrong") if node.problem else (tint.fill, tint.line)
    marks: list[Mark] = []
    back = SLANT * volume.depth
    top = y - tall(volume) / 2
    for part in range(volume.parts):
        up = top + part * (volume.height + back + 10)
        marks += _solid(x, up, volume.length, volume.height, back, fill, stroke)
    below = y + tall(volume) / 2 + 11
    for number, line in enumerate(words_below(volume)):
        marks.append(
            Text(
                x + volume.width / 2,
                below + number * 10,
                (Run(line, TYPE, number == 0 and bool((volume.before or node).label)),),
                "middle",
            )
        )
    return Group(tuple(marks), told(node), link(node.origin))


def _solid(x: float, y: float, length: float, height: float, back: float, fill: str, stroke: str) -> list[Mark]:
    """The three visible faces of a box; `back` is how far it goes to the right and up."""
    front: tuple[Point, ...] = (
        (x, y + back),
        (x + length, y + back),
        (x + length, y + back + height),
        (x, y + back + height),
    )
    if not back:
        return [Path((*front, front[0]), stroke, fill=fill, thick=0.7)]
    top = (front[0], (x + back, y), (x + length + back, y), front[1])
    side = (front[1], (x + length + back, y), (x + length + back, y + height), front[2])
    return [Path((*face, face[0]), stroke, fill=fill, thick=0.7) for face in (front, top, side)]


def words_below(volume: Volume) -> list[str]:
    """What made a volume, and what made the part of it that it was joined from."""
    return [*(_operation(volume.before) if volume.before else ()), *_operation(volume.node)]


def _operation(node: Node) -> list[str]:
    """What made a volume, in short lines."""
    times = f" × {node.times}" if node.times > 1 else ""
    if node.kind == "input":
        return ["input"]
    text = node.title if node.kind == "join" else prose.line(node)
    first, _, rest = text.partition(", ")
    lines = [node.label] if node.label else []
    stride = f"/{rest.rpartition('/')[2]}" if "/" in rest else ""
    if stride and len(first) + len(times) < SHORT:
        first, stride = f"{first}, {stride}", ""
    return [*lines, first + times, *([stride] if stride else [])]
