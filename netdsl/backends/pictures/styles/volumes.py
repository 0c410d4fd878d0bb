"""Feature maps as boxes to scale, one behind the other, as the LeNet-5, AlexNet and VGG papers draw theirs.

A map's height and depth in the drawing are its height and width, on a scale that keeps small maps visible (the square
root); its length is the number of its channels, on another. Groups of a convolution are boxes above one another, as
AlexNet's two processors. Features are bars. What stands between two volumes is written below. Where the network comes
back to its first sizes, as U-Net, the drawing is a U: down at the left, up at the right, what is copied across it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import log2, sqrt

from netdsl.backends.artefact import RenderError
from netdsl.backends.pictures import collapse, graph, prose, words
from netdsl.backends.pictures.cards import link, mistakes, told
from netdsl.backends.pictures.drawing import Drawing, Group, Mark, Path, Point, Run, Text, bounds, fitted, moved
from netdsl.backends.pictures.legend import legend
from netdsl.backends.pictures.look import TINTS
from netdsl.backends.pictures.model import Fork, Node, Picture, nodes, parts
from netdsl.backends.pictures.options import Options
from netdsl.backends.pictures.sheet import LEAST, page
from netdsl.ir import Network
from netdsl.ops import Family
from netdsl.shapes import Shape

SEVERAL = False
TAKES = ("wrap",)
TALLEST = 120.0
"""The height of the largest map, in points."""
SLANT = 0.35
"""How far a box goes back to the right and up, of its depth."""
APART = 34.0
HIDDEN = (Family.ACTIVATION, Family.NORMALIZATION, Family.REGULARIZATION)
TYPE = 8.25
"""The size of all type but the title, in points; a row is no longer than lets it be read on a page."""
BETWEEN, LEVEL = 8.0, 72.0
"""In a U, between volumes of a level, and between levels: for the words below one and above the next, and an arrow."""
SHORT = 13
"""Characters of an operation that have room for the stride beside them."""
MOST = 60
"""More volumes than this are no picture."""


@dataclass(frozen=True, slots=True)
class _Volume:
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


def draw(networks: tuple[Network, ...], options: Options) -> Drawing:
    """The drawing of one network. Raises `RenderError` where it has no maps, or too many to be drawn."""
    picture = graph.picture(collapse.layers(networks[0], expand=options.expand), options.problems)
    shown = _shown(picture)
    if not any(len(_made(node) or ()) > 2 for node in shown):
        raise RenderError(f"{picture.title} has no feature maps; the style `graph` draws fully connected networks")
    if len(shown) > MOST:
        raise RenderError(
            f"{picture.title} has {len(shown)} feature maps, too many to draw each; `blocks` and `paper` draw it"
        )
    _chain(picture, {node.id for node in shown})
    bent = _bent(shown)
    if bent and options.wrap is not None:
        raise RenderError(f"{picture.title} is drawn as a U, which has no rows: it takes no `wrap`")
    volumes = [_volume(node, shown, TALLEST * (0.6 if bent else 1.0)) for node in shown]
    marks = _u(volumes, picture, options.theme) if bent else _rows(volumes, options)
    left, top, right, bottom = bounds(marks)
    if options.legend:
        said = replace(picture, body=tuple(shown), edges=())
        marks += [moved(mark, left, bottom + 16) for mark in legend(said, options.theme, right - left)]
    _, _, _, bottom = bounds(marks)
    for number, run in enumerate(mistakes(picture.nodes, TYPE)):
        marks.append(Text(left, bottom + 14 + number * TYPE * 1.3, (run,)))
    marks.append(Text((left + right) / 2, top - 12, (Run(picture.title, 12, True),), "middle"))
    return fitted(marks, picture.title, picture.description, options.theme)


def _shown(picture: Picture) -> list[Node]:
    """The nodes whose values are drawn: the input, and what changes a shape or has weights."""
    found = []
    for node in picture.nodes:
        if _made(node) is None or node.kind == "output":
            continue
        if node.op is not None and (node.op.family in HIDDEN or _adds_nothing(node)):
            continue
        if node.kind == "join" and node.op is not None and node.op.symbol:
            continue
        found.append(node)
    return found


def _made(node: Node) -> Shape | None:
    """The map that a node gives: of several in a row, the last one's."""
    return node.figures.last or node.figures.shape


def _adds_nothing(node: Node) -> bool:
    """Whether a map is only part of another, or its numbers in a row: what is cropped, flattened, passed on."""
    takes, gives = node.figures.takes or (), _made(node) or ()
    smaller = len(gives) == len(takes) and all(one <= other for one, other in zip(gives, takes, strict=True))
    return node.op is not None and node.op.family is Family.REARRANGEMENT and (len(gives) == 1 or smaller)


