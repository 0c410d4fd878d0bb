"""Branches of `add`, `mul` or `concat` that do not fit: a projection in the shortcut, another stride, padding or number
of channels, a crop, a `flatten`, or another way to join them.

The shape of each branch in turn is taken to be right, and the other branches are changed to end in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from netdsl.analysis.fixes._fault import Candidate, Fault, holds
from netdsl.analysis.fixes._whatif import ending_in
from netdsl.analysis.lookup import argument
from netdsl.ir import Node, Scope
from netdsl.ops import Family
from netdsl.passes.rounding import MOST, fitting, joins, rounded
from netdsl.passes.sizes import Solver
from netdsl.shapes import Shape
from netdsl.shapes import text as written
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit

CODES = ("E0302",)
_MOST_TRUSTED, _MOST_WRONG = 4, 4  # shapes taken to be right, and branches changed to them


class Branch(NamedTuple):
    """One branch: its text, the part of the network made from it, and the shape it ends in."""

    body: tree.Body
    scope: Scope
    shape: Shape


def propose(fault: Fault) -> Iterator[Candidate]:
    found = _join(fault)
    if found is None:
        return
    join, branches = found
    yield from _inputs(fault, join)
    kind = join.kind.text.lower()
    yield from _other_joins(fault, join, kind, branches)
    for right, _ in Counter(branch.shape for branch in branches).most_common(_MOST_TRUSTED):
        goals = [_goal(kind, right, branch.shape) for branch in branches]
        wrong = [
            (branch, goal) for branch, goal in zip(branches, goals, strict=True) if goal not in (None, branch.shape)
        ]
        if None in goals or not 0 < len(wrong) <= _MOST_WRONG:
            continue
        ways = [_changed(fault, branch, goal, branches) for branch, goal in wrong if goal is not None]
        if len(wrong) == 1:
            yield from ways[0]
        elif all(ways):
            yield _together([min(way, key=lambda each: each.size(fault.source)) for way in ways])


def _inputs(fault: Fault, join: tree.Join) -> Iterator[Candidate]:
    """The nearest inputs for which the branches fit, where a rounding before the join is why they do not."""
    network = fault.network
    inputs = list(fault.trees.of(tree.Input))
    if network is None or len(inputs) != 1:
        return
    solver = Solver(network)
    copies = (node for node, scope in joins(network) if scope.span == join.span)
    for node in islice(copies, MOST):
        if rounded(network, node) is not None:
            fits = fitting(solver, node)
            for shape in fits.nearest(network.inputs[0].shape) if fits is not None else ():
                yield fault.replace(f"`input {written(shape)}`", inputs[0].shape.span, written(shape), 2)


def _together(parts: Sequence[Candidate]) -> Candidate:
    edits = sorted({edit for each in parts for edit in each.edits}, key=lambda edit: edit.span.start)
    titles = dict.fromkeys(each.title for each in parts)  # a branch that is repeated is changed once
    return Candidate(" and ".join(titles), tuple(edits), max(each.rank for each in parts))


def _join(fault: Fault) -> tuple[tree.Join, list[Branch]] | None:
    """The innermost join around the error that has no shape though all its branches do."""
    found = None
    for scope in fault.scopes:
        item = fault.trees.items.get(scope.span)
        if fault.network is None or not isinstance(item, tree.Join) or not holds(scope.span, fault.span):
            continue
        node = next((n for n in scope.children if isinstance(n, Node) and n.op.family is Family.JOIN), None)
        shapes = fault.network.input_shapes(node) if node is not None and node.shape is None else None
        parts = [child for child in scope.children if isinstance(child, Scope) and child.kind == "branch"]
        bodies = {each.body.span: each.body for each in item.branches}
        if shapes and (found is None or (found[0] is not item and holds(found[0].span, item.span))):
            known = [
                bodies[part.span] for part in parts if part.span in bodies
            ]  # of those repeated, the one as written
            found = item, [Branch(*each) for each in zip(known, parts, shapes, strict=True)]
    return found


def _goal(kind: str, right: Shape, shape: Shape) -> Shape | None:
    """What a branch must end in if one that ends in `right` is right; None where that cannot be meant."""
    if len(right) != len(shape):
        return None
    if kind == "concat":
        return (shape[0], *right[1:])
    one = (1, 1)  # a branch of one pixel is spread over the plane of the others: only the channels must agree
    return (right[0], *shape[1:]) if one in (right[1:], shape[1:]) else right


def _changed(fault: Fault, branch: Branch, goal: Shape, branches: list[Branch]) -> list[Candidate]:
    """Ways to make one branch end in `goal`."""
    span = branch.body.span
    found = list(ending_in(fault, list(branch.scope.nodes()), branch.scope.exit, goal, span))
    if len(goal) != 3:
        return found
    projections = _projections(fault, branch, goal, branches)
    ways = [(text, "for the shortcut", rank, 3) for rank, text in enumerate(projections)]
    ways += [(text, "in place of `identity`", 1, 2) for text in _resized(branch.shape, goal)]
    for text, where, rank, rank_behind in ways:
        if _is_identity(branch.body):
            found.append(fault.replace(f"`{text}` {where}", span, text, rank))
        else:
            last = fault.short(branch.body.statements[-1].span)
            found.append(fault.insert(f"`{text}` behind `{last}`", span.end, f"; {text}", rank_behind))
    return found


def _is_identity(body: tree.Body) -> bool:
    """Whether a branch is nothing but `identity`, without a label that others may use."""
    match body.statements:
        case (tree.Layer(label=None, item=tree.Operation(head=head, arguments=None), repeat=None, claim=None),):
            return head.text.lower() == "identity"
    return False


def _projections(fault: Fault, branch: Branch, goal: Shape, branches: list[Branch]) -> Iterator[str]:
    """1x1 convolutions from the branch's shape to the goal: with names and expressions of another branch, and in
    numbers."""
    strides = [-(-n // m) for n, m in zip(branch.shape[1:], goal[1:], strict=True)]
    if any(-(-n // s) != m for n, s, m in zip(branch.shape[1:], strides, goal[1:], strict=True)):
        return
    # A projection must have no activation, which a default may give it.
    defaults = [each for name in ("conv", "convolution") for each in fault.trees.defaults.get(name, ())]
    given = [argument(each, "act") for each in defaults]
    end = "(act=none)" if any(each and fault.text(each.value.span) != "none" for each in given) else ""
    stride = f"/{strides[0]}" if strides[0] == strides[1] else f"/{strides[0]}x{strides[1]}"
    number = f"conv1-{goal[0]}" + (stride if strides != [1, 1] else "")
    words = _words(fault, next((each for each in branches if each.shape == goal), None))
    if words is not None and words != number and not words.removeprefix("conv1-").replace("/", "").isdigit():
        yield words + end
    yield number + end


def _words(fault: Fault, right: Branch | None) -> str | None:
    """A projection with the channels of the last layer of a right branch, and its one stride, as they are written."""
    if right is None:
        return None
    layers = [each.item for each in right.body.statements if isinstance(each, tree.Layer)]
    items = [item for item in layers if isinstance(item, tree.Operation)]
    outs = [item.out for item in items if item.out is not None]
    strides = [item.stride for item in items if item.stride is not None]
    if not outs or len(strides) > 1:
        return None
    return f"conv1-{_part(fault, outs[-1])}" + "".join(f"/{_part(fault, each)}" for each in strides)


def _part(fault: Fault, expression: tree.Expression) -> str:
    """A part of the notation: an expression stands in braces, a number or a name without."""
    text = fault.text(expression.span)
    plain = isinstance(expression, (tree.Literal, tree.Dims, tree.Reference)) or text.startswith("{")
    return text if plain else f"{{{text}}}"


def _resized(shape: Shape, goal: Shape) -> Iterator[str]:
    """A crop where the plane is a little too large, an upsampling where it is too small by a factor."""
    height, width = shape[1], shape[2]
    if shape[0] != goal[0] or (height, width) == goal[1:]:
        return
    if goal[1] <= height < 2 * goal[1] and goal[2] <= width < 2 * goal[2]:
        yield f"crop(to={goal[1]}x{goal[2]})"
    if goal[1] % height == 0 and goal[1] // height == goal[2] / width:
        yield f"upsample({goal[1] // height})"


def _other_joins(fault: Fault, join: tree.Join, kind: str, branches: list[Branch]) -> Iterator[Candidate]:
    """`flatten` behind the planes among vectors, `concat` where only channels differ, `residual` for an identity and a
    body."""
    shapes = [branch.shape for branch in branches]
    planes = [branch.body for branch in branches if len(branch.shape) == 3]
    if 0 < len(planes) < len(shapes) and len(planes) <= _MOST_WRONG:
        lasts = " and ".join(f"`{fault.short(body.statements[-1].span)}`" for body in planes)
        ends = tuple(fault.edit(body.span.end, body.span.end, "; flatten") for body in planes)
        yield Candidate(f"`flatten` behind {lasts}", ends)
    if kind != "add":
        return
    if len({shape[1:] for shape in shapes}) == 1:
        yield fault.replace("`concat` instead of `add`", join.kind.span, "concat", rank=2)
    bodies = [branch.body for branch in branches] if not join.arguments else []
    for shortcut, body in (bodies, bodies[::-1]) if len(bodies) == 2 else ():
        first, second = sorted((shortcut.span, body.span))
        start, end = (first.start, second.start) if first == shortcut.span else (first.end, second.end)
        if _is_identity(shortcut) and not _is_identity(body) and "#" not in fault.source.text[start:end]:
            edits = (Edit(join.kind.span, "residual"), fault.edit(start, end, ""))
            yield Candidate(f"`residual {{ {fault.short(body.span)} }}`, which projects", edits, rank=2)
