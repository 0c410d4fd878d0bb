"""Networks side by side: parameters, multiply-adds, depth and the memory of inference, a panel each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from netdsl.analysis.charts.chart import COLORS, Chart
from netdsl.ir import Network
from netdsl.passes.memory import BYTES
from netdsl.text.amounts import amount

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = ("network", "params", "macs", "depth", "peak_memory_bytes")
_LONGEST = 28
"""Characters of a name in the picture."""
_TITLES = ("parameters", "multiply-adds", "depth", "peak memory, bytes")


def chart(networks: Sequence[Network]) -> Chart:
    """The chart of some networks, in their order."""
    rows = []
    for network in networks:
        name = network.name if network.variant is None else f"{network.name} {network.variant}"
        peak = network.totals.peak * BYTES if network.totals is not None else 0
        rows.append((name, network.params, network.macs, network.depth, peak))
    notes = (
        "Parameters are trained ones without aux heads; multiply-adds and memory are for one sample.",
        "Memory is what is alive at most at once in inference, in float32, without weights.",
    )
    return Chart(
        "Networks side by side",
        COLUMNS,
        tuple(rows),
        notes,
        lambda figure: _draw(figure, rows),
        (8.2, 1.0 + 0.32 * len(rows)),
    )


def _draw(figure: Figure, rows: Sequence[tuple[Any, ...]]) -> None:
    panels = figure.subplots(1, 4, sharey=True)
    places = list(range(len(rows)))
    for index, (title, axes) in enumerate(zip(_TITLES, panels, strict=True)):
        values = [row[index + 1] for row in rows]
        bars = axes.barh(places, values, height=0.62, color=COLORS[index], alpha=0.8)
        axes.bar_label(bars, [amount(value) for value in values], padding=2, fontsize=8)
        axes.set_title(title, fontsize=9, loc="left")
        axes.set_xlim(0, 1.35 * max(max(values), 1))
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
    names = [row[0] if len(row[0]) <= _LONGEST else row[0][: _LONGEST - 1] + "…" for row in rows]
    panels[0].set_yticks(places, names, fontsize=8)
    panels[0].invert_yaxis()
