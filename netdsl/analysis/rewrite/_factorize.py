"""A large kernel as a stack of small ones: 5x5 as two of 3x3, 7x7 as three, or n x n as 1xn and nx1.

The stack sees what the kernel saw. For this a stride must be the last layer's, as in Inception-v2 and -v3; 1xn and nx1
each take one axis of it. A padding in numbers is distributed over the stack, so no size changes.
"""

from __future__ import annotations

from netdsl.analysis.rewrite._change import activated, between
from netdsl.analysis.rewrite._find import Asked
from netdsl.analysis.rewrite._spec import Refusal, Spec
from netdsl.analysis.rewrite._written import Sides, Written, written
from netdsl.passes.stacks import layers, widths
from netdsl.syntax import tree

INTO = ("3x3", "1xn")
CHANNELS = ("out", "in", "grow")


def factorized(
    spec: Spec, layer: tree.Layer, item: tree.Operation, conv: Written, *, into: str, channels: str
) -> tuple[list[str], list[str]]:
    """The items in place of a convolution, and notes for the user. Raises `Refusal`."""
    network, node = spec.convs(item.span)[0]
    stack = _stack(spec, item, conv, into, channels)
    notes = []
    if not activated(spec, network, node):
        notes.append("nothing stands between the layers, since no activation follows the one they replace")
    glue = between(spec, network, node)
    parts = [part for each in stack[:-1] for part in (each.text, *glue)]
    return [*parts, stack[-1].text], notes + _stride_note(conv, into)


def factorized_rows(
    spec: Spec, bracket: tree.Bracket, *, asked: Asked, into: str, channels: str
) -> tuple[str, list[str]]:
    """A bracket block with each row that is asked for as several, and notes for the user. Raises `Refusal` where no row
    can be."""
    rows: list[str] = []
    notes: list[str] = []
    reasons: list[Refusal] = []
    for row in bracket.rows:
        try:
            conv = written(spec, row)
            if not asked.fits(conv.kernel):
                raise Refusal("its kernel has another size")
            rows += [each.text for each in _stack(spec, row, conv, into, channels)]
            notes += _stride_note(conv, into)
        except Refusal as refusal:
            rows.append(spec.text(row.span))
            reasons.append(refusal)
    if len(reasons) == len(bracket.rows):
        raise max(reasons, key=lambda refusal: bool(refusal.help))
    return "[" + "; ".join(rows) + "]", notes


def _stride_note(conv: Written, into: str) -> list[str]:
    note = "the last of them has the stride, so that the window stays; those before it run on the larger map"
    return [note] if conv.op.stride != (1, 1) and into == "3x3" else []


def _stack(
    spec: Spec, item: tree.Operation | tree.BracketRow, conv: Written, into: str, channels: str
) -> list[Written]:
    """The small convolutions that replace one."""
    size = conv.kernel[0]
    if conv.kernel != (size, size):
        raise Refusal("its kernel is not square")
    if size % 2 == 0:
        raise Refusal("its kernel is even", "an even window is no stack of odd ones")
    if size < (5 if into == "3x3" else 3):
        raise Refusal(f"its kernel of {size}x{size} is small already")
    count = layers(size) if into == "3x3" else 2
    outs = [*_inner(spec, item, conv, count, channels), conv.out]
    sides = conv.op.pad if isinstance(conv.op.pad, tuple) else None
    if into == "1xn":
        return _crossed(conv, size, outs, sides)
    stack = [conv.like((3, 3), out, conv.step if at == count - 1 else None) for at, out in enumerate(outs)]
    if sides is None:
        return stack
    return [each.padded(_share(sides, at, count)) for at, each in enumerate(stack)]


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


def _share(sides: Sides, place: int, count: int) -> Sides:
    """The part of a padding that a layer of a stack takes: a pixel while there is some, the first also what is left."""
    top, bottom, left, right = (int(place < pixels) + (max(pixels - count, 0) if place == 0 else 0) for pixels in sides)
    return top, bottom, left, right


def _inner(spec: Spec, item: tree.Operation | tree.BracketRow, conv: Written, count: int, channels: str) -> list[str]:
    """The channels of the layers before the last."""
    if channels == "out":
        return [conv.out] * (count - 1)
    made = spec.convs(item.span)
    before = {network.shapes[node.inputs[0]][0] for network, node in made}  # type: ignore[index]
    after = {node.op.channels for _, node in made}  # type: ignore[attr-defined]
    if channels == "grow":
        if len(before) > 1 or len(after) > 1:
            raise Refusal("its channels differ from call to call", "take `--channels out` or `in`")
        return [str(wide) for wide in widths(before.pop(), after.pop(), count, conv.op.groups)[:-1]]
    if len(before) == 1:
        return [str(before.pop())] * (count - 1)
    if isinstance(item, tree.BracketRow):
        raise Refusal("what comes in differs from call to call", "take `--channels out`")
    return ["{channels}"] * (count - 1)
