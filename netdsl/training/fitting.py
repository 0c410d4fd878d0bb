"""The whole way: a network, data and a recipe to a trained network and the folder of its run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.pytorch.callbacks import Callback
from torch import nn
from torch.multiprocessing.spawn import ProcessException

from netdsl.backends.purpose.write_training import told
from netdsl.backends.torch import build
from netdsl.elaborate.evaluator import Evaluator
from netdsl.elaborate.recipe import recipe
from netdsl.ir import Network
from netdsl.recipe import Recipe
from netdsl.syntax import parse, tree
from netdsl.text.diagnostics import Report, SpecError
from netdsl.text.source import Source
from netdsl.training import run as runs
from netdsl.training.budget import built, plan_for
from netdsl.training.callbacks import Bar, Keep, Lines, Renormalize, Rows
from netdsl.training.data import Data, check_labels, open_data
from netdsl.training.engine import Options, check_shared, loggers, trainer
from netdsl.training.errors import TrainingError
from netdsl.training.loaders import Length, Loaders, share
from netdsl.training.run import Run
from netdsl.training.task import Task, classes_of, gives_map
from netdsl.training.weights import belongs, load, of_model


@dataclass(frozen=True)
class Result:
    """What came of a run: its folder, the trained module, and the last figures (accuracies are shares)."""

    folder: Path
    model: nn.Module
    figures: Mapping[str, float | None]
    stopped: bool = False


def fit(
    network: Network,
    data: str | Data = "digits",
    recipe: Recipe | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    options: Options | None = None,
    callbacks: Sequence[Callback] = (),
) -> Result:
    """Train a network by its recipe (or another), as `netdsl train` does.

    `data` is what `--data` names, or a `netdsl.training.Data` of one's own; `out` the folder of the run, `runs/NAME-N`
    by default; `callbacks` are Lightning's, beside those of the run. Raises `TrainingError` for what does not fit
    together.
    """
    recipe = recipe or Recipe.of(network.train)
    options = options or Options()
    opened = data_for(data, network, recipe)
    folder = Path(out) if out is not None else runs.free_folder(Path("runs"), stem(network))
    asked = {"asked": opened.name if isinstance(data, Data) else data, "options": vars(options)}
    ready = _ready(network, opened, recipe, options, anew=True)
    run = runs.begin(folder, network, recipe, opened, asked, ready.source) if first() else Run(folder)
    return _trained(ready, run, options, resumed=False, callbacks=callbacks)


def resume(folder: str | os.PathLike[str], options: Options | None = None, *, data: str | Data | None = None) -> Result:
    """Go on with a run that was stopped, from its last checkpoint: it ends with the weights of one that was not.

    `data` is the run's own, which must be given again where it was no name.
    """
    run = Run(Path(folder))
    about = run.about
    network = run.network
    recipe = recipe_from(about["recipe"])
    opened = data_for(about["asked"] if data is None else data, network, recipe)
    if not run.checkpoint.exists():
        raise TrainingError(
            f"'{run.folder}' has no checkpoint to go on from",
            "it was stopped before the first; begin anew with `netdsl train`",
        )
    kept = {name: value for name, value in about["options"].items() if value is not None}
    kept |= {name: tuple(kept.get(name, ())) for name in ("ignore", "freeze")}
    options = options or Options(**kept)
    return _trained(_ready(network, opened, recipe, options, anew=False), run, options, resumed=True)


def data_for(data: str | Data, network: Network, recipe: Recipe) -> Data:
    """What `--data` names, or data of one's own, held against a network. Raises `TrainingError`."""
    shape, classes = demanded(network)
    if isinstance(data, str):
        return open_data(data, shape, classes, recipe.seed, gives_map(network))
    check_labels(data, gives_map(network))
    return data


def recipe_from(text: str) -> Recipe:
    """A recipe from its text, `train(...)`, whose network is elsewhere. Raises `SpecError`."""
    report = Report()
    statement = next(iter(parse(Source("recipe.net", text), report).statements), None)
    setting = recipe(statement, Evaluator({}), report) if isinstance(statement, tree.Train) else None
    if report.errors:
        raise SpecError(report)
    return Recipe.of(setting)


