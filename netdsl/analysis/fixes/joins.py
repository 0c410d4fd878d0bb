"""Branches of `add`, `mul`, `concat` that do not fit: a projection in the shortcut, another stride, padding or number
of channels, a crop, a flattening, or another way to join them.

One branch is taken for right, each in turn, and the others are changed to end as it does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from netdsl.analysis.fixes._fault import Candidate, Fault, holds
from netdsl.analysis.fixes._whatif import ending_in, short
from netdsl.ir import Node, Scope
from netdsl.ops import Family
from netdsl.shapes import Shape
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit

CODES = ("E0302",)
_MOST_TRUSTED, _MOST_WRONG = 4, 4  # shapes taken for right, and branches changed to it


class Branch(NamedTuple):
    """One branch: what is written, the part of the network it became, and the shape it ends in."""

    body: tree.Body
    scope: Scope
    shape: Shape


def propose(fault: Fault) -> Iterator[Candidate]:
    found = _join(fault)
    if found is None:
        return
    join, branches = found
    kind = join.kind.text.lower()
    yield from _other_joins(fault, join, kind, branches)
    common = Counter(branch.shape for branch in branches).most_common(_MOST_TRUSTED)
    for right, _ in common:
        goals = [(branch, _goal(kind, right, branch.shape)) for branch in branches]
        wrong = [(branch, goal) for branch, goal in goals if goal is not None and goal != branch.shape]
        if any(goal is None for _, goal in goals) or not 0 < len(wrong) <= _MOST_WRONG:
            continue
        ways = [_smallest(fault, list(_branch(fault, branch, goal, branches))) for branch, goal in wrong if goal]
        if len(wrong) == 1:
            yield from ways[0]
        elif all(ways):
            first = [way[0] for way in ways]
            edits = tuple(sorted((edit for each in first for edit in each.edits), key=lambda edit: edit.span.start))
            yield Candidate(" and ".join(each.title for each in first), edits, max(each.rank for each in first))


def _smallest(fault: Fault, ways: list[Candidate]) -> list[Candidate]:
    return sorted(ways, key=lambda each: each.size(fault.source))


def _join(fault: Fault) -> tuple[tree.Join, list[Branch]] | None:
    """The innermost join around the error whose branches' shapes are known, though its own is not."""
    network = fault.known.network
    found = None
    for scope in fault.known.scopes:
        if network is None or scope.kind != "join" or not holds(scope.span, fault.span):
            continue
        item = fault.known.items.get(scope.span[1:])
        parts = [child for child in scope.children if isinstance(child, Scope) and child.kind == "branch"]
        node = next((n for n in scope.children if isinstance(n, Node) and n.op.family is Family.JOIN), None)
        shapes = network.input_shapes(node) if node is not None and node.shape is None else None
        if not isinstance(item, tree.Join) or not shapes:
            continue
        if found is None or (found[0] is not item and holds(found[0].span, item.span)):
            found = item, [Branch(*each) for each in zip(item.branches, parts, shapes, strict=True)]
    return found


def _goal(kind: str, right: Shape, shape: Shape) -> Shape | None:
    """What a branch must end in if one that ends in `right` is right; None where that cannot be meant."""
    if len(right) != len(shape):
        return None
    if kind == "concat":
        return (shape[0], *right[1:])
    one = (1, 1)  # a branch of one pixel is spread over the plane of the others: the channels are all that must agree
    return (right[0], *shape[1:]) if one in (right[1:], shape[1:]) else right


def _branch(fault: Fault, branch: Branch, goal: Shape, branches: list[Branch]) -> Iterator[Candidate]:
    """Ways to let one branch end in `goal`."""
    start, end = branch.body.span.start, branch.body.span.end
    nodes = list(branch.scope.nodes())
    yield from ending_in(fault, nodes, branch.scope.exit, goal, branch.body.span)
    if len(goal) != 3:
        return
    for rank, text in enumerate(_projections(fault, branch, goal, branches)):
        if _is_identity(branch.body):
            yield Candidate(f"`{text}` for the shortcut", (fault.edit(start, end, text),), rank)
        else:
            yield Candidate(f"`{text}` behind `{_last(fault, branch)}`", (fault.edit(end, end, f"; {text}"),), rank=3)
    for text in _resized(branch.shape, goal):
        if _is_identity(branch.body):
            yield Candidate(f"`{text}` in place of `identity`", (fault.edit(start, end, text),), rank=1)
        else:
            yield Candidate(f"`{text}` behind `{_last(fault, branch)}`", (fault.edit(end, end, f"; {text}"),), rank=2)


def _last(fault: Fault, branch: Branch) -> str:
    return short(fault.text(branch.body.statements[-1].span))


def _is_identity(body: tree.Body) -> bool:
    """Whether a branch is nothing but `identity`, without a label that others may use."""
    match body.statements:
        case (tree.Layer(label=None, item=tree.Operation(head=head, arguments=None), repeat=None, claim=None),):
            return head.text.lower() == "identity"
    return False


