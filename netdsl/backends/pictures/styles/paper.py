"""The figures of the GoogLeNet and ResNet papers: one line for each layer, in tall columns, several networks beside
one another.

What a reader of the papers knows is left out: activations, norms, dropout. A sum with a shortcut is no box but an arc
beside the column, dotted where there are layers on the shortcut, as where the dimensions grow. Networks side by side
have the layers of one output size at one height, as in Figure 3 of the ResNet paper (He et al., 2016); branches are
drawn as in Figure 2 of the GoogLeNet paper (Szegedy et al., 2015).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TypeGuard

from netdsl.backends.pictures import collapse, graph, prose
from netdsl.backends.pictures.cards import Cards, centred, link, told
from netdsl.backends.pictures.drawing import Drawing, Group, Mark, Path, Point, Rect, Run, Text
from netdsl.backends.pictures.look import STAGES, TINTS
from netdsl.backends.pictures.model import Branch, Edge, Fork, Frame, Node, Part, Picture, nodes
from netdsl.backends.pictures.options import Options
from netdsl.backends.pictures.routes import Column, Plan
from netdsl.backends.pictures.sheet import Sheet
from netdsl.backends.pictures.spine import Framed, Place, Size, Spine
from netdsl.ir import Network
from netdsl.ops import Family
from netdsl.text.amounts import amount

SEVERAL = True
TYPE, MARGIN = 9.0, 8.25
ROW = 15.0
ARC = 16.0
"""How far an arc reaches beside its column."""
NUMBER = 22.0
"""What an output size takes left of its column."""


@dataclass(frozen=True, slots=True)
class Arc:
    """A shortcut around the rows from `first` to `last`."""

    first: str
    last: str
    dotted: bool
    level: int = 0


@dataclass
class Rows:
    """One network as rows: boxes and forks, the arcs beside them."""

    title: str
    parts: list[Part] = field(default_factory=list)
    arcs: list[Arc] = field(default_factory=list)


def draw(networks: tuple[Network, ...], options: Options) -> Drawing:
    """The drawing of one network in as many columns as fit a page, or of several, one in each."""
    pictures = [graph.picture(collapse.layers(each, expand=True), options.problems) for each in networks]
    found = [
        _rows(picture, network, number, options, len(networks) > 1)
        for number, (picture, network) in enumerate(zip(pictures, networks, strict=True))
    ]
    parts = tuple(part for rows in found for part in rows.parts)
    title = ", ".join(picture.title for picture in pictures)
    about = ". ".join(picture.description for picture in pictures)
    kept = {node.id for node in nodes(parts)}
    edges: dict[tuple[str, str], Edge] = {}
    for number, (picture, rows) in enumerate(zip(pictures, found, strict=True)):
        kinds: graph.Kinds = {}
        graph.walk(tuple(rows.parts), set(), "flow", kinds)
        joins = {_name(number, edge.target) for edge in picture.edges if edge.kind == "identity"}
        edges |= {p: Edge(*p, k[0]) for p, k in kinds.items() if k[0] != "identity" or p[1] in joins}
        for edge in picture.edges:
            pair = (_name(number, edge.source), _name(number, edge.target))
            if edge.kind == "reference" and kept.issuperset(pair):
                edges[pair] = Edge(*pair, "reference")
    return _Paper(Picture(title, about, parts, tuple(edges.values())), options, found).drawing()


class _Cards(Cards):
    """One line a card, all of one width."""

    gap, bus, aside = 8.0, 9.0, 10.0

    def __init__(self, parts: Iterable[Part]):
        super().__init__()
        shown = list(nodes(tuple(parts)))
        forked = any(isinstance(part, Fork) for part in parts)
        widest = max((Run(node.title, TYPE).width for node in shown), default=0.0) + 12
        self.least = 0.0 if forked else max(widest, 96.0)

    def size(self, node: Node) -> tuple[float, float]:
        return max(Run(node.title, TYPE).width + 12, self.least, 52.0), ROW

    def out(self, node: Node) -> Size:
        return Size(0.0, 0.0)

    def heading(self, frame: Frame) -> Size:
        return Size(0.0, 0.0)


class _Paper(Sheet):
    def __init__(self, picture: Picture, options: Options, networks: list[Rows]):
        super().__init__(picture, options, _Cards(picture.body))
        self.networks = networks
        self.down = True
        self.tints = _tints(picture, options.theme)

    def best(self) -> list[Mark]:
        return self.columns(len(self.networks)) if len(self.networks) > 1 else super().best()

    def title(self, left: float, top: float, right: float) -> list[Mark]:
        if len(self.networks) > 1:
            return []
        middle = (left + right) / 2
        return [Text(middle, top - 12, (Run(self.networks[0].title, 12, True),), "middle")]

    def arrange(self, spine: Spine, count: int) -> list[Column]:
        if len(self.networks) == 1:
            columns = super().arrange(spine, count)
            for column in columns:
                column.left += NUMBER
        else:
            columns = self.beside(spine)
        for arc in (arc for rows in self.networks for arc in rows.arcs):
            for end in (arc.first, arc.last):
                column = columns[spine.places[end].column]
                column.right = max(column.right, spine.places[end].half + ARC + 6 * arc.level + 3)
        return columns

    def beside(self, spine: Spine) -> list[Column]:
        """Networks side by side, the rows of one output size at one height."""
        stages = [[(key, tuple(rows)) for key, rows in groupby(net.parts, _stage)] for net in self.networks]
        order = sorted({key for each in stages for key, _ in each}, reverse=True)
        falling = all([key for key, _ in each] == sorted({key for key, _ in each}, reverse=True) for each in stages)
        if not falling:
            order, stages = [0], [[(0, tuple(net.parts))] for net in self.networks]
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
        box = Rect(x, y, w, h, 2.5, fill, stroke)
        return Group((box, *centred([(Run(node.title, TYPE),)], x + w / 2, y, h)), told(node), link(node.origin))

    def marks(
        self, places: dict[str, Place], frames: list[tuple[Framed, float]], edges: list[tuple[Plan, list[Point]]]
    ) -> list[Mark]:
        found = super().marks(places, [], edges)
        arcs = [mark for rows in self.networks for arc in rows.arcs for mark in self.arc(arc, places)]
        return [Group(tuple(arcs)), *found, *self.labels(places)]

    def arc(self, arc: Arc, places: dict[str, Place]) -> list[Mark]:
        """A shortcut as an arc; where the column ends between its ends, as two."""
        one, two = places[arc.first], places[arc.last]
        gap, dash = self.sizes.gap, "1.5 2.5" if arc.dotted else ""
        reach = ARC + 6 * arc.level
        top, bottom = one.y - gap * 0.65, two.end + gap * 0.45
        right = max(one.half, two.half) + reach
        if one.column == two.column:
            line = ((one.x, top), (one.x + right, top), (one.x + right, bottom), (one.x, bottom))
            return [Path(line, "line", dash, True, 12.0)]
        end = max(place.end for place in places.values() if place.column == one.column) + gap
        first = ((one.x, top), (one.x + right, top), (one.x + right, end))
        second = ((two.x + right, 0.0 - gap), (two.x + right, bottom), (two.x, bottom))
        return [Path(first, "line", dash, False, 12.0), Path(second, "line", dash, True, 12.0)]

    def labels(self, places: dict[str, Place]) -> list[Mark]:
        """The titles of networks side by side, and the output sizes left of the first rows that have them."""
        found: list[Mark] = []
        several = len(self.networks) > 1
        if several:
            for rows in self.networks:
                first = places[next(nodes(tuple(rows.parts))).id]
                found.append(Text(first.x, -16, (Run(rows.title, 10.5, True),), "middle"))
        left = min(place.x - place.half for place in places.values()) - 8
        seen: set[int] = set()
        before = -1
        for node in sorted(self.picture.nodes, key=lambda node: (places[node.id].column, places[node.id].y)):
            size, place = _stage(node), places[node.id]
            if several and (size in seen or size < 0):
                continue
            if not several and (size in (before, -1) or place.hops):
                continue
            seen.add(size)
            before = size
            if several:
                found.append(Text(left, places[node.id].middle - 1, (Run("output", MARGIN, color="grey"),), "end"))
                found.append(Text(left, place.middle + 8, (Run(f"size: {size}", MARGIN, color="grey"),), "end"))
            else:
                x = place.x - max(place.half, 0) - 5
                found.append(Text(x, place.middle + 3, (Run(str(size), MARGIN, color="grey"),), "end"))
        return found


def _stage(part: Part) -> int:
    """The height of what a row gives; 1 for features, -1 where it is unknown."""
    if isinstance(part, Fork):
        part = part.join
    if isinstance(part, Frame):
        part = next(nodes(part.parts))
    shape = part.figures.shape
    return -1 if shape is None else shape[1] if len(shape) > 2 else 1


# Rows ------------------------------------------------------------------------------------------------------------


def _rows(picture: Picture, network: Network, number: int, options: Options, several: bool) -> Rows:
    figures = "" if network.totals is None else f" ({amount(network.totals.macs)})"
    rows = Rows(f"{picture.title}{figures}")
    identities = {edge.target for edge in picture.edges if edge.kind == "identity"}
    reader = _Flat(number, options.symbols, identities, several)
    rows.parts = reader.rows(picture.body, rows.arcs, 0)
    if rows.parts and isinstance(rows.parts[0], Fork):  # it needs a box to part from
        rows.parts = [*(reader.row(part) for part in picture.body if _input(part)), *rows.parts]
    return rows


@dataclass
class _Flat:
    """Makes rows of a picture's parts: without frames, without what papers leave out, shortcuts as arcs."""

    number: int
    symbols: tuple[str, ...]
    identities: set[str]
    several: bool

    def rows(self, body: Iterable[Part], arcs: list[Arc], level: int) -> list[Part]:
        found: list[Part] = []
        for part in body:
            if isinstance(part, Node):
                if not _silent(part):
                    found.append(self.row(part))
            elif isinstance(part, Fork):
                found += self.fork(part, arcs, level)
            elif part.kind != "aux":
                found += self.rows(part.parts, arcs, level)
            elif not self.several and (inside := self.rows(part.parts, [], level)):
                found.append(replace(part, id=_name(self.number, part.id), parts=tuple(inside)))
        return found

    def fork(self, fork: Fork, arcs: list[Arc], level: int) -> list[Part]:
        ways = [branch for branch in fork.branches if branch.kind == "branch"]
        beside = len(ways) < len(fork.branches) or fork.join.id in self.identities
        symbol = fork.join.op.symbol if fork.join.op else ""
        if symbol == "+" and beside and len(ways) == 1:
            found = self.rows(ways[0].parts, arcs, level + 1)
            inside = list(nodes(tuple(found)))
            if inside:
                grows = len(ways) < len(fork.branches)
                arcs.append(Arc(inside[0].id, inside[-1].id, grows, 0))
            return found
        branches = []
        for branch in fork.branches:
            parts = tuple(self.rows(branch.parts, [], level))
            if parts:
                branches.append(Branch(parts, branch.kind, branch.times))
        return [Fork(tuple(branches), self.row(fork.join))]

    def row(self, node: Node) -> Node:
        return replace(
            node, id=_name(self.number, node.id), title=prose.line(node, self.symbols), out="", label=node.label
        )


