"""What would come out if an operator were a little different: its own arithmetic asked, without compiling anything.

This sorts out, before a text is ever tried, the changes of one field (or of the channels and one field) after which a
stretch of the network ends in the wanted shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

from netdsl.analysis.fixes import _write
from netdsl.analysis.fixes._fault import Candidate, Fault, holds
from netdsl.ir import Network, Node
from netdsl.ops import Operator
from netdsl.shapes import Shape
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit, OpError
from netdsl.text.edits import apply
from netdsl.text.source import Source, Span

Changes: TypeAlias = Mapping[str, Any]
"""Fields of an operator with their new values, as a spec gives them: an integer, or a word."""

MOST_NODES = 200
"""Longer stretches are not thought over."""
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
    """Small changes of one field that may change the plane, the likely ones first."""
    fields, geometry = type(op).model_fields, type(op).geometry
    stride, kernel, pad = (getattr(op, name, None) for name in ("stride", "kernel", "pad"))
    extent = max(kernel) if isinstance(kernel, tuple) else 2
    if geometry.stride:
        yield from ({"stride": n} for n in range(1, 9) if (n, n) != stride)
    if "pad" in fields:
        if isinstance(pad, str):
            yield from ({"pad": word} for word in ("valid", "tf") if word != pad)
        yield from ({"pad": n} for n in range(isinstance(pad, str), min(extent // 2, 12) + 1) if (n,) * 4 != pad)
    if "ceil" in fields:
        yield {"ceil": not op.ceil}  # type: ignore[attr-defined]
    if geometry.kernel and isinstance(kernel, tuple) and kernel[0] == kernel[1]:
        yield from ({"kernel": n} for n in _near(kernel[0], 10))


def _near(n: int, far: int) -> Iterator[int]:
    """The numbers around n, the nearest first, from 1 on."""
    for step in range(1, far + 1):
        yield from (each for each in (n - step, n + step) if each >= 1)


def fitting(op: Operator, inputs: tuple[Shape, ...]) -> Iterator[Changes]:
    """The small changes with which an operator takes inputs that it refuses; of each field the nearest two."""
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
    """What an operator makes of its inputs, or None where it refuses them."""
    try:
        return None if op is None else op.shape(inputs)
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
    """Changes of the operators written `within` a place, after which the nodes, whose last value is `end`, give `goal`.

    A layer that is repeated changes in all its repetitions, as its text does.
    """
    network = fault.known.network
    if network is None or len(nodes) > MOST_NODES:
        return
    places: dict[Span, list[Node]] = {}
    for node in nodes:
        item = fault.known.items.get(node.span[1:]) if holds(within, node.span) else None
        if isinstance(item, (tree.Operation, tree.Row)) and not node.implicit:
            places.setdefault(node.span, []).append(node)
    last = list(islice(reversed(places.items()), MOST_CHANGED))
    outs = [(span, same) for span, same in last if type(same[0].op).geometry.out][:1]
    for span, same in outs:
        field = str(type(same[0].op).geometry.out)
        swapped = _swapped(same, {field: goal[0]})
        if swapped is not None and outcome(network, nodes, end, swapped) == goal:
            yield from candidates(fault, {span: (same[0].op, {field: goal[0]})})
            return
    for span, same in last:
        for changes in (*_sizes(same[0].op, goal), *variations(same[0].op)):
            swapped = _swapped(same, changes)
            if swapped is None:
                continue
            if outcome(network, nodes, end, swapped) == goal:
                yield from candidates(fault, {span: (same[0].op, changes)}, _rank(changes))
            else:
                yield from _with_channels(fault, nodes, end, goal, (span, same, changes), outs)


def _sizes(op: Operator, goal: Shape) -> Iterator[Changes]:
    """The size that `crop(to=...)` and its like should give."""
    if getattr(op, "to", None) is not None and len(op.to) == 2 and len(goal) == 3:  # type: ignore[attr-defined]
        yield {"to": goal[1:]}


def _rank(changes: Changes) -> int:
    """Another kernel is another idea of what the layer sees; strides, paddings and rounding are bookkeeping.
    TensorFlow's padding is for networks that were made with it."""
    return 3 if "kernel" in changes or changes.get("pad") == "tf" else 1


def _with_channels(
    fault: Fault,
    nodes: Sequence[Node],
    end: int,
    goal: Shape,
    first: tuple[Span, list[Node], Changes],
    outs: list[tuple[Span, list[Node]]],
) -> Iterator[Candidate]:
    """A change of one field together with the channels that the last of the layers gives."""
    assert fault.known.network is not None
    span, same, changes = first
    for place, others in outs:
        field = str(type(others[0].op).geometry.out)
        more = {**changes, field: goal[0]} if place == span else {field: goal[0]}
        both = _swapped(others, more)
        alone = _swapped(same, changes)
        if both is None or alone is None:
            continue
        if outcome(fault.known.network, nodes, end, {**alone, **both}) == goal:
            wanted = {span: (same[0].op, changes), place: (others[0].op, more)}
            yield from candidates(fault, wanted, _rank(changes))


def _swapped(same: list[Node], changes: Changes) -> dict[int, Operator] | None:
    found = {node.id: changed(node.op, changes) for node in same}
    return None if None in found.values() else found  # type: ignore[return-value]


def candidates(fault: Fault, wanted: Mapping[Span, tuple[Operator, Changes]], rank: int = 1) -> Iterator[Candidate]:
    """One candidate that makes all the wanted changes at their places, if they can be written."""
    edits: list[Edit] = []
    for span, (op, changes) in wanted.items():
        found = _write.fields(fault, span, op, {name: written(value) for name, value in changes.items()})
        if found is None:
            return
        edits += found
    together = tuple(sorted(set(edits), key=lambda edit: edit.span.start))
    yield Candidate(instead(fault, together), together, rank)


def written(value: Any) -> str:
    """A new value as a spec says it."""
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def instead(fault: Fault, edits: Sequence[Edit]) -> str:
    """What is new and what is old, `conv3-64` instead of `conv3-32`, of the statements that edits change."""
    words = []
    for span in dict.fromkeys(_changed_place(fault, edit.span) for edit in edits):
        old = fault.text(span)
        moved = [
            Edit(Span(span.file, edit.span.start - span.start, edit.span.end - span.start), edit.text)
            for edit in edits
            if holds(span, edit.span)
        ]
        words.append(f"`{short(apply(Source(fault.source.name, old), moved))}` instead of `{short(old)}`")
    return " and ".join(words)


def _changed_place(fault: Fault, span: Span) -> Span:
    """The smallest written thing around an edit."""
    best: Span | None = None
    shown = (tree.Operation, tree.Row, tree.Layer, tree.Param, tree.Default)
    for each in fault.known.written:
        if isinstance(each, shown) and holds(each.span, span):
            best = each.span
    return best or span


def short(text: str) -> str:
    """A piece of a spec on one line, of a length that can be read."""
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:28]} ... {text[-28:]}"
