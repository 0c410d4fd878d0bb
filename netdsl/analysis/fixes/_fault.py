"""One error as the kinds of suggestion see it: the message, the text with its tree, the network as far as it is known.

There is a network in spite of the error: a statement that is wrong becomes a node without a shape, and the shapes of
its inputs show what did not fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from netdsl.analysis.lookup import Trees
from netdsl.ir import Network, Node, Scope
from netdsl.shapes import Shape
from netdsl.text.diagnostics import Diagnostic, Edit
from netdsl.text.source import Source, Span


@dataclass(frozen=True)
class Candidate:
    """A change that may help, to be tried. A change of the idea of a spec has a higher `rank` than one of a number."""

    title: str
    edits: tuple[Edit, ...]
    rank: int = 1

    def size(self, source: Source) -> tuple[int, int, int]:
        """What candidates are sorted by: how many places change, the rank, how many characters change."""
        return len(self.edits), self.rank, sum(_changed(source, edit) for edit in self.edits)


def _changed(source: Source, edit: Edit) -> int:
    """How many characters an edit removes and inserts, apart from what stays the same at its ends."""
    old, new = source.slice(edit.span), edit.text
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return len(old) + len(new)


@dataclass(frozen=True)
class Fault:
    """One error in `source`, and what is known around it."""

    diagnostic: Diagnostic
    source: Source
    trees: Trees
    network: Network | None

    @property
    def span(self) -> Span:
        """Where the error is reported."""
        assert self.diagnostic.span is not None
        return self.diagnostic.span

    @property
    def scopes(self) -> Iterator[Scope]:
        """The scopes of the network, the outer before the inner."""
        return iter(()) if self.network is None else self.network.body.scopes()

    def text(self, span: Span) -> str:
        """The text at a place."""
        return self.source.slice(span)

    def short(self, span: Span) -> str:
        """The text at a place as titles show it: on one line, and not too long."""
        return short(self.text(span))

    def edit(self, start: int, end: int, text: str) -> Edit:
        """The edit that replaces the text from start to end."""
        return Edit(self.source.span(start, end), text)

    def replace(self, title: str, span: Span, text: str, rank: int = 1) -> Candidate:
        """The candidate that replaces the text at one place."""
        return Candidate(title, (Edit(span, text),), rank)

    def insert(self, title: str, at: int, text: str, rank: int = 1) -> Candidate:
        """The candidate that inserts text at one place."""
        return Candidate(title, (self.edit(at, at, text),), rank)

    def around(self, span: Span, *kinds: type) -> Any:
        """The innermost syntax node of these kinds around a place, or None."""
        found = [each for each in self.trees.all if holds(each.span, span) and isinstance(each, kinds)]
        return found[-1] if found else None

    def refused(self) -> Iterator[tuple[Node, tuple[Shape, ...]]]:
        """The nodes inside the place of the error whose inputs have shapes and which have none, with these shapes."""
        network = self.network
        for node in network.nodes if network is not None else ():
            shapes = network.input_shapes(node) if network is not None and node.shape is None else None
            if shapes is not None and holds(node.span, self.span):
                yield node, shapes


def holds(outer: Span, inner: Span) -> bool:
    """Whether one place lies inside another."""
    return outer.file == inner.file and outer.start <= inner.start and inner.end <= outer.end


def short(text: str) -> str:
    """A piece of a spec on one line, cut in the middle where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:28]} ... {text[-28:]}"
