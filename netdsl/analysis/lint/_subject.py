"""What a rule looks at: a network with what follows from it, and the syntax trees it was made from.

Everything is computed once for all rules, when the first of them asks, in time linear in the network. Warnings point
into the user's own files: a layer inside a block of the standard library is placed at the call of that block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from netdsl.analysis.lookup import Trees, by_place, ends, readers
from netdsl.compiler import Compilation
from netdsl.ir import Network, Node, Scope
from netdsl.passes.costs import Cost, costs
from netdsl.syntax import parse, tree
from netdsl.text.diagnostics import Edit, Report
from netdsl.text.edits import without
from netdsl.text.source import Source, Span

STANDARD = "<std>/"


class Place(NamedTuple):
    """Where a node is written; `inside` is `, inside CALL` for a node of a standard block, placed at its call."""

    span: Span
    inside: str = ""


class Subject:
    """A compiled spec as the rules see it."""

    def __init__(self, compilation: Compilation):
        self.compilation = compilation
        self.has_network = compilation.network is not None
        self.file: tree.File | None = compilation.file

    # The text --------------------------------------------------------------------------------------------------------

    @property
    def sources(self) -> dict[str, Source]:
        return self.compilation.report.sources

    @cached_property
    def files(self) -> dict[str, tree.File]:
        """The syntax trees of the user's files by name, the main one first."""
        if self.file is None:
            return {}
        found = {self.file.source.name: self.file}
        for name, source in self.sources.items():
            if name not in found and not name.startswith("<"):
                found[name] = parse(source, Report())
        return found

    @cached_property
    def trees(self) -> Trees:
        """All of these trees together."""
        return Trees(self.files.values())

    def share(self, other: Subject) -> None:
        """Take the trees of another variant of the same files, so that they are walked once."""
        if self is not other and self.file is other.file and self.sources == other.sources:
            self.files, self.trees = other.files, other.trees

    @cached_property
    def readable(self) -> bool:
        """Whether no file has a syntax error: only then can it be known that something is used nowhere."""
        return not self.trees.of(tree.Broken)

    def is_own(self, span: Span) -> bool:
        """Whether a place is in the main file, the only one that edits may change."""
        return self.file is not None and span.file == self.file.source.name

    def text(self, span: Span) -> str:
        """The text at a place."""
        source = self.sources.get(span.file)
        return "" if source is None else source.slice(span)

    # The network -----------------------------------------------------------------------------------------------------

    @cached_property
    def network(self) -> Network:
        """The network; only to be asked for where there is one."""
        assert self.compilation.network is not None
        return self.compilation.network

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.network.nodes if self.has_network else ()

    @cached_property
    def by_span(self) -> dict[Span, list[Node]]:
        """All nodes by the place of the item that made them."""
        return by_place(self.nodes)

    def grouped(self, nodes: Iterable[Node]) -> list[list[Node]]:
        """Nodes that one statement made (in a repetition, in several calls of a block) together."""
        return list(by_place(nodes).values())

    @cached_property
    def readers(self) -> list[list[Node]]:
        """For each value, the nodes that take it."""
        return readers(self.network)

    @cached_property
    def ends(self) -> frozenset[int]:
        """The values that the network returns."""
        return ends(self.network)

    @cached_property
    def costs(self) -> tuple[Cost, ...]:
        """What each node costs, in the order of the nodes."""
        return costs(self.network)

    def cost(self, node: Node) -> Cost:
        return self.costs[node.id - len(self.network.inputs)]

    @cached_property
    def params(self) -> int:
        """Trainable parameters, aux heads included, as far as they are known."""
        return sum(each.params for each in self.costs)

    @cached_property
    def macs(self) -> int:
        """Multiply-adds of one sample, aux heads included, as far as they are known."""
        return sum(each.macs for each in self.costs)

    @property
    def loss(self) -> object:
        """The name of the loss of the recipe, or None."""
        loss = self.network.train.kwargs.get("loss") if self.network.train is not None else None
        return getattr(loss, "name", loss)

    @cached_property
    def _origins(self) -> list[int]:
        found = list(range(len(self.network.inputs)))
        for node in self.nodes:
            found.append(found[node.inputs[0]] if node.op.transparent else node.id)
        return found

    def origin(self, value: int) -> int:
        """The value that a value is, seen through identities."""
        return self._origins[value]

    def before(self, node: Node) -> Node | None:
        """The node that gives a one-input node its value, seen through identities; None at an input of the network."""
        return self.network.node(self.origin(node.inputs[0])) if len(node.inputs) == 1 else None

    def only_reader(self, node: Node) -> Node | None:
        """The one node that takes a node's value, seen through identities; None where it is not exactly one, or the
        network returns the value."""
        while node.id not in self.ends and len(self.readers[node.id]) == 1:
            node = self.readers[node.id][0]
            if not node.op.transparent:
                return node
        return None

    # Places ----------------------------------------------------------------------------------------------------------

    def _around(self, wanted: Callable[[Scope], bool]) -> dict[int, Span]:
        """For each node the place of the innermost wanted scope around it."""
        found: dict[int, Span] = {}
        waiting: list[tuple[Scope, Span | None]] = [(self.network.body, None)]
        while waiting:
            scope, place = waiting.pop()
            if not scope.span.file.startswith(STANDARD) and wanted(scope):
                place = scope.span
            for child in scope.children:
                if isinstance(child, Scope):
                    waiting.append((child, place))
                elif place is not None:
                    found[child.id] = place
        return found

    @cached_property
    def _own(self) -> dict[int, Span]:
        return self._around(lambda scope: scope.kind != "net")

    @cached_property
    def _blocks(self) -> dict[int, Span]:
        return self._around(lambda scope: scope.kind == "block")

    def place(self, node: Node) -> Place:
        """Where a node is written, in a user's file."""
        call = self._own.get(node.id) if node.span.file.startswith(STANDARD) else None
        if call is None:
            return Place(node.span)
        return Place(call, f", inside `{self.text(call).partition('(')[0]}`")

    def caller(self, node: Node) -> Span | None:
        """The innermost call, in a user's file, of the block that a node is in."""
        return self._blocks.get(node.id)

    # Edits -----------------------------------------------------------------------------------------------------------

    @cached_property
    def _last_weighted(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for path in {node.path for node in self.nodes if self.network.weights(node)}:
            parts = path.split(".")
            for at, part in enumerate(parts):
                if part.isdecimal():
                    sequence = ".".join(parts[:at])
                    found[sequence] = max(found.get(sequence, -1), int(part))
        return found

    def renumbers(self, node: Node) -> bool:
        """Whether removing a node would rename weights in the `state_dict`, which counts the modules of a sequence."""
        sequence, _, name = node.path.rpartition(".")
        return not name.isdecimal() or self._last_weighted.get(sequence, -1) > int(name)

    def removal(self, layer: tree.Layer, nodes: Sequence[Node]) -> list[Edit]:
        """The edit that removes a statement; none where it has a label, a repetition or a claim, makes other nodes than
        `nodes`, or removing these would rename weights."""
        if self.file is None or not self.is_own(layer.span):
            return []
        if layer.label is not None or layer.repeat is not None or layer.claim is not None:
            return []
        made = {node.id for node in self.by_span.get(layer.item.span, ())}
        if not made or not made <= {node.id for node in nodes} or any(map(self.renumbers, nodes)):
            return []
        return [Edit(without(self.file.source, layer.span), "")]