def demanded(network: Network) -> tuple[tuple[int, ...], int]:
    """The input and the number of outputs of a network that tells classes apart, of images or of their pixels.

    Raises `TrainingError` for others.
    """
    task = next((each.value for each in network.reported if each.quantity == "task"), None)
    if task in OUTSIDE:
        raise TrainingError(f"{network.name} is for {task}, which is outside of `netdsl train`", _OF_ONES_OWN)
    if len(network.inputs) != 1:
        raise TrainingError(f"{network.name} has {len(network.inputs)} inputs; images go into one")
    shape = network.output
    given = network.inputs[0].shape
    if shape is None or (gives_map(network) and not (len(shape) == len(given) == 3)):
        raise TrainingError(
            f"{network.name} gives {'x'.join(map(str, shape or ()))}, no scores of classes", _OF_ONES_OWN
        )
    if gives_map(network) and not _reduced(given[1:], shape[1:]):
        takes, gives = ("x".join(map(str, each[1:])) for each in (given, shape))
        raise TrainingError(
            f"{network.name} gives a map of {gives} for an image of {takes}: neither its size nor a part of it",
            "pad its convolutions (`pad=same`), or crop masks as it does under a Trainer of your own",
        )
    return given, shape[0]


OUTSIDE = ("detection", "generation", "audio", "control")
"""Tasks of specs that `netdsl train` has no data, loss and measure for."""
_OF_ONES_OWN = (
    "`netdsl train` is for classification and segmentation; train others in a loop of your own: `netdsl.build(network)`"
)