def _input(part: Part) -> TypeGuard[Node]:
    return isinstance(part, Node) and part.kind == "input"


def _name(number: int, name: str) -> str:
    return f"n{number}{name}"


def _silent(node: Node) -> bool:
    """Whether papers leave a row out."""
    if node.kind in ("input", "output"):
        return True
    if node.problem:
        return False
    if node.op is None:
        return False
    quiet = (Family.ACTIVATION, Family.REGULARIZATION)
    return node.op.family in quiet or node.op.name in ("bn", "ln", "flatten", "identity")


def _tints(picture: Picture, theme: str) -> dict[str, tuple[str, str]]:
    """A colour for each width of convolution, or for each output size where the widths are many."""
    convolutions = [
        node
        for node in picture.nodes
        if node.op is not None and node.op.family is Family.CONVOLUTION and node.figures.shape
    ]
    widths = dict.fromkeys((node.figures.shape or (0,))[0] for node in convolutions)
    by_width = len(widths) <= 6
    keys = {node.id: (node.figures.shape or (0,))[0] if by_width else _stage(node) for node in convolutions}
    order = sorted(set(keys.values()), reverse=not by_width)
    palette = STAGES[theme]
    found = {name: (palette[order.index(key) % len(palette)], "line") for name, key in keys.items()}
    for node in picture.nodes:
        if node.op is not None and node.op.family is Family.FULLY_CONNECTED:
            tint = TINTS[theme][Family.REGULARIZATION]
            found[node.id] = (tint.fill, "line")
    return found
