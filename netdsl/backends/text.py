"""A network back to .net text: one statement for each node, without blocks, repetitions or tables.

So a network that a tool has made, or read from JSON, can be read and checked again: the text compiles to a network with
the same digest. The names of modules change, since they follow from the blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from netdsl.ir import Network, Node, Scope
from netdsl.ops.shared.notation import notation
from netdsl.shapes import text as shape_text


def text(network: Network) -> str:
    """The text of a complete network. Raises `ValueError` for one with errors."""
    if not network.complete:
        raise ValueError(f"{network.name} has errors and cannot be written")
    return _Printer(network).text()


class _Printer:
    def __init__(self, network: Network):
        self.network = network
        taken = {item.name for item in network.inputs}
        self.prefix = "v"
        while any(re.fullmatch(rf"{self.prefix}\d+", name) for name in taken):
            self.prefix += "_"
        self.names = {number: item.name for number, item in enumerate(network.inputs)}
        self.needed = self.referenced()
        self.lines: list[str] = []
        self.current = 0

    def referenced(self) -> set[int]:
        """The values that need a label: those not only used by the next statement, and layers with shared weights."""
        found: set[int] = {node.shares for node in self.network.nodes if node.shares is not None}
        for node in self.network.nodes:
            if len(node.inputs) != 1 or node.inputs[0] != node.id - 1:
                found.update(node.inputs)
        found |= {self.network.result, *(item.value for item in self.network.outputs)}
        found |= {scope.entry for scope in self.network.body.scopes() if scope.kind == "aux"}
        found |= {item.value for item in self.network.aux}
        return found

    def name(self, value: int) -> str:
        return self.names.get(value, f"{self.prefix}{value}")

    def text(self) -> str:
        network = self.network
        title = re.sub(r"[^A-Za-z0-9._-]+", "-", network.name).strip("-") or "network"
        head = [f"net {title}"]
        several = len(network.inputs) > 1
        for item in network.inputs:
            named = f"{item.name}: " if several or item.name != "input" else ""
            head.append(f"input {named}{shape_text(item.shape)}")
        self.lines = [*head, ""]
        self.write(network.body.children, "")
        self.go(network.result, "")
        return "\n".join(self.lines) + "\n"

    def go(self, value: int, indent: str) -> None:
        """Make a value the current one, if it is not."""
        if value != self.current:
            self.lines.append(f"{indent}@{self.name(value)}")
            self.current = value

    def write(self, children: Iterable[Node | Scope], indent: str) -> None:
        for child in children:
            if isinstance(child, Scope):
                if child.kind == "aux":
                    self.aux(child, indent)
                else:
                    self.write(child.children, indent)
            else:
                self.node(child, indent)
            self.outputs(child, indent)

    def node(self, node: Node, indent: str) -> None:
        label = f"{self.name(node.id)}: " if node.id in self.needed else ""
        if node.shares is not None and self.network.node(node.shares) is not None:
            self.go(node.inputs[0], indent)
            self.lines.append(f"{indent}{label}reuse({self.name(node.shares)})")
        elif node.op.inputs != (1, 1):
            branches = " | ".join(f"@{self.name(value)}" for value in node.inputs)
            self.lines.append(f"{indent}{label}{notation(node.op)} {{ {branches} }}")
        else:
            self.go(node.inputs[0], indent)
            self.lines.append(f"{indent}{label}{notation(node.op)}")
        self.current = node.id

    def outputs(self, child: Node | Scope, indent: str) -> None:
        value = child.id if isinstance(child, Node) else None
        for item in self.network.outputs:
            if item.value == value:
                self.lines.append(f"{indent}output {item.name}")

    def aux(self, scope: Scope, indent: str) -> None:
        """A side branch: it starts from the value it was attached to, and leaves the current one as it was."""
        head = next(item for item in self.network.aux if item.name == scope.title)
        before = self.current
        weight = f"(weight={head.weight!r})" if head.weight is not None else ""
        self.lines.append(f"{indent}aux {head.name}{weight} {{")
        self.go(scope.entry, indent + "  ")
        self.write(scope.children, indent + "  ")
        self.go(head.value, indent + "  ")
        self.lines.append(f"{indent}}}")
        self.current = before


__all__ = ["text"]
