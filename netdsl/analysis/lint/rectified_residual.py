"""W0405: a residual whose values are never negative, so that it can only add to its shortcut."""

from __future__ import annotations

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, times
from netdsl.ir import Node, Scope
from netdsl.text.diagnostics import Related

_NEVER_NEGATIVE = ("relu", "relu6", "softplus", "sigmoid", "hardsigmoid")


class RectifiedResidual(Rule):
    code = "W0405"
    why = (
        "A residual should be able to take away from its shortcut. Behind a ReLU it cannot, the values grow from block "
        "to block, and ResNet-110 errs by 7.84% in place of 6.61% on CIFAR-10."
    )
    literature = ("He et al., Identity Mappings in Deep Residual Networks, ECCV 2016, section 4.1, Table 2",)

    def find(self, subject: Subject) -> Warnings:
        found: dict[int, tuple[Node, Scope]] = {}
        for scope in subject.network.body.scopes():
            node = self._last(subject, scope)
            if node is not None:
                found[node.id] = node, scope
        for nodes in subject.grouped(node for node, _ in found.values()):
            node, scope = found[nodes[0].id]
            place = subject.place(node)
            head = subject.text(scope.span).partition("{")[0].rstrip()
            added = Related(scope.span._replace(end=scope.span.start + len(head)), "added here")
            yield self.warning(
                f"a `{node.op.name}` ends what is added to the shortcut{times(len(nodes))}, so it can never take away "
                "from it",
                place,
                label="the last layer of the residual",
                help="give this layer `act=none`, and put the activation behind the addition"
                if node.implicit
                else "put it behind the addition",
                related=[added] if scope.span.file == place.span.file else [],
            )

    def _last(self, subject: Subject, scope: Scope) -> Node | None:
        """The activation at the end of a residual's body, where its values are never negative."""
        branches = [child for child in scope.children if isinstance(child, Scope) and child.kind == "branch"]
        if scope.kind == "residual" and branches:
            ends = [branches[0].exit]
        elif scope.kind == "join" and scope.title == "add" and len(branches) == 2:
            ends = [each.exit for each in branches if subject.origin(each.exit) != subject.origin(scope.entry)]
            if len(ends) != 1 or ends[0] <= scope.entry:  # the other branch goes back to an earlier value
                return None
        else:
            return None
        node = subject.network.node(subject.origin(ends[0]))
        return node if node is not None and node.op.name in _NEVER_NEGATIVE else None