def _volume(node: Node, all_: list[Node], tallest: float) -> _Volume:
    """The box of a node's value."""
    shape = _made(node) or (1,)
    sizes = [side for each in all_ if len(_made(each) or ()) > 1 for side in (_made(each) or ())[1:]]
    largest = max(sizes, default=1)
    if len(shape) == 1:
        return _Volume(node, 7.0, min(tallest, 10 + 9 * log2(shape[0] + 1)), 0.0)
    sides = shape[-2:] if len(shape) > 2 else (shape[1], 1)
    high, deep = (tallest * sqrt(side / largest) for side in sides)
    groups = int(node.op.model_dump().get("groups", 1)) if node.op is not None else 1
    halves = 2 if groups == 2 else 1
    return _Volume(node, 3 + 2.2 * sqrt(shape[0]), high / halves, deep / halves, halves)


def _chain(picture: Picture, shown: set[str]) -> None:
    """Raise `RenderError` where branches have volumes: side by side they would look as if one made the other."""
    for part in parts(picture.body):
        if isinstance(part, Fork) and any(node.id in shown for way in part.branches for node in nodes(way.parts)):
            raise RenderError(
                f"{picture.title} has branches, and the style `volumes` draws chains; "
                "`blocks` and `paper` draw any network"
            )


def _bent(shown: list[Node]) -> bool:
    """Whether maps grow again, to at least half of the first size: then the drawing is a U."""
    heights = [shape[1] if len(shape) > 2 else 0 for node in shown if (shape := _made(node))]
    if 0 in heights or not heights:
        return False
    low = min(range(len(heights)), key=lambda at: (heights[at], -at))
    return heights[-1] >= heights[0] / 2 and heights[low] < heights[-1] / 2


# A row ---------------------------------------------------------------------------------------------------------------


def _rows(volumes: list[_Volume], options: Options) -> list[Mark]:
    """As few rows as let the type be read on a page, or so many as `wrap` says, one about as wide as the other."""
    steps = [_step_to(volume, volumes, number) for number, volume in enumerate(volumes)]
    room = page(options)[0] * TYPE / LEAST - 2 * APART
    most = options.wrap or len(_groups(steps, room))
    widest = next(wide for wide in range(int(max(steps)), int(sum(steps)) + 2) if len(_groups(steps, wide)) <= most)
    marks: list[Mark] = []
    y = 0.0
    for number, group in enumerate(_groups(steps, widest)):
        row = _row([volumes[at] for at in group], options.theme, first=number == 0)
        _, top, _, bottom = bounds(row)
        marks += [moved(mark, 0.0, y - top) for mark in row]
        y += bottom - top + 24
    return marks


def _groups(steps: list[float], room: float) -> list[list[int]]:
    """The numbers of the volumes in rows that are no wider than `room`."""
    found: list[list[int]] = [[]]
    used = 0.0
    for number, step in enumerate(steps):
        if found[-1] and used + step > room:
            found.append([])
            used = 0.0
        found[-1].append(number)
        used += step
    return found


def _row(volumes: list[_Volume], theme: str, first: bool = True) -> list[Mark]:
    marks: list[Mark] = []
    x = 0.0 if first else APART
    for number, volume in enumerate(volumes):
        if number or not first:
            marks.append(_arrow(x))
        marks.append(_box(volume, x + 4, 0.0, theme))
        above = -_tall(volume) / 2 - 6
        marks.append(_name(volume.node, x + 4 + volume.width / 2, above))
        x += _step_to(volume, volumes, number)
    return marks


def _step_to(volume: _Volume, volumes: list[_Volume], number: int) -> float:
    """From where a volume begins to where the next one does."""
    return volume.width + 4 + max(APART, _words(volume, volumes, number))


def _words(volume: _Volume, volumes: list[_Volume], number: int) -> float:
    """What the words above this volume and the next, and those between them, take beside the boxes."""
    if number + 1 == len(volumes):
        return 0.0
    after = volumes[number + 1]
    halves = ((_broad(each) - each.width) / 2 for each in (volume, after))
    return max(sum(max(half, 0.0) for half in halves) + 8, APART)


def _tall(volume: _Volume) -> float:
    each = volume.height + SLANT * volume.depth
    return each * volume.parts + 10 * (volume.parts - 1)


def _name(node: Node, x: float, y: float) -> Text:
    return Text(x, y, (Run(_shape(node), TYPE, color="grey"),), "middle")


def _shape(node: Node) -> str:
    return words.shape(_made(node))


def _arrow(end: float) -> Mark:
    """What leads into a volume."""
    return Path(((end - 16, 0.0), (end + 1, 0.0)), "line", arrow=True)


def _box(volume: _Volume, x: float, y: float, theme: str) -> Group:
    """A box whose front's left side is at `x` and whose middle is at `y`; its words are below it."""
    node = volume.node
    tint = TINTS[theme][node.family] if node.family else TINTS[theme][Family.REGULARIZATION]
    fill, stroke = ("wrongfill", "wrong") if node.problem else (tint.fill, tint.line)
    marks: list[Mark] = []
    back = SLANT * volume.depth
    top = y - _tall(volume) / 2
    for part in range(volume.parts):
        up = top + part * (volume.height + back + 10)
        marks += _solid(x, up, volume.length, volume.height, back, fill, stroke)
    below = y + _tall(volume) / 2 + 11
    for number, line in enumerate(_words_below(volume)):
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


