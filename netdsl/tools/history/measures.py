"""What a run showed: a name of the table to a number of each run, or of each group of runs.

accuracy, error           of the test images in the end, in percent
accuracy with 10 crops    the same, over ten views of each image
training loss             the mean of the last fifty steps
test loss                 in the end
steps to 95 %             of accuracy, to the precision with which the run was judged; none where it was not reached
first lamp                the first trial with an answer (`loss=perceptron`)
ensemble                  the accuracy of a group's mean probabilities; `members` the mean accuracy of its members
weights                   how many are trained
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from netdsl.training.run import Run

Figures = list[float | None]
LAST = 50
"""Steps whose mean is the training loss in the end."""


def measured(measure: str, runs: Sequence[Run], group: int | None = None) -> Figures:
    """The figures of a measure, one for each run (or group). Raises `ValueError` where there is no such measure."""
    if measure in _OF_GROUPS:
        assert group is not None
        return [_OF_GROUPS[measure](runs[start : start + group]) for start in range(0, len(runs), group)]
    steps = re.fullmatch(r"steps to (\d+) %", measure)
    if steps:
        return [_steps_to(run, int(steps[1]) / 100) for run in runs]
    if measure not in _OF_RUNS:
        raise ValueError(f"there is no measure `{measure}`; there are {', '.join((*_OF_RUNS, *_OF_GROUPS))}")
    return [_OF_RUNS[measure](run) for run in runs]


def shown(measure: str, value: float | None) -> str:
    """A figure in the form of its measure."""
    if value is None:
        return "none"
    if measure in ("weights", "first lamp") or measure.startswith("steps"):
        return f"{value:,.0f}"
    if measure.endswith("loss"):
        return f"{value:.2g}" if value < 1 else f"{value:.2f}"
    return f"{value:.1f}"


class Answers(NamedTuple):
    """Of a window of trials, behind its last: how many were answered rightly, wrongly, and not at all."""

    trial: int
    right: float
    wrong: float
    none: float


def answers(runs: Sequence[Run], window: int = 50) -> list[Answers]:
    """The mean over runs of a perceptron's answers, trial by trial.

    The loss of a trial is theta - y s where y s <= theta, and 0 beyond: 0 is a right answer, up to 2 theta none.
    """
    found = []
    per_run = [[row["loss"] for row in run.rows() if row["loss"] is not None] for run in runs]
    thetas = [_theta(run) for run in runs]
    for start in range(0, len(per_run[0]), window):
        right = wrong = none = 0
        for losses, theta in zip(per_run, thetas, strict=True):
            for loss in losses[start : start + window]:
                right, wrong, none = (
                    right + (loss == 0),
                    wrong + (loss > 2 * theta),
                    none + (0 < loss <= 2 * theta),
                )
        found.append(Answers(start + window, *(count / len(runs) for count in (right, wrong, none))))
    return found


def _theta(run: Run) -> float:
    from netdsl.recipe.losses import Perceptron
    from netdsl.training.fitting import recipe_from

    loss = recipe_from(run.about["recipe"]).loss
    assert isinstance(loss, Perceptron)
    return loss.theta


def _judged(column: str, times: float = 1.0, plus: float = 0.0) -> Callable[[Run], float | None]:
    def last(run: Run) -> float | None:
        values = [row[column] for row in run.rows() if row[column] is not None]
        return plus + times * values[-1] if values and values[-1] is not None else None

    return last


def _training_loss(run: Run) -> float | None:
    """Rows are means since the row before: the last of them that cover so many steps."""
    total = steps = 0.0
    before = [0.0, *(row["step"] or 0.0 for row in run.rows() if row["loss"] is not None)]
    rows = [row for row in run.rows() if row["loss"] is not None]
    for row, start in zip(reversed(rows), reversed(before[:-1]), strict=True):
        own = (row["step"] or 0.0) - start
        total, steps = total + own * (row["loss"] or 0.0), steps + own
        if steps >= LAST:
            break
    return total / steps if steps else None


def _steps_to(run: Run, share: float) -> float | None:
    return next((row["step"] for row in run.rows() if row["top1"] is not None and row["top1"] >= share), None)


def _first_lamp(run: Run) -> float | None:
    theta = _theta(run)
    losses = ((row["step"], row["loss"]) for row in run.rows())
    return next((step for step, loss in losses if loss is not None and (loss == 0 or loss > 2 * theta)), None)


def _accuracy_together(runs: Sequence[Run], crops: str = "1") -> float:
    from netdsl.backends.torch import build, load_weights
    from netdsl.training.fitting import data_for, recipe_from
    from netdsl.training.judging import judge

    about, network = runs[0].about, runs[0].network
    recipe = recipe_from(about["recipe"])
    data = data_for(about["asked"], network, recipe)
    models = [load_weights(build(network), str(run.weights)) for run in runs]
    found = judge(network, models, recipe, data, crops).top1
    assert found is not None
    return 100 * found


def _members(runs: Sequence[Run]) -> float:
    return sum(_accuracy_together([run]) for run in runs) / len(runs)


_OF_RUNS: dict[str, Callable[[Run], float | None]] = {
    "accuracy": _judged("top1", 100.0),
    "error": _judged("top1", -100.0, 100.0),
    "accuracy with 10 crops": lambda run: _accuracy_together([run], "10"),
    "training loss": _training_loss,
    "test loss": _judged("test_loss"),
    "first lamp": _first_lamp,
    "weights": lambda run: float(run.about["params"]),
}
_OF_GROUPS: dict[str, Callable[[Sequence[Run]], float | None]] = {"ensemble": _accuracy_together, "members": _members}
