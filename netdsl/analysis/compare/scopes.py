"""Where the blocks, branches and repetitions of a spec begin and end, as numbers of nodes, identities left out."""

from __future__ import annotations

from collections import defaultdict

from netdsl.ir import Network, Node, Scope

BRANCHES = ("branch", "shortcut")
JOINS = ("join", "residual")


class Scopes:
    """The scopes of one network, by the `id` of each or by the numbers of the nodes in it.

    - `spans`: the first and the last node of a scope (-1 where there are none); `beginning`: the scopes that begin with
      a node, the largest first.
    - `joints`: the node that joins the branches of a scope, or this branch with others; `joins`: the scope of a joint.
    - `repeats`: the innermost repetition around a node; `heads`: the aux head.
    """

    def __init__(self, network: Network):
        self.spans: dict[int, tuple[int, int]] = {}
        self.beginning: dict[int, list[Scope]] = defaultdict(list)
        self.joints: dict[int, Node] = {}
        self.joins: dict[int, Scope] = {}
        self.repeats: dict[int, Scope] = {}
        self.heads: dict[int, str] = {}
        for scope in network.body.scopes():
            nodes = [node.id for node in scope.nodes() if not node.op.transparent]
            self.spans[id(scope)] = (nodes[0], nodes[-1]) if nodes else (-1, -1)
            if nodes and scope is not network.body:
                self.beginning[nodes[0]].append(scope)
            if scope.kind == "repeat":
                self.repeats.update(dict.fromkeys(nodes, scope))
            if scope.kind == "aux":
                self.heads.update(dict.fromkeys(nodes, scope.title))
            joint = next((child for child in scope.children if isinstance(child, Node)), None)
            branches = [each for each in scope.children if isinstance(each, Scope) and each.kind in BRANCHES]
            alone = scope.kind == "residual" and len(branches) == 1  # nothing is added: its node is the activation
            if scope.kind in JOINS and joint is not None and not alone:
                self.joins[joint.id] = scope
                self.joints.update({id(each): joint for each in (scope, *branches)})
