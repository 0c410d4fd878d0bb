"""From what shall stand in place of a convolution to the edit of its statement: labels, repetitions and strides kept.

One statement becomes several. Where it has a label or is repeated they are a group, `conv2: { conv3-64; conv3-64 } x2`;
in brackets they are rows; elsewhere they stand in its place as they are. What follows it there, a claim or a comment,
stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, count

from netdsl.analysis.rewrite._spec import Spec
from netdsl.ir import Network, Node
from netdsl.ops import Family
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import Edit
from netdsl.text.source import Span


@dataclass(frozen=True)
class Change:
    """One statement, or row, rewritten: its place, what it was and is, and what there is to say about it."""

    span: Span
    label: str | None
    old: str
    new: str
    notes: tuple[str, ...] = ()

    @property
    def edit(self) -> Edit:
        return Edit(self.span, self.new)


def stretch(layer: tree.Layer) -> int:
    """Where a statement ends without its claim."""
    return max(part.span.end for part in (layer.item, layer.repeat, layer.stride) if part is not None)


def placed(spec: Spec, layer: tree.Layer, parts: list[str], notes: list[str]) -> Change:
    """The change of a statement into the items `parts`."""
    source = spec.source
    end = stretch(layer)
    new = "; ".join(parts)
    if layer.label is not None or layer.repeat is not None:
        new = f"{{ {new} }}"
    if layer.repeat is not None:
        new += f" {spec.text(layer.repeat.span)}"
        if layer.stride is not None and layer.repeat.index is None:
            new += f" as {fresh(layer)}"
    label = layer.label.text if layer.label is not None else None
    return Change(
        source.span(layer.item.span.start, end), label, source.text[layer.item.span.start : end], new, tuple(notes)
    )


def fresh(layer: tree.Layer) -> str:
    """A name for the index of a repetition that nothing in the statement uses."""
    used = {each.name for each in walk(layer) if isinstance(each, tree.Reference)}
    if layer.repeat is not None and layer.repeat.index is not None:
        return layer.repeat.index.text
    return next(name for name in chain(("i", "j", "k"), (f"i{number}" for number in count())) if name not in used)


def statement_stride(spec: Spec, layer: tree.Layer) -> str | None:
    """The stride behind a statement as the notation of its item can have it: that of a stack is its first one's."""
    if layer.stride is None:
        return None
    stride = spec.expression(layer.stride)
    if layer.repeat is None:
        return stride
    inside = stride[1:-1].strip() if stride.startswith("{") else stride
    if re.search(r"[^\w.]", inside):
        inside = f"({inside})"
    return f"{{{inside} if {fresh(layer)} == 0 else 1}}"


def between(spec: Spec, network: Network, node: Node) -> list[str]:
    """The norm and activation written as statements of their own behind a convolution, for the layers that come to
    stand before it too; nothing where it has an activation of its own."""
    found: list[str] = []
    current = node
    while (reader := spec.only_reader(network, current)) is not None:
        if reader.op.family not in (Family.NORMALIZATION, Family.ACTIVATION) or reader.op.to_probabilities:
            break
        if reader.span != node.span:
            if reader.span.file != spec.source.name or reader.implicit:
                break
            found.append(spec.text(reader.span))
        if reader.op.family is Family.ACTIVATION:
            break
        current = reader
    return found


def activated(spec: Spec, network: Network, node: Node) -> bool:
    """Whether an activation follows a convolution, behind its norm."""
    reader = spec.only_reader(network, node)
    while reader is not None and reader.op.family is Family.NORMALIZATION:
        reader = spec.only_reader(network, reader)
    return reader is not None and reader.op.family is Family.ACTIVATION
