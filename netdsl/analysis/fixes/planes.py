"""A feature map where a vector is needed, or a vector where a map is: `flatten` added or removed, a 1x1 convolution in
place of a fully connected layer, a pooling without a plane removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from netdsl.analysis.fixes._fault import Candidate, Fault
from netdsl.ir import Node
from netdsl.ops import Family
from netdsl.syntax import tree
from netdsl.text.edits import without
from netdsl.text.source import Span

CODES = ("E0301",)
_KEEPS_SHAPE = (Family.ACTIVATION, Family.NORMALIZATION, Family.REGULARIZATION)


def propose(fault: Fault) -> Iterator[Candidate]:
    for node, (shape, *more) in fault.refused():
        item, layer = fault.trees.items.get(node.span), fault.trees.layers.get(node.span)
        if more or node.implicit or layer is None or not isinstance(item, tree.Operation):
            continue
        here = layer.span
        if node.op.family is Family.POOLING and len(shape) > 1 and max(shape[1:]) == 1:
            yield from _removed(fault, here, "the plane is used up")
            yield from _larger(fault)
            return
        if item.span != fault.span:
            continue  # an error at an argument is not about the input
        if len(shape) == 3:
            yield _before(fault, here, "flatten")
            return
        yield from _earlier(fault, node)
        if node.op.family is Family.POOLING:
            yield from _removed(fault, here, "there is no plane left to pool")
        if item.out is not None and re.fullmatch(r"conv\d+(x\d+)?", item.head.text) and item.stride is None:
            title = f"`fc-{fault.text(item.out.span)}` instead of `{fault.short(item.span)}`"
            yield fault.replace(title, item.head.span, "fc", rank=2)
        yield _before(fault, here, f"reshape({shape[0]}x1x1)", rank=4)
        return


def _larger(fault: Fault) -> Iterator[Candidate]:
    """An input of twice and four times the size."""
    inputs = list(fault.trees.of(tree.Input))
    if len(inputs) == 1 and isinstance(inputs[0].shape, tree.Dims) and fault.network is not None:
        channels, *sizes = fault.network.inputs[0].shape
        for times in (2, 4):
            written = "x".join(map(str, (channels, *(size * times for size in sizes))))
            yield fault.replace(f"`input {written}`", inputs[0].shape.span, written, rank=2)


def _before(fault: Fault, layer: Span, written: str, rank: int = 1) -> Candidate:
    """A layer put before another, on a line of its own where that one begins its line."""
    text = fault.source.text
    indent = text[text.rfind("\n", 0, layer.start) + 1 : layer.start]
    end = "; " if indent.strip() else f"\n{indent}"
    return fault.insert(f"`{written}` before `{fault.short(layer)}`", layer.start, written + end, rank)


def _earlier(fault: Fault, node: Node) -> Iterator[Candidate]:
    """The earlier layer that made a vector of the plane, removed or replaced by one that keeps the plane."""
    network = fault.network
    assert network is not None
    before = network.node(node.inputs[0])
    while before is not None and before.op.family in _KEEPS_SHAPE:
        before = network.node(before.inputs[0])
    item = fault.trees.items.get(before.span) if before is not None else None
    if before is None or not isinstance(item, tree.Operation):
        return
    if before.op.name == "flatten":
        yield from _removed(fault, fault.trees.layers[before.span].span, "what follows needs the plane")
    elif before.op.name == "fc" and item.out is not None:
        title = f"`conv1-{fault.text(item.out.span)}` instead of `{fault.short(item.span)}`, on the plane"
        yield fault.replace(title, item.head.span, "conv1")


def _removed(fault: Fault, layer: Span, why: str) -> Iterator[Candidate]:
    """A layer removed, where it stands on its own line or has a separator beside it."""
    cut = without(fault.source, layer)
    if cut != layer:
        yield fault.replace(f"without `{fault.short(layer)}`: {why}", cut, "")