def _reduced(given: Sequence[int], made: Sequence[int]) -> bool:
    """Whether a map has the image's size, or this divided by a whole number, rounded down or up."""
    return any(
        all(small in (size // stride, -(-size // stride)) for size, small in zip(given, made, strict=True))
        for stride in range(1, 65)
    )


def stem(network: Network) -> str:
    """A name for the folder of its runs."""
    name = network.name + (f"-{network.variant}" if network.variant else "")
    return "".join(each if each.isalnum() or each in "-_." else "-" for each in name).lower()


def first() -> bool:
    """Whether this is the process that writes: Lightning starts others as copies of it."""
    return int(os.environ.get("LOCAL_RANK", "0")) == 0 and int(os.environ.get("RANK", "0")) == 0


@dataclass(frozen=True)
class _Ready:
    """All that training needs but a folder: what does not fit together is refused before there is one. `source` is that
    of a module that is not the plain one."""

    network: Network
    recipe: Recipe
    model: nn.Module
    task: Task
    loaders: Loaders
    length: Length
    source: str | None


def _ready(network: Network, data: Data, recipe: Recipe, options: Options, *, anew: bool) -> _Ready:
    check_shared(recipe, options)
    plan = plan_for(network, recipe, options)
    torch.default_generator.manual_seed(recipe.seed)
    model, source = built(network, plan)
    if options.weights is not None and anew:
        load(model, network, options.weights, options.ignore)
    _freeze(network, model, options.freeze)
    length = Length(recipe, len(data.train))
    task = Task(
        network,
        recipe,
        torch.compile(model) if options.compile else model,  # type: ignore[arg-type]
        steps_per_epoch=length.per_epoch,
        steps=length.steps,
        channels_last=options.channels_last,
    )
    loaders = Loaders(task, data, recipe, classes_of(network), length, options.accumulate, options.workers)
    share(recipe, options.world, options.accumulate)
    if plan is not None and not options.quiet and first():
        print(told(plan), file=sys.stderr)
    return _Ready(network, recipe, model, task, loaders, length, source)


def _trained(ready: _Ready, run: Run, options: Options, *, resumed: bool, callbacks: Sequence[Callback] = ()) -> Result:
    recipe, length = ready.recipe, ready.length
    rows = Rows(
        run,
        options.row_every or length.row_every,
        recipe.batch // options.accumulate,
        length.per_epoch,
        loggers(run.folder),
    )
    seen: list[Callback] = [rows, *callbacks]
    if recipe.filter_rms is not None:
        seen.insert(0, Renormalize(recipe.filter_rms))
    if not options.quiet:
        seen.append(Bar(rows) if sys.stderr.isatty() else Lines(rows))
    if recipe.ema is not None:
        from lightning.pytorch.callbacks import EMAWeightAveraging

        seen.append(EMAWeightAveraging(decay=recipe.ema))
    engine = trainer(recipe, options, length, [*seen, Keep(run, options.save_every)])
    if resumed and first():
        last = torch.load(run.checkpoint, map_location="cpu", weights_only=True)
        belongs(last, ready.network, run.checkpoint)
        run.cut(int(last["global_step"]))
    _note(run, "running")
    path = str(run.checkpoint) if resumed else None
    try:
        engine.fit(ready.task, datamodule=ready.loaders, ckpt_path=path, weights_only=True)
    except (ProcessException, RuntimeError) as problem:
        _note(run, "failed")
        lost = engine.world_size > 1 and _is_lost(problem)
        if not lost and not isinstance(problem, ProcessException):
            raise
        raise _died("it does not answer any more" if lost else str(problem), run) from None
    except BaseException as problem:
        with suppress(OSError):  # where there is no room left, that is what is told
            _note(run, "failed" if isinstance(problem, Exception) else "stopped")
        raise
    if not engine.is_global_zero:  # the folder is the first process's
        return Result(run.folder, ready.model, {}, engine.global_step < length.steps)
    model = build(ready.network, init=False) if options.shard else ready.model  # which holds a share of the weights
    _finish(run, model, length.steps)
    figures = next((row for row in reversed(run.rows()) if row["test_loss"] is not None), {})
    return Result(run.folder, model, figures, run.about["state"] == "stopped")


def _note(run: Run, state: str) -> None:
    """How it stands with a run; one of its processes says so."""
    if first():
        run.note(state=state)


def _is_lost(problem: Exception) -> bool:
    """Whether the others of several processes cannot be reached: gloo has no error of its own for it."""
    return isinstance(problem, torch.distributed.DistError) or "gloo/transport" in str(problem)


def _died(problem: str, run: Run) -> TrainingError:
    """What a process of several died of. What it raised comes with its traceback in front."""
    _, raised, told = problem.rpartition("TrainingError: ")
    if raised:
        message, _, help = told.strip().partition("\nhelp: ")
        return TrainingError(message, help or None)
    last = next((line for line in reversed(problem.splitlines()) if line.strip()), "")
    way_out = f"go on with it: `netdsl train --resume {run.folder}`" if run.checkpoint.exists() else None
    return TrainingError(f"a process of the run died: {last}", way_out)


def _finish(run: Run, model: nn.Module, steps: int) -> None:
    """What is left to do when the steps are over, or were stopped.

    All is read from the last checkpoint, since the steps may have been another process's: the weights (with `ema` their
    average) go into `model` too.
    """
    from netdsl.training.curve import draw

    last = torch.load(run.checkpoint, map_location="cpu", weights_only=True)
    over = last["global_step"] >= steps
    if over:
        model.load_state_dict(of_model(last))
        run.save_weights(model.state_dict())
    rows = run.rows()
    draw(rows, run.folder / "curve.svg", run.about["name"])
    result = next((row for row in reversed(rows) if row["test_loss"] is not None), {})
    run.note(state="finished" if over else "stopped", step=last["global_step"], result=result)


def _freeze(network: Network, model: nn.Module, labels: tuple[str, ...]) -> None:
    """Keep the weights under these labels as they are."""
    from netdsl.text.diagnostics import did_you_mean

    for label in labels:
        part = network.named.get(label)
        inside = dict(model.named_modules())
        module = inside.get(part.path) if part is not None else inside.get(label)
        if module is None:
            raise TrainingError(
                f"--freeze: the network has no part `{label}`", did_you_mean(label, tuple(network.named))
            )
        module.requires_grad_(False)
