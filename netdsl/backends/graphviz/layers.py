"""From the network's scopes to boxes and frames.

A norm or an activation that is an argument of an operator is part of its box, and so is the flattening before a fully
connected layer; thus a row of the paper's table is one box. Blocks, bracket blocks, aux heads and everything with a
label get a frame. Branches and joins get none, since the edges show them.
"""

from __future__ import annotations

from collections import Counter

from netdsl.backends.graphviz.items import Box, Frame, Item
from netdsl.ir import Network, Node, Scope
from netdsl.ops import Family

FRAMED = frozenset({"block", "bracket", "aux", "reuse"})
NAMED = frozenset({"group", "repeat", "branch"})
"""Kinds of scope that get a frame when they have a label."""


def layers(network: Network) -> list[Item]:
    """The boxes and frames of the whole network, with nothing folded."""
    return _body(network.body)


def _body(scope: Scope) -> list[Item]:
    items: list[Item] = []
    before: list[Node] = []
    made = Counter(child.span for child in scope.children if isinstance(child, Scope) and child.kind == "branch")
    for child in scope.children:
        if isinstance(child, Node):
            if child.implicit and child.op.family is Family.REARRANGEMENT:
                before.append(child)
            elif child.implicit and not before and _belongs(child, items):
                items[-1].after.append(child)  # type: ignore[union-attr]
            else:
                items.append(_box(child, before, scope))
                before = []
        elif child.kind == "unit" and all(isinstance(node, Node) for node in child.children) and child.children:
            main, *after = child.nodes()
            items.append(Box(main, before, after, child.label))
            before = []
        else:
            items.extend(Box(node) for node in before)
            before = []
            items.extend(_scope(child, child.kind == "iteration" or made[child.span] > 1))
    items.extend(Box(node) for node in before)
    return items


def _belongs(node: Node, items: list[Item]) -> bool:
    """Whether an implicit node belongs to the box before it."""
    return bool(items) and isinstance(items[-1], Box) and not items[-1].passes and node.inputs == (items[-1].exit,)


def _box(node: Node, before: list[Node], scope: Scope) -> Box:
    join = node.op.family is Family.JOIN
    label = scope.label if join and scope.kind in ("join", "residual") else node.label
    passes = node.op.transparent and node.shape is not None
    return Box(node, before, label=label, entry=scope.entry if join else None, passes=passes)


def _scope(scope: Scope, repeated: bool) -> list[Item]:
    """A scope as one frame, or as its items where it has none; `repeated`: it is one of several by one statement."""
    items = _body(scope)
    if not items:
        return []
    if repeated:
        return items if len(items) == 1 else [Frame("iteration", items, scope.span)]
    if scope.kind in FRAMED or (scope.kind in NAMED and scope.label):
        return [Frame(scope.kind, items, scope.span, scope.title, scope.label, scope.arguments)]
    return items


def tidy(items: list[Item]) -> list[Item]:
    """The items without superfluous frames.

    A labelled group or repetition of one item gives it its label. An iteration that is not repeated is replaced by its
    items, and so is a block that is all of an aux head or of a `reuse`.
    """
    tidied: list[Item] = []
    for item in items:
        if isinstance(item, Frame):
            item.children = tidy(item.children)
            if item.kind == "iteration" and item.times == 1:
                tidied.extend(item.children)
                continue
            only = item.children[0]
            if len(item.children) == 1 and only.label is None and item.times == 1:
                if item.kind in NAMED or (item.kind == "reuse" and isinstance(only, Box)):
                    only.label = f"{item.title} again" if item.kind == "reuse" else item.label
                    item = only
                elif item.kind in ("aux", "reuse") and isinstance(only, Frame) and only.times == 1:
                    item.children = only.children
        tidied.append(item)
    return tidied
