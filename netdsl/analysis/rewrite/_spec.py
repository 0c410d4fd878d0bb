"""What a rewriting works on: the text of one file, and the nodes that each statement of it made in every variant."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import cached_property

from netdsl.analysis.lookup import Trees, by_place, ends, readers
from netdsl.compiler import Compilation
from netdsl.ir import Network, Node
from netdsl.syntax import tree
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source, Span

Compile = Callable[[Source], Mapping[str, Compilation]]
"""Gives the variants of a text by name; a text without variants has one with an empty name."""


class CannotRewrite(Exception):
    """What was asked for cannot be done, and nothing was changed. `report` holds the errors of the old or the new spec
    where they are the reason."""

    def __init__(self, message: str, report: Report | None = None):
        super().__init__(message)
        self.message, self.report = message, report


class Refusal(Exception):
    """Why one statement cannot be rewritten, and what to do; `done` if it already is what it would become."""

    def __init__(self, message: str, help: str | None = None, *, done: bool = False):
        super().__init__(message)
        self.message, self.help, self.done = message, help, done


class Spec:
    """A file and its variants; with `whole` they must be without errors."""

    def __init__(self, compilations: Mapping[str, Compilation], *, whole: bool = True):
        self.compilations = compilations
        self.networks = [each.network for each in compilations.values() if each.network is not None]
        file = next(iter(compilations.values())).file
        if whole and not all(each.valid for each in compilations.values()):
            raise CannotRewrite("the spec has errors", report(compilations))
        if file is None or not self.networks:
            raise CannotRewrite("there is no network in this file, only definitions")
        for each in file.statements:
            if isinstance(each, tree.Extends):
                raise CannotRewrite(f"its layers are those of '{each.path.value}', which it extends: rewrite that file")
        self.source = file.source
        self.layers = Trees([file]).of(tree.Layer)
        self.blocks = {each.name.text: each for each in file.statements if isinstance(each, tree.Block)}
        self._comments = sorted(each.span.start for each in file.comments)

    def line(self, span: Span) -> int:
        """The line on which a place of this file begins."""
        return self.source.position(span.start).line

    def text(self, span: Span) -> str:
        """The text at a place of this file."""
        return self.source.slice(span)

    def expression(self, value: tree.Expression) -> str:
        """A number, name or expression of the notation as it is written, with the braces around it."""
        text, start, end = self.source.text, value.span.start, value.span.end
        while text[start - 1 : start].isspace():
            start -= 1
        while text[end : end + 1].isspace():
            end += 1
        written = self.text(value.span)
        return f"{{{written}}}" if text[start - 1 : start] == "{" and text[end : end + 1] == "}" else written

    def commented(self, span: Span) -> bool:
        """Whether a comment stands inside a place."""
        return bisect_left(self._comments, span.start) < bisect_left(self._comments, span.end)

    @cached_property
    def _made(self) -> dict[Span, list[tuple[Network, Node]]]:
        found: dict[Span, list[tuple[Network, Node]]] = {}
        for network in self.networks:
            for span, nodes in by_place(network.nodes).items():
                found.setdefault(span, []).extend((network, node) for node in nodes)
        return found

    def convs(self, span: Span) -> list[tuple[Network, Node]]:
        """The convolutions that a statement, or a row, makes in all variants, without projections."""
        return [each for each in self._made.get(span, ()) if each[1].op.name == "conv" and not each[1].implicit]

    @cached_property
    def _places(self) -> list[Span]:
        return sorted(span for span in self._made if span.file == self.source.name)

    def within(self, start: int, end: int) -> list[tuple[Network, Node]]:
        """All nodes whose text lies in a stretch of this file."""
        first, behind = (bisect_left(self._places, at, key=lambda span: span.start) for at in (start, end))
        return [pair for span in self._places[first:behind] if span.end <= end for pair in self._made[span]]

    @cached_property
    def _readers(self) -> dict[int, list[list[Node]]]:
        return {id(network): readers(network) for network in self.networks}

    @cached_property
    def _ends(self) -> dict[int, frozenset[int]]:
        return {id(network): ends(network) for network in self.networks}

    def only_reader(self, network: Network, node: Node) -> Node | None:
        """The one node that takes a node's value; None where the network returns the value too."""
        found = self._readers[id(network)][node.id]
        return found[0] if len(found) == 1 and node.id not in self._ends[id(network)] else None


def report(compilations: Mapping[str, Compilation]) -> Report:
    """The messages of all variants together."""
    found = Report()
    for each in compilations.values():
        found.extend(each.report)
    return found
