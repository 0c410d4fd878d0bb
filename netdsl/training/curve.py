"""The curve of a run, or of several in one picture: loss in training, loss and error on test images, over epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.training.charts import figure, plain, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, float | None]]


def draw(rows: Rows, out: Path, title: str) -> None:
    """The picture of one run."""
    compare({title: rows}, out)


def compare(runs: Mapping[str, Rows], out: Path) -> None:
    """The picture of several runs, in the format of `out`'s ending."""
    drawn = figure(8)
    loss, error = drawn.subplots(1, 2)
    for index, (name, rows) in enumerate(runs.items()):
        color = f"C{index}"
        several = len(runs) > 1
        _line(loss, rows, "loss", 1.0, f"{name}, training" if several else "training", color, ":" if several else "-")
        _line(loss, rows, "test_loss", 1.0, f"{name}, test" if several else "test", color if several else "C1", "-")
        judged = "miou" if any(row.get("miou") is not None for row in rows) else "top1"
        _line(error, rows, judged, -100.0, name, color, "-", 100.0)
    loss.set(xlabel="epoch", ylabel="loss", yscale="log")
    error.set(xlabel="epoch", ylabel="error on the test images (of masks 1 - mIoU), %", ylim=(0, None))
    _write(drawn, out)


def rates(tried: Sequence[float], losses: Sequence[float], begin: float, out: Path) -> None:
    """The picture of a learning-rate range test: the loss over the rate, and the rate to begin with."""
    drawn = figure(5)
    axes = drawn.subplots()
    axes.plot(tried, losses, color="C0", linewidth=1.2)
    axes.axvline(begin, color="C1", linewidth=1.2, label=f"{begin:.2g}, a tenth of where it is least")
    most = losses[0] + (losses[0] - min(losses)) / 2  # in the end it grows without bound, and would leave no room
    axes.set(xlabel="learning rate", ylabel="loss", xscale="log", ylim=(None, most))
    _write(drawn, out)


def _write(drawn: Figure, out: Path) -> None:
    for axes in drawn.axes:
        plain(axes, bool(axes.get_legend_handles_labels()[0]))
    save(drawn, out)


def _line(
    axes: object, rows: Rows, column: str, times: float, label: str, color: str, style: str, plus: float = 0.0
) -> None:
    found = [(row["epoch"], plus + times * value) for row in rows if (value := row[column]) is not None]
    if found:
        x, y = zip(*found, strict=True)
        marker = "." if len(found) < 30 else ""
        axes.plot(x, y, style, label=label, color=color, linewidth=1.2, marker=marker)  # type: ignore[attr-defined]
