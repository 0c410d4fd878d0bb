"""A join whose branches miss each other by a row or two, to the statement that rounded further up.

A pooling makes 22 of 45, what grows them again makes 44, and a skip from before the pooling still has 45: the error
shows at the join, and nothing is wrong there. It is the commonest question about networks that go down and up again.
The cause is in one branch only: the last of its layers that did not come out even. So that statement is named, and the
sizes near the input's for which the branches fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from netdsl.ir import Network, Node, Scope
from netdsl.ops import Family
from netdsl.ops.shared.notation import notation
from netdsl.passes.sizes import Inputs, SizeSet, Solver, valid_inputs
from netdsl.passes.windows import Axis, axes
from netdsl.shapes import Shape, text
from netdsl.text.diagnostics import Diagnostic, Related, Report

CODE = "E0302"
_LARGEST = 2000
"""In networks with more layers no other size is looked for."""
MOST = 20
"""So many joins are looked into: who has more of them mends these first."""


def explain_rounding(network: Network, report: Report) -> None:
    """Name the cause of each mismatch that a rounding made."""
    solver = Solver(network)
    told: dict[Diagnostic, Node] = {}
    errors = [each for each in report.errors if each.code == CODE]
    for node, scope in joins(network):
        about = next((each for each in errors if _about(each, scope)), None)
        if about is not None:
            told.setdefault(about, node)
    for diagnostic, node in islice(told.items(), MOST):
        cause = rounded(network, node)
        if cause is None:
            continue
        before, after = network.input_shapes(cause), cause.shape
        assert before is not None and after is not None
        said = f"`{notation(cause.op)}` makes {_plane(after)} of {_plane(before[0])}, rounded down"
        fits = fitting(solver, node)
        if fits is not None and (near := fits.nearest(network.inputs[0].shape)):
            said += f"; with an input of {' or '.join(map(text, near))} the branches fit{fits.multiples()}"
        related = (*diagnostic.related, Related(cause.span, f"rounds {_plane(before[0])} down to {_plane(after)}"))
        report.revise(diagnostic, replace(diagnostic, help=said, related=related))


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


def fitting(solver: Solver, join: Node) -> Fitting | None:
    """The inputs for which all layers have a shape; if there are none, those for which all up to the join have one.

    None where there are none of these, or another input would make another network.
    """
    network = solver.network
    if len(network.inputs) != 1 or len(network.inputs[0].shape) != 3 or len(network.nodes) > _LARGEST:
        return None
    following = network.node(join.id + 1) if join is not network.nodes[-1] else None
    for before in (None, following):
        inputs = valid_inputs(network, before, solver)
        if inputs is not None:
            plane = inputs.dimensions[1:]
            return None if any(each.asks for each in plane) else Fitting(inputs)
        if following is None:
            break
    return None


class Fitting(NamedTuple):
    """Inputs for which the branches of a join fit."""

    inputs: Inputs

    def nearest(self, shape: Shape) -> list[Shape]:
        """The nearest smaller and the nearest larger of them, a dimension that fits being left as it is."""
        plane = self.inputs.dimensions[1:]
        found = []
        for look in (SizeSet.below, SizeSet.above):
            sizes = [n if (n := shape[each.place]) in each.sizes else look(each.sizes, n) for each in plane]
            if None not in sizes:
                found.append((shape[0], *sizes))
        return found  # type: ignore[return-value]

    def multiples(self) -> str:
        """`, as those of multiples of 4 do`, where the sizes that fit are these."""
        sizes = {each.sizes for each in self.inputs.dimensions[1:]}
        same = next(iter(sizes))
        even = len(sizes) == 1 and same.residues == (0,) and not same.exceptions
        return f", as those of multiples of {same.modulus} do" if even else ""


def _plane(shape: Shape) -> str:
    return text(shape[1:])


def _about(diagnostic: Diagnostic, scope: Scope) -> bool:
    """Whether a message about a join is about this one."""
    place, around = diagnostic.span, scope.span
    return place is not None and place.file == around.file and place.start in range(around.start, around.end)