def _projections(fault: Fault, branch: Branch, goal: Shape, branches: list[Branch]) -> Iterator[str]:
    """1x1 convolutions that take the branch's shape to the goal: with the other branch's own words, and in numbers."""
    strides = [-(-n // m) for n, m in zip(branch.shape[1:], goal[1:], strict=True)]
    if any(-(-n // s) != m for n, s, m in zip(branch.shape[1:], strides, goal[1:], strict=True)):
        return
    behind = "(act=none)" if _has_activation(fault) else ""
    stride = f"/{strides[0]}" if strides[0] == strides[1] else f"/{strides[0]}x{strides[1]}"
    number = f"conv1-{goal[0]}" + (stride if strides != [1, 1] else "")
    words = _words(fault, next((each for each in branches if each.shape == goal), None))
    if words is not None and words != number and not words.removeprefix("conv1-").replace("/", "").isdigit():
        yield words + behind
    yield number + behind


def _words(fault: Fault, right: Branch | None) -> str | None:
    """A projection in the words of a branch that is right: the channels of its last layer, the one stride it has."""
    if right is None:
        return None
    layers = [each for each in right.body.statements if isinstance(each, tree.Layer)]
    items = [each.item for each in layers if isinstance(each.item, tree.Operation)]
    outs = [item.out for item in items if item.out is not None]
    strides = [stride for stride in (item.stride for item in items) if stride is not None]
    if not outs or len(strides) > 1:
        return None
    stride = _part(fault, strides[0]) if strides else ""
    return f"conv1-{_part(fault, outs[-1])}" + (f"/{stride}" if stride else "")


def _part(fault: Fault, expression: tree.Expression) -> str:
    """A part of the notation as it is written: what is neither a number nor a name stands in braces."""
    text = fault.text(expression.span)
    plain = isinstance(expression, (tree.Literal, tree.Dims, tree.Reference)) or text.startswith("{")
    return text if plain else f"{{{text}}}"


def _has_activation(fault: Fault) -> bool:
    """Whether convolutions have an activation by default, which a projection must not have."""
    given = [
        argument
        for each in fault.known.written
        if isinstance(each, tree.Default) and each.operator.text.lower() in ("conv", "convolution")
        for argument in each.arguments
        if argument.name is not None and argument.name.text == "act"
    ]
    return any(fault.text(argument.value.span) != "none" for argument in given)


def _resized(shape: Shape, goal: Shape) -> Iterator[str]:
    """A crop where the plane is too large by a little, an upsampling where it is too small by a factor."""
    height, width = shape[1], shape[2]
    if shape[0] != goal[0] or (height, width) == goal[1:]:
        return
    if goal[1] <= height < 2 * goal[1] and goal[2] <= width < 2 * goal[2]:
        yield f"crop(to={goal[1]}x{goal[2]})"
    if goal[1] % height == 0 and goal[1] // height == goal[2] / width:
        yield f"upsample({goal[1] // height})"


def _other_joins(fault: Fault, join: tree.Join, kind: str, branches: list[Branch]) -> Iterator[Candidate]:
    """`concat` where only channels differ, `residual` for a body and the identity, and vectors of planes."""
    shapes = [branch.shape for branch in branches]
    planes = [branch.body for branch in branches if len(branch.shape) == 3]
    if 0 < len(planes) < len(shapes) and len(planes) <= _MOST_WRONG:
        ends = tuple(fault.edit(body.span.end, body.span.end, "; flatten") for body in planes)
        behind = " and ".join(f"`{short(fault.text(body.statements[-1].span))}`" for body in planes)
        yield Candidate(f"`flatten` behind {behind}", ends)
    start, end = join.kind.span.start, join.kind.span.end
    if kind == "add" and len({shape[1:] for shape in shapes}) == 1:
        yield Candidate("`concat` instead of `add`", (fault.edit(start, end, "concat"),), rank=2)
    if kind == "add" and len(branches) == 2 and not join.arguments:
        bodies = [branch.body for branch in branches]
        for shortcut, body in (bodies, bodies[::-1]):
            if _is_identity(shortcut) and not _is_identity(body):
                gap = _gap(fault, shortcut, body)
                if gap is not None:
                    edits = (fault.edit(start, end, "residual"), gap)
                    yield Candidate(f"`residual {{ {short(fault.text(body.span))} }}`, which projects", edits, rank=2)


def _gap(fault: Fault, shortcut: tree.Body, body: tree.Body) -> Edit | None:
    """The edit that takes the shortcut away with the bar between the two; None where a comment would go with it."""
    if shortcut.span.start < body.span.start:
        start, end = shortcut.span.start, body.span.start
    else:
        start, end = body.span.end, shortcut.span.end
    return None if "#" in fault.source.text[start:end] else fault.edit(start, end, "")
