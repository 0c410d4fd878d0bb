"""What a rewriting works on: the text of one file, and what each statement of it came to in every variant."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from netdsl.compiler import Compilation
from netdsl.ir import Network, Node
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source, Span

Compile = Callable[[Source], Mapping[str, Compilation]]
"""Gives the variants of a text by name; one without variants under the empty name."""


class CannotRewrite(Exception):
    """What was asked for cannot be done, and nothing was changed. `report` holds the errors of the spec, of the one
    before or after, where it is for these."""

    def __init__(self, message: str, report: Report | None = None):
        super().__init__(message)
        self.message, self.report = message, report


class Refusal(Exception):
    """Why one statement cannot be rewritten, and the way out; `done` where it is as the rewriting would have it."""

    def __init__(self, message: str, help: str | None = None, *, done: bool = False):
        super().__init__(message)
        self.message, self.help, self.done = message, help, done


class Spec:
    """A file and its variants; `whole` where they must be without errors."""

    def __init__(self, compilations: Mapping[str, Compilation], *, whole: bool = True):
        self.compilations = compilations
        self.networks = [each.network for each in compilations.values() if each.network is not None]
        file = next(iter(compilations.values())).file
        errors = any(each.report.errors for each in compilations.values())
        if errors and whole:
            raise CannotRewrite("the spec has errors", report(compilations))
        if file is None or not self.networks:
            raise CannotRewrite("there is no network in this file, only definitions")
        for each in file.statements:
            if isinstance(each, tree.Extends):
                raise CannotRewrite(f"its layers are those of '{each.path.value}', which it extends: rewrite that file")
        self.file = file
        self.source = file.source

    def line(self, span: Span) -> int:
        """The line on which a place of this file begins."""
        return self.source.position(span.start).line

    @cached_property
    def _by_span(self) -> dict[Span, list[tuple[Network, Node]]]:
        found: dict[Span, list[tuple[Network, Node]]] = {}
        for network in self.networks:
            for node in network.nodes:
                found.setdefault(node.span, []).append((network, node))
        return found

    def nodes(self, span: Span, op: str = "conv") -> list[tuple[Network, Node]]:
        """The nodes of one operator that a statement, or a row, makes in all variants; without projections."""
        return [each for each in self._by_span.get(span, []) if each[1].op.name == op and not each[1].implicit]

    @cached_property
    def _places(self) -> list[Span]:
        """The places of this file that made layers, in order."""
        return sorted(span for span in self._by_span if span.file == self.source.name)

    def within(self, start: int, end: int) -> list[tuple[Network, Node]]:
        """All nodes whose text lies in a stretch of this file."""
        first = bisect_left(self._places, start, key=lambda span: span.start)
        behind = bisect_left(self._places, end, key=lambda span: span.start)
        inside = (span for span in self._places[first:behind] if span.end <= end)
        return [pair for span in inside for pair in self._by_span[span]]

    @cached_property
    def _comments(self) -> list[int]:
        return sorted(each.span.start for each in self.file.comments)

    def commented(self, span: Span) -> bool:
        """Whether a comment stands inside a place."""
        return bisect_left(self._comments, span.start) < bisect_left(self._comments, span.end)

    @cached_property
    def layers(self) -> list[tree.Layer]:
        """All layer statements of the file, the outer before the inner."""
        return [each for each in walk(self.file) if isinstance(each, tree.Layer)]

    @cached_property
    def blocks(self) -> dict[str, tree.Block]:
        return {each.name.text: each for each in self.file.statements if isinstance(each, tree.Block)}

    @cached_property
    def _readers(self) -> dict[int, list[list[Node]]]:
        return {}

    def only_reader(self, network: Network, node: Node) -> Node | None:
        """The one node that takes a node's value, where the network does not give it."""
        if id(network) not in self._readers:
            readers: list[list[Node]] = [[] for _ in network.shapes]
            for each in network.nodes:
                for value in dict.fromkeys(each.inputs):
                    readers[value].append(each)
            self._readers[id(network)] = readers
        ends = (network.result, *(each.value for each in network.outputs), *(each.value for each in network.aux))
        found = self._readers[id(network)][node.id]
        return found[0] if len(found) == 1 and node.id not in ends else None

    def text(self, span: Span) -> str:
        """What stands at a place of this file."""
        return self.source.text[span.start : span.end]

    def expression(self, value: Any) -> str:
        """A number, name or expression of the notation as written, with the braces around it."""
        text, span = self.source.text, value.span
        start, end = span.start, span.end
        while start > 0 and text[start - 1] in " \t\n":
            start -= 1
        while end < len(text) and text[end] in " \t\n":
            end += 1
        if start > 0 and text[start - 1] == "{" and text[end : end + 1] == "}":
            return "{" + self.text(span) + "}"
        return self.text(span)


def report(compilations: Mapping[str, Compilation]) -> Report:
    """The messages of all variants together."""
    found = Report()
    for each in compilations.values():
        found.sources.update(each.report.sources)
        for message in each.report:
            found.add(message)
    return found
