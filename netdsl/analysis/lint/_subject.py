"""What a rule looks at: the network with what follows from it, and the tree it was written as.

Everything here is computed once for all rules, when the first of them asks, in time linear in the network. Places are
those of the reader's own text: a layer inside a block of the standard library is placed at the call that asked for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from netdsl.compiler import Compilation
from netdsl.ir import Network, Node, Scope
from netdsl.passes.costs import Cost, costs
from netdsl.syntax import parse, tree, walk
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source, Span

STANDARD = "<std>/"


class Subject:
    """A compiled spec as the rules see it. `network` is None where errors hide all of it or there is none."""

    def __init__(self, compilation: Compilation):
        self.compilation = compilation
        self.network: Network | None = compilation.network
        self.file: tree.File | None = compilation.file

    # The text --------------------------------------------------------------------------------------------------------

    @property
    def sources(self) -> dict[str, Source]:
        return self.compilation.report.sources

    @cached_property
    def files(self) -> dict[str, tree.File]:
        """The trees of the reader's own files, by name, the main one first."""
        if self.file is None:
            return {}
        found = {self.file.source.name: self.file}
        for name, source in self.sources.items():
            if name not in found and not name.startswith("<"):
                found[name] = parse(source, Report())
        return found

    @cached_property
    def readable(self) -> bool:
        """Whether the text has no syntax error: what is used nowhere can only be known of a text that is all read."""
        return all(not isinstance(each, tree.Broken) for file in self.files.values() for each in walk(file))

    @cached_property
    def written(self) -> dict[Span, Any]:
        """The items and rows of the reader's files by their place, which is that of the nodes they make."""
        kinds = (tree.Operation, tree.Row, tree.Bracket, tree.Residual)
        return {each.span: each for file in self.files.values() for each in walk(file) if isinstance(each, kinds)}

    @cached_property
    def defaults(self) -> dict[str, list[tree.Default]]:
        """The `default` statements of the reader's files, wherever they stand, by the operator they are for."""
        found: dict[str, list[tree.Default]] = {}
        for file in self.files.values():
            for each in walk(file):
                if isinstance(each, tree.Default):
                    found.setdefault(each.operator.text.lower(), []).append(each)
        return found

    @cached_property
    def statements(self) -> dict[Span, tree.Layer]:
        """The layer statements by the place of their item."""
        layers = (each for file in self.files.values() for each in walk(file) if isinstance(each, tree.Layer))
        return {each.item.span: each for each in layers}

    def text(self, span: Span) -> str:
        """What stands at a place."""
        source = self.sources.get(span.file)
        return "" if source is None else source.text[span.start : span.end]

    # The network -----------------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.network.nodes if self.network is not None else ()

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """All scopes, outermost first."""
        return tuple(self.network.body.scopes()) if self.network is not None else ()

    @cached_property
    def readers(self) -> list[list[Node]]:
        """For each value, the nodes that take it."""
        assert self.network is not None
        found: list[list[Node]] = [[] for _ in self.network.shapes]
        for node in self.nodes:
            for value in dict.fromkeys(node.inputs):
                found[value].append(node)
        return found

    @cached_property
    def ends(self) -> frozenset[int]:
        """The values that the network gives: its result, its outputs, its aux heads."""
        network = self.network
        if network is None:
            return frozenset()
        return frozenset(
            (network.result, *(each.value for each in network.outputs), *(each.value for each in network.aux))
        )

    @cached_property
    def costs(self) -> tuple[Cost, ...]:
        """What each node costs, in the order of the nodes."""
        return costs(self.network) if self.network is not None else ()

    def cost(self, node: Node) -> Cost:
        assert self.network is not None
        return self.costs[node.id - len(self.network.inputs)]

    @cached_property
    def params(self) -> int:
        """Trainable parameters, aux heads included, as far as they are known."""
        return sum(each.params for each in self.costs)

    @cached_property
    def macs(self) -> int:
        """Multiply-adds of one sample, aux heads included, as far as they are known."""
        return sum(each.macs for each in self.costs)

    def node(self, value: int) -> Node | None:
        """The node that gives a value; None for an input."""
        return None if self.network is None else self.network.node(value)

    @cached_property
    def _origins(self) -> list[int]:
        """For each value the one behind identities that it is."""
        assert self.network is not None
        found = list(range(len(self.network.inputs)))
        for node in self.nodes:
            found.append(found[node.inputs[0]] if node.op.transparent else node.id)
        return found

    def before(self, node: Node) -> Node | None:
        """The node whose value a node of one input takes, seen through identities; None at an input of the network."""
        return self.node(self._origins[node.inputs[0]]) if len(node.inputs) == 1 else None

    def origin(self, value: int) -> int:
        """A value seen through identities."""
        return self._origins[value]

    def only_reader(self, node: Node) -> Node | None:
        """The one node that takes a node's value, seen through identities; None where several do, or none, or where
        the value is given by the network."""
        while node.id not in self.ends and len(self.readers[node.id]) == 1:
            node = self.readers[node.id][0]
            if not node.op.transparent:
                return node
        return None

    # Places ----------------------------------------------------------------------------------------------------------

    @cached_property
    def _calls(self) -> dict[int, Span]:
        """For each node of a block of the standard library, the call in the reader's own text that made it."""
        found: dict[int, Span] = {}
        if self.network is None or not any(name.startswith(STANDARD) for name in self.sources):
            return found
        waiting: list[tuple[Scope, Span | None]] = [(self.network.body, None)]
        while waiting:
            scope, call = waiting.pop()
            if scope.kind != "net" and not scope.span.file.startswith(STANDARD):
                call = scope.span
            for child in scope.children:
                if isinstance(child, Scope):
                    waiting.append((child, call))
                elif call is not None and child.span.file.startswith(STANDARD):
                    found[child.id] = call
        return found

    def place(self, node: Node) -> Span:
        """Where a node is written, in the reader's own text."""
        return self._calls.get(node.id, node.span)

    def within(self, node: Node) -> str:
        """` inside STATEMENT` for a node of the standard library, else nothing."""
        if node.id not in self._calls:
            return ""
        call = self.text(self._calls[node.id]).partition("(")[0]
        return f", inside `{call}`"

    @cached_property
    def _blocks(self) -> dict[int, Span]:
        """For each node of a block, the call of that block, where it stands in the reader's own text."""
        found: dict[int, Span] = {}
        waiting: list[tuple[Scope, Span | None]] = [(self.network.body, None)] if self.network is not None else []
        while waiting:
            scope, call = waiting.pop()
            if scope.kind == "block" and not scope.span.file.startswith(STANDARD):
                call = scope.span
            for child in scope.children:
                if isinstance(child, Scope):
                    waiting.append((child, call))
                elif call is not None:
                    found[child.id] = call
        return found

    def caller(self, node: Node) -> Span | None:
        """The innermost call in the reader's own text of the block that a node is in."""
        return self._blocks.get(node.id)

    def grouped(self, nodes: Iterable[Node]) -> Iterator[list[Node]]:
        """Nodes that one statement made, together: in a repetition, in every call of a block. In order of place."""
        found: dict[Span, list[Node]] = {}
        for node in nodes:
            found.setdefault(node.span, []).append(node)
        yield from found.values()

    @cached_property
    def by_span(self) -> dict[Span, list[Node]]:
        """All nodes by the place of what made them."""
        found: dict[Span, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.span, []).append(node)
        return found
