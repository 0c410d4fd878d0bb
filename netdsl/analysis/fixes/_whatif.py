"""What would come out if an operator were a little different, computed from the operators' own arithmetic.

Nothing is compiled here: this finds the changes of one field, or of one field and the channels, after which a stretch
of the network ends in a wanted shape. Only these are tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from netdsl.analysis.fixes._fault import Candidate, Fault, holds, short
from netdsl.analysis.fixes._write import Unwritable, field_edits
from netdsl.analysis.lookup import by_place
from netdsl.ir import Network, Node
from netdsl.ops import Operator
from netdsl.shapes import Shape
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit, OpError
from netdsl.text.edits import apply
from netdsl.text.source import Span

Changes: TypeAlias = Mapping[str, Any]
"""Fields of an operator with their new values, as a spec gives them: an integer, or a word."""

MOST_NODES = 200
"""In a longer stretch nothing is looked for."""
MOST_CHANGED = 8
"""How many operators of a stretch are changed, from its end."""
_FARTHEST = 64  # how far from a number the search for a better one goes


def changed(op: Operator, changes: Changes) -> Operator | None:
    """The operator with other fields, or None where these are not allowed."""
    fields = {name: getattr(op, name) for name in type(op).model_fields}
    try:
        return type(op).model_validate({**fields, **changes})
    except ValueError:
        return None


def variations(op: Operator) -> Iterator[Changes]:
    """Small changes of one field that may change height and width, the likely ones first."""
    fields, geometry = type(op).model_fields, type(op).geometry
    stride, kernel, pad = (getattr(op, name, None) for name in ("stride", "kernel", "pad"))
    extent = max(kernel) if isinstance(kernel, tuple) else 2
    if geometry.stride:
        yield from ({"stride": n} for n in range(1, 9) if {n} != set(stride or ()))
    if "pad" in fields:
        if isinstance(pad, str):
            yield from ({"pad": word} for word in ("valid", "tf") if word != pad)
        yield from ({"pad": n} for n in range(isinstance(pad, str), min(extent // 2, 12) + 1) if {n} != set(pad or ()))
    if "ceil" in fields:
        yield {"ceil": not op.ceil}  # type: ignore[attr-defined]
    if geometry.kernel and isinstance(kernel, tuple) and len(set(kernel)) == 1:
        yield from ({"kernel": n} for n in _near(kernel[0], 10))


def _near(n: int, far: int) -> Iterator[int]:
    """The numbers around n, the nearest first, from 1 on."""
    for step in range(1, far + 1):
        yield from (each for each in (n - step, n + step) if each >= 1)


def fitting(op: Operator, inputs: tuple[Shape, ...]) -> Iterator[Changes]:
    """The small changes with which an operator accepts inputs that it refuses: the nearest two of each field."""
    many: dict[str, int] = {}
    counts: list[Changes] = []
    for field in ("groups", "channels"):
        if isinstance(getattr(op, field, None), int):
            counts += ({field: n} for n in _near(getattr(op, field), _FARTHEST))
    for changes in (*counts, *variations(op)):
        (field,) = changes
        if many.get(field, 0) < 2 and shape_of(changed(op, changes), inputs) is not None:
            many[field] = many.get(field, 0) + 1
            yield changes


def shape_of(op: Operator | None, inputs: tuple[Shape, ...]) -> Shape | None:
    """The output shape of an operator, or None where it refuses its inputs."""
    try:
        return None if op is None else op.fitted(len(inputs[0]) - 1).shape(inputs)
    except OpError:
        return None


def outcome(network: Network, nodes: Iterable[Node], end: int, swapped: Mapping[int, Operator]) -> Shape | None:
    """The shape of the value `end` if some of the nodes (by number) had other operators."""
    new: dict[int, Shape] = {}
    for node in nodes:
        if node.id in swapped or any(value in new for value in node.inputs):
            inputs = tuple(new.get(value, network.shapes[value]) for value in node.inputs)
            if None in inputs:
                return None
            shape = shape_of(swapped.get(node.id, node.op), inputs)  # type: ignore[arg-type]
            if shape is None:
                return None
            new[node.id] = shape
    return new.get(end)


def ending_in(fault: Fault, nodes: Sequence[Node], end: int, goal: Shape, within: Span) -> Iterator[Candidate]:
    """Changes of the operators written inside the place `within` after which `nodes`, whose last value is `end`, give
    the shape `goal`.

    A layer that is repeated changes in all its repetitions, as its text does.
    """
    if fault.network is None or len(nodes) > MOST_NODES:
        return
    network = fault.network
    written = [node for node in nodes if not node.implicit and holds(within, node.span)]
    made = by_place(
        node for node in written if isinstance(fault.trees.items.get(node.span), (tree.Operation, tree.BracketRow))
    )
    last = list(reversed(made))[:MOST_CHANGED]

    def reached(wanted: Mapping[Span, Changes]) -> bool:
        swapped: dict[int, Operator] = {}
        for span, changes in wanted.items():
            for node in made[span]:
                op = changed(node.op, changes)
                if op is None:
                    return False
                swapped[node.id] = op
        return outcome(network, nodes, end, swapped) == goal

    def offered(wanted: Mapping[Span, Changes], rank: int = 1) -> Iterator[Candidate]:
        return candidates(fault, {span: (made[span][0].op, changes) for span, changes in wanted.items()}, rank)

    channels: dict[Span, Changes] = {}  # those of the goal, for the last layer that has channels
    outs = [(span, type(made[span][0].op).geometry.out) for span in last]
    for span, field in [(span, field) for span, field in outs if field][:1]:
        channels[span] = {field: goal[0]}
        if reached(channels):
            yield from offered(channels)
            return
    for span in last:
        op = made[span][0].op
        for changes in (*_sizes(op, goal), *variations(op)):
            for wanted in ({span: changes}, {**channels, span: {**changes, **channels.get(span, {})}}):
                if reached(wanted):
                    yield from offered(wanted, _rank(changes))
                    break


def _sizes(op: Operator, goal: Shape) -> Iterator[Changes]:
    """The size that `crop(to=...)` and its like should give."""
    to = getattr(op, "to", None)
    if isinstance(to, tuple) and len(to) == 2 and len(goal) == 3:
        yield {"to": goal[1:]}


def _rank(changes: Changes) -> int:
    """Strides, paddings and rounding are details; another kernel changes what a layer sees, and TensorFlow's padding is
    for networks that were made with it."""
    return 3 if "kernel" in changes or changes.get("pad") == "tf" else 1


def candidates(fault: Fault, wanted: Mapping[Span, tuple[Operator, Changes]], rank: int = 1) -> Iterator[Candidate]:
    """One candidate that makes all the wanted changes at their places, if they can be written."""
    edits: set[Edit] = set()
    try:
        for span, (op, changes) in wanted.items():
            edits.update(field_edits(fault, span, op, {name: _written(value) for name, value in changes.items()}))
    except Unwritable:
        return
    together = tuple(sorted(edits, key=lambda edit: edit.span.start))
    yield Candidate(_title(fault, together), together, rank)


def _written(value: Any) -> str:
    """A new value as a spec has it."""
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _title(fault: Fault, edits: Sequence[Edit]) -> str:
    """The statements that edits change, new and old: "`conv3-64` instead of `conv3-32`"."""
    shown = (tree.Operation, tree.BracketRow, tree.Layer, tree.Param, tree.Default)
    words = []
    for edit in edits:
        around = fault.around(edit.span, *shown)
        span = around.span if around is not None else edit.span
        new = apply(fault.source, [each for each in edits if holds(span, each.span)])
        new = new[span.start : len(new) - len(fault.source.text) + span.end]
        words.append(f"`{short(new)}` instead of `{fault.short(span)}`")
    return " and ".join(dict.fromkeys(words))
