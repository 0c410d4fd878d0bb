"""Ways for the edges that the order of the text does not give: values called by name, and the step to the next column.

A column has lanes at both sides. A value leaves its box sideways, where nothing stands between it and the lanes, runs
along a lane that is free over that length, and enters its target sideways; between columns that are no neighbours it
runs above them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from netdsl.backends.pictures.drawing import Point
from netdsl.backends.pictures.model import Edge
from netdsl.backends.pictures.spine import Place, into, way

STEP = 6.0
"""Between two lanes."""
EDGE = 9.0
"""Between a column and its first lane."""
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

    def plan(self, edges: Iterable[Edge]) -> list[Plan]:
        """Lanes for all edges, the short ones inside."""

        def length(edge: Edge) -> float:
            one, two = self.places[edge.source], self.places[edge.target]
            return abs(two.y - one.y) + 1e5 * abs(two.column - one.column)

        return [self._plan(edge) for edge in sorted(edges, key=length)]

    def _plan(self, edge: Edge) -> Plan:
        one, two = self.places[edge.source], self.places[edge.target]
        sideways = edge.kind == "reference"
        if one.column == two.column and not sideways:
            return Plan(edge, (), sideways=False)
        if one.column == two.column:
            side = min((RIGHT, LEFT), key=lambda side: self._crossed(one, side) + self._crossed(two, side))
            number = self.columns[one.column].lanes[side].find(one.middle, two.middle)
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
        start = one.middle if sideways else self.columns[one.column].length + 6
        end = two.middle if sideways else -6.0
        side = min((LEFT, RIGHT), key=lambda side: self._crossed(two, side)) if sideways else LEFT
        if two.column == one.column + 1 and side == LEFT:
            return Plan(
                edge, ((one.column, RIGHT, self.columns[one.column].lanes[RIGHT].find(start, end)),), -1, sideways
            )
        self.over += 1
        first = self.columns[one.column].lanes[RIGHT].find(start, -1e4)
        second = self.columns[two.column].lanes[side].find(-1e4, end)
        return Plan(edge, ((one.column, RIGHT, first), (two.column, side, second)), self.over, sideways)

    def _crossed(self, place: Place, side: int) -> int:
        """How many walls stand between a box and the lanes at a side."""
        start = place.x + place.half if side else place.x - place.half
        found = 0
        for left, top, right, bottom in self.walls[place.column]:
            beyond = right > start + 0.5 if side else left < start - 0.5
            found += (
                beyond
                and top - 1 < place.middle < bottom + 1
                and not (left < place.x < right and top <= place.y < bottom)
            )
        return found

    def points(self, plan: Plan) -> list[Point]:
        """The points of a planned edge, now that the columns have their places."""
        one, two = self.places[plan.edge.source], self.places[plan.edge.target]
        if not plan.lanes:
            return clean(way(one, two, plan.edge.kind))
        sides = [side for _, side, _ in plan.lanes]
        xs = [self.columns[column].lane(side, number) for column, side, number in plan.lanes]
        if plan.sideways:
            begin = [(one.x + (one.half if sides[0] else -one.half), one.middle)]
            last = sides[-1] if one.column == two.column or len(sides) > 1 else LEFT
            end = [(two.x + (two.half if last else -two.half), two.middle)]
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


def segments(points: tuple[Point, ...]) -> Iterable[tuple[Point, Point]]:
    """The straight pieces of a line."""
    return pairwise(points)
