"""Round corners and arrow heads: what a line needs beside its points, in every format."""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot

from netdsl.backends.pictures.drawing import Point

HEAD = 5.0
"""The length of an arrow head, in points."""


def corners(points: list[Point], radius: float) -> Iterator[tuple[Point, Point, Point]]:
    """Each inner point as where its round corner begins, itself, and where the corner ends."""
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(radius, hypot(corner[0] - before[0], corner[1] - before[1]) / 2)
        reach = min(reach, hypot(after[0] - corner[0], after[1] - corner[1]) / 2)
        yield towards(corner, before, reach), corner, towards(corner, after, reach)


def towards(start: Point, end: Point, distance: float) -> Point:
    """The point so far from `start` on the way to `end`."""
    whole = hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    share = distance / whole
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def head(points: list[Point], curve: bool = False) -> tuple[list[Point], list[Point]]:
    """The points of a line that ends where its arrow head begins, and the three points of the head."""
    tip = points[-1]
    before = next((point for point in reversed(points[:-1]) if point != tip), (tip[0], tip[1] - 1))
    base = towards(tip, before, HEAD)
    dx, dy = (tip[0] - base[0]) / HEAD, (tip[1] - base[1]) / HEAD
    wide = HEAD * 0.38
    wings = [(base[0] - dy * wide, base[1] + dx * wide), (base[0] + dy * wide, base[1] - dx * wide)]
    back = [*points[:-1], towards(tip, before, HEAD * 0.8)]
    return back, [wings[0], tip, wings[1]]
