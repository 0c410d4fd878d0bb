"""The key operations of a convolutional network on one small image: convolution, non-linearity, pooling, and the two
feature maps that two kernels make. All values are computed here, by the operations' definitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from netdsl.analysis.charts.chart import GREY, Chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Map: TypeAlias = "list[list[float]]"
SIZE = 14
KERNELS: dict[str, Map] = {
    "vertical edges": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "horizontal edges": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
}
"""Sobel's kernels, which first layers learn much like."""


def image() -> Map:
    """A seven of two strokes."""
    found = [[0.0] * SIZE for _ in range(SIZE)]
    for row in range(SIZE):
        for column in range(SIZE):
            bar = 2 <= row <= 4 and 2 <= column <= 11
            stroke = 5 <= row <= 12 and 0 <= column + (row - 4) * 0.6 - 9 <= 2.4
            found[row][column] = float(bar or stroke)
    return found


def convolved(plane: Map, kernel: Map) -> Map:
    """The kernel's product at every place where it fits, as networks convolve (a correlation, without padding)."""
    size, span = len(kernel), range(len(kernel))
    places = range(len(plane) - size + 1)
    return [
        [sum(kernel[y][x] * plane[row + y][column + x] for y in span for x in span) for column in places]
        for row in places
    ]


def rectified(plane: Map) -> Map:
    """What is below zero becomes zero."""
    return [[max(value, 0.0) for value in row] for row in plane]


def pooled(plane: Map, size: int = 2) -> Map:
    """The largest value of every window."""
    places = range(0, len(plane) - size + 1, size)
    return [
        [max(plane[row + y][column + x] for y in range(size) for x in range(size)) for column in places]
        for row in places
    ]


def chart() -> Chart:
    """A row for each kernel: image, kernel, feature map, rectified, pooled."""
    steps: dict[str, list[Map]] = {}
    for name, kernel in KERNELS.items():
        maps = [image(), kernel, convolved(image(), kernel)]
        maps += [rectified(maps[-1])]
        maps += [pooled(maps[-1])]
        steps[name] = maps
    rows = tuple(
        (name, step, row, column, value)
        for name, maps in steps.items()
        for step, plane in zip(STEPS, maps, strict=True)
        for row, values in enumerate(plane)
        for column, value in enumerate(values)
    )
    notes = ("Convolution is without padding, pooling takes the largest of 2x2.",)
    columns = ("kernel", "step", "row", "column", "value")
    return Chart("Key operations", columns, rows, notes, lambda figure: _draw(figure, steps), (7.6, 3.3))


STEPS = ("image", "kernel", "feature map", "ReLU", "max pool 2x2")


def _draw(figure: Figure, steps: dict[str, list[Map]]) -> None:
    grid = figure.subplots(len(steps), len(STEPS), width_ratios=(1, 0.45, 1, 1, 1))
    for top, line, (name, maps) in zip((True, False), grid, steps.items(), strict=True):
        for number, (axes, plane) in enumerate(zip(line, maps, strict=True)):
            _plane(axes, plane, signed=number in (1, 2))
            sign = ("", "*", "=", "→", "→")[number]
            axes.annotate(
                sign, (0, 0.5), (-9, 0), "axes fraction", "offset points", ha="center", va="center", fontsize=12
            )
            if top:
                axes.set_title(f"{STEPS[number]}\n{len(plane)}×{len(plane[0])}", fontsize=8)
        line[0].set_ylabel(name, fontsize=8)


def _plane(axes: Axes, plane: Sequence[Sequence[float]], *, signed: bool) -> None:
    most = max(abs(value) for row in plane for value in row) or 1.0
    axes.imshow(
        plane, cmap="RdBu_r" if signed else "Greys", vmin=-most if signed else 0, vmax=most, interpolation="nearest"
    )
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(GREY)
    if len(plane) <= 3:
        for y, row in enumerate(plane):
            for x, value in enumerate(row):
                axes.text(
                    x,
                    y,
                    f"{value:g}".replace("-", "\N{MINUS SIGN}"),
                    ha="center",
                    va="center",
                    fontsize=7,
                    color="white" if abs(value) == most else "black",
                )
