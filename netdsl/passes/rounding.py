"""A join whose branches miss each other by a row or two, to the statement that rounded further up.

A pooling makes 22 of 45, what grows them again makes 44, and a skip from before the pooling still has 45: the error
shows at the join, and nothing is wrong there. It is the commonest question about networks that go down and up again.
The cause is in one branch only: the last of its layers that did not come out even. So that statement is named, and the
sizes near the input's for which the branches fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from netdsl.ir import Network, Node, Scope
from netdsl.ops import Family
from netdsl.ops.shared.notation import notation
from netdsl.passes.windows import Axis, axes, axes_of
from netdsl.shapes import Shape, text
from netdsl.text.diagnostics import Diagnostic, OpError, Related, Report

CODE = "E0302"
FARTHEST = 32
"""How far from the input's size one is looked for that fits."""
_LARGEST = 2000
"""In networks with more layers no other size is looked for."""


def explain_rounding(network: Network, report: Report) -> Network:
    """Name the cause of each mismatch that a rounding made. The network stays as it is."""
    for node, scope in joins(network):
        diagnostic = next((each for each in report.errors if _about(each, scope)), None)
        cause = rounded(network, node) if diagnostic is not None else None
        if diagnostic is None or cause is None:
            continue
        before, after = network.input_shapes(cause), cause.shape
        assert before is not None and after is not None
        said = f"`{notation(cause.op)}` makes {_plane(after)} of {_plane(before[0])}, rounded down"
        fitting = sizes(network, node)
        if fitting:
            near = " or ".join(text(each) for each in nearest(network, fitting))
            said += f"; with an input of {near} the branches fit{_multiples(network, fitting)}"
        related = (*diagnostic.related, Related(cause.span, f"rounds {_plane(before[0])} down to {_plane(after)}"))
        report.revise(diagnostic, replace(diagnostic, help=said, related=related))
    return network


def joins(network: Network) -> Iterator[tuple[Node, Scope]]:
    """The joins whose branches have planes of different sizes, each with its scope."""
    for scope in network.body.scopes():
        for child in scope.children:
            if isinstance(child, Node) and child.op.family is Family.JOIN and child.shape is None:
                shapes = network.input_shapes(child) or ()
                if shapes and {len(shape) for shape in shapes} == {3} and len({shape[1:] for shape in shapes}) > 1:
                    yield child, scope


def rounded(network: Network, join: Node) -> Node | None:
    """The last layer that rounds down in some branches of a join and not in all."""
    above = [_above(network, value) for value in join.inputs]
    apart = {value for values in above for value in values if not all(value in each for each in above)}
    lossy = (
        node for node in reversed(network.nodes) if node.id in apart and any(map(_lost, axes(network, node) or ()))
    )
    return next(lossy, None)


def _above(network: Network, value: int) -> set[int]:
    """The values that a value is made of, itself included."""
    found: set[int] = set()
    left = [value]
    while left:
        each = left.pop()
        if each not in found:
            found.add(each)
            node = network.node(each)
            left += node.inputs if node is not None else ()
    return found


def _lost(axis: Axis) -> bool:
    """Whether a stride leaves pixels at the end that no window sees."""
    return axis.stride > 1 and axis.size - axis.end > max(axis.stride - axis.kernel, 0)


def sizes(network: Network, join: Node) -> list[Shape]:
    """The shapes around the input's for which all layers have a shape and none rounds down; if there are none, for
    which all have a shape; if there are none of these, those up to the join."""
    if len(network.inputs) != 1 or len(network.inputs[0].shape) != 3 or len(network.nodes) > _LARGEST:
        return []
    if any(re.search(r"\b(height|width)\b", term) for node in network.nodes for term in node.terms.values()):
        return []  # another input would make another network
    channels, *plane = network.inputs[0].shape
    steps = sorted(range(-FARTHEST, FARTHEST + 1), key=abs)
    shapes = [(channels, *(size + step for size in plane)) for step in steps]
    for last, evenly in ((network.nodes[-1].id, True), (network.nodes[-1].id, False), (join.id, False)):
        if fitting := sorted(shape for shape in shapes if min(shape) > 0 and _fits(network, shape, last, evenly)):
            return fitting
    return []


def nearest(network: Network, fitting: list[Shape]) -> list[Shape]:
    """The nearest smaller and the nearest larger of the shapes that fit."""
    given = network.inputs[0].shape
    return [*[each for each in fitting if each < given][-1:], *[each for each in fitting if each > given][:1]]


def _fits(network: Network, shape: Shape, last: int, evenly: bool) -> bool:
    shapes = [shape]
    try:
        for node in network.nodes:
            if node.id > last:
                break
            inputs = tuple(shapes[value] for value in node.inputs)
            op = node.op.fitted(len(inputs[0]) - 1)
            shapes.append(op.shape(inputs))
            if evenly and any(map(_lost, axes_of(op, inputs, shapes[-1]) or ())):
                return False
    except (OpError, IndexError):
        return False
    return True


def _multiples(network: Network, fitting: list[Shape]) -> str:
    """`, as multiples of 4 do`, where the sizes that fit are these."""
    heights = [shape[1] for shape in fitting]
    step = min((b - a for a, b in pairwise(heights)), default=0)
    square = all(shape[1] == shape[2] for shape in fitting)
    even = step > 1 and square and all(each % step == 0 for each in heights)
    return f", as those of multiples of {step} do" if even and len(heights) > 2 else ""


def _plane(shape: Shape) -> str:
    return text(shape[1:])


def _about(diagnostic: Diagnostic, scope: Scope) -> bool:
    """Whether a message is about this join."""
    span = diagnostic.span
    inside = span is not None and span.file == scope.span.file
    return diagnostic.code == CODE and inside and scope.span.start <= span.start and span.end <= scope.span.end  # type: ignore[union-attr]
