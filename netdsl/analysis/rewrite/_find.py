"""Which statements are to be rewritten: those that are named, or all that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from netdsl.analysis.rewrite._spec import CannotRewrite, Spec
from netdsl.analysis.rewrite._written import is_conv
from netdsl.elaborate.files import standard_blocks
from netdsl.ops.conv import Conv
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import did_you_mean


class Found(NamedTuple):
    """A statement whose item is a convolution, or a bracket with one."""

    layer: tree.Layer
    item: tree.Operation | tree.Bracket


def find(spec: Spec, labels: Sequence[str], candidate: Callable[[tuple[int, int]], bool]) -> list[Found]:
    """The statements with a convolution whose kernel is a `candidate`, in order of place; with `labels` only those with
    one of these labels, or inside a statement with one. Raises `CannotRewrite` for an unknown label."""
    chosen = list(_labelled(spec, labels)) if labels else spec.layers
    found: dict[int, Found] = {}
    for layer in chosen:
        item = layer.item
        if isinstance(item, tree.Bracket):
            fits = any(_fits(spec, row, candidate) for row in item.rows)
        else:
            fits = isinstance(item, tree.Operation) and is_conv(spec, item) and _fits(spec, item, candidate)
        if fits and isinstance(item, tree.Bracket | tree.Operation):
            found[item.span.start] = Found(layer, item)
    return [found[start] for start in sorted(found)]


def out_of_reach(spec: Spec, candidate: Callable[[tuple[int, int]], bool]) -> list[tuple[int, str]]:
    """The standard blocks with a convolution whose kernel is a `candidate`: the line of the first call of each, and why
    nothing in it is rewritten."""
    calls: dict[str, list[int]] = {}
    for network in spec.networks:
        for scope in network.body.scopes():
            if scope.kind != "block" or scope.span.file != spec.source.name or scope.title not in standard_blocks():
                continue
            if scope.title in spec.blocks:
                continue
            if any(isinstance(node.op, Conv) and candidate(node.op.kernel) for node in scope.nodes()):
                calls.setdefault(scope.title, []).append(spec.line(scope.span))
    files = standard_blocks()
    return [
        (min(lines), f"`{name}` is of the standard library: copy it from netdsl/std/{files[name]} into this file first")
        for name, lines in calls.items()
    ]


def _fits(spec: Spec, item: tree.Operation | tree.Row, candidate: Callable[[tuple[int, int]], bool]) -> bool:
    return any(candidate(node.op.kernel) for _, node in spec.nodes(item.span))  # type: ignore[attr-defined]


def _labelled(spec: Spec, labels: Sequence[str]) -> Iterator[tree.Layer]:
    """The statements with these labels and all inside them."""
    for label in labels:
        outer = [each for each in spec.layers if each.label is not None and each.label.text == label]
        if not outer:
            known = [each.label.text for each in spec.layers if each.label is not None]
            hint = did_you_mean(label, known, "the labels are")
            if not known:
                hint = "it has no labels; --kernel chooses by the size, and without either all are rewritten"
            raise CannotRewrite(f"'{spec.source.name}' has no statement with the label `{label}`; {hint}")
        for layer in outer:
            _standing(spec, layer, label)
            yield from (each for each in walk(layer) if isinstance(each, tree.Layer))


def _standing(spec: Spec, layer: tree.Layer, label: str) -> None:
    """Refuse a call: what it is made of stands elsewhere."""
    item = layer.item
    if not isinstance(item, tree.Operation):
        return
    name = item.head.text
    if name in spec.blocks:
        line = spec.line(spec.blocks[name].span)
        raise CannotRewrite(
            f"`{label}` calls the block `{name}`, which every call of it shares: give its layers labels (line {line}), "
            "and name those"
        )
    if name in standard_blocks() and not is_conv(spec, item):
        raise CannotRewrite(
            f"`{label}` calls `{name}` of the standard library, which cannot be changed: copy the block from "
            f"netdsl/std/{standard_blocks()[name]} into this file, where it comes before the standard one"
        )
