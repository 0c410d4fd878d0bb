"""One node as a card: its lines of text, how large they make it, and its marks with what a reader is told of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from netdsl.backends.pictures import words
from netdsl.backends.pictures.drawing import Circle, Group, Mark, Rect, Run, Text
from netdsl.backends.pictures.look import TINTS
from netdsl.backends.pictures.model import Frame, Node, Origin
from netdsl.backends.pictures.spine import TAIL, Size, Sizes
from netdsl.text.amounts import amount

TITLE, DETAIL, SMALL = 10.0, 8.5, 8.25
"""Sizes of type, in points; the smallest is still 6 points on a page that shows three quarters of the size."""
PAD = 7.0
LEAST = 58.0
"""The width of the smallest box."""
WIDE = 27
"""Characters of one line of arguments."""


def lines(node: Node, least: float = SMALL) -> list[tuple[Run, ...]]:
    """The lines of a card, in type of at least this size."""
    detail, small = max(DETAIL, least), max(SMALL, least)
    if node.kind in ("input", "output"):
        note = [(Run(node.note, small, color="grey"),)] if node.note else []
        return [(Run(node.title, detail),), *note]
    head = [Run(node.title, TITLE, bold=True)]
    if node.times > 1:
        head.append(Run(f" × {node.times}", TITLE, bold=True))
    details = list(node.details)
    rest = " · ".join(details)
    found: list[tuple[Run, ...]] = []
    if rest and node.kind != "block" and len(node.title) + len(rest) < WIDE - 4:
        found.append((*head, Run(f" · {rest}", detail)))
    else:
        found.append(tuple(head))
        rows = words.wrapped(tuple(details), WIDE, 4, ", " if node.kind == "block" else " · ")
        found += [(Run(row, detail),) for row in rows]
    last = " · ".join(each for each in (node.label if node.label != node.title else "", node.note) if each)
    if last:
        found.append((Run(last, small, color="grey"),))
    if node.problem:
        found += [(Run(row, small, color="wrong"),) for row in words.wrapped(tuple(node.problem.split()), 32, 3, " ")]
    return found


def heading(frame: Frame, least: float = SMALL) -> list[tuple[Run, ...]]:
    """The lines above a frame's parts."""
    small = max(SMALL, least)
    head = []
    if frame.title:
        head.append(Run(frame.title, small, bold=True))
    if frame.times > 1:
        head.append(Run(f"  × {frame.times}" if head else f"× {frame.times}", small, bold=True))
    found = [tuple(head)] if head else []
    if frame.details:
        found += [(Run(row, small, color="grey"),) for row in words.wrapped(frame.details, 24, 4)]
    return found


class Cards(Sizes):
    """The sizes of cards. `down`: the text runs across the spine (top to bottom); else along it. `least` is the size of
    the smallest type."""

    def __init__(self, down: bool = True, least: float = SMALL):
        self.down, self.least = down, least
        self.sizes: dict[str, tuple[float, float]] = {}

    def size(self, node: Node) -> tuple[float, float]:
        """Width and height of a card."""
        if node.id not in self.sizes:
            self.sizes[node.id] = self.measured(node)
        return self.sizes[node.id]

    def measured(self, node: Node) -> tuple[float, float]:
        """The size of a card, by its words."""
        if round_(node):
            return 17.0, 17.0
        rows = lines(node, self.least)
        wide = max(sum(run.width for run in row) for row in rows) + 2 * PAD
        high = sum(max(run.size for run in row) * 1.2 for row in rows) + (4 if small(node) else 6)
        return max(wide, 40.0 if small(node) else LEAST), high

    def box(self, node: Node) -> Size:
        w, h = self.size(node)
        return Size(w, h) if self.down else Size(h, w)

    def out(self, node: Node) -> Size:
        if not node.out:
            return Size(0.0, 0.0)
        wide, more = Run(node.out, self.least).width, self.least - SMALL
        along = TAIL + more + (2.0 if node.times > 1 else 0.0)
        return Size(wide + 6.0, along) if self.down else Size(self.least + 5.0, wide + 2.0)

    def heading(self, frame: Frame) -> Size:
        rows = heading(frame, self.least)
        if not rows:
            return Size(0.0, 0.0)
        wide = max(sum(run.width for run in row) for row in rows)
        high = len(rows) * self.least * 1.25 + 5.0
        return Size(wide, high) if self.down else Size(high, 6.0)


def round_(node: Node) -> bool:
    """Whether a node is a circle with a sign: a sum or a product with nothing behind it."""
    return node.kind == "join" and bool(node.op and node.op.symbol) and not (node.details or node.label or node.problem)


def small(node: Node) -> bool:
    return node.kind in ("input", "output", "join")


def card(node: Node, x: float, y: float, w: float, h: float, theme: str, least: float = SMALL) -> Group:
    """The marks of a node whose box is at (x, y), told and linked."""
    tint = TINTS[theme][node.family]
    fill, stroke = (tint.fill, tint.line) if node.kind not in ("input", "output") else ("paper", "frame")
    if node.problem:
        fill, stroke = "wrongfill", "wrong"
    marks: list[Mark] = []
    if round_(node):
        marks.append(Circle(x + w / 2, y + h / 2, w / 2, fill, stroke))
    else:
        if node.times > 1:  # a pile of boxes
            marks.append(Rect(x + 2.5, y + 2.5, w, h, 4, fill, stroke))
        thick = 1.4 if node.kind == "block" else 0.8
        marks.append(Rect(x, y, w, h, h / 2 if node.kind in ("input", "output") else 4, fill, stroke, "", thick))
    marks += centred(lines(node, least), x + w / 2, y, h)
    return Group(tuple(marks), told(node), link(node.origin))


def centred(rows: list[tuple[Run, ...]], x: float, y: float, h: float) -> list[Text]:
    """Lines of text in the middle of a box."""
    sizes = [max(run.size for run in row) * 1.2 for row in rows]
    at = y + (h - sum(sizes)) / 2
    found = []
    for row, size in zip(rows, sizes, strict=True):
        found.append(Text(x, at + size * 0.78, row, "middle"))
        at += size
    return found


def told(node: Node) -> str:
    """What a pointer over a node shows, and a screen reader says."""
    figures = node.figures
    parts = [" ".join([node.title, *([f"× {node.times}"] if node.times > 1 else [])])]
    if node.label:
        parts.append(node.label)
    if node.details:
        parts.append(", ".join(node.details))
    if figures.takes is not None:
        parts.append(f"{words.shape(figures.takes)} -> {words.shape(figures.shape, figures.last)}")
    elif figures.shape is not None:
        parts.append(words.shape(figures.shape))
    if node.kind not in ("input", "output"):
        parts.append(f"{figures.params:,} params, {figures.macs:,} multiply-adds")
        field = "all of the input" if figures.field is None else "x".join(map(str, figures.field)) + " pixels"
        if figures.shape is not None and (figures.field is None or figures.field):
            parts.append(f"receptive field {field}")
    if node.origin is not None and node.origin.path:
        parts.append(f"path {node.origin.path}")
    if node.origin is not None and node.origin.line is not None:
        parts.append(f"{PurePath(node.origin.file or '').name}, line {node.origin.line}")
    if node.problem:
        parts.append(f"error: {node.problem}")
    return "\n".join(parts)


def mistakes(nodes: Iterable[Node], size: float) -> list[Run]:
    """The mistakes at nodes, a line for each, where no box has room for them."""
    return [Run(f"{node.title}: {node.problem}", size, color="wrong") for node in nodes if node.problem]


def link(origin: Origin | None) -> str:
    """Where a node was written, as a link beside the picture."""
    if origin is None or origin.line is None or not origin.file or origin.file.startswith("<"):
        return ""
    from urllib.parse import quote

    return f"{quote(PurePath(origin.file).name)}#L{origin.line}"


def costs(params: int, macs: int) -> str:
    """The figures of a network in few words."""
    return f"{amount(params)} params, {amount(macs)} multiply-adds"
