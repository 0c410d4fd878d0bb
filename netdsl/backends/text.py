"""A network back to .net text: one statement for each node, without blocks, repetitions or tables.

So a network that a tool has made, or read from JSON, can be read and checked again: the text compiles to a network with
the same digest. The names of modules change, since they follow from the blocks.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable

from netdsl.ir import Network, Node, Scope
from netdsl.ops import Family, Operator
from netdsl.ops.shared.notation import notation
from netdsl.shapes import text as shape_text

REFERENCE = "@"
"""What an operator has in place of the label that an argument names."""


def text(network: Network) -> str:
    """The text of a complete network. Raises `ValueError` for one with errors."""
    if not network.complete:
        raise ValueError(f"{network.name} has errors and cannot be written")
    return _Printer(network).text()


class _Printer:
    """Writes the statements in the order of the nodes, and gives labels to those that are called by one."""

    def __init__(self, network: Network):
        self.network = network
        taken = {item.name for item in network.inputs}
        self.prefix = "v"
        while any(re.fullmatch(rf"{self.prefix}\d+", name) for name in taken):
            self.prefix += "_"
        self.names = {number: item.name for number, item in enumerate(network.inputs)}
        self.called: set[int] = set()
        self.lines: list[tuple[int | None, str, str]] = []  # the value that a statement gives, its indentation, itself
        self.waiting = list(reversed(network.outputs))
        self.current = 0

    def name(self, value: int) -> str:
        """What a value is called by."""
        self.called.add(value)
        return self.names.get(value, f"{self.prefix}{value}")

    def text(self) -> str:
        network = self.network
        title = re.sub(r"[^A-Za-z0-9._/-]+", "-", network.name).strip("-") or "network"
        head = [f"net {title}"]
        several = len(network.inputs) > 1
        for item in network.inputs:
            named = f"{item.name}: " if several or item.name != "input" else ""
            tokens = f" of {item.vocabulary}" if item.vocabulary is not None else ""
            head.append(f"input {named}{shape_text(item.shape)}{tokens}")
        self.outputs(len(network.inputs) - 1, "")
        self.write(network.body.children, "")
        self.go(network.result, "")
        labels = ((f"{self.name(value)}: " if value in self.called else "") for value, _, _ in self.lines)
        body = [f"{indent}{label}{line}" for label, (_, indent, line) in zip(labels, self.lines, strict=True)]
        return "\n".join([*head, "", *body]) + "\n"

    def say(self, indent: str, line: str, value: int | None = None) -> None:
        self.lines.append((value, indent, line))

    def go(self, value: int, indent: str) -> None:
        """Make a value the current one, if it is not."""
        if value != self.current:
            self.say(indent, f"@{self.name(value)}")
            self.current = value

    def write(self, children: Iterable[Node | Scope], indent: str) -> None:
        for child in children:
            if isinstance(child, Node):
                self.node(child, indent)
                self.outputs(child.id, indent)
            elif child.kind == "aux":
                self.aux(child, indent)
            else:
                self.write(child.children, indent)

    def node(self, node: Node, indent: str) -> None:
        """One layer. Only one that has weights uses another's; without weights it is just the same layer again."""
        shapes = self.network.input_shapes(node)
        text = notation(node.op)
        first, *parts = text.split(REFERENCE)  # the arguments that name labels, whose values come last
        inputs = node.inputs[: len(node.inputs) - len(parts)]
        named = (f"{REFERENCE}{self.referred(node, value)}" for value in node.inputs[len(inputs) :])
        text = first + "".join(map(operator.add, named, parts))
        if node.shares is not None and shapes is not None and node.op.weights(shapes):
            text = f"reuse({self.name(node.shares)})"
        if node.op.family is Family.JOIN or len(inputs) > 1:
            branches = " | ".join(f"@{self.name(value)}" for value in inputs)
            needed = "" if node.op.family is Family.JOIN or text.endswith(")") else "()"
            text = f"{text}{needed} {{ {branches} }}"
        elif inputs:
            self.go(inputs[0], indent)
        self.say(indent, text, node.id)
        self.current = node.id

    def referred(self, node: Node, value: int) -> str:
        """The label by which an argument names a value; for what undoes an operator, that of one applied to it."""
        undone = node.op.of
        if undone is None:
            return self.name(value)
        for each in self.network.nodes[: node.id]:
            if isinstance(each.op, undone) and each.inputs[0] == value and _fits(node.op, each.op):
                return self.name(each.id)
        raise ValueError(f"{self.network.name}: no `{undone.name}` that `{node.op.name}` could undo is left")

    def outputs(self, last: int, indent: str) -> None:
        """The outputs whose turn it is, in their order, once the values up to `last` are there."""
        while self.waiting and self.waiting[-1].value <= last:
            item = self.waiting.pop()
            self.go(item.value, indent)
            self.say(indent, f"output {item.name}")

    def aux(self, scope: Scope, indent: str) -> None:
        """A side branch: it starts from the value it was attached to, and leaves the current one as it was."""
        head = next(item for item in self.network.aux if item.name == scope.title)
        before = self.current
        weight = f"(weight={head.weight!r})" if head.weight is not None else ""
        self.say(indent, f"aux {head.name}{weight} {{")
        self.go(scope.entry, indent + "  ")
        self.write(scope.children, indent + "  ")
        self.go(head.value, indent + "  ")
        self.say(indent, "}")
        self.current = before


def _fits(op: Operator, undone: Operator) -> bool:
    """Whether an operator has taken the arguments of the one that it undoes over."""
    shared = type(op).model_fields.keys() & type(undone).model_fields.keys()
    return all(getattr(op, key) == getattr(undone, key) for key in shared)


__all__ = ["text"]