def _words_below(volume: _Volume) -> list[str]:
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


# A U -----------------------------------------------------------------------------------------------------------------


def _u(volumes: list[_Volume], picture: Picture, theme: str) -> list[Mark]:
    """Levels by size, the first at the top; each step to another size goes straight down, or up again."""
    volumes = _joined(volumes)
    marks: list[Mark] = []
    places: list[float] = []  # of the middles of boxes
    x = 0.0
    for before, volume in pairwise([None, *volumes]):
        assert volume is not None
        if before is not None and _step(before, volume) == 0:
            words_ = (_broad(before) + _broad(volume)) / 2 + 5
            x += max((before.width + volume.width) / 2 + BETWEEN, words_)
        places.append(x)
    levels = _aligned(volumes)
    ordered = list(zip(places, levels, volumes, strict=True))
    for middle, y, volume in ordered:
        marks.append(_box(volume, middle - volume.width / 2, y, theme))
        marks.append(_name(volume.node, middle, y - _tall(volume) / 2 - 4))
    at = {volume.node.id: (middle, y, volume) for middle, y, volume in ordered}
    at |= {volume.before.id: (middle, y, volume) for middle, y, volume in ordered if volume.before is not None}
    lines = [_onward(one, two) for one, two in pairwise(ordered)]
    onward = {edge.source: edge.target for edge in picture.edges if edge.source not in at}
    for edge in picture.edges:
        target = edge.target if edge.target in at else onward.get(edge.target, "")
        if edge.kind == "reference" and edge.source in at and target in at:
            lines.append(_copy(at[edge.source], at[target]))
    return [Group(tuple(lines)), *marks]


def _joined(volumes: list[_Volume]) -> list[_Volume]:
    """The volumes, those that are joined with a copy right away as a part of what that gives."""
    found: list[_Volume] = []
    for volume in volumes:
        if found and volume.node.kind == "join" and _step(found[-1], volume) == 0:
            volume = replace(volume, before=found.pop().node)
        found.append(volume)
    return found


def _broad(volume: _Volume) -> float:
    """The width of the words above and below a volume."""
    return max(Run(line, TYPE).width for line in (_shape(volume.node), *_words_below(volume)))


def _onward(one: tuple[float, float, _Volume], two: tuple[float, float, _Volume]) -> Mark:
    """From one volume to the next: to the right, or past the words between two levels."""
    (x1, y1, before), (x2, y2, after) = one, two
    if abs(y1 - y2) < 1:
        start = x1 - before.width / 2 + before.length + SLANT * before.depth / 2 + 1
        return Path(((start, y1), (x2 - after.width / 2 - 1, y2)), "line", arrow=True)
    upper, lower = sorted((one, two), key=lambda each: each[1])
    top = upper[1] + _tall(upper[2]) / 2 + 5 + 10 * len(_words_below(upper[2]))
    bottom = lower[1] - _tall(lower[2]) / 2 - 13
    points = ((x1, top), (x2, bottom)) if y1 < y2 else ((x1, bottom), (x2, top))
    return Path(points, "line", arrow=True)


def _copy(one: tuple[float, float, _Volume], two: tuple[float, float, _Volume]) -> Path:
    """What is copied across the U, above the boxes of its level."""
    x1, y1 = one[0], one[1] - _tall(one[2]) / 2 - 15
    x2, y2 = two[0], two[1] - _tall(two[2]) / 2 - 15
    top = min(y1, y2) - 10
    return Path(((x1, y1), (x1, top), (x2, top), (x2, y2)), "line", "4 2.5", True, 6.0)


def _height(volume: _Volume) -> float:
    return float((_made(volume.node) or (1, 1))[1])


def _step(one: _Volume, two: _Volume) -> int:
    """Whether the way from one volume to the next goes a level down (1), up (-1), or neither."""
    return 1 if _height(two) < _height(one) * 0.75 else -1 if _height(two) > _height(one) * 1.5 else 0


def _aligned(volumes: list[_Volume]) -> list[float]:
    """The heights of the levels, those on the way up at the height of those on the way down."""
    deepest = [0]
    for one, two in pairwise(volumes):
        deepest.append(deepest[-1] + _step(one, two))
    heights: dict[int, float] = {}
    for number, volume in zip(deepest, volumes, strict=True):
        heights[number] = max(heights.get(number, 0.0), _tall(volume))
    tops: dict[int, float] = {}
    y = 0.0
    for number in sorted(heights):
        tops[number] = y + heights[number] / 2
        y += heights[number] + LEVEL
    return [tops[number] for number in deepest]
