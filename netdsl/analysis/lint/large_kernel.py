"""W0101: a stack of 3x3 convolutions sees as much as one large kernel, with fewer weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netdsl.analysis.lint._rule import Rule
from netdsl.analysis.lint._subject import Subject
from netdsl.analysis.lint._words import short, times
from netdsl.ir import Node
from netdsl.ops.conv import Conv
from netdsl.passes.stacks import layers, widths
from netdsl.shapes import Shape
from netdsl.syntax import tree
from netdsl.text.diagnostics import Diagnostic, Related

FEWEST = 16
"""Below so many channels in or out a layer costs too little to speak of."""
LEAST = 0.01
"""The share of the network's weights or multiply-adds that must be saved."""


class Stack(NamedTuple):
    """3x3 convolutions in place of a large kernel: their channels, and what they cost, biases left out."""

    channels: tuple[int, ...]
    weights: int
    macs: int


def stack(op: Conv, shape: Shape) -> Stack | None:
    """The 3x3 convolutions with the window of `op` on an input of this shape; None where the kernel is not large,
    square and dense.

    The channels grow in equal steps (Szegedy et al. 2016, section 3.1); the last has the stride, so that the window
    stays what it was.
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
    """The plane behind the first convolutions of a stack, which pad by 1 as long as the padding lasts."""
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

    def find(self, subject: Subject) -> Iterator[Diagnostic]:
        for nodes in subject.grouped(node for node in subject.nodes if isinstance(node.op, Conv)):
            warning = self._judge(subject, nodes)
            if warning is not None:
                yield warning

    def _judge(self, subject: Subject, nodes: list[Node]) -> Diagnostic | None:
        assert subject.network is not None
        weights = macs = saved = cheaper = 0
        first: tuple[Node, Shape, Stack] | None = None
        known: dict[tuple[int, Shape], Stack | None] = {}
        several = 0
        for node in nodes:
            shapes = subject.network.input_shapes(node)
            if shapes is None or node.shape is None or node.shares is not None or not isinstance(node.op, Conv):
                continue
            key = (id(node.op), shapes[0])
            if key not in known:
                known[key] = stack(node.op, shapes[0])
            found = known[key]
            own, cost = subject.network.weights(node)["weight"].shape, subject.cost(node).macs
            if found is None or min(shapes[0][0], node.op.channels) < FEWEST * node.op.groups:
                continue
            size = own[0] * own[1] * own[2] * own[3]
            if found.weights >= size or found.macs >= cost:
                continue
            first = first or (node, shapes[0], found)
            several += 1
            weights, macs = weights + size, macs + cost
            saved, cheaper = saved + size - found.weights, cheaper + cost - found.macs
        if first is None or (saved < LEAST * subject.params and cheaper < LEAST * subject.macs):
            return None
        node, shape, found = first
        kernel = "x".join(map(str, node.op.kernel))  # type: ignore[attr-defined]
        small = "; ".join(f"conv3-{wide}" for wide in found.channels)
        item = subject.written.get(node.span)
        shown = isinstance(item, (tree.Operation, tree.Row)) and (isinstance(item, tree.Row) or item.kernel is None)
        grow = "" if node.op.channels == shape[0] else " --channels grow"  # type: ignore[attr-defined]
        call = None if shown else subject.caller(node)
        return self.warning(
            f"{_words(len(found.channels))} 3x3 convolutions see as much as this {kernel} one{times(several)}, "
            f"with {short(weights - saved)} weights in place of {short(weights)} and "
            f"{short(macs - cheaper)} multiply-adds in place of {short(macs)}",
            subject.place(node),
            label=f"{kernel}, {shape[0]} channels to {node.op.channels}{subject.within(node)}",  # type: ignore[attr-defined]
            help=f"write `{small}` in its place, with an activation after each (`netdsl rewrite factorize{grow}`)",
            related=[Related(call, "called here")] if call is not None and call != subject.place(node) else [],
        )


def _words(count: int) -> str:
    return {2: "two", 3: "three", 4: "four", 5: "five"}.get(count, str(count))
