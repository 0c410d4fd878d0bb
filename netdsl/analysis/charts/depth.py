"""The revolution of depth: layers of the networks and top-5 errors of the ILSVRC entries, 2010 to 2015 (He et al.).

Depths are those of the specs. Every entry from 2012 on was an ensemble, and the depth is that of its deepest network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netdsl.analysis.charts.chart import COLORS, Chart
from netdsl.analysis.charts.published import DEPTH, HUMAN
from netdsl.compiler import load

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def chart() -> Chart:
    """The chart of the entries."""
    rows = tuple(
        (step.name, step.year, step.error, load(step.spec).depth if step.spec else None, step.spec) for step in DEPTH
    )
    notes = (
        "Top-5 errors of ILSVRC classification, without data from outside; every entry from 2012 on is an ensemble.",
        "Depths are computed from the specs: layers with weights, of the deepest network of each entry.",
        "28.2 and 25.8 are the best systems of 2010 and 2011, which were shallow: features by hand, and a classifier.",
    )
    return Chart(
        "Revolution of depth",
        ("entry", "year", "top5_error", "depth", "spec"),
        rows,
        notes,
        lambda figure: _draw(figure, rows),
        (7.2, 4.4),
    )


def _draw(figure: Figure, rows: tuple[tuple[Any, ...], ...]) -> None:
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.2, 1))
    places = list(range(len(rows)))
    depths = [row[3] or 0 for row in rows]
    bars = above.bar(places, depths, width=0.55, color=COLORS[2], alpha=0.8, zorder=2)
    above.bar_label(bars, [f"{depth} layers" if depth else "shallow" for depth in depths], padding=2, fontsize=8)
    above.set(ylabel="layers with weights", ylim=(0, 175))
    bars = below.bar(places, [row[2] for row in rows], width=0.55, color=COLORS[0], alpha=0.8, zorder=2)
    labels = below.bar_label(bars, [f"{row[2]:g}" for row in rows], padding=2, fontsize=8, zorder=4)
    labels[-1].set(backgroundcolor="white", bbox={"facecolor": "white", "linewidth": 0, "pad": 0.6})
    below.axhline(HUMAN, 0, 0.915, color=COLORS[1], linewidth=0.8, linestyle="--", zorder=3)
    below.annotate(f"human\n{HUMAN}", (len(rows) - 0.6, HUMAN), fontsize=8, color=COLORS[1], va="center")
    below.set(ylabel="top-5 error, %", ylim=(0, 34), xlim=(-0.6, len(rows) - 0.05))
    below.set_xticks(places, [f"{name}\n{year}" if depth else str(year) for name, year, _, depth, _ in rows])
    for axes in (above, below):
        axes.grid(alpha=0.25, axis="y")
        axes.set_axisbelow(True)
