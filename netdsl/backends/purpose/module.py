"""A compiled plan as a live module: its emitted text, executed, with weights that the plain module takes too."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from netdsl.backends.purpose import write_training
from netdsl.backends.purpose.training import planned
from netdsl.backends.purpose.write import write
from netdsl.backends.torch import module
from netdsl.backends.torch.weights import RELOADED, load_weights
from netdsl.ir import Network
from netdsl.text.amounts import memory

if TYPE_CHECKING:
    import torch
    from torch import nn


def build(
    network: Network,
    weights: Any = None,
    probabilities: bool = False,
    *,
    target: str = "any",
    batch: int | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> nn.Module:
    """The network as a module that answers, and does not train, for a target: `any` device, or `cpu`.

    `weights` are what `load_weights` takes for the plain module; without, they are drawn as the plain module draws
    them. They are copied, so the module is independent of them. For `cpu`, they are packed for a `batch` of so many
    (one unless given) inputs of the network's size; other sizes are answered too, more slowly. Such a module stays on
    the CPU in float32, and is made anew where a copy is wanted: packed weights can be neither copied nor saved.

    Raises `WeightsError` where the weights are not those of the network, `ValueError` for a device or a dtype that
    the target does not have.
    """
    if target == "cpu" and (str(device or "cpu") != "cpu" or dtype is not None):
        raise ValueError("target `cpu` is for float32 on the CPU: leave out `device` and `dtype`")
    if target != "cpu" and batch is not None:
        raise ValueError("`batch` is for target `cpu`, whose weights are packed for it")
    import torch

    name, text = write(network, probabilities, target)
    plain = module.build(network, probabilities, init=weights is None)
    if weights is not None:
        load_weights(plain, weights)
    loaded = module.load(text, network.name)
    chosen: dict[str, Any] = {} if batch is None or not accepts(text, "batch") else {"batch": batch}
    if accepts(text, "layout") and _planes(device, dtype):
        chosen["layout"] = torch.contiguous_format
    made: nn.Module = getattr(loaded, name)(plain.state_dict(), **chosen)
    made.to(device=device, dtype=dtype)
    RELOADED[made] = partial(_reload, network, probabilities, chosen)
    return made


def trained(
    network: Network, probabilities: bool = False, batch: int | None = None, budget: str | int | None = None
) -> tuple[str, str]:
    """The name of the class for training in a budget ("8GB", or bytes) with batches of so many, and its source.

    Without a budget, values that cost next to nothing are computed again, and nothing else. Raises `BudgetError` where
    the budget cannot be met, `ValueError` for what is no amount of memory.
    """
    most = None if budget is None else memory(budget)
    return write_training.write(planned(network, batch or 1, most, probabilities), probabilities)


def _reload(
    network: Network,
    probabilities: bool,
    chosen: dict[str, Any],
    model: nn.Module,
    load: Callable[[nn.Module], object],
    init: bool,
) -> None:
    """Make a module anew, with the weights that `load` gives a plain one; its initial values are drawn if `init`."""
    import torch

    plain = module.build(network, probabilities, init=init)
    load(plain)
    kept = next(itertools.chain(model.buffers(), model.parameters()), torch.empty(0))
    model.__init__(plain.state_dict(), **chosen)  # type: ignore[misc]
    model.to(device=kept.device, dtype=kept.dtype)


def accepts(text: str, name: str) -> bool:
    """Whether the constructor of an emitted text takes an argument of this name."""
    return re.search(rf"def __init__\(self, state: State[^)]*\b{name}: ", text) is not None


def _planes(device: torch.device | str | None, dtype: torch.dtype | None) -> bool:
    """Whether maps are computed faster plane by plane: on a GPU in float32, which its tensor cores do not take."""
    import torch

    return device is not None and torch.device(device).type == "cuda" and dtype in (None, torch.float32)
