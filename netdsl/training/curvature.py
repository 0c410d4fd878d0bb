"""The diagonal second derivatives of a loss, sent back through a network as LeCun et al. 1998, appendix C, do it.

In place of a gradient, which a layer passes back times its weights, goes a second derivative h, times their squares;
what is off the diagonal, and the curvature of the units themselves, is left out. So for a layer that is linear in its
inputs and in its weights, h is the gradient of the same layer on squared inputs and squared weights (shared weights add
up what each place gives), and for a unit it is h times the square of the slope.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from netdsl.recipe.losses import Loss
from netdsl.training.errors import TrainingError
from netdsl.training.losses import compute

PRODUCTS = {"linear", "conv1d", "conv2d", "conv3d", "mul", "__mul__", "__rmul__"}
"""Linear in each of their inputs."""
UNITS = {"tanh", "sigmoid", "silu", "gelu", "elu", "softplus", "softsign"}
"""From one number to one number."""
POOLS = {"avg_pool1d", "avg_pool2d", "avg_pool3d"}
"""Means of windows."""
SUMS = {
    *("add", "__add__", "__radd__", "sub", "__sub__", "cat", "index_put", "clone", "contiguous", "to", "squeeze"),
    *("view", "reshape", "flatten", "unsqueeze", "transpose", "permute", "pad", "relu", "relu_", "identity", "dropout"),
    *("max_pool1d", "max_pool2d", "max_pool3d", "__getitem__", "index_select", "detach", "__get__", "requires_grad_"),
}
"""What passes on each number as it is, or not at all: squares change nothing."""


class _Squared(torch.autograd.Function):
    """A function whose backward takes second derivatives; `back` gives those of its inputs."""

    @staticmethod
    def forward(ctx: Any, apply: Callable[..., Tensor], back: Callable[..., Any], *given: Tensor) -> Tensor:
        ctx.function, ctx.rule = apply, back
        ctx.save_for_backward(*given)
        return apply(*given)

    @staticmethod
    def backward(ctx: Any, *second: Tensor) -> Any:
        given = [each.detach() for each in ctx.saved_tensors]
        with torch.enable_grad():
            return None, None, *ctx.rule(ctx.function, given, second[0])


def _product(apply: Callable[..., Tensor], given: list[Tensor], second: Tensor) -> Any:
    squares = [each.square().requires_grad_() for each in given]
    return torch.autograd.grad(apply(*squares), squares, second)


def _unit(apply: Callable[..., Tensor], given: list[Tensor], second: Tensor) -> Any:
    where = given[0].requires_grad_()
    (slope,) = torch.autograd.grad(apply(where).sum(), where)
    return [slope.square() * second]


class _SecondDerivatives(TorchFunctionMode):
    """While it is on, what is computed passes back second derivatives. Raises `TrainingError` for what it cannot."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        back = _product if name in PRODUCTS else _unit if name in UNITS else None
        if name in POOLS:
            return self._pooled(func, args, kwargs)
        if back is None:
            found = func(*args, **kwargs)
            if isinstance(found, Tensor) and found.grad_fn is not None and name not in SUMS:
                raise TrainingError(
                    f"`levenberg_marquardt` does not know the second derivatives of {name}", "take `sgd` or `adam`"
                )
            return found
        args = tuple(torch.as_tensor(each) if name in PRODUCTS and isinstance(each, float) else each for each in args)
        places = [place for place, each in enumerate(args) if isinstance(each, Tensor)]

        def apply(*given: Tensor) -> Tensor:
            filled = list(args)
            for place, each in zip(places, given, strict=True):
                filled[place] = each
            with torch._C.DisableTorchFunction():
                made: Tensor = func(*filled, **kwargs)
            return made

        return _Squared.apply(apply, back, *(args[place] for place in places))

    @staticmethod
    def _pooled(func: Any, args: Any, kwargs: Any) -> Tensor:
        """A mean has the squares 1 / n^2: the mean times the square root of its second derivatives' share, 1 / n."""
        size = args[1] if isinstance(args[1], tuple) else (args[1],) * (args[0].ndim - 2)
        count = kwargs.get("divisor_override") or prod(size)

        def apply(x: Tensor) -> Tensor:
            with torch._C.DisableTorchFunction():
                made: Tensor = func(x, *args[1:], **kwargs)
            return made

        def back(apply: Callable[..., Tensor], given: list[Tensor], second: Tensor) -> Any:
            where = given[0].requires_grad_()
            return [each / count for each in torch.autograd.grad(apply(where), where, second)]

        found: Tensor = _Squared.apply(apply, back, args[0])
        return found


class _Reached(Exception):
    """The radial basis functions are reached, with this value."""

    def __init__(self, value: Tensor):
        super().__init__()
        self.value = value


def _exact(loss: Loss, head: nn.Module, values: Tensor, labels: Tensor) -> Tensor:
    """The second derivative of a batch's loss for each of N x K values, none below zero."""
    with torch.enable_grad():
        values = values.requires_grad_()
        (slopes,) = torch.autograd.grad(compute(loss, head(values), labels), values, create_graph=True)
        columns: Sequence[Tensor] = tuple(slopes.sum(0)) if slopes.requires_grad else ()
        found = [torch.autograd.grad(each, values, retain_graph=True)[0][:, k] for k, each in enumerate(columns)]
    return torch.stack(found, 1).clamp(min=0) if found else torch.zeros_like(values)


def _stop(_: nn.Module, given: tuple[Tensor, ...]) -> None:
    raise _Reached(given[0])


def curvature(model: nn.Module, loss: Loss, images: Tensor, labels: Tensor) -> dict[nn.Parameter, Tensor]:
    """For each weight that is trained, the second derivative of the loss of N images, never below zero.

    It begins with the exact ones of the loss for each output, or, where outputs are distances, for each input of the
    radial basis functions. Raises `TrainingError` where the network has functions that it does not know.
    """
    last = [part for part in model.modules() if type(part).__name__ == "RBF"] if loss.nearest else []
    hooks = [part.register_forward_pre_hook(_stop) for part in last]
    try:
        with torch.enable_grad(), _SecondDerivatives():
            root = model(images)
    except _Reached as reached:
        root = reached.value
    finally:
        for hook in hooks:
            hook.remove()
    seed = _exact(loss, last[0] if last else nn.Identity(), root.detach(), labels)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    found = torch.autograd.grad(root, weights, seed, allow_unused=True)
    return {
        weight: torch.zeros_like(weight) if each is None else each for weight, each in zip(weights, found, strict=True)
    }
