"""Accuracy against operations, with the parameters as the area of the circle (Canziani, Paszke and Culurciello 2016).

Operations and parameters are those of the specs; accuracies can only be the published ones, which are of retrained
networks and one crop. The published circle stands beside each, dashed: where the two part, a note says why.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import TYPE_CHECKING, Any

from netdsl import zoo
from netdsl.analysis.charts.chart import GREY, INK, Chart
from netdsl.analysis.charts.published import ACCURACY, Point

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = ("network", "spec", "top1", "gops", "params_m", "published_gops", "published_params_m", "remark")
_FAMILIES = {"AlexNet": "#ee6677", "NIN": "#777777", "ENet": "#bbbbbb", "GoogLeNet": "#4477aa", "Inception": "#4477aa"}
_FAMILIES |= {"VGG": "#228833", "ResNet": "#ccbb44"}
_AREA = 10.0
"""Points squared of a circle for a million parameters."""
_LEFT, _BELOW = ("ENet", "Inception-v3", "ResNet-50"), ("VGG-16", "VGG-19", "ResNet-101", "ResNet-152")
"""Where a name does not stand on the right of its circle."""


def chart() -> Chart:
    """The chart of the networks of the published one."""
    entries = {entry.name: entry for entry in zoo.entries()}
    found = {
        entry.spec if entry.variant is None else f"{entry.spec}:{entry.variant}": entry for entry in entries.values()
    }
    rows = []
    for point in ACCURACY:
        entry = found[point.spec] if point.spec else None
        ours = (2 * entry.macs / 1e9, entry.params / 1e6) if entry else (None, None)
        rows.append((point.name, point.spec, point.top1, *ours, point.gops, point.params, point.erratum))
    notes = (
        "Operations and parameters are computed from the specs, two operations a multiply-add.",
        "Accuracies are the published ones, of one crop.",
        *(f"{point.name}: {point.erratum}." for point in ACCURACY if point.erratum),
    )
    return Chart(
        "Accuracy against operations", COLUMNS, tuple(rows), notes, lambda figure: _draw(figure, rows), (7.2, 5.2)
    )


def _draw(figure: Figure, rows: list[tuple[Any, ...]]) -> None:
    axes = figure.subplots()
    for name, spec, top1, gops, params, published, published_params, remark in rows:
        color = next((each for family, each in _FAMILIES.items() if family in name), GREY)
        x, size = (gops, params) if spec else (published, published_params)
        axes.scatter(
            [published],
            [top1],
            s=_AREA * published_params,
            facecolors="none",
            edgecolors=GREY,
            linestyles="--",
            linewidths=0.7,
            zorder=3,
        )
        if spec:
            axes.scatter([x], [top1], s=_AREA * size, color=color, alpha=0.55, linewidths=0, zorder=2)
            axes.plot([x], [top1], "+", color=INK, markersize=4, zorder=4)
        far = sqrt(_AREA * max(size, published_params) / pi) + 3 + (12 if name == "AlexNet" else 0)
        away, side = (
            ((0, -far - 7), "center")
            if name in _BELOW
            else ((-far, -3), "right")
            if name in _LEFT
            else ((far, -3), "left")
        )
        label = name + ("*" if remark else "")
        axes.annotate(label, (x, top1), away, textcoords="offset points", ha=side, fontsize=8, zorder=5)
    axes.set(
        xlabel="operations for one image, 10⁹ (two a multiply-add)",
        ylabel="top-1 accuracy, %, one crop",
        xlim=(-2, 46),
        ylim=(49, 84),
    )
    axes.grid(alpha=0.25, zorder=0)
    for millions in (5, 35, 65, 95, 125, 155):
        axes.scatter([], [], s=_AREA * millions, color=GREY, alpha=0.3, linewidths=0, label=f"{millions}M")
    axes.legend(
        title="parameters",
        loc="lower right",
        ncols=6,
        alignment="left",
        frameon=False,
        handletextpad=1.6,
        columnspacing=2.6,
        borderpad=1.6,
        fontsize=8,
        title_fontsize=8,
    )
    axes.set_title(
        "filled: computed from the specs; dashed: as published; * see the notes", fontsize=8, color=GREY, loc="left"
    )


__all__ = ["Point", "chart"]
