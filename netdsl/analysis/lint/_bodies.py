"""Statements that can be taken out of a text without a change of any name or shape."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.lint._subject import Subject
from netdsl.ir import Node
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import Edit
from netdsl.text.edits import without


def bodies(file: tree.File) -> Iterator[tuple[tree.Statement, ...]]:
    """The statements of every body of a file, those of the file itself first."""
    yield file.statements
    for each in walk(file):
        if isinstance(each, tree.Body):
            yield each.statements


class Numbered:
    """Which places in a sequence of modules have weights behind them, under which checkpoints know them by number."""

    def __init__(self, subject: Subject):
        self.last: dict[str, int] = {}
        if subject.network is None:
            return
        for path in {node.path for node in subject.nodes if subject.network.weights(node)}:
            parts = path.split(".")
            for at, part in enumerate(parts):
                if part.isdecimal():
                    prefix = ".".join(parts[:at])
                    self.last[prefix] = max(self.last.get(prefix, -1), int(part))

    def holds(self, node: Node) -> bool:
        """Whether taking the node away would give weights behind it another number."""
        prefix, _, name = node.path.rpartition(".")
        return not name.isdecimal() or self.last.get(prefix, -1) > int(name)


def removal(subject: Subject, layer: tree.Layer, nodes: list[Node], numbered: Numbered) -> list[Edit]:
    """The edit that takes a statement away, where it is plain, all its nodes are among `nodes`, and no weights are
    numbered behind it."""
    file = subject.file
    if file is None or layer.span.file != file.source.name:
        return []
    if layer.label is not None or layer.repeat is not None or layer.claim is not None:
        return []
    made = {node.id for node in subject.by_span.get(layer.item.span, ())}
    if not made or not made <= {node.id for node in nodes} or any(map(numbered.holds, nodes)):
        return []
    return [Edit(without(file.source, layer.span), "")]
