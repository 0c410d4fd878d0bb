"""From a stretch of the text to the parts of the network that it became.

A statement in a block or in a repetition becomes several parts; each of them is a `Placed`. The index is made in one
walk over the network, so that a lookup takes no time, however large the network is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from netdsl.ir import Network, Node, Scope
from netdsl.passes.costs import Cost, costs
from netdsl.passes.receptive import Field, receptive_fields
from netdsl.shapes import Shape
from netdsl.syntax import tree
from netdsl.text.source import Span


@dataclass(frozen=True, slots=True)
class Placed:
    """One time that a stretch of the text was placed: the numbers of the value before and after it, and what it is, a
    scope or the nodes of one operator."""

    entry: int
    exit: int
    parts: tuple[Node | Scope, ...]

    def nodes(self) -> Iterator[Node]:
        """All nodes in it, in order."""
        for part in self.parts:
            if isinstance(part, Node):
                yield part
            else:
                yield from part.nodes()

    @property
    def path(self) -> str:
        """Its dotted place in the `state_dict`; empty where it adds no level."""
        return self.parts[0].path if len(self.parts) == 1 else self.main.path

    @property
    def main(self) -> Node | Scope:
        """The part that was written: not the flattening before it, nor the norm and activation behind."""
        return next((part for part in self.parts if not (isinstance(part, Node) and part.implicit)), self.parts[0])


class Places:
    """The index of one network over the text of the file called `file`."""

    def __init__(self, network: Network, file: str):
        self.network = network
        self.file = file
        self._at: dict[tuple[int, int], list[Placed]] = {}
        waiting: list[tuple[Scope, Span | None]] = [(network.body, None)]  # the root has the place of its first part
        while waiting:
            scope, around = waiting.pop()
            together: list[Node] = []
            for child in scope.children:
                if together and together[-1].span != child.span:
                    self._operator(together)
                    together = []
                if isinstance(child, Node):
                    if child.span != around:
                        together.append(child)
                    continue
                if child.span != around:
                    self._add(child.span, Placed(child.entry, child.exit, (child,)))
                if child.kind != "reuse":  # what is used again lies where it was used first
                    waiting.append((child, child.span))
            if together:
                self._operator(together)

    def _operator(self, nodes: list[Node]) -> None:
        self._add(nodes[0].span, Placed(nodes[0].inputs[0] if nodes[0].inputs else 0, nodes[-1].id, tuple(nodes)))

    def _add(self, span: Span, placed: Placed) -> None:
        if span.file == self.file:
            self._at.setdefault((span.start, span.end), []).append(placed)

    def of(self, span: Span) -> list[Placed]:
        """Every time that this stretch of the text was placed, in no particular order; none where it was not."""
        return self._at.get((span.start, span.end), [])

    def shapes(self, span: Span) -> list[Shape]:
        """The shapes that come out of a stretch of the text, each once, in the order of the network; unknown ones are
        left out."""
        exits = sorted(placed.exit for placed in self.of(span))
        return list(dict.fromkeys(shape for exit in exits if (shape := self.values[exit]) is not None))

    def known(self, span: Span) -> bool:
        """Whether the shape is known wherever this stretch of the text was placed."""
        return all(self.values[placed.exit] is not None for placed in self.of(span))

    @cached_property
    def values(self) -> tuple[Shape | None, ...]:
        """The shape of every value, by number. That of an input that is wrong is unknown; the network has 1 for it."""
        unknown = None if self.network.complete else (1,)
        inputs = (None if each.shape == unknown else each.shape for each in self.network.inputs)
        return (*inputs, *self.network.shapes[len(self.network.inputs) :])

    @cached_property
    def _costs(self) -> tuple[Cost, ...]:
        return costs(self.network)

    def cost(self, placed: Placed) -> Cost:
        """Parameters, multiply-adds and the like of all that was placed."""
        first = len(self.network.inputs)
        each = [self._costs[node.id - first] for node in placed.nodes()]
        return Cost(*map(sum, zip(*each, strict=True))) if each else Cost()

    @cached_property
    def _fields(self) -> tuple[Field | None, ...]:
        return receptive_fields(self.network)

    def field(self, value: int) -> Field | None:
        """The receptive field of a value."""
        return self._fields[value]


def extent(layer: tree.Layer) -> Span:
    """The stretch of a statement that the network knows: all of its repetitions, but not its label or claim."""
    return layer.span if layer.repeat is not None else layer.item.span
