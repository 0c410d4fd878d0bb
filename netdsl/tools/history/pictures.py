"""The picture of an experiment: a curve of its runs, values beside each other, the plane, or answers trial by trial.

picture = "training loss", "error"     curves over the steps
picture = "plane"                      what a network of two inputs says of the plane, at `frames`
picture = "answers"                    a perceptron's, in windows of ten trials
picture = MEASURE                      a dot for each run; over what is varied, if anything is
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.tools.history.experiments import Experiment
from netdsl.tools.history.measures import answers, measured
from netdsl.tools.history.running import Runs

if TYPE_CHECKING:
    from netdsl.training.run import Run

CURVES = {
    "training loss": ("loss", 1.0, 0.0, True),
    "error": ("top1", -100.0, 100.0, False),
}
"""What is a curve: its column of metrics.csv, times, plus, and whether it is drawn over a logarithmic axis."""
UNITS = {"accuracy": "accuracy, %", "error": "error on the test images, %", "ensemble": "accuracy, %"}


def draw(experiment: Experiment, runs: Runs, out: Path) -> None:
    """Draw the picture of an experiment into an .svg or .png file."""
    from netdsl.training import charts

    kind = experiment.picture
    assert kind is not None
    unit = UNITS.get(kind, kind)
    if kind == "plane":
        _plane(runs, out)
    elif kind == "answers":
        _answers(runs, out)
    elif kind in CURVES and experiment.vary is None:
        column, times, plus, log = CURVES[kind]
        series = {case.name: [_points(run, column, times, plus) for run in found] for case, found in runs.items()}
        charts.curves(series, out, "step", unit, log=log)
    elif kind == "ensemble":
        values = {}
        for case, found in runs.items():
            values[f"{case.name}, alone"] = measured("accuracy", found)
            values[f"{case.name}, five together"] = measured("ensemble", found, experiment.group)
        charts.beside(values, out, unit)
    elif experiment.vary is None:
        charts.beside({case.name: measured(kind, found) for case, found in runs.items()}, out, unit)
    else:
        varied: dict[str, dict[float, list[float | None]]] = {}
        for case, found in runs.items():
            varied.setdefault(case.name, {})[float(case.value or 0)] = measured(kind, found)
        name = {"train.lr": "rate"}.get(experiment.vary, experiment.vary)
        charts.over(varied, out, name, unit, log=kind.startswith("steps"))


def _answers(runs: Runs, out: Path) -> None:
    """Of the first case, in windows of ten trials."""
    from netdsl.training import charts

    found = answers(next(iter(runs.values())), window=10)
    parts = {
        "right": [10 * each.right for each in found],
        "no answer": [10 * each.none for each in found],
        "wrong": [10 * each.wrong for each in found],
    }
    charts.areas([each.trial for each in found], parts, out, "trial", "of ten trials, % (mean of the seeds)")


def _points(run: Run, column: str, times: float, plus: float) -> list[tuple[float, float]]:
    rows: list[Mapping[str, float | None]] = list(run.rows())
    return [(row["step"] or 0.0, plus + times * value) for row in rows if (value := row[column]) is not None]


def _plane(runs: Runs, out: Path) -> None:
    """The frames of each case's first seed."""
    from netdsl.training.plane import read_frames, sheet

    seen = {case.name: read_frames(found[0].folder) for case, found in runs.items()}
    frames = {name: found[0] for name, found in seen.items()}
    sheet(frames, {name: found[1] for name, found in seen.items()}, out)
