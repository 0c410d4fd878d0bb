"""Which statements are to be rewritten: those with a label that was named, or all with a kernel of the right size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from netdsl.analysis.rewrite._spec import CannotRewrite, Spec
from netdsl.analysis.rewrite._written import is_conv
from netdsl.elaborate.files import standard_blocks
from netdsl.ops.conv import Conv
from netdsl.syntax import tree, walk
from netdsl.text.diagnostics import did_you_mean


class Asked(NamedTuple):
    """What the user asked for: statements by label, convolutions by kernel, or by default all that are `large`."""

    labels: tuple[str, ...]
    kernel: tuple[int, int] | None
    large: Callable[[tuple[int, int]], bool]

    def fits(self, size: tuple[int, ...]) -> bool:
        """Whether a kernel of this size is to be rewritten; only those over planes are."""
        if len(size) != 2:
            return False
        return size == self.kernel if self.kernel else self.large((size[0], size[1]))

    @property
    def by_name(self) -> bool:
        """Whether it is asked for by label or size, whatever it costs."""
        return bool(self.labels or self.kernel)


class Found(NamedTuple):
    """A statement whose item is a convolution, or a bracket block with one."""

    layer: tree.Layer
    item: tree.Operation | tree.Bracket


def find(spec: Spec, asked: Asked) -> list[Found]:
    """The statements that are asked for, in order of place. Raises `CannotRewrite` for an unknown label."""
    found: dict[int, Found] = {}
    for layer in _labelled(spec, asked.labels) if asked.labels else spec.layers:
        item = layer.item
        rows = item.rows if isinstance(item, tree.Bracket) else (item,) if is_conv(spec, item) else ()
        sizes = [node.op.kernel for row in rows for _, node in spec.convs(row.span)]  # type: ignore[attr-defined]
        if isinstance(item, tree.Bracket | tree.Operation) and any(map(asked.fits, sizes)):
            found[item.span.start] = Found(layer, item)
    return [found[start] for start in sorted(found)]


def out_of_reach(spec: Spec, asked: Asked) -> list[tuple[int, str]]:
    """The standard blocks with a convolution that is asked for: the line of the first call of each, and why nothing in
    it is rewritten."""
    files = standard_blocks()
    calls: dict[str, int] = {}
    for scope in (scope for network in spec.networks for scope in network.body.scopes()):
        name = scope.title
        if scope.kind != "block" or scope.span.file != spec.source.name or name not in files or name in spec.blocks:
            continue
        if any(isinstance(node.op, Conv) and asked.fits(node.op.kernel) for node in scope.nodes()):
            line = spec.line(scope.span)
            calls[name] = min(calls.get(name, line), line)
    return [
        (line, f"`{name}` is of the standard library: copy it from netdsl/std/{files[name]} into this file first")
        for name, line in calls.items()
    ]


def _labelled(spec: Spec, labels: tuple[str, ...]) -> Iterator[tree.Layer]:
    """The statements with these labels and all inside them."""
    named = [(each.label.text, each) for each in spec.layers if each.label is not None]
    for label in labels:
        outer = [layer for name, layer in named if name == label]
        if not outer:
            hint = "it has no labels; --kernel chooses by the size, and without either all are rewritten"
            if named:
                hint = (
                    did_you_mean(label, [name for name, _ in named], "the labels are") or f"it has {len(named)} others"
                )
            raise CannotRewrite(f"'{spec.source.name}' has no statement with the label `{label}`; {hint}")
        for layer in outer:
            _refuse_call(spec, layer, label)
            yield from (each for each in walk(layer) if isinstance(each, tree.Layer))


def _refuse_call(spec: Spec, layer: tree.Layer, label: str) -> None:
    """Raise `CannotRewrite` for the call of a block, whose layers are written elsewhere."""
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
