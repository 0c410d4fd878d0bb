"""A step in a budget of memory (`--budget`): the plan that a network is trained by, for a device's share of a batch.

The module is the one of `netdsl compile --for training`: weights, results, gradients and masks are the plain module's
to the last bit, and a checkpoint of one goes on in the other.
"""

from __future__ import annotations

from torch import nn

from netdsl.backends.purpose.training import BudgetError, Plan, planned
from netdsl.backends.purpose.write_training import write
from netdsl.backends.torch.module import build
from netdsl.ir import Network
from netdsl.recipe import Recipe, optimizers
from netdsl.text.amounts import memory
from netdsl.training.engine import Options
from netdsl.training.errors import TrainingError
from netdsl.training.loaders import share


def plan_for(network: Network, recipe: Recipe, options: Options) -> Plan | None:
    """The plan of a step, None where no budget is given. Raises `TrainingError` where none fits it, and for what plans
    are not made for."""
    if options.budget is None:
        return None
    _check(network, recipe, options)
    images = share(recipe, options.world, options.accumulate)
    try:
        return planned(network, images, memory(options.budget))
    except BudgetError as problem:
        parts = _parts(images, problem.fits)
        way_out = f"`--accumulate {options.accumulate * parts}`: {images // parts} at a time" if parts else None
        raise TrainingError(problem.problem, way_out) from None
    except ValueError as problem:
        raise TrainingError(str(problem)) from None


def built(network: Network, plan: Plan | None) -> tuple[nn.Module, str | None]:
    """The module that is trained, and its source where it is not the plain one."""
    text = None if plan is None else write(plan)
    return build(network, text=text), text[1] if text is not None else None


def _parts(images: int, fits: int) -> int:
    """The fewest equal parts of so many images that are no larger than what fits; 0 where nothing does."""
    return next((parts for parts in range(2, images + 1) if images % parts == 0 and images // parts <= fits), 0)


def _check(network: Network, recipe: Recipe, options: Options) -> None:
    made = recipe.optimizer
    if options.compile:
        raise TrainingError("--budget says what is kept in memory, and so does torch.compile", "leave --compile out")
    if options.shard:
        raise TrainingError("--budget counts whole weights, and --shard shares them out", "leave one of them out")
    if options.precision == "64-true":
        raise TrainingError("--budget counts numbers of 32 bits, not of 64", "leave --precision out")
    if isinstance(made, optimizers.LevenbergMarquardt):
        raise TrainingError(f"`{made.name}` asks for more than gradients: --budget is not for it", "take `sgd`")
    if not all(node.op.differentiable for node in network.nodes):
        raise TrainingError(f"{network.name} has layers without gradients: --budget is not for it", "leave it out")
