"""W0403: an activation of an activation."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, times
from netdsl.ir import Node
from netdsl.ops import Family

_IDEMPOTENT = ("relu", "relu6")


class DoubleActivation(Rule):
    code = "W0403"
    why = (
        "A second activation adds nothing to the first, or takes from it: the sigmoid of a ReLU is never below one "
        "half. It happens where a layer has one by `default` and another is written behind it."
    )
    fixes = True

    def find(self, subject: Subject) -> Warnings:
        found = {node.id: first for node in subject.nodes if (first := self._first(subject, node)) is not None}
        for nodes in subject.grouped(node for node in subject.nodes if node.id in found):
            node, first = nodes[0], found[nodes[0].id]
            same = first.op == node.op and node.op.name in _IDEMPOTENT
            layer = subject.trees.layers.get(node.span)
            removable = same and layer is not None and not node.implicit
            where = "the activation of the layer before it" if first.implicit else "the activation before it"
            yield self.warning(
                f"this `{node.op.name}` acts on the output of a `{first.op.name}`{times(len(nodes))}"
                + (", which it does not change" if same else ""),
                subject.place(node),
                label=f"{where} is {first.op.name}",
                help="leave one of them out",
                edits=subject.removal(layer, nodes) if removable and layer is not None else [],
            )

    def _first(self, subject: Subject, node: Node) -> Node | None:
        """The activation that another directly follows, where nothing else takes its value."""
        if node.op.family is not Family.ACTIVATION or node.op.to_probabilities:
            return None
        first = subject.before(node)
        if first is None or first.op.family is not Family.ACTIVATION or first.op.to_probabilities:
            return None
        return first if subject.only_reader(first) is node else None
