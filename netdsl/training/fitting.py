"""The whole way: a network, data and a recipe to a trained network and the folder of its run."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn

from netdsl.backends.torch import build, load_weights
from netdsl.ir import Network
from netdsl.recipe import Recipe
from netdsl.training import run as runs
from netdsl.training.callbacks import Bar, Keep, Lines, Rows, SafeFiles
from netdsl.training.data import Data, open_data
from netdsl.training.errors import TrainingError
from netdsl.training.loaders import Length, Loaders
from netdsl.training.run import Run
from netdsl.training.task import Task, classes_of


@dataclass(frozen=True)
class Options:
    """How and where to train, beside the recipe.

    - `devices`, `nodes`, `precision`: Lightning's.
    - `accumulate`: the gradients of so many smaller batches make one step.
    - `save_every`: a checkpoint every so many steps; None chooses so that it costs about a hundredth of the time.
    - `weights`: start from these; `freeze` are labels whose weights are not trained.
    - `row_every`: a row of metrics every so many steps; None: once an epoch, and every 50 steps.
    - `workers`: processes that decode and augment; None chooses by the data and the machine.
    """

    devices: int | str = 1
    nodes: int = 1
    precision: str = "32-true"
    accumulate: int = 1
    channels_last: bool = False
    compile: bool = False
    save_every: int | None = None
    weights: str | None = None
    freeze: tuple[str, ...] = ()
    quiet: bool = False
    workers: int | None = None
    row_every: int | None = None


@dataclass(frozen=True)
class Result:
    """What came of a run: its folder, the trained module, and the last figures (accuracies are shares)."""

    folder: Path
    model: nn.Module
    figures: Mapping[str, float | None]
    stopped: bool = False


def fit(
    network: Network,
    data: str = "digits",
    recipe: Recipe | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    options: Options | None = None,
    callbacks: Sequence[Callback] = (),
) -> Result:
    """Train a network on `data` by its recipe (or another), as `netdsl train` does.

    `out` is the folder of the run, `runs/NAME-N` by default; `callbacks` are Lightning's, beside those of the run.
    Raises `TrainingError` for what does not fit together.
    """
    recipe = recipe or Recipe.of(network.train)
    options = options or Options()
    shape, classes = demanded(network)
    opened = open_data(data, shape, classes, recipe.seed)
    folder = Path(out) if out is not None else runs.free_folder(Path("runs"), stem(network))
    asked = {"asked": data, "options": vars(options)}
    run = runs.begin(folder, network, recipe, opened, asked) if _first() else Run(folder)
    return _trained(network, opened, recipe, run, options, resumed=False, callbacks=callbacks)


def resume(folder: str | os.PathLike[str], options: Options | None = None) -> Result:
    """Go on with a run that was stopped, from its last checkpoint: it ends with the weights of one that was not."""
    run = Run(Path(folder))
    about = run.about
    network = run.network
    recipe = recipe_from(about["recipe"])
    shape, classes = demanded(network)
    data = open_data(about["asked"], shape, classes, recipe.seed)
    if not run.checkpoint.exists():
        raise TrainingError(
            f"'{run.folder}' has no checkpoint to go on from",
            "it was stopped before the first; begin anew with `netdsl train`",
        )
    kept = {name: value for name, value in about["options"].items() if value is not None}
    kept["freeze"] = tuple(kept.get("freeze", ()))
    return _trained(network, data, recipe, run, options or Options(**kept), resumed=True)


def recipe_from(text: str) -> Recipe:
    """A recipe from its text, `train(...)`."""
    from netdsl.compiler import loads

    return Recipe.of(loads(f"input 1\nidentity\n{text}\n", name="recipe.net").train)


def demanded(network: Network) -> tuple[tuple[int, ...], int]:
    """The input and the number of outputs of a network that tells classes apart. Raises `TrainingError` for others."""
    if len(network.inputs) != 1:
        raise TrainingError(f"{network.name} has {len(network.inputs)} inputs; images go into one")
    shape = network.output
    if shape is None or any(size != 1 for size in shape[1:]):
        raise TrainingError(
            f"{network.name} gives {'x'.join(map(str, shape or ()))}, no scores of classes",
            "`netdsl train` is for classification; `netdsl.training.Task` trains others under a Trainer of your own",
        )
    return network.inputs[0].shape, shape[0]


def stem(network: Network) -> str:
    """A name for the folder of its runs."""
    name = network.name + (f"-{network.variant}" if network.variant else "")
    return "".join(each if each.isalnum() or each in "-_." else "-" for each in name).lower()


def _first() -> bool:
    """Whether this is the process that writes: Lightning starts others as copies of it."""
    return int(os.environ.get("LOCAL_RANK", "0")) == 0 and int(os.environ.get("RANK", "0")) == 0


def _trained(
    network: Network,
    data: Data,
    recipe: Recipe,
    run: Run,
    options: Options,
    *,
    resumed: bool,
    callbacks: Sequence[Callback] = (),
) -> Result:
    torch.default_generator.manual_seed(recipe.seed)
    model = build(network)
    if options.weights is not None and not resumed:
        load_weights(model, options.weights)
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
    rows = Rows(
        run, options.row_every or length.row_every, recipe.batch // options.accumulate, length.per_epoch, _loggers(run)
    )
    seen: list[Callback] = [rows, *callbacks]
    if not options.quiet:
        seen.append(Bar(rows) if sys.stderr.isatty() else Lines(rows))
    if recipe.ema is not None:
        from lightning.pytorch.callbacks import EMAWeightAveraging

        seen.append(EMAWeightAveraging(decay=recipe.ema))
    engine = trainer(recipe, options, length, [*seen, Keep(run, options.save_every)])
    if resumed and _first():
        run.cut(int(torch.load(run.checkpoint, map_location="cpu", weights_only=True)["global_step"]))
    run.note(state="running")
    try:
        engine.fit(task, datamodule=loaders, ckpt_path=str(run.checkpoint) if resumed else None, weights_only=True)
    except BaseException as problem:
        run.note(state="failed" if isinstance(problem, Exception) else "stopped")
        raise
    if engine.is_global_zero:
        _finish(run, model, length.steps)
    figures = next((row for row in reversed(run.rows()) if row["top1"] is not None), {})
    return Result(run.folder, model, figures, run.about["state"] == "stopped")


def _finish(run: Run, model: nn.Module, steps: int) -> None:
    """What is left to do when the steps are over, or were stopped.

    All is read from the last checkpoint, since the steps may have been another process's: the weights (with `ema` their
    average) go into `model` too.
    """
    from netdsl.training.curve import draw

    last = torch.load(run.checkpoint, map_location="cpu", weights_only=True)
    over = last["global_step"] >= steps
    if over:
        own = {name: tensor for name, tensor in last["state_dict"].items() if name.startswith("model.")}
        model.load_state_dict({name.removeprefix("model.").removeprefix("_orig_mod."): own[name] for name in own})
        run.save_weights(model.state_dict())
    rows = run.rows()
    draw(rows, run.folder / "curve.svg", run.about["name"])
    result = next((row for row in reversed(rows) if row["top1"] is not None), {})
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


def _loggers(run: Run) -> list[Any]:
    """TensorBoard's, where it is installed."""
    try:
        import tensorboard  # noqa: F401
    except ModuleNotFoundError:
        return []
    from lightning.pytorch.loggers import TensorBoardLogger

    return [TensorBoardLogger(str(run.folder), name="", version="tensorboard")]


