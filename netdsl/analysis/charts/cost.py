"""Where a network spends: parameters, multiply-adds and activations of each stage, by kind of layer, and the receptive
field over depth. A stage is what works on maps of one size."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from netdsl.analysis.charts.chart import COLORS, GREY, Chart, Value
from netdsl.ir import Network, Node
from netdsl.ops import Family
from netdsl.passes.costs import costs
from netdsl.passes.depth import depths
from netdsl.passes.memory import BYTES
from netdsl.passes.receptive import receptive_fields
from netdsl.shapes import text as shape_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = ("stage", "kind", "params", "macs", "activation_bytes")
_KINDS = {
    Family.CONVOLUTION: "convolution",
    Family.FULLY_CONNECTED: "fully connected",
    Family.ATTENTION: "attention",
    Family.RECURRENT: "recurrent",
    Family.NORMALIZATION: "normalization",
    Family.ACTIVATION: "activation",
    Family.POOLING: "pooling",
}
_OTHER = "other"
_FEWEST = 3
"""With fewer stages bars are as wide as with so many."""


def chart(network: Network) -> Chart:
    """The chart of a network, without its aux heads."""
    stages: dict[str, dict[str, tuple[int, int, int]]] = {}
    fields: dict[int, int] = {}  # by depth
    deep = depths(network)
    aux = network.aux_nodes
    seen = receptive_fields(network)
    for node, cost in zip(network.nodes, costs(network), strict=True):
        if node.id in aux or node.shape is None:
            continue
        plane = shape_text(node.shape[1:]) if prod(node.shape[1:]) > 1 else "features"
        kinds = stages.setdefault(plane, {})
        kind = _kind(node)
        params, macs, size = kinds.get(kind, (0, 0, 0))
        kinds[kind] = (params + cost.params, macs + cost.macs, size + cost.activations * BYTES)
        field = seen[node.id]
        if field is not None and not field.whole and field.pixels:
            fields[deep[node.id]] = max(fields.get(deep[node.id], 0), *field.pixels)
    whole = any(field is None or field.whole for field in seen)
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (stage, kind, *figures) for stage, kinds in stages.items() for kind, figures in kinds.items()
    )
    notes = (
        "A stage is what works on maps of one size; its poolings count where they arrive.",
        "Activations are all that layers give, in bytes of float32 for one sample; the receptive field is in pixels.",
    )
    name = network.name if network.variant is None else f"{network.name} {network.variant}"
    title = f"Cost of {name}"
    seen_at = sorted(fields.items())
    said = ", then ".join([*(f"{field} px" for field in fields.values()), *(["all of the input at once"] * whole)])
    return Chart(title, COLUMNS, rows, notes, lambda figure: _draw(figure, title, rows, seen_at, said), (8.2, 5.2))


def _kind(node: Node) -> str:
    """The kind of a layer; one without a kernel that works at each place is fully connected there."""
    family = node.op.family
    if family is Family.CONVOLUTION and type(node.op).geometry.kernel is None:
        family = Family.FULLY_CONNECTED
    return _KINDS.get(family, _OTHER)


def _draw(
    figure: Figure, title: str, rows: Sequence[tuple[Any, ...]], fields: Sequence[tuple[int, int]], said: str
) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")
    panels = figure.subplots(2, 2).flat
    stages = list(dict.fromkeys(row[0] for row in rows))
    kinds = [kind for kind in (*_KINDS.values(), _OTHER) if any(row[1] == kind and any(row[2:]) for row in rows)]
    colors = {kind: COLORS[index % len(COLORS)] for index, kind in enumerate((*_KINDS.values(), _OTHER))}
    for index, (quantity, axes) in enumerate(
        zip(("parameters", "multiply-adds", "activations, bytes"), panels, strict=False)
    ):
        bottom = [0.0] * len(stages)
        for kind in kinds:
            given = {row[0]: row[2 + index] for row in rows if row[1] == kind}
            heights = [given.get(stage, 0) for stage in stages]
            axes.bar(range(len(stages)), heights, bottom=bottom, width=0.7, color=colors[kind], label=kind)
            bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
        axes.set_title(quantity, fontsize=9, loc="left")
        axes.set_xlim(-0.6, max(len(stages), _FEWEST) - 0.4)
        axes.set_ylim(0, 1.06 * max(*bottom, 1))
        axes.set_xticks(
            range(len(stages)),
            stages,
            rotation=0 if len(stages) <= 5 else 35 if len(stages) <= 10 else 90,
            fontsize=7,
            ha="right" if 5 < len(stages) <= 10 else "center",
        )
        axes.yaxis.set_major_formatter(_amounts)
        axes.grid(alpha=0.25, axis="y")
        axes.set_axisbelow(True)
    last = figure.axes[3]
    last.set_title("receptive field, pixels, over depth, layers", fontsize=9, loc="left")
    last.grid(alpha=0.25)
    if len(fields) > 1:
        last.step(*zip(*fields, strict=True), where="post", color=COLORS[0], linewidth=1.4)
        last.set_ylim(bottom=0)
    else:
        last.text(0.5, 0.5, said, ha="center", transform=last.transAxes, fontsize=8, color=GREY)
        last.set(xticks=[], yticks=[])
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(kinds), 7), frameon=False, fontsize=8)


def _amounts(value: float, _position: object = None) -> str:
    """A number on an axis: 25M, 1.5G."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"
