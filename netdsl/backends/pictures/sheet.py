"""A picture on a sheet: its parts on a straight spine, in columns, with its title, its edges and its legend.

How many columns there are is what makes the type largest when the drawing is scaled to a page (A4 with margins of two
centimetres), unless it is said; so none is much higher than a page.
"""

from __future__ import annotations

from math import sqrt

from netdsl.backends.pictures.cards import SMALL, Cards, card, heading
from netdsl.backends.pictures.diagram import TooLarge
from netdsl.backends.pictures.drawing import (
    Drawing,
    Group,
    Mark,
    Path,
    Point,
    Rect,
    Run,
    Text,
    bounds,
    fitted,
    flat,
    moved,
)
from netdsl.backends.pictures.legend import legend
from netdsl.backends.pictures.model import Edge, Frame, Node, Part, Picture
from netdsl.backends.pictures.options import Options
from netdsl.backends.pictures.routes import TURN, Column, Plan, Router, Wall, apart
from netdsl.backends.pictures.spine import GAP, Cell, Framed, Place, Spine, bordered

PAGE = (482.0, 728.0)
"""What A4 leaves between margins of two centimetres, in points."""
LEAST = 6.0
"""The smallest type on a page that can be read, in points."""
MANY = 12
"""Columns; where there may be fewer, all numbers of them are tried."""
GUTTER = 16.0
"""Between columns that no edge runs between."""


def page(options: Options) -> tuple[float, float]:
    """The page that a drawing is for: upright, or on its side where the network runs to the right."""
    return PAGE if options.direction == "tb" else (PAGE[1], PAGE[0])


def legibility(drawing: Drawing, options: Options) -> float:
    """The size of the smallest type when the drawing is scaled to fit a page, in points."""
    width, height = page(options)
    least = min((mark.size for mark in flat(drawing.marks) if isinstance(mark, Text)), default=SMALL)
    return least * min(width / drawing.width, height / drawing.height, 1.0)


def sheet(picture: Picture, options: Options, least: float = SMALL) -> Drawing:
    """The drawing of a picture, in type of at least this size."""
    return Sheet(picture, options, Cards(options.direction == "tb", least)).drawing()


