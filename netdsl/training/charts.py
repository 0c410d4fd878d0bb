"""Numbers of several runs to pictures: curves over steps, values beside each other, answers as areas. Text stays text
in SVG, and the same numbers give the same file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from netdsl.backends.artefacts import find
from netdsl.text.files import replace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Point = tuple[float, float]


def curves(series: Mapping[str, Sequence[Sequence[Point]]], out: Path, x: str, y: str, *, log: bool = False) -> None:
    """A curve for each run, those of one name in one colour."""
    figure, axes = _canvas()
    for index, (name, runs) in enumerate(series.items()):
        for number, run in enumerate(runs):
            label = name if number == 0 else None
            axes.plot(*zip(*run, strict=True), color=f"C{index}", linewidth=1.1, alpha=0.85, label=label)
    axes.set(xlabel=x, ylabel=y, yscale="log" if log else "linear")
    _save(figure, axes, out)


def beside(values: Mapping[str, Sequence[float | None]], out: Path, y: str) -> None:
    """A row of dots for each name, a dot for each run and a line at the median."""
    figure, axes = _canvas(height=0.9 + 0.38 * len(values))
    for place, found in enumerate(values.values()):
        numbers = [value for value in found if value is not None]
        axes.scatter(numbers, [place] * len(numbers), s=22, color=f"C{place}", alpha=0.8, zorder=3)
        axes.plot([median(numbers)] * 2, [place - 0.3, place + 0.3], color=f"C{place}", linewidth=2)
    axes.set(xlabel=y, yticks=range(len(values)), yticklabels=list(values), ylim=(len(values) - 0.5, -0.5))
    _save(figure, axes, out)


def over(
    values: Mapping[str, Mapping[float, Sequence[float | None]]], out: Path, x: str, y: str, *, log: bool = False
) -> None:
    """What is measured over what is varied: a line through the medians, a dot for each run."""
    figure, axes = _canvas()
    for index, (name, found) in enumerate(values.items()):
        reached = {at: [value for value in numbers if value is not None] for at, numbers in found.items()}
        dots = [(at, value) for at, numbers in reached.items() for value in numbers]
        axes.scatter(*zip(*dots, strict=True), s=14, color=f"C{index}", alpha=0.7)
        line = [(at, median(numbers)) for at, numbers in reached.items() if numbers]
        axes.plot(*zip(*line, strict=True), color=f"C{index}", linewidth=1.4, label=name)
    axes.set(xlabel=x, ylabel=y, xscale="log", yscale="log" if log else "linear")
    ticks = sorted({at for found in values.values() for at in found})
    axes.set_xticks(ticks, [f"{at:g}" for at in ticks], minor=False)
    axes.minorticks_off()
    _save(figure, axes, out)


def areas(x: Sequence[float], parts: Mapping[str, Sequence[float]], out: Path, xlabel: str, ylabel: str) -> None:
    """Parts of a whole, one on another."""
    figure, axes = _canvas()
    colors = ["#0877bd", "#d9dcde", "#f59322"]
    axes.stackplot(x, *parts.values(), labels=list(parts), colors=colors[: len(parts)], linewidth=0)
    axes.set(xlabel=xlabel, ylabel=ylabel, xlim=(min(x), max(x)))
    axes.margins(y=0)
    _save(figure, axes, out)


def figure(width: float, height: float = 3.2) -> Figure:
    """A figure of so many inches, without a window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    found = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(found)
    return found


def _canvas(height: float = 3.2) -> tuple[Figure, Any]:
    found = figure(6.4, height)
    return found, found.subplots()


def _save(figure: Figure, axes: Any, out: Path) -> None:
    plain(axes, len(axes.get_legend_handles_labels()[0]) > 1)
    save(figure, out)


def plain(axes: Any, legend: bool) -> None:
    """A grid, no frame, and the legend where it says something."""
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if legend:
        axes.legend(fontsize=8, framealpha=0.9, edgecolor="none")


def save(figure: Figure, out: Path) -> None:
    """Write a figure in the format of `out`'s ending, with the mark of what netdsl has made."""
    import matplotlib

    kind = find(out.suffix.lower().lstrip(".") or "svg")
    dated: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind.name, {})
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "netdsl"}):
        figure.savefig(buffer, format=kind.name, dpi=150, metadata=dated)
    replace(kind.stamp(buffer.getvalue()), out)
