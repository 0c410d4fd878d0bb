"""A 1x1 convolution before a large one, as in NIN and GoogLeNet, or around it, as in the bottleneck of ResNet."""

from __future__ import annotations

from netdsl.analysis.rewrite._change import activated, between
from netdsl.analysis.rewrite._spec import Refusal, Spec
from netdsl.analysis.rewrite._written import Written, written
from netdsl.ops.conv import Conv
from netdsl.syntax import tree

RATIO = 4


def reduced(
    spec: Spec, layer: tree.Layer, item: tree.Operation, conv: Written, *, ratio: int, to: int | None, bottleneck: bool
) -> tuple[list[str], list[str]]:
    """The items in place of a convolution, and notes for the user. Raises `Refusal`."""
    if max(conv.kernel) == 1:
        raise Refusal("it is a 1x1 convolution itself")
    made = spec.convs(item.span)
    before = {network.shapes[node.inputs[0]][0] for network, node in made}  # type: ignore[index]
    if min(before) // ratio < 1 if to is None else min(before) <= to:
        raise Refusal(f"{min(before)} channels come in, which is too few to reduce")
    network, node = made[0]
    first = network.node(node.inputs[0])
    if layer.repeat is None and first is not None and isinstance(first.op, Conv) and first.op.kernel == (1, 1):
        raise Refusal("a 1x1 convolution stands before it already", done=True)
    less = _fewer(str(before.pop()) if len(before) == 1 else "channels", ratio, to)
    narrow = _pointwise(conv, less)
    glue = between(spec, network, node)
    notes = []
    if not activated(spec, network, node):
        notes.append("nothing stands between the layers, since no activation follows the one they stand beside")
    if not bottleneck:
        own = spec.expression(item.stride) if item.stride is not None else None
        whole = spec.text(item.span) if conv.stride == own else conv.like(conv.kernel, None, conv.step).text
        return [narrow.text, *glue, whole], notes
    middle = conv.like(conv.kernel, less if less.isdecimal() else "{channels}", conv.step)
    return [narrow.text, *glue, middle.text, *glue, _pointwise(conv, conv.out).text], notes


def _fewer(channels: str, ratio: int, to: int | None) -> str:
    """`to` channels, or a `ratio`-th of those that are written so."""
    if to is not None or channels.isdecimal():
        return str(int(channels) // ratio if to is None else to)
    return f"{{{channels} // {ratio}}}" if channels.isidentifier() else f"{{({channels}) // {ratio}}}"


def _pointwise(conv: Written, out: str) -> Written:
    """A 1x1 convolution with the norm, activation and initialization of another."""
    made = conv.like((1, 1), out).lacking("pad", "groups", "dilation", "ceil")
    if isinstance(conv.op.pad, tuple) and any(conv.op.pad) and not dict(conv.arguments).get("pad"):
        made = made.having(pad="0")  # a default pads
    if conv.op.groups != 1 and not dict(conv.arguments).get("groups"):
        made = made.having(groups="1")
    return made


def bottlenecked(spec: Spec, bracket: tree.Bracket, *, ratio: int, to: int | None) -> tuple[str, list[str]]:
    """`[3x3, C; 3x3, C]` as `[1x1, C/4; 3x3, C/4; 1x1, C]`. Raises `Refusal`."""
    if len(bracket.rows) != 2:
        raise Refusal(f"it has {len(bracket.rows)} rows; a bottleneck is made of two", done=len(bracket.rows) > 2)
    first, second = (written(spec, row) for row in bracket.rows)
    if first.kernel != second.kernel or max(first.kernel) == 1 or first.out != second.out:
        raise Refusal("its rows are not two of one kernel over 1x1 and one width")
    if second.step is not None or first.lacking("stride").arguments != second.arguments:
        raise Refusal("its rows have different arguments or strides")
    wide = first.out[1:-1].strip() if first.out.startswith("{") else first.out
    least = min(node.op.channels for row in bracket.rows for _, node in spec.convs(row.span))  # type: ignore[attr-defined]
    if least // ratio < 1 if to is None else least <= to:
        raise Refusal(f"its {least} channels are too few to reduce")
    less = _fewer(wide, ratio, to)
    rows = [_pointwise(first, less), first.like(first.kernel, less, first.step), _pointwise(first, first.out)]
    notes = []
    strided = [node for _, node in spec.convs(bracket.rows[0].span) if node.op.stride != (1, 1)]  # type: ignore[attr-defined]
    if strided and first.step is None:
        notes.append(
            "its stride is now that of the first 1x1; `default residual(stride_at=spatial)` would give it to the 3x3"
        )
    return "[" + "; ".join(row.text for row in rows) + "]", notes
