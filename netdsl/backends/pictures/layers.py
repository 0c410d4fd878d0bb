"""From the network's scopes to boxes and frames.

The flattening before a fully connected layer and the norm and activation behind an operator are part of its box,
whether they were written as its arguments or as statements of their own: it is the wiring that counts. Thus a row of
the paper's table is one box. Blocks, bracket blocks, aux heads and everything with a label get a frame.
"""

from __future__ import annotations

from netdsl.backends.pictures.items import Box, Frame, Item
from netdsl.ir import Network, Node, Scope
from netdsl.ops import Family

CALLS = frozenset({"block", "bracket", "reuse"})
FRAMED = CALLS | {"aux"}
NAMED = frozenset({"group", "repeat"})
"""Kinds of scope that get a frame when they have a label."""
HOSTS = frozenset({Family.CONVOLUTION, Family.FULLY_CONNECTED, Family.JOIN, Family.NORMALIZATION})
"""What a norm or an activation behind it belongs to, also where it is a statement of its own."""
FOLLOWERS = (Family.NORMALIZATION, Family.ACTIVATION)


class Layers:
    """Reads one network. `apart`: every primitive is a box of its own."""

    def __init__(self, network: Network, apart: bool = False):
        self.network = network
        self.apart = apart
        self.uses = [0] * len(network.shapes)
        for node in network.nodes:
            for value in node.inputs:
                self.uses[value] += 1
        given = [network.result, *(each.value for each in network.outputs), *(each.value for each in network.aux)]
        for value in given:
            self.uses[value] += 1

    def items(self) -> list[Item]:
        """The boxes and frames of the whole network, with nothing folded."""
        return self._body(self.network.body)

    def _body(self, scope: Scope) -> list[Item]:
        items: list[Item] = []
        before: list[Node] = []
        for child in scope.children:
            if isinstance(child, Node):
                if child.implicit and child.op.family is Family.REARRANGEMENT and not self.apart:
                    before.append(child)
                elif not before and self._belongs(child, items):
                    items[-1].after.append(child)  # type: ignore[union-attr]
                else:
                    items.append(_box(child, before, scope, self.apart))
                    before = []
                continue
            items.extend(Box(node) for node in before)
            before = []
            found = self._scope(child)
            while found and isinstance(found[0], Box) and self._follows(found[0], items):
                items[-1].after.extend(found.pop(0).nodes)  # type: ignore[union-attr]
            items.extend(found)
        items.extend(Box(node) for node in before)
        return items

    def _belongs(self, node: Node, items: list[Item]) -> bool:
        """Whether a norm or an activation belongs to the box before it."""
        if self.apart or not items or not isinstance(items[-1], Box) or items[-1].passes:
            return False
        host = items[-1]
        if node.inputs != (host.exit,):
            return False
        if node.implicit:
            return True
        behind = {each.op.family for each in host.after} | {host.main.op.family}
        fits = host.main.op.family in HOSTS and node.op.family in FOLLOWERS and node.op.family not in behind
        ended = Family.ACTIVATION in behind and node.op.family is not Family.ACTIVATION
        return fits and not ended and not node.op.to_probabilities and self.uses[host.exit] == 1

    def _follows(self, box: Box, items: list[Item]) -> bool:
        return not box.before and not box.passes and self._belongs(box.main, items)

    def _scope(self, scope: Scope) -> list[Item]:
        """A scope as one frame, or as its items where it has none."""
        if scope.kind == "unit" and scope.children and not self.apart:
            first, *after = scope.children
            if isinstance(first, Node) and all(isinstance(node, Node) for node in after):
                return [Box(first, [], list(after), scope.label)]  # type: ignore[arg-type]
        items = self._body(scope)
        if not items:
            return []
        if scope.kind in ("join", "residual"):
            return [Frame("fork", items, scope)] if isinstance(items[-1], Box) else items
        if scope.kind in ("iteration", "branch", "shortcut"):
            return [Frame(scope.kind, items, scope, scope.label if scope.kind != "iteration" else None)]
        if scope.kind in FRAMED or (scope.kind in NAMED and scope.label):
            return [Frame(scope.kind, items, scope, scope.label)]
        return items


def _box(node: Node, before: list[Node], scope: Scope, apart: bool) -> Box:
    join = node.op.family is Family.JOIN
    label = scope.label if join and scope.kind in ("join", "residual") else node.label
    nothing = node.op.family is Family.REGULARIZATION and node.op.view and not apart  # a rate of zero
    passes = (node.op.transparent or nothing) and node.shape is not None
    return Box(node, before, label=label, entry=scope.entry if join else None, passes=passes)


def tidy(items: list[Item]) -> list[Item]:
    """The items without superfluous frames.

    A frame around a single item is dropped and leaves it its label and its number. An iteration that is not repeated is
    replaced by its items. A head beside the network keeps its frame.
    """
    tidied: list[Item] = []
    for item in items:
        if isinstance(item, Box) or item.closed:
            tidied.append(item)
            continue
        item.children = tidy(item.children)
        if item.kind == "iteration" and item.times == 1:
            tidied.extend(item.children)
            continue
        only = item.children[0]
        if len(item.children) == 1 and item.kind not in ("branch", "shortcut", "fork"):
            if item.kind == "aux":
                if isinstance(only, Frame) and only.kind in CALLS | NAMED and not only.closed and only.times == 1:
                    item.children = only.children
            elif item.times == 1 or only.times == 1:
                tidied.append(_inherit(only, item))
                continue
        tidied.append(item)
    return tidied


def _inherit(only: Item, frame: Frame) -> Item:
    """A single item in place of the frame around it."""
    if isinstance(only, Frame) and only.kind == "fork":
        only = only if frame.label is None and frame.times == 1 and frame.kind not in CALLS else frame
        return only
    if only.label is None or frame.kind in CALLS:
        only.label = frame.label or only.label
    if frame.kind == "reuse":
        only.label = f"{frame.title} again"
    if frame.times > 1:
        only.times, only.upto = frame.times, frame.upto
        if isinstance(only, Box) and frame.last is not None:
            last = frame.last.children[-1]
            only.last = last if isinstance(last, Box) else only.last
    return only
