"""Where the blocks, brackets and repetitions of a spec begin and end, as numbers of nodes."""

from __future__ import annotations

from bisect import bisect_left

from netdsl.ir import Network, Node, Scope

_SPEAKING = ("block", "bracket")
"""Scopes whose titles say what is in them."""


class Scopes:
    """The scopes of one network. `spans` gives the first and the last node of each, by its id, identities left out."""

    def __init__(self, network: Network):
        self.spans: dict[int, tuple[int, int]] = {}
        self._around: dict[int, Scope] = {}
        self._parents: dict[int, Scope] = {}
        self._beginning: dict[int, list[tuple[int, Scope]]] = {}
        self._iterations: dict[int, list[tuple[int, int]]] = {}
        empty = len(network.shapes), -1
        for scope in reversed(list(network.body.scopes())):
            low, high = empty
            for child in scope.children:
                if isinstance(child, Node):
                    self._around[child.id] = scope
                    first, last = empty if child.op.transparent else (child.id, child.id)
                else:
                    self._parents[id(child)] = scope
                    first, last = self.spans[id(child)]
                low, high = min(low, first), max(high, last)
            self.spans[id(scope)] = low, high
            if scope.kind in _SPEAKING and high >= 0:
                self._beginning.setdefault(low, []).append((high, scope))

    def beginning(self, node: int) -> list[tuple[int, Scope]]:
        """The blocks and brackets that begin with a node and the numbers of their last ones, the largest first."""
        return self._beginning.get(node, [])[::-1]

    def repeat(self, node: Node) -> Scope | None:
        """The innermost repetition around a node."""
        scope: Scope | None = self._around.get(node.id)
        while scope is not None and scope.kind != "repeat":
            scope = self._parents.get(id(scope))
        return scope

    def iterations(self, repeat: Scope, low: int, high: int) -> int:
        """How many iterations of a repetition lie between two nodes."""
        spans = self._iterations.get(id(repeat))
        if spans is None:
            spans = self._iterations[id(repeat)] = [self.spans[id(child)] for child in repeat.children]
        at = bisect_left(spans, (low, -1))
        count = 0
        while at < len(spans) and spans[at][1] <= high:
            at += 1
            count += 1
        return count