class Sheet:
    """Lays out a picture; a style changes how cards look and how parts stand in columns."""

    def __init__(self, picture: Picture, options: Options, sizes: Cards):
        if options.most is not None and len(picture.nodes) > options.most:
            raise TooLarge(len(picture.nodes))
        self.picture, self.options, self.sizes, self.least = picture, options, sizes, sizes.least
        self.down = options.direction == "tb"
        self.edges = picture.edges

    def drawing(self) -> Drawing:
        marks = self.best()
        left, top, right, _ = bounds(marks)
        title = self.title(left, top, right)
        below = self.legend(right - left) if self.options.legend else []
        _, _, _, bottom = bounds(marks)
        title += [moved(mark, left, bottom + 16) for mark in below]
        _, _, _, bottom = bounds([*marks, *title])
        for number, note in enumerate(self.notes()):
            words = (note,)
            title.append(Text((left + right) / 2, bottom + 14 + number * self.least * 1.3, words, "middle"))
        return fitted([*marks, *title], self.picture.title, self.picture.description, self.options.theme)

    def notes(self) -> list[Run]:
        """The lines below all."""
        return [Run(note, self.least, color="grey") for note in self.picture.notes]

    def legend(self, wide: float) -> list[Mark]:
        """What colours and lines mean, in this width."""
        return legend(self.picture, self.options.theme, wide)

    def title(self, left: float, top: float, right: float) -> list[Mark]:
        """The title above the marks."""
        return [Text((left + right) / 2, top - 12, (Run(self.picture.title, 12, True),), "middle")]

    def best(self) -> list[Mark]:
        """The marks in the number of columns that was asked for, or that fits a page best."""
        most = sum(1 for part in self.picture.body if not isinstance(part, Node) or part.kind != "input")
        if self.options.wrap is not None:
            return self.columns(min(self.options.wrap, most))
        width, height = page(self.options)
        chosen, best = None, 0.0
        count, most = self.fewest(), min(most, 400)
        while count <= most:
            marks = self.columns(count)
            left, top, right, bottom = bounds(marks)
            wide, high = right - left + 16, bottom - top + 40
            scale = min(width / wide, height / high, 1.0)
            if chosen is None or scale > best * 1.02:
                chosen, best = marks, scale
            across, along = (width / wide, height / high) if self.down else (height / high, width / wide)
            if scale >= 1.0 or (across < along and count > 1):
                break
            count += max(count // MANY, 1)
        assert chosen is not None
        return chosen

    def fewest(self) -> int:
        """The number of columns to begin with: of a picture for many pages, nearly what fills their shape."""
        spine = Spine(self.sizes, self.edges)
        cells = [spine.measure(part) for body in self.bodies() for part in body]
        length = sum(cell.length + GAP for cell in cells)
        wide = max(cell.left + cell.right for cell in cells) + GUTTER
        across, along = page(self.options) if self.down else page(self.options)[::-1]
        guess = sqrt(length * across / (wide * along))
        return max(int(guess) - 1, 1) if guess > MANY else 1

    def bodies(self) -> list[list[Part]]:
        """What begins a column of its own: the whole picture."""
        return [list(self.picture.body)]

    def columns(self, count: int) -> list[Mark]:
        """The marks in so many columns."""
        spine = Spine(self.sizes, self.edges)
        columns = self.arrange(spine, count)
        router = Router(spine.places, columns, self.walls(spine, len(columns)))
        plans = router.plan(self.edges)
        places, frames = self.settle(spine, columns)
        router.places = places
        return self.marks(places, frames, [(plan, router.points(plan)) for plan in plans])

    def arrange(self, spine: Spine, count: int) -> list[Column]:
        """Places in columns that do not have theirs yet."""
        bodies = [[spine.measure(part) for part in body] for body in self.bodies()]
        columns = []
        for number, group in enumerate(_divided(bodies, count)):
            whole = spine.sequence(tuple(cell.part for cell in group if not isinstance(cell.part, tuple)))
            columns.append(Column(whole.left, whole.right, whole.length))
            spine.place(whole, 0.0, 0.0, number)
        return columns

    def settle(self, spine: Spine, columns: list[Column]) -> tuple[dict[str, Place], list[tuple[Framed, float]]]:
        """Give the columns their places side by side, wide enough for their lanes."""
        x = 0.0
        for number, column in enumerate(columns):
            inside = column.lanes[0].width
            between = (columns[number - 1].lanes[1].width if number else 0.0) + inside
            x += max(between, GUTTER) if number else inside
            column.x = x + column.left
            x = column.x + column.right
        moved_ = {name: _shifted(place, columns[place.column].x) for name, place in spine.places.items()}
        owner = {id(framed.frame): self.column_of(framed.frame, spine.places) for framed in spine.frames}
        return moved_, [(framed, columns[owner[id(framed.frame)]].x) for framed in spine.frames]

    def column_of(self, frame: Frame, places: dict[str, Place]) -> int:
        from netdsl.backends.pictures.model import nodes

        return places[next(iter(nodes(frame.parts))).id].column

    def walls(self, spine: Spine, count: int) -> list[list[Wall]]:
        """All that a line must not cross, by column: boxes, the shapes below them, and headings."""
        walls: list[list[Wall]] = [[] for _ in range(count)]
        for node in self.picture.nodes:
            place = spine.places[node.id]
            walls[place.column].append((place.x - place.half, place.y, place.x + place.half, place.end))
            if place.tail:
                wide = self.sizes.out(node).across
                walls[place.column].append((place.x, place.end, place.x + wide, place.end + place.tail))
        for framed in spine.frames:
            size = self.sizes.heading(framed.frame)
            if size.along:
                column = self.column_of(framed.frame, spine.places)
                walls[column].append((framed.left, framed.top, framed.left + size.across + 8, framed.top + size.along))
        return walls

    # Marks -----------------------------------------------------------------------------------------------------------

    def marks(
        self, places: dict[str, Place], frames: list[tuple[Framed, float]], edges: list[tuple[Plan, list[Point]]]
    ) -> list[Mark]:
        found: list[Mark] = [mark for framed, x in frames for mark in self.frame(framed, x)]
        lines = [self.line(*each) for each in apart((plan.edge, points) for plan, points in edges)]
        found.append(Group(tuple(lines)))
        for node in self.picture.nodes:
            place = places[node.id]
            w, h = self.sizes.size(node)
            x, y = self.turn((place.x, place.middle))
            found.append(self.card(node, x - w / 2, y - h / 2, w, h))
            if node.out:
                found.append(self.shape(node, place))
        return found

    def card(self, node: Node, x: float, y: float, w: float, h: float) -> Group:
        return card(node, x, y, w, h, self.options.theme, self.least)

    def turn(self, point: Point) -> Point:
        return point if self.down else (point[1], point[0])

    def shape(self, node: Node, place: Place) -> Text:
        run = (Run(node.out, self.least, color="grey"),)
        if self.down:
            return Text(place.x + 5, place.end + self.least + (3.5 if node.times > 1 else 1.5), run)
        return Text(place.end + 4, place.x - 4, run)

    def line(self, edge: Edge, points: list[Point], arrow: bool) -> Mark:
        dash = "4 2.5" if edge.kind == "projection" else ""
        radius = 5.0 if edge.kind in ("flow", "projection") else TURN
        return Path(tuple(map(self.turn, points)), "line", dash, arrow, radius)

    def frame(self, framed: Framed, x: float) -> list[Mark]:
        one = self.turn((framed.left + x, framed.top))
        two = self.turn((framed.right + x, framed.bottom))
        frame = framed.frame
        marks: list[Mark] = []
        if bordered(frame):
            dash = "3 3" if frame.kind == "aux" else ""
            fill = "shade" if frame.times > 1 else "none"
            marks.append(Rect(one[0], one[1], two[0] - one[0], two[1] - one[1], 6, fill, "frame", dash, 0.7))
        for number, row in enumerate(heading(frame, self.least)):
            marks.append(Text(one[0] + 5, one[1] + 1.25 + (number * 1.25 + 1.0) * self.least, row))
        return marks


def _shifted(place: Place, x: float) -> Place:
    from dataclasses import replace

    hops = tuple(replace(hop, spine=hop.spine + x, own=hop.own + x) for hop in place.hops)
    return replace(place, x=place.x + x, hops=hops, lane=place.lane + x)


def _divided(bodies: list[list[Cell]], count: int) -> list[list[Cell]]:
    """The cells of each body in groups of neighbours, in all at most so many (but one for each body), the longest as
    short as can be."""

    def groups(limit: float) -> list[list[Cell]]:
        found: list[list[Cell]] = []
        for cells in bodies:
            found.append([])
            used = 0.0
            for cell in cells:
                ends = isinstance(cell.part, Node) and cell.part.kind in ("input", "output")
                if found[-1] and used + cell.length > limit and not ends:
                    found.append([])
                    used = 0.0
                found[-1].append(cell)
                used += cell.length + GAP
        return found

    lengths = [cell.length for cells in bodies for cell in cells]
    low, high = max(lengths), sum(length + GAP for length in lengths)
    while high - low > 1:
        middle = (low + high) / 2
        low, high = (low, middle) if len(groups(middle)) <= max(count, len(bodies)) else (middle, high)
    return groups(high)
