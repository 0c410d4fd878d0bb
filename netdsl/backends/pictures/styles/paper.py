"""The figures of the GoogLeNet and ResNet papers: one line for each layer, in tall columns, several networks beside
one another.

A shortcut is an arc beside the column, dotted where there are layers on it, as where the dimensions grow. Networks side
by side have the layers of one output size at one height, as in Figure 3 of the ResNet paper (He et al., 2016); branches
are drawn as in Figure 2 of the GoogLeNet paper (Szegedy et al., 2015). What no page has room for has its repetitions
drawn once, with their number; then each network stands in as many columns as it takes; then its blocks are boxes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby, pairwise
from math import log2

from netdsl.backends.pictures import collapse, graph
from netdsl.backends.pictures.cards import Cards, centred, link, mistakes, round_, told
from netdsl.backends.pictures.collapse import Folded
from netdsl.backends.pictures.drawing import Drawing, Group, Mark, Path, Point, Rect, Run, Text
from netdsl.backends.pictures.legend import legend
from netdsl.backends.pictures.look import STAGES, TINTS
from netdsl.backends.pictures.model import Edge, Fork, Frame, Node, Part, Picture, nodes
from netdsl.backends.pictures.options import Options
from netdsl.backends.pictures.routes import Column, Plan
from netdsl.backends.pictures.rows import Arc, Rows, read
from netdsl.backends.pictures.sheet import LEAST, Sheet, legibility
from netdsl.backends.pictures.spine import Framed, Place, Size, Spine
from netdsl.ir import Network
from netdsl.ops import Family

SEVERAL = True
TAKES = ("wrap",)
TITLE, TYPE, MARGIN = 10.5, 9.0, 8.25
ROW = 14.0
ARC, STEP = 16.0, 6.0
"""How far an arc reaches beside its column, and how much further one around others."""
HOPELESS = 240
"""More rows than this are on no page."""
DOTS = "1.5 2.5"
NUMBER = 22.0
"""What an output size takes left of its column."""


def draw(networks: tuple[Network, ...], options: Options) -> Drawing:
    """The first drawing that can be read on a page: every layer, repetitions drawn once, several columns for each
    network, closed blocks; with `expand` every layer in any case."""
    aligned = replace(options, wrap=len(networks)) if len(networks) > 1 and options.wrap is None else options
    ways = [(aligned, _every), (aligned, collapse.layers), (options, collapse.layers), (options, _blocks)]
    best = None
    for asked, of in [(aligned, _every), (options, _every)] if options.expand else ways:
        whole, rows = _read(networks, asked, of)
        if len(whole.nodes) > HOPELESS and of != _blocks and not options.expand:
            continue
        drawing = _Paper(whole, asked, rows).drawing()
        if best is None or legibility(drawing, options) > legibility(best, options):
            best = drawing
        if legibility(best, options) >= LEAST:
            break
    assert best is not None
    return best


def _every(network: Network) -> Folded:
    return collapse.layers(network, expand=True)


def _blocks(network: Network) -> Folded:
    return next(collapse.blocks(network))


def _read(
    networks: tuple[Network, ...], options: Options, of: Callable[[Network], Folded]
) -> tuple[Picture, list[Rows]]:
    """The networks as one picture, and the rows of each."""
    pictures = [graph.picture(of(each), options.problems) for each in networks]
    rows = [
        read(picture, network, number, options.symbols, len(networks) == 1)
        for number, (picture, network) in enumerate(zip(pictures, networks, strict=True))
    ]
    whole = Picture(
        ", ".join(picture.title for picture in pictures),
        ". ".join(picture.description for picture in pictures),
        tuple(part for each in rows for part in each.parts),
        tuple(edge for each in rows for edge in each.edges),
    )
    return whole, rows


class _Cards(Cards):
    """One line a card, all of one width."""

    gap, bus, aside = 9.0, 9.0, 10.0

    def __init__(self, networks: list[Rows]):
        super().__init__()
        parts_ = [part for rows in networks for part in rows.parts]
        widest = max((_width(node) for node in nodes(tuple(parts_))), default=0.0)
        self.narrowest = 52.0 if any(isinstance(part, Fork) for part in parts_) else max(widest, 96.0)
        self.arcs = [arc for rows in networks for arc in rows.arcs]

    def measured(self, node: Node) -> tuple[float, float]:
        return (ROW, ROW) if round_(node) else (max(_width(node), self.narrowest), ROW)

    def out(self, node: Node) -> Size:
        return Size(0.0, 0.0)

    def heading(self, frame: Frame) -> Size:
        return super().heading(frame) if frame.times > 1 else Size(0.0, 0.0)

    def beside(self, frame: Frame) -> float:
        inside = {node.id for node in nodes(frame.parts)}
        return max((ARC + STEP * arc.level for arc in self.arcs if arc.rows[0] in inside), default=0.0)


def _line(node: Node) -> tuple[Run, ...]:
    """What a box says."""
    return (Run(node.title, TYPE), *([Run(f" × {node.times}", TYPE, bold=True)] if node.times > 1 else []))


def _width(node: Node) -> float:
    return sum(run.width for run in _line(node)) + 12


class _Paper(Sheet):
    def __init__(self, picture: Picture, options: Options, networks: list[Rows]):
        super().__init__(picture, options, _Cards(networks))
        self.networks = networks
        self.aligned = False
        self.down = True
        self.tints, self.meaning = _tints(picture, options.theme)

    def notes(self) -> list[Run]:
        return [*super().notes(), *mistakes(self.picture.nodes, MARGIN)]

    def legend(self, wide: float) -> list[Mark]:
        arcs = [Edge(arc.rows[0], arc.rows[-1], "projection" if arc.dotted else "identity")
                for rows in self.networks for arc in rows.arcs]  # fmt: skip
        shown = replace(self.picture, edges=(*self.picture.edges, *arcs))
        return legend(shown, self.options.theme, wide, self.meaning, DOTS)

    def bodies(self) -> list[list[Part]]:
        return [rows.parts for rows in self.networks]

    def title(self, left: float, top: float, right: float) -> list[Mark]:
        if len(self.networks) > 1:
            return []
        middle = (left + right) / 2
        return [Text(middle, top - 12, (Run(self.networks[0].title, 12, True),), "middle")]

    def arrange(self, spine: Spine, count: int) -> list[Column]:
        stages = [[(key, tuple(rows)) for key, rows in groupby(net.parts, _stage)] for net in self.networks]
        keys = [[key for key, _ in each] for each in stages]
        self.aligned = 1 < count == len(self.networks) and all(each == sorted(set(each), reverse=True) for each in keys)
        columns = self.beside(spine, stages) if self.aligned else super().arrange(spine, count)
        for column in columns:
            column.left += 0.0 if self.aligned else NUMBER
        if len(self.networks) > 1:  # room for the titles
            for rows in self.networks:
                column = columns[spine.places[next(nodes(tuple(rows.parts))).id].column]
                half = Run(rows.title, TITLE, True).width / 2
                column.left, column.right = max(column.left, half), max(column.right, half)
        for arc in (arc for rows in self.networks for arc in rows.arcs):
            places = [spine.places[row] for row in arc.rows]
            for number in {place.column for place in places}:
                reach = max(place.half for place in places) + ARC + STEP * arc.level + 3
                columns[number].right = max(columns[number].right, reach)
        return columns

    def beside(self, spine: Spine, stages: list[list[tuple[int, tuple[Part, ...]]]]) -> list[Column]:
        """Networks side by side, the rows of one output size at one height."""
        order = sorted({key for each in stages for key, _ in each}, reverse=True)
        cells = [{key: spine.sequence(rows) for key, rows in each} for each in stages]
        columns = [
            Column(max(c.left for c in each.values()), max(c.right for c in each.values()), 0.0) for each in cells
        ]
        y = 0.0
        for key in order:
            for number, each in enumerate(cells):
                if key in each:
                    spine.place(each[key], 0.0, y, number)
            y += max(each[key].length for each in cells if key in each) + self.sizes.gap
        for column in columns:
            column.length = y
        return columns

    def card(self, node: Node, x: float, y: float, w: float, h: float) -> Group:
        fill, stroke = self.tints.get(node.id, ("paper", "line"))
        if node.problem:
            fill, stroke = "wrongfill", "wrong"
        box = Rect(x, y, w, h, h / 2 if round_(node) else 2.5, fill, stroke)
        return Group((box, *centred([_line(node)], x + w / 2, y, h)), told(node), link(node.origin))

    def marks(
        self, places: dict[str, Place], frames: list[tuple[Framed, float]], edges: list[tuple[Plan, list[Point]]]
    ) -> list[Mark]:
        found = super().marks(places, [each for each in frames if each[0].frame.times > 1], edges)
        arcs = [mark for rows in self.networks for arc in rows.arcs for mark in self.arc(arc, places)]
        panels = [mark for mark in found if isinstance(mark, Rect)]
        rest = [mark for mark in found if not isinstance(mark, Rect)]
        labels = [above(label, [points for _, points in edges]) for label in self.labels(places)]
        return [*panels, Group(tuple(arcs)), *rest, *labels]

    def arc(self, arc: Arc, places: dict[str, Place]) -> list[Mark]:
        """A shortcut as an arc; where the column ends between its ends, as two."""
        one, two = places[arc.rows[0]], places[arc.rows[-1]]
        gap, dash = self.sizes.gap, DOTS if arc.dotted else ""
        reach = ARC + STEP * arc.level
        top, bottom = one.y - gap * 0.4, two.end + gap * 0.28  # it starts behind the sum that the one before it ends in
        right = max(places[row].half for row in arc.rows) + reach
        if one.column == two.column:
            line = ((one.x, top), (one.x + right, top), (one.x + right, bottom), (one.x, bottom))
            return [Path(line, "line", dash, True, 12.0)]
        end = max(place.end for place in places.values() if place.column == one.column) + gap
        first = ((one.x, top), (one.x + right, top), (one.x + right, end))
        second = ((two.x + right, 0.0 - gap), (two.x + right, bottom), (two.x, bottom))
        return [Path(first, "line", dash, False, 12.0), Path(second, "line", dash, True, 12.0)]

    def labels(self, places: dict[str, Place]) -> list[Text]:
        """The titles of networks side by side, and the output sizes left of the first rows that have them."""
        found: list[Text] = []
        aligned = self.aligned
        if len(self.networks) > 1:
            for rows in self.networks:
                first = places[next(nodes(tuple(rows.parts))).id]
                found.append(Text(first.x, -16, (Run(rows.title, TITLE, True),), "middle"))
        left = min(place.x - place.half for place in places.values()) - 8
        seen: set[int] = set()
        before = -1
        for node in sorted(self.picture.nodes, key=lambda node: (places[node.id].column, places[node.id].y)):
            size, place = _stage(node), places[node.id]
            if aligned and (size in seen or size < 0):
                continue
            if not aligned and (size in (before, -1) or place.hops):
                continue
            seen.add(size)
            before = size
            if aligned:
                found.append(Text(left, places[node.id].middle - 1, (Run("output", MARGIN, color="grey"),), "end"))
                found.append(Text(left, place.middle + 8, (Run(f"size: {size}", MARGIN, color="grey"),), "end"))
            else:
                x = place.x - max(place.half, 0) - 5
                found.append(Text(x, place.middle + 3, (Run(str(size), MARGIN, color="grey"),), "end"))
        return found


def above(label: Text, ways: list[list[Point]]) -> Text:
    """The label, standing on the highest line that would run through it from side to side, if any does."""
    left, top, right, bottom = label.bounds
    through = [
        y1 for points in ways for (x1, y1), (x2, y2) in pairwise(points)
        if y1 == y2 and top < y1 < bottom and min(x1, x2) < right and max(x1, x2) > left
    ]  # fmt: skip
    return replace(label, y=min(through) - 3) if through else label


def _stage(part: Part) -> int:
    """The height of what a row gives; 1 for features, -1 where it is unknown or no plane."""
    if isinstance(part, Fork):
        part = part.join
    if isinstance(part, Frame):
        part = next(nodes(part.parts))
    shape = part.figures.shape
    return -1 if shape is None or len(shape) == 2 else 1 if len(shape) == 1 else shape[-2]


def _tints(picture: Picture, theme: str) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """A colour for each width of convolution, or for each output size, to the nearest halving, where those are many;
    and what each colour means."""
    convolutions = [
        node
        for node in picture.nodes
        if node.op is not None and node.op.family is Family.CONVOLUTION and node.figures.shape
    ]
    widths = dict.fromkeys((node.figures.shape or (0,))[0] for node in convolutions)
    by_width = len(widths) <= 6
    keys = {
        node.id: (node.figures.shape or (0,))[0] if by_width else round(log2(max(_stage(node), 1)))
        for node in convolutions
    }
    order = sorted(set(keys.values()), reverse=not by_width)
    palette = STAGES[theme]
    found = {name: (palette[order.index(key) % len(palette)], "line") for name, key in keys.items()}
    meaning = {
        f"convolution, {key} channels" if by_width else f"convolution, output size about {2**key}": palette[
            number % len(palette)
        ]
        for number, key in enumerate(order)
    }
    for node in picture.nodes:
        if node.op is not None and node.op.family is Family.FULLY_CONNECTED:
            found[node.id] = (meaning.setdefault("fully connected", TINTS[theme][Family.REGULARIZATION].fill), "line")
        elif node.kind == "block":
            found[node.id] = TINTS[theme][None]
            meaning["a block"] = TINTS[theme][None].fill
    return found, meaning
