"""W0403: an activation of an activation."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.lint._bodies import Numbered, removal
from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.analysis.lint._words import times
from netdsl.ir import Node
from netdsl.ops import Family
from netdsl.text.diagnostics import Diagnostic

_IDEMPOTENT = ("relu", "relu6")


class DoubleActivation(Rule):
    code = "W0403"
    why = (
        "A second activation adds nothing to the first, or takes from it: the sigmoid of a ReLU is never below one "
        "half. It happens where a layer has one by `default` and another is written behind it."
    )
    fixes = True

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        if subject.network is None:
            return
        found = [node for node in subject.nodes if self._second(subject, node) is not None]
        numbered = Numbered(subject) if found else None
        for nodes in subject.grouped(found):
            node, first = nodes[0], self._second(subject, nodes[0])
            assert first is not None and numbered is not None
            same = first.op == node.op and node.op.name in _IDEMPOTENT
            layer = subject.statements.get(node.span)
            edits = removal(subject, layer, nodes, numbered) if same and layer is not None and not node.implicit else []
            where = "the activation of the layer before it" if first.implicit else "the activation before it"
            yield self.warning(
                f"this `{node.op.name}` acts on the output of a `{first.op.name}`{times(len(nodes))}"
                + (", which it does not change" if same else ""),
                subject.place(node),
                label=f"{where} is {first.op.name}{subject.within(node)}",
                help="leave one of them out",
                edits=edits,
            )

    def _second(self, subject: Subject, node: Node) -> Node | None:
        """The activation that an activation directly follows, where nothing else takes it."""
        if node.op.family is not Family.ACTIVATION or node.op.to_probabilities:
            return None
        first = subject.before(node)
        if first is None or first.op.family is not Family.ACTIVATION or first.op.to_probabilities:
            return None
        return first if subject.only_reader(first) is node else None
