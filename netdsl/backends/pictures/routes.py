"""Ways for the edges that the order of the text does not give: values called by name, and the step to the next column.

A column has lanes at both sides. A value leaves its box sideways, where nothing stands between it and the lanes, runs
along a lane that is free over that length, and enters its target sideways; between columns that are no neighbours it
runs above them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import dist

from netdsl.backends.pictures.drawing import Point
from netdsl.backends.pictures.model import Edge
from netdsl.backends.pictures.paths import towards
from netdsl.backends.pictures.spine import Place, into, way

STEP = 6.0
"""Between two lanes."""
EDGE = 9.0
"""Between a column and its first lane."""
TURN = 8.0
"""The largest radius of a turn."""
LATEST = 40
"""Ways from one box, or into one, that another is compared with."""
LEFT, RIGHT = 0, 1


@dataclass
class Lanes:
    """The lanes at one side of a column: which lengths of each are taken."""

    taken: list[list[tuple[float, float]]] = field(default_factory=list)

    def find(self, start: float, end: float) -> int:
        """The innermost lane that is free from `start` to `end`; it is taken then."""
        start, end = min(start, end) - 4, max(start, end) + 4
        for number, lane in enumerate(self.taken):
            if all(end <= first or last <= start for first, last in lane):
                lane.append((start, end))
                return number
        self.taken.append([(start, end)])
        return len(self.taken) - 1

    @property
    def width(self) -> float:
        return EDGE + STEP * (len(self.taken) - 1) + EDGE / 2 if self.taken else 0.0


@dataclass
class Column:
    """A column before it has its place: how far it reaches to both sides of its spine, how long it is, its lanes."""

    left: float
    right: float
    length: float
    lanes: tuple[Lanes, Lanes] = field(default_factory=lambda: (Lanes(), Lanes()))
    x: float = 0.0

    def lane(self, side: int, number: int) -> float:
        return self.x + (self.right + EDGE + STEP * number if side else -self.left - EDGE - STEP * number)


@dataclass(frozen=True, slots=True)
class Plan:
    """An edge with its lanes: (column, side, number) each, in the order of its way."""

    edge: Edge
    lanes: tuple[tuple[int, int, int], ...]
    over: int = -1
    sideways: bool = True


Wall = tuple[float, float, float, float]
"""What a line must not cross: left, top, right, bottom, in its column."""


class Router:
    """Finds lanes for the edges between places; then, when the columns have theirs, the points."""

    def __init__(self, places: dict[str, Place], columns: list[Column], walls: list[list[Wall]]):
        self.places, self.columns, self.walls = places, columns, walls
        self.over = 0
        self.steps: dict[tuple[str, int], Plan] = {}
        self.crossed: dict[tuple[str, int], int] = {}
        self.both: set[str] = set()
        """Boxes that lines leave and enter sideways."""

    def plan(self, edges: Iterable[Edge]) -> list[Plan]:
        """Lanes for all edges, the short ones inside."""

        def length(edge: Edge) -> float:
            one, two = self.places[edge.source], self.places[edge.target]
            return abs(two.y - one.y) + 1e5 * abs(two.column - one.column)

        edges = sorted(edges, key=length)
        self.both = {edge.source for edge in edges if edge.kind == "reference"}
        self.both &= {edge.target for edge in edges if edge.kind in ("reference", "identity")}
        return [self._plan(edge) for edge in edges]

    def leaves(self, edge: Edge) -> float:
        """Where along its box an edge leaves it sideways: below those that enter it."""
        place = self.places[edge.source]
        return place.middle + (place.length / 5 if edge.source in self.both else 0.0)

    def enters(self, edge: Edge) -> float:
        """Where along its box an edge enters it sideways: above those that leave it."""
        place = self.places[edge.target]
        return place.middle - (place.length / 5 if edge.target in self.both else 0.0)

    def _plan(self, edge: Edge) -> Plan:
        one, two = self.places[edge.source], self.places[edge.target]
        sideways = edge.kind == "reference"
        if one.column == two.column and not sideways:
            return Plan(edge, (), sideways=False)
        if one.column == two.column:
            side = min(
                (RIGHT, LEFT), key=lambda side: self._crossed(edge.source, side) + self._crossed(edge.target, side)
            )
            number = self.columns[one.column].lanes[side].find(self.leaves(edge), self.enters(edge))
            return Plan(edge, ((one.column, side, number),))
        step = (edge.source, two.column)
        if not sideways and step in self.steps:  # all that goes on from one box to the next column goes one way
            return replace(self.steps[step], edge=edge)
        plan = self._across(edge, one, two, sideways)
        if not sideways:
            self.steps[step] = plan
        return plan

    def _across(self, edge: Edge, one: Place, two: Place, sideways: bool) -> Plan:
        """Lanes from one column to another."""
        start = self.leaves(edge) if sideways else self.columns[one.column].length + 6
        end = self.enters(edge) if sideways else -6.0
        side = min((LEFT, RIGHT), key=lambda side: self._crossed(edge.target, side)) if sideways else LEFT
        if two.column == one.column + 1 and side == LEFT:
            return Plan(
                edge, ((one.column, RIGHT, self.columns[one.column].lanes[RIGHT].find(start, end)),), -1, sideways
            )
        self.over += 1
        first = self.columns[one.column].lanes[RIGHT].find(start, -1e4)
        second = self.columns[two.column].lanes[side].find(-1e4, end)
        return Plan(edge, ((one.column, RIGHT, first), (two.column, side, second)), self.over, sideways)

    def _crossed(self, box: str, side: int) -> int:
        """How many walls stand between a box and the lanes at a side."""
        if (box, side) in self.crossed:
            return self.crossed[box, side]
        place = self.places[box]
        start = place.x + place.half if side else place.x - place.half
        found = 0
        for left, top, right, bottom in self.walls[place.column]:
            beyond = right > start + 0.5 if side else left < start - 0.5
            found += (
                beyond
                and top - 1 < place.middle < bottom + 1
                and not (left < place.x < right and top <= place.y < bottom)
            )
        self.crossed[box, side] = found
        return found

    def points(self, plan: Plan) -> list[Point]:
        """The points of a planned edge, now that the columns have their places."""
        one, two = self.places[plan.edge.source], self.places[plan.edge.target]
        if not plan.lanes:
            return clean(way(one, two, plan.edge.kind))
        sides = [side for _, side, _ in plan.lanes]
        xs = [self.columns[column].lane(side, number) for column, side, number in plan.lanes]
        if plan.sideways:
            begin = [(one.x + (one.half if sides[0] else -one.half), self.leaves(plan.edge))]
            last = sides[-1] if one.column == two.column or len(sides) > 1 else LEFT
            end = [(two.x + (two.half if last else -two.half), self.enters(plan.edge))]
        else:
            inner = [(one.x, one.end)]
            for hop in reversed(one.hops):
                inner += [(hop.own, hop.end), (hop.spine, hop.end)]
            bottom = self.columns[one.column].length + 6
            begin = [*inner, (inner[-1][0], bottom)]
            spine = self.columns[two.column].x
            end = [(spine, -6.0), *into(two, two.hops, plan.edge.kind)]
        if plan.over < 0:
            return clean([*begin, (xs[0], begin[-1][1]), (xs[0], end[0][1]), *end])
        above = -12.0 - STEP * plan.over
        return clean([*begin, (xs[0], begin[-1][1]), (xs[0], above), (xs[1], above), (xs[1], end[0][1]), *end])


def clean(points: list[Point]) -> list[Point]:
    """Points without those that say nothing."""
    found: list[Point] = []
    for point in points:
        if found and abs(found[-1][0] - point[0]) < 0.05 and abs(found[-1][1] - point[1]) < 0.05:
            continue
        while len(found) > 1 and _straight(found[-2], found[-1], point):
            found.pop()
        found.append(point)
    return found


def _straight(one: Point, two: Point, three: Point) -> bool:
    return (abs(one[0] - two[0]) < 0.05 and abs(two[0] - three[0]) < 0.05) or (
        abs(one[1] - two[1]) < 0.05 and abs(two[1] - three[1]) < 0.05
    )


def apart(ways: Iterable[tuple[Edge, list[Point]]]) -> list[tuple[Edge, list[Point], bool]]:
    """The ways without what another one from the same box, or into the same, draws already: no line lies on another.

    The way of the text is whole. With each: whether an arrow is at its end.
    """
    begun: dict[str, list[list[Point]]] = {}
    ended: dict[str, list[list[Point]]] = {}
    found = []
    for edge, points in sorted(ways, key=lambda each: each[0].kind != "flow"):
        others, into = begun.setdefault(edge.source, []), ended.setdefault(edge.target, [])
        left = min((_leaving(points, drawn) for drawn in others[-LATEST:]), key=_length, default=points)
        back = left[::-1]
        end = min((_leaving(back, drawn) for drawn in into[-LATEST:]), key=_length, default=back)
        found.append((edge, end[::-1], end == back))
        others.append(points)
        into.append(points[::-1])
    return found


def _leaving(points: list[Point], drawn: list[Point]) -> list[Point]:
    """A way from a little before where it leaves another that begins at the same point."""
    same = next((at for at, (one, two) in enumerate(zip(points, drawn, strict=False)) if dist(one, two) > 0.1), 0)
    if not same:
        return points
    last, to, other = points[same - 1], points[same], drawn[same]
    leaves, rest = last, points[same:]
    if _straight(last, to, other) and dist(to, other) < max(dist(last, to), dist(last, other)):  # the nearer one turns
        leaves, before = min(to, other, key=lambda point: dist(last, point)), last
    elif same > 1:
        before, rest = points[same - 2], points[same - 1 :]
    else:
        return points
    return [towards(leaves, before, min(TURN, dist(leaves, before))), *rest]


def _length(points: list[Point]) -> float:
    return sum(dist(*each) for each in pairwise(points))
