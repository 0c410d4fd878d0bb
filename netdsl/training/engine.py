"""How and where a run is computed, beside its recipe: the options of `netdsl train`, as Lightning's Trainer."""

from __future__ import annotations

import logging
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.strategies import ModelParallelStrategy, Strategy

from netdsl.recipe import Recipe, optimizers
from netdsl.training.callbacks import Bar, Keep, SafeFiles
from netdsl.training.errors import TrainingError
from netdsl.training.loaders import Length


@dataclass(frozen=True)
class Options:
    """How and where to train, beside the recipe.

    - `devices`, `nodes`, `precision`: Lightning's.
    - `shard`: each device keeps a share of the weights, their gradients and the optimizer's state (FSDP).
    - `budget`: the memory of a step on each device ("8GB", or bytes); what it does not hold is computed again in the
      backward pass, with the same gradients.
    - `accumulate`: the gradients of so many smaller batches make one step.
    - `save_every`: a checkpoint every so many steps; None chooses so that it costs about a hundredth of the time.
    - `weights`: start from these; what `ignore` fits (`fc.*`) is drawn anew all the same. `freeze` are labels whose
      weights are not trained.
    - `row_every`: a row of metrics every so many steps; None: once an epoch, and every 50 steps.
    - `workers`: processes that decode and augment; None chooses by the data and the machine.
    """

    devices: int | str = 1
    nodes: int = 1
    precision: str = "32-true"
    shard: bool = False
    budget: str | int | None = None
    accumulate: int = 1
    channels_last: bool = False
    compile: bool = False
    save_every: int | None = None
    weights: str | None = None
    ignore: tuple[str, ...] = ()
    freeze: tuple[str, ...] = ()
    quiet: bool = False
    workers: int | None = None
    row_every: int | None = None

    @property
    def world(self) -> int:
        """How many processes share a batch out."""
        if "TORCHELASTIC_RUN_ID" in os.environ:
            return int(os.environ["WORLD_SIZE"])
        return self.nodes * (max(torch.cuda.device_count(), 1) if self.devices == "auto" else int(self.devices))


def loggers(folder: Path) -> list[Any]:
    """TensorBoard's, where it is installed."""
    try:
        import tensorboard  # noqa: F401
    except ModuleNotFoundError:
        return []
    from lightning.pytorch.loggers import TensorBoardLogger

    return [TensorBoardLogger(str(folder), name="", version="tensorboard")]


def trainer(recipe: Recipe, options: Options, length: Length, callbacks: list[Callback]) -> lightning.Trainer:
    """Lightning's Trainer as the options say. Under torchrun and SLURM the processes are theirs."""
    devices, nodes, launched = options.devices, options.nodes, "SLURM_PROCID" in os.environ
    if "TORCHELASTIC_RUN_ID" in os.environ:
        launched, devices = True, int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // devices
    cpu = not torch.cuda.is_available()
    strategy: str | Strategy = "auto"
    if options.shard:
        strategy = ModelParallelStrategy(options.world, 1, save_distributed_checkpoint=False)
    elif launched or devices not in (1, "1") or nodes > 1:
        strategy = "ddp_fork" if cpu and not launched else "ddp"
    warnings.filterwarnings("ignore", module="lightning")
    for name in ("lightning.pytorch", "lightning.fabric", "torch.multiprocessing"):
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


def check_shared(recipe: Recipe, options: Options) -> None:
    """Refuse what looks at whole weights where each device has a share of them. Raises `TrainingError`."""
    made = recipe.optimizer
    if not options.shard:
        return
    if isinstance(made, (optimizers.LBFGS, optimizers.LevenbergMarquardt)):
        raise TrainingError(f"`{made.name}` looks at all weights at once, and --shard shares them out", _ALONE)
    if recipe.ema is not None:
        raise TrainingError("`ema` averages whole weights, and --shard shares them out", _ALONE)
    if options.compile:
        raise TrainingError("--compile and --shard do not go together", _ALONE)


_ALONE = "leave --shard out: each device then has all weights (DDP)"
