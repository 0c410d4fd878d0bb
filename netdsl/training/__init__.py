"""Recipe, data and network to a trained network: the loop is Lightning's, what papers and specs say is ours.

    netdsl.training.fit(netdsl.load("lenet5_modern"), "digits")

`fit` does what `netdsl train` does; `Task` is the LightningModule in it, for a Trainer of one's own. In the order of
reading: `data/` (what `--data` names), `transforms` (the recipe's augmentation), `loader` (batches in an order that
follows from the seed), `losses`, `optimizers`, `task`, `loaders` (the batches of a run), `run` (its folder),
`callbacks`, `engine` (Lightning's Trainer), `fitting`, `finding` (a learning rate), and `judging`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.training.data import Data
    from netdsl.training.engine import Options
    from netdsl.training.errors import TrainingError
    from netdsl.training.fitting import Result, fit, resume
    from netdsl.training.task import Task

_HOMES = {
    "Data": "data",
    "Options": "engine",
    "Result": "fitting",
    "Task": "task",
    "TrainingError": "errors",
    "fit": "fitting",
    "resume": "fitting",
}

__all__ = ["Data", "Options", "Result", "Task", "TrainingError", "fit", "resume"]


def __getattr__(name: str) -> Any:
    """Import a part when it is first used: Lightning takes seconds to load."""
    if name not in _HOMES:
        raise AttributeError(f"module 'netdsl.training' has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
