"""The picture of a network, before anything has a place: nodes, frames and edges, each with where it came from.

A picture is frozen data and free of layout. Its body is a tree of parts in the order of the spec: a `Node` is one box,
a `Frame` a part that is shown as one, a `Fork` the branches that start from one value and the node that joins them. The
edges say what flows where, and which of them is a shortcut. A style gives all of it places; the formats that describe a
graph and not a drawing (DOT, Mermaid) are written from the picture itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from netdsl.ops import Family, Operator
from netdsl.shapes import Shape

Kind: TypeAlias = Literal["flow", "identity", "projection", "reference"]
"""What an edge is: the way of the text; a shortcut that changes nothing; one with layers on it; a value by its name."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something stands: its path in the module, and the file and line of the spec that wrote it."""

    path: str
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a node: its input and output shape (of the last copy too, where it stands for several), the
    trainable parameters and multiply-adds of all copies, and the receptive field in pixels (None: all of the input)."""

    takes: Shape | None = None
    shape: Shape | None = None
    last: Shape | None = None
    params: int = 0
    macs: int = 0
    field: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One box.

    - `title`: the operator or block as the papers write it; `details`: what belongs to it (arguments, norm).
    - `label`: what the spec calls it; `note`: its parameters, or the weight of a loss.
    - `out`: its output shape, where it is to be written beside the edge that leaves it.
    - `op`: the operator of a layer; None for a closed block and for the ends of the network.
    - `times`: how many equal ones in a row it stands for.
    - `problem`: the mistake that stands here, if any.
    - `terms`: the spec's text for what was computed, by the field of the operator that it gives.
    """

    id: str
    kind: Literal["layer", "block", "join", "input", "output"]
    title: str
    family: Family | None = None
    details: tuple[str, ...] = ()
    label: str = ""
    note: str = ""
    out: str = ""
    op: Operator | None = None
    times: int = 1
    figures: Figures = Figures()
    origin: Origin | None = None
    problem: str | None = None
    terms: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """Parts with a line around them, and a heading. `kind` is that of the scope; `aux` is a head beside the network."""

    id: str
    kind: str
    title: str
    details: tuple[str, ...]
    parts: tuple[Part, ...]
    times: int = 1
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """One way from a fork to its join; without parts where the value goes straight there."""

    parts: tuple[Part, ...]
    kind: Literal["branch", "shortcut"] = "branch"
    times: int = 1


@dataclass(frozen=True, slots=True)
class Fork:
    """Branches that start from one value, and the node that joins them."""

    branches: tuple[Branch, ...]
    join: Node


Part: TypeAlias = Node | Frame | Fork


@dataclass(frozen=True, slots=True)
class Edge:
    """What flows from one node to another. `within`: the frame that it starts in, as the skip of a folded stack."""

    source: str
    target: str
    kind: Kind = "flow"
    within: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is to be drawn of one network. `notes` are remarks below it."""

    title: str
    description: str
    body: tuple[Part, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...] = ()

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, in the order of the spec."""
        return tuple(nodes(self.body))

    @property
    def frames(self) -> tuple[Frame, ...]:
        """All frames, outermost first."""
        return tuple(part for part in parts(self.body) if isinstance(part, Frame))


def terse(picture: Picture) -> Picture:
    """The same picture, in which boxes show neither figures nor arguments; who asks a box is told them all the same.

    Where a value goes to several places its shape stays: the lines part beside it.
    """
    ways = Counter(edge.source for edge in picture.edges)

    def short(part: Part) -> Part:
        if isinstance(part, Node):
            out = part.out if ways[part.id] > 1 else ""
            return part if part.kind in ("input", "output") else replace(part, note="", out=out, details=())
        if isinstance(part, Frame):
            return replace(part, parts=tuple(map(short, part.parts)))
        branches = tuple(replace(each, parts=tuple(map(short, each.parts))) for each in part.branches)
        join = short(part.join)
        assert isinstance(join, Node)
        return replace(part, branches=branches, join=join)

    return replace(picture, body=tuple(map(short, picture.body)))


def parts(body: tuple[Part, ...]) -> Iterator[Part]:
    """All parts of a body, those inside others too, in the order of the spec."""
    stack: list[Part] = list(reversed(body))
    while stack:
        part = stack.pop()
        yield part
        if isinstance(part, Frame):
            stack.extend(reversed(part.parts))
        elif isinstance(part, Fork):
            stack.append(part.join)
            for branch in reversed(part.branches):
                stack.extend(reversed(branch.parts))


def nodes(body: tuple[Part, ...]) -> Iterator[Node]:
    """All nodes of a body, in the order of the spec."""
    return (part for part in parts(body) if isinstance(part, Node))
