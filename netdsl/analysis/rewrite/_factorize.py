"""A large kernel as a stack of small ones: 5x5 as two of 3x3, 7x7 as three, or n x n as 1xn and nx1.

The window of the stack is that of the kernel. A stride is the last layer's, as in Inception-v2 and -v3, for only so
does the window stay what it was; 1xn and nx1 have each its own axis of it. A padding by numbers is spread over the
stack, so that no size changes.
"""

from __future__ import annotations

from netdsl.analysis.rewrite._change import activated, between
from netdsl.analysis.rewrite._spec import Refusal, Spec
from netdsl.analysis.rewrite._written import Sides, Written
from netdsl.passes.stacks import layers, widths
from netdsl.syntax import tree

INTO = ("3x3", "1xn")
CHANNELS = ("out", "in", "grow")


def factorized(
    spec: Spec, item: tree.Operation | tree.Row, conv: Written, into: str, channels: str
) -> tuple[list[str], list[str]]:
    """The items in place of a convolution, and what there is to say. Raises `Refusal`."""
    size = conv.kernel[0]
    if conv.kernel != (size, size):
        raise Refusal("its kernel is not square")
    if size % 2 == 0:
        raise Refusal("its kernel is even", "an even window is no stack of odd ones")
    if size < (5 if into == "3x3" else 3):
        raise Refusal(f"its kernel of {size}x{size} is small already")
    count = layers(size) if into == "3x3" else 2
    inner = _inner(spec, item, conv, count, channels)
    outs = [*inner, conv.out]
    sides = conv.op.pad if isinstance(conv.op.pad, tuple) else None
    if into == "1xn":
        stack = _crossed(conv, size, outs, sides)
    else:
        stack = [conv.like((3, 3), out, conv.step if at == count - 1 else None) for at, out in enumerate(outs)]
        if sides is not None:
            stack = [each.padded(part) for each, part in zip(stack, _spread(sides, count), strict=True)]
    notes = []
    network, node = spec.nodes(item.span)[0]
    glue = between(spec, network, node) if isinstance(item, tree.Operation) else []
    if isinstance(item, tree.Operation) and not activated(spec, network, node):
        notes.append("nothing stands between the layers, since no activation follows the one they replace")
    if conv.op.stride != (1, 1) and into == "3x3":
        notes.append("the last of them has the stride, so that the window stays; those before it run on the larger map")
    parts = []
    for each in stack[:-1]:
        parts += [each.text, *glue]
    return [*parts, stack[-1].text], notes


def _crossed(conv: Written, size: int, outs: list[str], sides: Sides | None) -> list[Written]:
    """1xn and nx1, each with its axis of the stride and of the padding."""
    height, width = conv.op.stride
    strides = (None, None) if (height, width) == (1, 1) else (f"1x{width}", f"{height}x1")
    if conv.step is not None and not conv.step.replace("x", "").isdecimal():
        raise Refusal("its stride is an expression, which cannot be split over the two axes", "write the number")
    first, second = conv.like((1, size), outs[0], strides[0]), conv.like((size, 1), outs[1], strides[1])
    if sides is None:
        return [first, second]
    top, bottom, left, right = sides
    return [first.padded((0, 0, left, right)), second.padded((top, bottom, 0, 0))]


def _spread(sides: Sides, count: int) -> list[Sides]:
    """A padding over the layers of a stack: a pixel each as long as it lasts, what is more for the first."""

    def at(place: int, pixels: int) -> int:
        return int(place < pixels) + (max(pixels - count, 0) if place == 0 else 0)

    return [
        (at(place, sides[0]), at(place, sides[1]), at(place, sides[2]), at(place, sides[3])) for place in range(count)
    ]


def _inner(spec: Spec, item: tree.Operation | tree.Row, conv: Written, count: int, channels: str) -> list[str]:
    """The channels of the layers before the last."""
    if channels == "out":
        return [conv.out] * (count - 1)
    before = {network.shapes[node.inputs[0]][0] for network, node in spec.nodes(item.span)}  # type: ignore[index]
    after = {node.op.channels for _, node in spec.nodes(item.span)}  # type: ignore[attr-defined]
    if channels == "grow":
        if len(before) > 1 or len(after) > 1:
            raise Refusal("its channels differ from call to call", "take `--channels out` or `in`")
        return [str(wide) for wide in widths(before.pop(), after.pop(), count, conv.op.groups)[:-1]]
    if len(before) == 1:
        return [str(next(iter(before)))] * (count - 1)
    if isinstance(item, tree.Row):
        raise Refusal("what comes in differs from call to call", "take `--channels out`")
    return ["{channels}"] * (count - 1)
