"""Networks to one scale: a bar for each layer with weights, as wide as the layer, in columns of bars of one height.

So AlexNet, VGG-19 and ResNet-152 stand beside each other in the lectures on the revolution of depth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

from netdsl.analysis.charts.chart import COLORS, GREY, Chart
from netdsl.ir import Network, Node, Scope
from netdsl.shapes import text as shape_text
from netdsl.text.amounts import amount

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = ("network", "layer", "path", "operator", "width", "output")
FEWEST, HEIGHT = 3.2, 0.052
"""Inches: of the shortest drawing, and of one layer."""


def chart(networks: Sequence[Network]) -> Chart:
    """The chart of some networks, in their order."""
    rows = []
    titles = []
    columns: list[int] = []
    for column, network in enumerate(networks):
        name = network.name if network.variant is None else f"{network.name} {network.variant}"
        layers = list(_layers(network.body))
        titles.append(
            f"{name}\n{len(layers)} layers\n{amount(network.params)} weights\n{amount(network.macs)} operations"
        )
        columns += [column] * len(layers)
        for number, node in enumerate(layers, 1):
            shape = node.shape or (0,)
            rows.append((name, number, node.path, node.op.name, shape[0], shape_text(shape)))
    notes = (
        "Layers with weights, those of shortcuts left out; a bar is as wide as the root of its channels or units.",
        "Operations are multiply-adds.",
    )
    most = max((row[1] for row in rows), default=1)
    size = (1.6 + 1.6 * len(networks), max(FEWEST, 1.0 + HEIGHT * most))
    return Chart("To one scale", COLUMNS, tuple(rows), notes, lambda figure: _draw(figure, titles, columns, rows), size)


def _layers(scope: Scope) -> Iterator[Node]:
    """The layers with weights of a scope, in order, but for those of shortcuts."""
    for child in scope.children:
        if isinstance(child, Node):
            if child.op.weight_layer:
                yield child
        elif child.kind not in ("shortcut", "aux"):
            yield from _layers(child)


def _draw(figure: Figure, titles: Sequence[str], columns: Sequence[int], rows: Sequence[tuple[Any, ...]]) -> None:
    axes = figure.subplots()
    widest = max((sqrt(row[4]) for row in rows), default=1.0)
    for column, row in zip(columns, rows, strict=True):
        wide = 0.9 * sqrt(row[4]) / widest
        color = COLORS[2] if row[3] == "fc" else COLORS[0]
        axes.barh(row[1], wide, 0.72, column - wide / 2, color=color, alpha=0.8)
    axes.set(xlim=(-0.6, len(titles) - 0.4), ylim=(max((row[1] for row in rows), default=1) + 1, 0), ylabel="layers")
    axes.set_xticks(range(len(titles)), titles)
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", length=0, labelsize=8, labelcolor="black")
    axes.tick_params(axis="y", labelsize=8, color=GREY)
    for side in ("top", "bottom"):
        axes.spines[side].set_visible(False)
