"""One network as the rows of a paper's figure: one line for each layer, its shortcuts as arcs beside them.

What a reader of the papers knows is left out: activations, norms, dropout. A sum with a shortcut is no row but an arc
around the rows of its branch; other joins stay forks. Frames are left out but for those of what repeats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from netdsl.backends.pictures import graph, prose
from netdsl.backends.pictures.model import Branch, Edge, Fork, Frame, Kind, Node, Part, Picture, nodes, parts
from netdsl.ir import Network
from netdsl.ops import Family
from netdsl.shapes import numel
from netdsl.text.amounts import amount

_ORDER: tuple[Kind, ...] = ("flow", "reference", "identity", "projection")
"""Kinds of edges, from the one that says least of a way that they are on."""


@dataclass(frozen=True, slots=True)
class Arc:
    """A shortcut around rows, by their names."""

    rows: tuple[str, ...]
    dotted: bool
    level: int = 0


@dataclass
class Rows:
    """One network as rows: boxes and forks, the arcs beside them, and the edges between them."""

    title: str
    parts: list[Part] = field(default_factory=list)
    arcs: list[Arc] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


def read(picture: Picture, network: Network, number: int, symbols: tuple[str, ...], alone: bool) -> Rows:
    """The rows of the network that is the `number`-th in its drawing; `symbols` are parameters shown by name. Heads
    beside the network are drawn where it stands `alone`."""
    figures = "" if network.totals is None or symbols else f" ({amount(network.totals.macs)})"
    rows = Rows(f"{picture.title}{figures}")
    identities = {edge.target for edge in picture.edges if edge.kind == "identity"}
    called = {edge.target for edge in picture.edges if edge.kind == "reference"}
    reader = _Flat(number, symbols, identities, called, alone)
    rows.parts = reader.rows(picture.body, rows.arcs)
    if rows.parts and isinstance(rows.parts[0], Fork):  # it needs a box to part from
        rows.parts = [*(reader.row(part) for part in picture.body if _input(part)), *rows.parts]
    rows.edges = _edges(picture, rows, number)
    return rows


@dataclass
class _Flat:
    """Makes rows of a picture's parts: without frames, without what papers leave out, shortcuts as arcs."""

    number: int
    symbols: tuple[str, ...]
    identities: set[str]
    called: set[str]
    alone: bool

    def rows(self, body: Iterable[Part], arcs: list[Arc] | None = None) -> list[Part]:
        """The rows of a body, its arcs added to `arcs`; None where branches stand side by side, with room for none."""
        found: list[Part] = []
        for part in body:
            if isinstance(part, Node):
                if not _silent(part):
                    found.append(self.row(part))
            elif isinstance(part, Fork):
                found += self.fork(part, arcs)
            elif part.kind != "aux":
                inside = self.rows(part.parts, arcs)
                found += [self.repeated(part, inside)] if part.times > 1 and inside else inside
            elif self.alone and (inside := self.rows(part.parts)):
                found.append(replace(part, id=_name(self.number, part.id), parts=tuple(inside)))
        return found

    def repeated(self, frame: Frame, inside: list[Part]) -> Part:
        """What repeats: one row with its number, or a frame around several."""
        only = inside[0]
        if len(inside) == 1 and isinstance(only, Node):
            return replace(only, times=only.times * frame.times)
        return replace(frame, id=_name(self.number, frame.id), title="", details=(), parts=tuple(inside))

    def fork(self, fork: Fork, arcs: list[Arc] | None) -> list[Part]:
        ways = [branch for branch in fork.branches if branch.kind == "branch"]
        grows = len(ways) < len(fork.branches)
        if arcs is not None and self.skips(fork, ways, grows):
            within: list[Arc] = []
            found = self.rows(ways[0].parts, within)
            inside = list(nodes(tuple(found)))
            if not any(isinstance(part, Fork) for part in parts(tuple(found))):  # an arc would run through branches
                level = max((arc.level + 1 for arc in within), default=0)
                arcs += [*within, *([Arc(tuple(node.id for node in inside), grows, level)] if inside else [])]
                return found
        branches = []
        for branch in fork.branches:
            if way := self.rows(branch.parts):
                branches.append(Branch(tuple(way), branch.kind, branch.times))
        return [Fork(tuple(branches), self.row(fork.join))]

    def skips(self, fork: Fork, ways: list[Branch], grows: bool) -> bool:
        """Whether a fork is a shortcut around the rows of one branch, which goes on from where the shortcut starts."""
        if fork.join.op is None or fork.join.op.symbol != "+" or len(ways) != 1:
            return False
        first = next(nodes(ways[0].parts), None)
        goes_on = first is None or first.id not in self.called
        return goes_on and (grows or fork.join.id in self.identities)

    def row(self, node: Node) -> Node:
        return replace(
            node, id=_name(self.number, node.id), title=prose.line(node, self.symbols), out="", label=node.label
        )


def _input(part: Part) -> TypeGuard[Node]:
    return isinstance(part, Node) and part.kind == "input"


def _name(number: int, name: str) -> str:
    return f"n{number}{name}"


def _silent(node: Node) -> bool:
    """Whether papers leave a row out: the ends, what has no weights of its own but for norms that have, and what only
    looks at the same numbers in another way."""
    if node.kind in ("input", "output"):
        return True
    if node.problem or node.op is None:
        return False
    if node.op.family is Family.NORMALIZATION:
        return node.op.weighted
    takes, gives = node.figures.takes, node.figures.shape
    same = takes is not None and gives is not None and numel(takes) == numel(gives)
    return node.op.family in (Family.ACTIVATION, Family.REGULARIZATION) or (node.op.view and same)


def _edges(picture: Picture, rows: Rows, number: int) -> list[Edge]:
    """The edges between the rows of one network: those of their order that are so, and values called by their names."""
    kinds: graph.Kinds = {}
    graph.walk(tuple(rows.parts), set(), "flow", kinds)
    joins = {_name(number, edge.target) for edge in picture.edges if edge.kind == "identity"}
    kept = {node.id for node in nodes(tuple(rows.parts))}
    ways = _ways(picture, kept, number)
    found = {
        pair: Edge(*pair, *kind) for pair, kind in kinds.items()
        if pair in ways and (kind[0] != "identity" or (len(kind) == 1 and pair[1] in joins))
    }  # fmt: skip
    found |= {pair: Edge(*pair, "reference") for pair, kind in ways.items() if kind == "reference"}
    for edge in picture.edges:
        pair = (_name(number, edge.source), _name(number, edge.target))
        if edge.within and kept.issuperset(pair):
            found[pair] = Edge(*pair, edge.kind, _name(number, edge.within))
    return list(found.values())


def _ways(picture: Picture, kept: set[str], number: int) -> dict[tuple[str, str], Kind]:
    """Which rows take whose values, straight or by way of what is no row; and the kind of that way: where it is of
    several, a shortcut if there is one, else a reference."""
    entered: dict[str, list[tuple[str, Kind]]] = {}
    for edge in picture.edges:
        entered.setdefault(_name(number, edge.target), []).append((_name(number, edge.source), edge.kind))
    found: dict[tuple[str, str], Kind] = {}
    for row in kept:
        seen: set[str] = set()
        stack = list(entered.get(row, ()))
        while stack:
            name, kind = stack.pop()
            if name in kept:
                found.setdefault((name, row), kind)
            elif name not in seen:
                seen.add(name)
                stack += [(each, max(kind, other, key=_ORDER.index)) for each, other in entered.get(name, ())]
    return found
