"""What a kind of suggestion has before it: the message, the text and its tree, and the network as far as it is known.

A network is there in spite of its errors: what an error leaves behind is a node of unknown shape, and its inputs tell
what did not fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from netdsl.ir import Network, Node, Scope
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import Diagnostic, Edit
from netdsl.text.source import Source, Span

Found = TypeVar("Found")


@dataclass(frozen=True)
class Candidate:
    """A change that may help, to be tried. `rank` puts what changes the idea of a spec behind what changes a number."""

    title: str
    edits: tuple[Edit, ...]
    rank: int = 1

    def size(self, source: Source) -> tuple[int, int, int]:
        """What the smallest is found by: how many places change, the rank, how many characters change."""
        return len(self.edits), self.rank, sum(_changed(source, edit) for edit in self.edits)


def _changed(source: Source, edit: Edit) -> int:
    """How many characters an edit takes away and puts in, without what stays at its ends."""
    old, new = source.text[edit.span.start : edit.span.end], edit.text
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return len(old) + len(new)


class Known:
    """The tree of a file and the network made of it, to look things up by place. Everything is read once."""

    def __init__(self, file: tree.File, network: Network | None):
        self.file, self.network = file, network

    @cached_property
    def written(self) -> tuple[Any, ...]:
        """All nodes of the tree, outer before inner."""
        return tuple(walk(self.file))

    @cached_property
    def items(self) -> dict[tuple[int, int], Any]:
        """What operators, rows, joins, residuals are written where: by start and end."""
        kinds = (tree.Operation, tree.Row, tree.Bracket, tree.Join, tree.Residual, tree.Group)
        return {each.span[1:]: each for each in self.written if isinstance(each, kinds)}

    @cached_property
    def layers(self) -> dict[tuple[int, int], tree.Layer]:
        """The statements, by the place of their items."""
        return {each.item.span[1:]: each for each in self.written if isinstance(each, tree.Layer)}

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """The parts of the network, outer before inner."""
        return tuple(self.network.body.scopes()) if self.network else ()


@dataclass(frozen=True)
class Fault:
    """One error, in `source`, and what is known around it."""

    diagnostic: Diagnostic
    source: Source
    known: Known

    @property
    def span(self) -> Span:
        """Where the error is told."""
        assert self.diagnostic.span is not None
        return self.diagnostic.span

    def text(self, span: Span) -> str:
        """What stands at a place."""
        return self.source.text[span.start : span.end]

    def edit(self, start: int, end: int, text: str) -> Edit:
        """The stretch from start to end, replaced."""
        return Edit(self.source.span(start, end), text)

    def around(self, kind: type[Found]) -> Found | None:
        """The innermost node of the tree of this kind around the place of the error."""
        found: Any = None
        for each in self.known.written:
            if isinstance(each, kind) and holds(each.span, self.span):  # type: ignore[attr-defined]
                found = each
        return found  # type: ignore[no-any-return]

    def refused(self) -> Iterator[tuple[Node, tuple[tuple[int, ...], ...]]]:
        """The nodes at the place of the error that have no shape though their inputs do, with the inputs' shapes."""
        network = self.known.network
        if network is None:
            return
        for node in network.nodes:
            if node.shape is None and node.span.file == self.span.file and holds(node.span, self.span):
                shapes = network.input_shapes(node)
                if shapes is not None:
                    yield node, shapes


def holds(outer: Span, inner: Span) -> bool:
    """Whether one stretch lies inside another."""
    return outer.file == inner.file and outer.start <= inner.start and inner.end <= outer.end
