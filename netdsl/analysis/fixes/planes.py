"""A feature map where a vector is needed, or the other way round: `flatten` put in or taken out, a fully connected
layer that should be a 1x1 convolution, a pooling that has nothing left to pool.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from netdsl.analysis.fixes._fault import Candidate, Fault
from netdsl.analysis.fixes._whatif import short
from netdsl.ir import Node
from netdsl.ops import Family
from netdsl.syntax import tree
from netdsl.text.diagnostics import Edit
from netdsl.text.source import Span

CODES = ("E0301",)


def propose(fault: Fault) -> Iterator[Candidate]:
    for node, (shape, *more) in fault.refused():
        item = fault.known.items.get(node.span[1:])
        layer = fault.known.layers.get(node.span[1:])
        if more or node.implicit or layer is None or not isinstance(item, tree.Operation) or item.span != fault.span:
            continue  # told at an argument, it is not about the input as a whole
        here = layer.span
        if len(shape) == 3:
            yield Candidate(f"`flatten` before `{short(fault.text(here))}`", (_before(fault, here, "flatten"),))
            return
        yield from _earlier(fault, node)
        if node.op.family is Family.POOLING:
            yield from _removed(fault, here, "there is no plane left to pool")
        if item.out is not None and re.fullmatch(r"conv\d+(x\d+)?", item.head.text) and item.stride is None:
            start, end = item.head.span.start, item.head.span.end
            units = f"fc-{fault.text(item.out.span)}"
            title = f"`{units}` instead of `{short(fault.text(item.span))}`"
            yield Candidate(title, (fault.edit(start, end, "fc"),), rank=2)
        reshape = f"reshape({shape[0]}x1x1)"
        yield Candidate(f"`{reshape}` before `{short(fault.text(here))}`", (_before(fault, here, reshape),), rank=4)
        return


def _before(fault: Fault, layer: Span, words: str) -> Edit:
    """The edit that puts a layer before another, on a line of its own where that one begins its line."""
    text = fault.source.text
    start = text.rfind("\n", 0, layer.start) + 1
    indent = text[start : layer.start]
    return fault.edit(layer.start, layer.start, words + ("; " if indent.strip() else f"\n{indent}"))


def _earlier(fault: Fault, node: Node) -> Iterator[Candidate]:
    """The layer that made a vector of the plane, and what else it could be."""
    network = fault.known.network
    assert network is not None
    before = network.node(node.inputs[0])
    while before is not None and before.op.family in (Family.ACTIVATION, Family.NORMALIZATION, Family.REGULARIZATION):
        before = network.node(before.inputs[0])
    item = fault.known.items.get(before.span[1:]) if before is not None else None
    if before is None or not isinstance(item, tree.Operation) or before.span.file != fault.source.name:
        return
    layer = fault.known.layers[before.span[1:]]
    if before.op.name == "flatten":
        yield from _removed(fault, layer.span, "what follows needs the plane")
    elif before.op.name == "fc" and item.out is not None:
        head = item.head.span
        title = f"`conv1-{fault.text(item.out.span)}` instead of `{short(fault.text(item.span))}`, on the plane"
        yield Candidate(title, (fault.edit(head.start, head.end, "conv1"),), rank=1)


def _removed(fault: Fault, layer: Span, why: str) -> Iterator[Candidate]:
    """A layer taken out, with its separator or its line."""
    source = fault.source.text
    line = source.rfind("\n", 0, layer.start) + 1
    end = source.find("\n", layer.end)
    end = len(source) if end < 0 else end + 1
    behind = re.compile(r"[ \t]*;[ \t]*").match(source, layer.end)
    before = re.search(r"[ \t]*;[ \t]*$", source[line : layer.start])
    if behind:
        edit = fault.edit(layer.start, behind.end(), "")
    elif before:
        edit = fault.edit(line + before.start(), layer.end, "")
    elif not source[line : layer.start].strip() and not source[layer.end : end].strip():
        edit = fault.edit(line, end, "")
    else:
        return
    yield Candidate(f"without `{short(fault.text(layer))}`: {why}", (edit,), rank=1)
