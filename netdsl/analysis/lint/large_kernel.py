"""W0101: a stack of 3x3 convolutions sees as much as one large kernel, with fewer weights."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import NamedTuple

from netdsl.analysis.lint._rule import Rule, Subject, Warnings, short, times
from netdsl.ir import Node
from netdsl.ops.conv import Conv
from netdsl.passes.stacks import layers, widths
from netdsl.shapes import Shape
from netdsl.syntax import tree
from netdsl.text.diagnostics import Diagnostic, Related

FEWEST = 16
"""With fewer channels in or out a layer costs too little to matter."""
LEAST = 0.01
"""The share of the network's weights or multiply-adds that must be saved."""


class Stack(NamedTuple):
    """3x3 convolutions in place of a large kernel: their channels, and what they cost, biases left out."""

    channels: tuple[int, ...]
    weights: int
    macs: int


@lru_cache(maxsize=1024)
def stack(op: Conv, shape: Shape) -> Stack | None:
    """The 3x3 convolutions that see what `op` sees of an input of this shape; None unless its kernel is large, odd,
    square and not dilated.

    The channels grow in equal steps (Szegedy et al. 2016, section 3.1); the last layer has the stride, which keeps the
    window.
    """
    size = op.kernel[0]
    if op.kernel != (size, size) or size < 5 or size % 2 == 0 or op.dilation != (1, 1) or op.connect is not None:
        return None
    count = layers(size)
    channels = widths(shape[0], op.channels, count, op.groups)
    weights = macs = 0
    before = shape[0]
    for step, wide in enumerate(channels, 1):
        rows, columns = op.shape((shape,))[1:] if step == count else _planes(op, shape, step, count)
        each = 9 * wide * (before // op.groups)
        weights += each
        macs += each * rows * columns
        before = wide
    return Stack(channels, weights, macs)


def _planes(op: Conv, shape: Shape, step: int, count: int) -> tuple[int, int]:
    """The plane after `step` convolutions of a stack, each of which takes 1 of the padding while there is some."""
    top, bottom, left, right = op.slide.sides(*shape[1:])
    height, width = (
        size - 2 * step + min(2 * step, pad) + max(pad - 2 * count, 0)
        for size, pad in ((shape[1], top + bottom), (shape[2], left + right))
    )
    return max(height, 1), max(width, 1)


class LargeKernel(Rule):
    code = "W0101"
    why = (
        "Three 3x3 convolutions see 7x7 pixels as one 7x7 convolution does, with 27 C^2 weights in place of 49 C^2, "
        "and with an activation after each."
    )
    literature = (
        "Simonyan and Zisserman, Very Deep Convolutional Networks, ICLR 2015, section 2.3",
        "Szegedy et al., Rethinking the Inception Architecture, CVPR 2016, section 3.1",
    )

    def find(self, subject: Subject) -> Warnings:
        for nodes in subject.grouped(node for node in subject.nodes if isinstance(node.op, Conv)):
            warning = self._judge(subject, nodes)
            if warning is not None:
                yield warning

    def _judge(self, subject: Subject, nodes: list[Node]) -> Diagnostic | None:
        found = [(node, each) for node in nodes if (each := _smaller(subject, node)) is not None]
        weights = sum(_weights(subject, node) for node, _ in found)
        macs = sum(subject.cost(node).macs for node, _ in found)
        less, cheaper = sum(each.weights for _, each in found), sum(each.macs for _, each in found)
        if not found or (weights - less < LEAST * subject.params and macs - cheaper < LEAST * subject.macs):
            return None
        node, (small, _, _) = found[0]
        op = node.op
        assert isinstance(op, Conv)
        channels = (subject.network.shapes[node.inputs[0]] or (0,))[0]
        kernel = "x".join(map(str, op.kernel))
        item = subject.trees.items.get(node.span)
        shown = isinstance(item, tree.BracketRow) or (isinstance(item, tree.Operation) and item.kernel is None)
        call = None if shown else subject.caller(node)
        groups = f"(groups={op.groups})" if op.groups > 1 else ""
        written = "; ".join(f"conv3-{wide}{groups}" for wide in small)
        count = {2: "two", 3: "three", 4: "four", 5: "five"}.get(len(small), str(len(small)))
        return self.warning(
            f"{count} 3x3 convolutions see as much as this {kernel} one{times(len(found))}, "
            f"with {short(less)} weights in place of {short(weights)} and "
            f"{short(cheaper)} multiply-adds in place of {short(macs)}",
            subject.place(node),
            label=f"{kernel}, {channels} channels to {op.channels}",
            help=f"write `{written}` in its place, with an activation after each "
            f"(`netdsl rewrite factorize{'' if op.channels == channels else ' --channels grow'}`)",
            related=[Related(call, "called here")] if call is not None and call != subject.place(node).span else [],
        )


def _weights(subject: Subject, node: Node) -> int:
    return prod(subject.network.weights(node)["weight"].shape)


def _smaller(subject: Subject, node: Node) -> Stack | None:
    """The stack in place of a convolution; None where this is small or narrow, or no dearer than the stack."""
    shapes = subject.network.input_shapes(node)
    if shapes is None or node.shape is None or node.shares is not None or not isinstance(node.op, Conv):
        return None
    found = stack(node.op, shapes[0])
    if found is None or min(shapes[0][0], node.op.channels) < FEWEST * node.op.groups:
        return None
    return found if found.weights < _weights(subject, node) and found.macs < subject.cost(node).macs else None
