"""What the parts of `analysis` look up in a compiled spec: syntax by its place, nodes by their place and value.

A node of the network has the place of the item that made it, so a place leads from one to the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, TypeVar

from netdsl.ir import Network, Node
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import Edit
from netdsl.text.source import Source, Span

Kind = TypeVar("Kind")


class Trees:
    """The syntax trees of some files, read once."""

    def __init__(self, files: Iterable[tree.File]):
        self.files = tuple(files)

    @cached_property
    def all(self) -> tuple[Any, ...]:
        """Every syntax node, file by file, the outer before the inner."""
        return tuple(each for file in self.files for each in walk(file))

    def of(self, kind: type[Kind]) -> list[Kind]:
        """All syntax nodes of a kind."""
        return [each for each in self.all if isinstance(each, kind)]

    @cached_property
    def items(self) -> dict[Span, Any]:
        """The items that make nodes, and rows of bracket blocks, by place."""
        kinds = (tree.Operation, tree.BracketRow, tree.Bracket, tree.Join, tree.Residual, tree.Group)
        return {each.span: each for each in self.all if isinstance(each, kinds)}

    @cached_property
    def layers(self) -> dict[Span, tree.Layer]:
        """The layer statements, by the place of their item."""
        return {each.item.span: each for each in self.of(tree.Layer)}

    @cached_property
    def defaults(self) -> dict[str, list[tree.Default]]:
        """The `default` statements, wherever they stand, by the operator they are for, in lower case."""
        found: dict[str, list[tree.Default]] = {}
        for each in self.of(tree.Default):
            found.setdefault(each.operator.text.lower(), []).append(each)
        return found


def argument(item: object, name: str) -> tree.Argument | None:
    """The argument `name=...` that an item, a row or a default is written with, or None."""
    arguments = getattr(item, "arguments", None) or ()
    return next((each for each in arguments if each.name is not None and each.name.text == name), None)


def more_arguments(source: Source, item: tree.Operation | tree.BracketRow | tree.Default, written: str) -> Edit:
    """The edit that adds arguments, as `pad=1, bias=false`, behind those that an item has."""
    end = item.span.end
    if isinstance(item, tree.BracketRow):
        return Edit(source.span(end, end), f", {written}")
    if not source.text[:end].endswith(")"):
        return Edit(source.span(end, end), f"({written})")
    end -= 1
    while end > item.span.start and source.text[end - 1] in " \t\r\n":
        end -= 1
    return Edit(source.span(end, end), f", {written}" if item.arguments else written)


def by_place(nodes: Iterable[Node]) -> dict[Span, list[Node]]:
    """Nodes by the place of the item that made them: a repetition, or a block called twice, makes several at one."""
    found: dict[Span, list[Node]] = {}
    for node in nodes:
        found.setdefault(node.span, []).append(node)
    return found


def readers(network: Network) -> list[list[Node]]:
    """For each value, the nodes that take it as an input."""
    found: list[list[Node]] = [[] for _ in network.shapes]
    for node in network.nodes:
        for value in dict.fromkeys(node.inputs):
            found[value].append(node)
    return found


def ends(network: Network) -> frozenset[int]:
    """The values that the network returns: its result, its named outputs, its aux heads."""
    return frozenset((network.result, *(each.value for each in network.outputs), *(each.value for each in network.aux)))
