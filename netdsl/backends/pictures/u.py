"""Volumes as a U, where a network comes back to its first sizes, as U-Net: down at the left, up at the right, what is
copied across it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from netdsl.backends.pictures.drawing import Group, Mark, Path
from netdsl.backends.pictures.model import Node, Picture
from netdsl.backends.pictures.volume import SLANT, Volume, box, broad, made, name, tall, words_below

BETWEEN, LEVEL = 8.0, 72.0
"""Between volumes of a level, and between levels: for the words below one and above the next, and an arrow."""


def bent(shown: list[Node]) -> bool:
    """Whether maps grow again, to at least half of the first size: then the drawing is a U."""
    heights = [shape[1] if len(shape) > 2 else 0 for node in shown if (shape := made(node))]
    if 0 in heights or not heights:
        return False
    low = min(range(len(heights)), key=lambda at: (heights[at], -at))
    return heights[-1] >= heights[0] / 2 and heights[low] < heights[-1] / 2


def u(volumes: list[Volume], picture: Picture, theme: str) -> list[Mark]:
    """Levels by size, the first at the top; each step to another size goes straight down, or up again."""
    volumes = _joined(volumes)
    marks: list[Mark] = []
    places: list[float] = []  # of the middles of boxes
    x = 0.0
    for before, volume in pairwise([None, *volumes]):
        assert volume is not None
        if before is not None and _step(before, volume) == 0:
            beside = (broad(before) + broad(volume)) / 2 + 5
            x += max((before.width + volume.width) / 2 + BETWEEN, beside)
        places.append(x)
    levels = _aligned(volumes)
    ordered = list(zip(places, levels, volumes, strict=True))
    for middle, y, volume in ordered:
        marks.append(box(volume, middle - volume.width / 2, y, theme))
        marks.append(name(volume.node, middle, y - tall(volume) / 2 - 4))
    at = {volume.node.id: (middle, y, volume) for middle, y, volume in ordered}
    at |= {volume.before.id: (middle, y, volume) for middle, y, volume in ordered if volume.before is not None}
    lines = [_onward(one, two) for one, two in pairwise(ordered)]
    onward = {edge.source: edge.target for edge in picture.edges if edge.source not in at}
    for edge in picture.edges:
        target = edge.target if edge.target in at else onward.get(edge.target, "")
        if edge.kind == "reference" and edge.source in at and target in at:
            lines.append(_copy(at[edge.source], at[target]))
    return [Group(tuple(lines)), *marks]


def _joined(volumes: list[Volume]) -> list[Volume]:
    """The volumes, those that are joined with a copy right away as a part of what that gives."""
    found: list[Volume] = []
    for volume in volumes:
        if found and volume.node.kind == "join" and _step(found[-1], volume) == 0:
            volume = replace(volume, before=found.pop().node)
        found.append(volume)
    return found


def _onward(one: tuple[float, float, Volume], two: tuple[float, float, Volume]) -> Mark:
    """From one volume to the next: to the right, or past the words between two levels."""
    (x1, y1, before), (x2, y2, after) = one, two
    if abs(y1 - y2) < 1:
        start = x1 - before.width / 2 + before.length + SLANT * before.depth / 2 + 1
        return Path(((start, y1), (x2 - after.width / 2 - 1, y2)), "line", arrow=True)
    upper, lower = sorted((one, two), key=lambda each: each[1])
    top = upper[1] + tall(upper[2]) / 2 + 5 + 10 * len(words_below(upper[2]))
    bottom = lower[1] - tall(lower[2]) / 2 - 13
    points = ((x1, top), (x2, bottom)) if y1 < y2 else ((x1, bottom), (x2, top))
    return Path(points, "line", arrow=True)


def _copy(one: tuple[float, float, Volume], two: tuple[float, float, Volume]) -> Path:
    """What is copied across the U, above the boxes of its level."""
    x1, y1 = one[0], one[1] - tall(one[2]) / 2 - 15
    x2, y2 = two[0], two[1] - tall(two[2]) / 2 - 15
    top = min(y1, y2) - 10
    return Path(((x1, y1), (x1, top), (x2, top), (x2, y2)), "line", "4 2.5", True, 6.0)


def _height(volume: Volume) -> float:
    return float((made(volume.node) or (1, 1))[1])


def _step(one: Volume, two: Volume) -> int:
    """Whether the way from one volume to the next goes a level down (1), up (-1), or neither."""
    return 1 if _height(two) < _height(one) * 0.75 else -1 if _height(two) > _height(one) * 1.5 else 0


def _aligned(volumes: list[Volume]) -> list[float]:
    """The heights of the levels, those on the way up at the height of those on the way down."""
    deepest = [0]
    for one, two in pairwise(volumes):
        deepest.append(deepest[-1] + _step(one, two))
    heights: dict[int, float] = {}
    for number, volume in zip(deepest, volumes, strict=True):
        heights[number] = max(heights.get(number, 0.0), tall(volume))
    tops: dict[int, float] = {}
    y = 0.0
    for number in sorted(heights):
        tops[number] = y + heights[number] / 2
        y += heights[number] + LEVEL
    return [tops[number] for number in deepest]
