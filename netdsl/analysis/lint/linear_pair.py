"""W0406: two linear layers in a row are one."""

from __future__ import annotations

from math import prod

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, short, times
from netdsl.ir import Node
from netdsl.ops import Family
from netdsl.ops.conv import Conv


class LinearPair(Rule):
    code = "W0406"
    why = (
        "Without an activation between them two linear layers compute what one can: depth gives nothing, and the "
        "weights of the second are spent on it."
    )
    literature = ("Minsky and Papert, Perceptrons, 1969; Rumelhart, Hinton and Williams, Nature 1986",)

    def find(self, subject: Subject) -> Warnings:
        network = subject.network
        found = {node.id: first for node in subject.nodes if (first := self._first(subject, node)) is not None}
        for nodes in subject.grouped(node for node in subject.nodes if node.id in found):
            node, first = nodes[0], found[nodes[0].id]
            if isinstance(node.op, Conv) and isinstance(first.op, Conv):
                one = "x".join(str(a + b - 1) for a, b in zip(first.op.kernel, node.op.kernel, strict=True))
                together = f"but for the border they are one {one} convolution"
            else:
                both = sum(prod(network.weights(each)["weight"].shape) for each in (first, node))
                one_layer = prod(network.input_shapes(first)[0]) * prod(node.shape or (0,))  # type: ignore[index]
                together = f"{short(both)} weights do what a matrix of {short(one_layer)} does"
            yield self.warning(
                f"nothing stands between this `{node.op.name}` and the `{first.op.name}` before it{times(len(nodes))}: "
                f"{together}",
                subject.place(node),
                help=f"put an activation between them, as with `default {node.op.name}(act=relu)`",
            )

    def _first(self, subject: Subject, node: Node) -> Node | None:
        """The layer before this one, where both are dense and linear and the first is not narrow on purpose."""
        if not _is_dense(node):
            return None
        first = subject.before(node)
        while first is not None and first.op.name in ("flatten", "dropout") and subject.only_reader(first) is node:
            first = subject.before(first)
        if first is None or first.op.name != node.op.name or not _is_dense(first) or subject.only_reader(first) is None:
            return None
        if getattr(first.op, "frozen", False) or node.shares is not None or first.shares is not None:
            return None  # random projections, which are never trained, and layers used in several places
        shapes = subject.network.input_shapes(first)
        if shapes is None or first.shape is None or node.shape is None:
            return None
        return first if first.shape[0] >= min(shapes[0][0], node.shape[0]) else None


def _is_dense(node: Node) -> bool:
    """Whether every output sees every input of its window: fully connected, or a square kernel larger than 1x1."""
    if node.op.family is Family.FULLY_CONNECTED:
        return node.op.weight_layer
    op = node.op
    return (
        isinstance(op, Conv) and len(set(op.kernel)) == 1 and op.kernel[0] > 1 and op.groups == 1 and op.connect is None
    )
