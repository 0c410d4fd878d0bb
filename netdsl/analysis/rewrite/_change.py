"""From the items that replace a convolution to the edit of its statement: labels, repetitions and strides are kept.

One statement becomes several. With a label or a repetition they become a group, `conv2: { conv3-64; conv3-64 } x2`; in
brackets they are rows; elsewhere they stand side by side. A claim or a comment behind the statement stays.
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
    """One statement, or bracket block, rewritten: its place and label, the old and the new text, notes for the user."""

    span: Span
    label: str | None
    old: str
    new: str
    notes: tuple[str, ...] = ()

    @property
    def edit(self) -> Edit:
        return Edit(self.span, self.new)


def placed(spec: Spec, layer: tree.Layer, parts: list[str], notes: list[str]) -> Change:
    """The change of a statement, without its label and claim, into the items `parts`."""
    end = max(part.span.end for part in (layer.item, layer.repeat, layer.stride) if part is not None)
    span = spec.source.span(layer.item.span.start, end)
    new = "; ".join(parts)
    if layer.label is not None or layer.repeat is not None:
        new = f"{{ {new} }}"
    if layer.repeat is not None:
        new += f" {spec.text(layer.repeat.span)}"
        if layer.stride is not None and layer.repeat.index is None:
            new += f" as {_index(layer)}"
    label = layer.label.text if layer.label is not None else None
    return Change(span, label, spec.text(span), new, tuple(notes))


def _index(layer: tree.Layer) -> str:
    """The index of a repetition, or a name for it that the statement does not use."""
    if layer.repeat is not None and layer.repeat.index is not None:
        return layer.repeat.index.text
    used = {each.name for each in walk(layer) if isinstance(each, tree.Reference)}
    return next(name for name in chain(("i", "j", "k"), (f"i{number}" for number in count())) if name not in used)


def statement_stride(spec: Spec, layer: tree.Layer) -> str | None:
    """The stride behind a statement, as its item can say it: in a repetition only the first one has it."""
    if layer.stride is None:
        return None
    stride = spec.expression(layer.stride)
    if layer.repeat is None:
        return stride
    inside = stride[1:-1].strip() if stride.startswith("{") else stride
    if re.search(r"[^\w.]", inside):
        inside = f"({inside})"
    return f"{{{inside} if {_index(layer)} == 0 else 1}}"


def _following(spec: Spec, network: Network, node: Node) -> list[Node]:
    """The norms and the activation that directly follow a convolution."""
    found: list[Node] = []
    while (reader := spec.only_reader(network, found[-1] if found else node)) is not None:
        if reader.op.family not in (Family.NORMALIZATION, Family.ACTIVATION):
            break
        found.append(reader)
        if reader.op.family is Family.ACTIVATION:
            break
    return found


def between(spec: Spec, network: Network, node: Node) -> list[str]:
    """The statements of their own among the norms and the activation behind a convolution, to be repeated behind the
    layers put before it. Those that are arguments of the convolution its copies have themselves."""
    found: list[str] = []
    for each in _following(spec, network, node):
        if each.op.to_probabilities:
            break
        if each.span != node.span:
            if each.span.file != spec.source.name or each.implicit:
                break
            found.append(spec.text(each.span))
    return found


def activated(spec: Spec, network: Network, node: Node) -> bool:
    """Whether an activation follows a convolution, directly or behind norms."""
    return any(each.op.family is Family.ACTIVATION for each in _following(spec, network, node))