def trainer(recipe: Recipe, options: Options, length: Length, callbacks: list[Callback]) -> lightning.Trainer:
    """Lightning's Trainer as the options say. Under torchrun and SLURM the processes are theirs."""
    devices, nodes, launched = options.devices, options.nodes, "SLURM_PROCID" in os.environ
    if "TORCHELASTIC_RUN_ID" in os.environ:
        launched, devices = True, int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // devices
    cpu = not torch.cuda.is_available()
    strategy = "auto"
    if launched or devices not in (1, "1") or nodes > 1:
        strategy = "ddp_fork" if cpu and not launched else "ddp"
    warnings.filterwarnings("ignore", module="lightning")
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if not cpu:  # deterministic kernels; but to fill memory that is written anyway only costs time
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    return lightning.Trainer(
        accelerator="cpu" if cpu else "auto",
        devices=devices,
        num_nodes=nodes,
        precision=options.precision,  # type: ignore[arg-type]
        strategy=strategy,
        deterministic=None if cpu else "warn",
        max_steps=length.steps,
        max_epochs=-1,
        accumulate_grad_batches=options.accumulate,
        gradient_clip_val=recipe.clip,
        callbacks=callbacks,
        plugins=[SafeFiles()],
        logger=False,
        enable_checkpointing=any(isinstance(each, Keep) for each in callbacks),
        enable_progress_bar=any(isinstance(each, Bar) for each in callbacks),
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )
