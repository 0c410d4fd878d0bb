"""Places for a tree of parts: one behind the other on a straight spine, branches side by side, frames around theirs.

Everything is measured from the inside out and then placed from the outside in. A cell reaches so far to the left and
the right of its spine; a shape is written below its box, right of the spine, where only the spine itself leaves
the box; a shortcut without layers runs in a lane right of its branches. So no line of this text can cross a
label. Where a value is called by its name from elsewhere, `routes` finds the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from netdsl.backends.pictures.drawing import Point
from netdsl.backends.pictures.model import Edge, Fork, Frame, Node, Part

GAP = 10.5
"""Between one part and the next, for the arrow."""
TAIL = 9.5
"""What a shape below a box takes beside that."""
BUS = 10.5
"""From where branches part to their first boxes, and back."""
ASIDE = 16.0
"""Between branches side by side."""
LANE = 11.0
"""Between branches and the shortcut beside them."""
INNER = 7.0
"""Between a frame and what is in it."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a box, a shape below it, or a heading takes: across the spine and along it."""

    across: float
    along: float


@dataclass
class Cell:
    """A measured part: its reach to the left and right of its spine, and its length. `x`, `y`: where it begins."""

    part: Part | tuple[Part, ...]
    left: float
    right: float
    length: float
    inner: list[Cell] = field(default_factory=list)
    offsets: list[tuple[float, float]] = field(default_factory=list)
    heading: float = 0.0
    tail: float = 0.0


@dataclass(frozen=True, slots=True)
class Hop:
    """A branch that a node is in: the fork's spine, the branch's own, and where it begins and ends along them."""

    fork: int
    branch: int
    spine: float
    own: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node is: the middle of its box across, its beginning and end along, and half its size across."""

    x: float
    y: float
    half: float
    length: float
    hops: tuple[Hop, ...] = ()
    lane: float = 0.0
    fork: float = 0.0
    column: int = 0
    tail: float = 0.0

    @property
    def end(self) -> float:
        return self.y + self.length

    @property
    def middle(self) -> float:
        return self.y + self.length / 2


@dataclass(frozen=True, slots=True)
class Framed:
    """Where a frame is."""

    frame: Frame
    left: float
    top: float
    right: float
    bottom: float


class Sizes:
    """What the words of nodes and frames take, and what is between them; a style says it."""

    down = True
    gap = GAP
    bus = BUS
    aside = ASIDE

    def box(self, node: Node) -> Size:
        raise NotImplementedError

    def out(self, node: Node) -> Size:
        """Of the shape below a box: across from the spine, and along it."""
        raise NotImplementedError

    def heading(self, frame: Frame) -> Size:
        raise NotImplementedError

    def beside(self, frame: Frame) -> float:
        """What stands right of a frame's parts, inside its line."""
        return 0.0


class Spine:
    """Measures parts and places them. `identities`: the joins that a value goes straight to from their fork."""

    def __init__(self, sizes: Sizes, edges: tuple[Edge, ...]):
        self.sizes = sizes
        self.identities = {edge.target for edge in edges if edge.kind == "identity" and not edge.within}
        self.skips: dict[str, dict[str, list[str]]] = {}
        """By frame and source: the targets of skips that start in every copy; those of one source share a lane."""
        for edge in edges:
            if edge.within:
                self.skips.setdefault(edge.within, {}).setdefault(edge.source, []).append(edge.target)
        self.places: dict[str, Place] = {}
        self.frames: list[Framed] = []
        self.forks = 0

    # Measure ---------------------------------------------------------------------------------------------------------

    def measure(self, part: Part) -> Cell:
        if isinstance(part, Node):
            box, out = self.sizes.box(part), self.sizes.out(part)
            half = box.across / 2
            return Cell(part, half, max(half, out.across), box.along + out.along, tail=out.along)
        if isinstance(part, Frame):
            return self.framed(part)
        return self.fork(part)

    def sequence(self, parts: tuple[Part, ...]) -> Cell:
        """Parts one behind the other; a head beside the network stands right of those behind it."""
        cells = [self.measure(part) for part in parts]
        along = [cell for cell, part in zip(cells, parts, strict=True) if not _beside(part)]
        left = max((cell.left for cell in along), default=0.0)
        right = max((cell.right for cell in along), default=0.0)
        reach, at, beside = right, 0.0, 0.0
        offsets = []
        for cell, part in zip(cells, parts, strict=True):
            if _beside(part):
                # its line parts between two boxes, where no other head may be in its way
                at = max(at, self.sizes.gap, beside + self.sizes.gap - self.sizes.bus)
                start = at - self.sizes.gap + self.sizes.bus
                offsets.append((right + self.sizes.aside + cell.left, start))
                beside = start + cell.length + self.sizes.gap
                reach = max(reach, right + self.sizes.aside + cell.left + cell.right)
            else:
                offsets.append((0.0, at))
                at += cell.length + self.sizes.gap
        return Cell(parts, left, reach, max(at - self.sizes.gap, beside - self.sizes.gap), cells, offsets)

    def framed(self, frame: Frame) -> Cell:
        inside = self.sequence(frame.parts)
        head = self.sizes.heading(frame)
        pad = INNER if bordered(frame) else 0.0
        left = inside.left + pad
        if self.sizes.down:  # the heading is left of the spine, which enters here
            left = max(left, head.across + 8.0 if head.along else 0.0)
        elif head.along:
            left += head.across - 3.0
        top = head.along + pad + (0.0 if head.along else 4.0)
        skips = len(self.skips.get(frame.id, ()))
        top += self.sizes.bus if skips else 0.0
        length = top + inside.length + pad
        right = inside.right + self.sizes.beside(frame) + pad + LANE * skips
        return Cell(frame, left, right, length, [inside], [(0.0, top)], heading=head.along)

    def fork(self, fork: Fork) -> Cell:
        cells = [self.sequence(branch.parts) for branch in fork.branches]
        lane = LANE if fork.join.id in self.identities else 0.0
        join = self.measure(fork.join)
        spread = [cell.left + cell.right for cell in cells]
        deepest = max((cell.length for cell in cells), default=0.0)
        # the first branch of a sum is on the spine, the others beside it; those of a concatenation are around it
        straight = bool(lane) or (len(cells) == 2 and fork.branches[1].kind == "shortcut")
        x = -cells[0].left if cells and straight else -(sum(spread) + self.sizes.aside * (len(cells) - 1)) / 2
        if len(cells) == 1:
            x = -cells[0].left
        offsets = []
        for cell in cells:
            offsets.append((x + cell.left, self.sizes.bus))
            x += cell.left + cell.right + self.sizes.aside
        right = max([join.right, *(at + cell.right for cell, (at, _) in zip(cells, offsets, strict=True))])
        left = max([join.left, *(cell.left - at for cell, (at, _) in zip(cells, offsets, strict=True))])
        start = 2 * self.sizes.bus + deepest if cells else self.sizes.bus
        return Cell(
            fork, left, right + lane, start + join.length, [*cells, join], [*offsets, (0.0, start)], heading=lane
        )

    # Place -----------------------------------------------------------------------------------------------------------

    def place(self, cell: Cell, x: float, y: float, column: int, hops: tuple[Hop, ...] = ()) -> None:
        """Give a cell and all in it their places; its spine is at `x`, its beginning at `y`."""
        part = cell.part
        if isinstance(part, Node):
            self.places[part.id] = Place(
                x, y, self.sizes.box(part).across / 2, cell.length - cell.tail, hops, column=column, tail=cell.tail
            )
        elif isinstance(part, Fork):
            self.forks += 1
            number, (_, start) = self.forks, cell.offsets[-1]
            for index, (inner, (dx, dy)) in enumerate(zip(cell.inner[:-1], cell.offsets[:-1], strict=True)):
                hop = Hop(number, index, x, x + dx, y + self.sizes.bus / 2 - 2, y + start - self.sizes.bus / 2 - 1)
                self.place(inner, x + dx, y + dy, column, (*hops, hop))
            self.place(cell.inner[-1], x, y + start, column, hops)
            made = self.places[part.join.id]
            lane = x + cell.right - LANE / 2 if cell.heading else 0.0
            self.places[part.join.id] = Place(
                made.x, made.y, made.half, made.length, hops, lane, y + self.sizes.bus / 2 - 2, column, made.tail
            )
        else:
            if isinstance(part, Frame):
                self.frames.append(Framed(part, x - cell.left, y, x + cell.right, y + cell.length))
            for inner, (dx, dy) in zip(cell.inner, cell.offsets, strict=True):
                beside = isinstance(inner.part, Frame) and _beside(inner.part)
                extra: tuple[Hop, ...] = ()
                if beside:
                    self.forks += 1
                    extra = (Hop(self.forks, 1, x, x + dx, y + dy - self.sizes.bus / 2, y + dy + inner.length),)
                self.place(inner, x + dx, y + dy, column, (*hops, *extra))
            if isinstance(part, Frame):
                fork = y + cell.offsets[0][1] - self.sizes.bus
                for number, targets in enumerate(self.skips.get(part.id, {}).values()):
                    lane = x + cell.right - INNER - LANE * (number + 0.5) + 4
                    for target in targets:
                        self.places[target] = replace(self.places[target], lane=lane, fork=fork)


def bordered(frame: Frame) -> bool:
    """Whether a line is drawn around a frame: not around a single box."""
    inside = [part for part in frame.parts if not (isinstance(part, Node) and part.kind == "output")]
    return len(inside) > 1 or frame.times > 1 or isinstance(inside[0], Fork)


def _beside(part: Part) -> bool:
    return isinstance(part, Frame) and part.kind == "aux"


def nodes_of(cells: list[Cell]) -> Iterator[Node]:
    """All nodes in cells."""
    for cell in cells:
        if isinstance(cell.part, Node):
            yield cell.part
        yield from nodes_of(cell.inner)


def way(source: Place, target: Place, kind: str) -> list[Point]:
    """The points of an edge of the text inside one column."""
    shared = 0
    while shared < min(len(source.hops), len(target.hops)) and source.hops[shared] == target.hops[shared]:
        shared += 1
    points = [(source.x, source.end)]
    for hop in reversed(source.hops[shared:]):
        points += [(hop.own, hop.end), (hop.spine, hop.end)]
    return [*points, *into(target, target.hops[shared:], kind)]


def into(target: Place, hops: tuple[Hop, ...], kind: str) -> list[Point]:
    """The last points of an edge: through the branches that its target begins, or by the lane beside them."""
    if kind != "identity":
        return [*_branches(hops), (target.x, target.y)]
    outer = tuple(hop for hop in hops if hop.start <= target.fork)
    inner = hops[len(outer) :]  # branches behind the place where the shortcut starts
    lane, spine = target.lane, inner[0].spine if inner else target.x
    points = [*_branches(outer), (spine, target.fork), (lane, target.fork)]
    if inner and target.y < inner[0].start + BUS * len(inner):  # at the top of branches: past those beside it
        along = inner[0].start + BUS / 4
        return [*points, (lane, along), (target.x, along), (target.x, target.y)]
    return [*points, (lane, target.middle), (target.x + target.half, target.middle)]


def _branches(hops: tuple[Hop, ...]) -> list[Point]:
    """The points where a line turns into branches."""
    return [point for hop in hops for point in ((hop.spine, hop.start), (hop.own, hop.start))]
