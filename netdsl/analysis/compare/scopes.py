"""Where the blocks, branches and repetitions of a spec begin and end, as numbers of nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from netdsl.ir import Network, Node, Scope

BRANCHES = ("branch", "shortcut")
JOINS = ("join", "residual")


class Scopes:
    """The scopes of one network.

    `around` is the innermost scope of a node, `parents` that of a scope, by its id. `spans` are its first and last
    node, identities left out (-1 where there are none), and `joints` the node that joins the branches of a scope, or
    this branch with others.
    """

    def __init__(self, network: Network):
        scopes = list(network.body.scopes())
        self.around: dict[int, Scope] = {}
        self.parents: dict[int, Scope] = {}
        self._levels = {id(network.body): 0}
        self.joints: dict[int, Node] = {}
        for scope in scopes:
            joint = next((child for child in scope.children if isinstance(child, Node)), None)
            if scope.kind in JOINS and joint is not None:
                self.joints[id(scope)] = joint
            for child in scope.children:
                if isinstance(child, Node):
                    self.around[child.id] = scope
                    continue
                self.parents[id(child)] = scope
                self._levels[id(child)] = self._levels[id(scope)] + (child.kind in BRANCHES)
                if child.kind in BRANCHES and joint is not None:
                    self.joints[id(child)] = joint
        self.spans: dict[int, tuple[int, int]] = {}
        self._beginning: dict[int, list[Scope]] = defaultdict(list)
        for scope in reversed(scopes):
            inside = [
                self.spans[id(child)] if isinstance(child, Scope) else (-1 if child.op.transparent else child.id,) * 2
                for child in scope.children
            ]
            ends = [span for span in inside if span[1] >= 0]
            self.spans[id(scope)] = (ends[0][0], ends[-1][1]) if ends else (-1, -1)
            if ends and scope is not network.body:
                self._beginning[ends[0][0]].append(scope)

    def beginning(self, node: int) -> Sequence[Scope]:
        """The scopes that begin with a node, the largest first."""
        return self._beginning.get(node, ())[::-1]

    def level(self, node: Node) -> int:
        """How many branches lie around a node."""
        return self._levels[id(self.around[node.id])]

    def repeat(self, node: int) -> Scope | None:
        """The innermost repetition around a node."""
        scope: Scope | None = self.around[node]
        while scope is not None and scope.kind != "repeat":
            scope = self.parents.get(id(scope))
        return scope
