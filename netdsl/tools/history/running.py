"""The runs of an experiment, each kept by its inputs: what was trained before is not trained again.

The data are an input too. Those of the experiments come with netdsl, so they are told by the code that makes them.
"""

from __future__ import annotations

import ast
import hashlib
import shutil
import sys
from functools import cache
from typing import TYPE_CHECKING

from netdsl.passes.hash import digest
from netdsl.tools.history.experiments import ROOT, SPECS, Case, Experiment

if TYPE_CHECKING:
    from netdsl.training.run import Run

KEPT = ROOT / "build" / "history"
"""Where runs are kept."""
DATA = ROOT / "netdsl" / "training" / "data"
"""The code of the sets of data: a file for each, but for those that are drawn (`toys`)."""

Runs = dict[Case, list["Run"]]
"""The runs of each case, in the order of the seeds."""


def key(experiment: Experiment, case: Case, seed: int) -> str:
    """What tells these inputs from others: the network, how it is drawn and trained, and the data."""
    network, recipe = case.network(seed)
    text = (SPECS / case.spec.partition(":")[0]).read_text("utf-8")
    said = (digest(network), text, recipe.text, case.data, origin(case.data))
    return _short(*said, str(experiment.row_every), str(experiment.frames))


@cache
def origin(data: str) -> str:
    """What tells a set of data from that of another code: a comment, a docstring or a line break makes no other."""
    name = data.partition(":")[0]
    own = [path for path in (DATA / f"{name}.py", DATA / f"{name}.npz") if path.exists()] or [DATA / "toys.py"]
    found = hashlib.sha256()
    for path in (DATA / "data.py", *own):
        code = path.suffix == ".py"
        found.update(repr(_said(ast.parse(path.read_text("utf-8")))).encode() if code else path.read_bytes())
    return found.hexdigest()


def _said(node: object) -> object:
    """What a piece of Python says, in the same words under every version of Python."""
    if isinstance(node, list):
        return [
            _said(each) for each in node if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        ]
    if not isinstance(node, ast.AST):
        return node
    fields = ((name, _said(value)) for name, value in ast.iter_fields(node))
    return type(node).__name__, *(field for field in fields if field[1] not in (None, []))


def _short(*said: str) -> str:
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:12]


def stamp(experiment: Experiment) -> str:
    """What tells this experiment from one with other inputs."""
    keys = [key(experiment, case, seed) for case in experiment.cases for seed in experiment.seeds]
    return _short(*keys, *experiment.measures, *(case.name for case in experiment.cases), str(experiment.group))


def run(experiment: Experiment) -> Runs:
    """Train what is not trained yet."""
    return {case: [_run(experiment, case, seed) for seed in experiment.seeds] for case in experiment.cases}


def _run(experiment: Experiment, case: Case, seed: int) -> Run:
    from netdsl.training.engine import Options
    from netdsl.training.fitting import fit
    from netdsl.training.plane import kept_frames
    from netdsl.training.run import Run

    folder = KEPT / f"{experiment.name}-{key(experiment, case, seed)}"
    done = Run(folder)
    if (folder / "run.json").exists() and done.about["state"] == "finished":
        return done
    shutil.rmtree(folder, ignore_errors=True)
    network, recipe = case.network(seed)
    print(f"{experiment.name}: {case.name}{f', {case.value}' if case.value else ''}, seed {seed}", file=sys.stderr)
    looking = [kept_frames(network, case.data, recipe, experiment.frames, folder)] if experiment.frames else []
    options = Options(quiet=True, row_every=experiment.row_every)
    fit(network, case.data, recipe, out=folder, options=options, callbacks=looking)
    return done
