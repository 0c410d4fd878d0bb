"""W0405: a residual that can only be added to."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import STANDARD, Subject
from netdsl.analysis.lint._words import times
from netdsl.ir import Node, Scope
from netdsl.text.diagnostics import Diagnostic, Related

_NEVER_NEGATIVE = ("relu", "relu6", "softplus", "sigmoid", "hardsigmoid")


class RectifiedResidual(Rule):
    code = "W0405"
    why = (
        "A residual should be able to take away from its shortcut. Behind a ReLU it cannot, the values grow from block "
        "to block, and ResNet-110 errs by 7.84% in place of 6.61% on CIFAR-10."
    )
    literature = ("He et al., Identity Mappings in Deep Residual Networks, ECCV 2016, section 4.1, Table 2",)

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        network = subject.network
        if network is None:
            return
        found: list[Node] = []
        adds: dict[int, Scope] = {}
        for scope in subject.scopes:
            node = self._last(subject, scope)
            if node is not None:
                found.append(node)
                adds[node.id] = scope
        for nodes in subject.grouped(found):
            node = nodes[0]
            scope = adds[node.id]
            related = []
            if scope.span.file == subject.place(node).file and not scope.span.file.startswith(STANDARD):
                head = subject.text(scope.span)
                end = len(head.split("{")[0].rstrip()) if "{" in head else len(head)
                related.append(Related(scope.span._replace(end=scope.span.start + end), "added here"))
            yield self.warning(
                f"a `{node.op.name}` ends what is added to the shortcut{times(len(nodes))}, so it can never take away "
                "from it",
                subject.place(node),
                label=f"the last layer of the residual{subject.within(node)}",
                help="give this layer `act=none`, and put the activation behind the addition"
                if node.implicit
                else "put it behind the addition",
                related=related,
            )

    def _last(self, subject: Subject, scope: Scope) -> Node | None:
        """The activation that a residual's body ends in, where that can only be positive."""
        branches = [child for child in scope.children if isinstance(child, Scope) and child.kind == "branch"]
        if scope.kind == "residual" and branches:
            ends = [branches[0].exit]
        elif scope.kind == "join" and scope.title == "add" and len(branches) == 2:
            through = [subject.origin(each.exit) == subject.origin(scope.entry) for each in branches]
            ends = [each.exit for each, passes in zip(branches, through, strict=True) if not passes]
            if len(ends) != 1 or ends[0] <= scope.entry:  # the other branch goes back to an earlier value
                return None
        else:
            return None
        node = subject.node(subject.origin(ends[0]))
        return node if node is not None and node.op.name in _NEVER_NEGATIVE else None
