"""Where the blocks, branches and repetitions of a spec begin and end, as numbers of nodes."""

from __future__ import annotations

from bisect import bisect_left

from netdsl.ir import Network, Node, Scope

BRANCHES = ("branch", "shortcut")
JOINS = ("join", "residual")


class Scopes:
    """The scopes of one network. `spans` gives the first and the last node of each, by its id, identities left out;
    `around` the innermost scope of a node, `parents` that of a scope, `levels` how many branches lie around it."""

    def __init__(self, network: Network):
        scopes = list(network.body.scopes())
        self.around: dict[int, Scope] = {}
        self.parents: dict[int, Scope] = {}
        self.levels = {id(network.body): 0}
        self._joints: dict[int, Node] = {}
        for scope in scopes:
            joint = next((child for child in scope.children if isinstance(child, Node)), None)
            if scope.kind in JOINS and joint is not None:
                self._joints |= {
                    id(each): joint
                    for each in (scope, *scope.children)
                    if each is scope or (isinstance(each, Scope) and each.kind in BRANCHES)
                }
            for child in scope.children:
                if isinstance(child, Node):
                    self.around[child.id] = scope
                else:
                    self.parents[id(child)] = scope
                    self.levels[id(child)] = self.levels[id(scope)] + (child.kind in BRANCHES)
        self.spans: dict[int, tuple[int, int]] = {}
        self._beginning: dict[int, list[Scope]] = {}
        self._iterations: dict[int, list[tuple[int, int]]] = {}
        for scope in reversed(scopes):
            inner = [
                self.spans[id(child)] if isinstance(child, Scope) else (child.id, child.id)
                for child in scope.children
                if isinstance(child, Scope) or not child.op.transparent
            ]
            inner = [span for span in inner if span[1] >= 0]
            self.spans[id(scope)] = (inner[0][0], inner[-1][1]) if inner else (-1, -1)
            if inner and scope is not network.body:
                self._beginning.setdefault(inner[0][0], []).append(scope)

    def beginning(self, node: int) -> list[Scope]:
        """The scopes that begin with a node, the largest first."""
        return self._beginning.get(node, [])[::-1]

    def joint(self, scope: Scope) -> Node | None:
        """The node that joins the branches of a scope, or that joins this branch with others."""
        return self._joints.get(id(scope))

    def level(self, node: int) -> int:
        """How many joins lie around a node."""
        return self.levels[id(self.around[node])]

    def outward(self, node: int) -> list[Scope]:
        """The scopes around a node, from within."""
        found = []
        scope: Scope | None = self.around[node]
        while scope is not None:
            found.append(scope)
            scope = self.parents.get(id(scope))
        return found

    def repeat(self, node: int) -> Scope | None:
        """The innermost repetition around a node."""
        return next((scope for scope in self.outward(node) if scope.kind == "repeat"), None)

    def iterations(self, repeat: Scope, first: int, last: int) -> int:
        """How many iterations of a repetition lie between two nodes."""
        spans = self._iterations.get(id(repeat))
        if spans is None:
            spans = self._iterations[id(repeat)] = [self.spans[id(child)] for child in repeat.children]
        low = bisect_left(spans, (first, -1))
        return max(0, bisect_left(spans, last + 1, key=lambda span: span[1]) - low)
