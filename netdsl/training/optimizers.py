"""The optimizers and schedules of recipes as PyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from netdsl.recipe import Recipe, optimizers
from netdsl.recipe.schedules import Plateau

NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)


class _OneByOne(Optimizer):
    """An optimizer that moves each weight by itself."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, group)
        return loss

    def _move(self, weight: Tensor, group: dict[str, Any]) -> None:
        raise NotImplementedError


class RMSpropTF(_OneByOne):
    """RMSprop as TensorFlow 1 has it: s = decay s + (1 - decay) g^2, beginning at one; v = m v + lr g / sqrt(s + eps);
    w = w - v. The papers' eps=1.0 means that."""

    def __init__(
        self,
        params: Any,
        lr: float,
        decay: float = 0.9,
        eps: float = 1e-10,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ):
        defaults = {"lr": lr, "decay": decay, "eps": eps, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    def _move(self, weight: Tensor, group: dict[str, Any]) -> None:
        gradient = weight.grad
        assert gradient is not None
        if group["weight_decay"]:
            gradient = gradient.add(weight, alpha=group["weight_decay"])
        state = self.state[weight]
        if not state:
            state["square"] = torch.ones_like(weight)
            state["velocity"] = torch.zeros_like(weight)
        state["square"].lerp_(gradient.square(), 1 - group["decay"])
        step = gradient * (state["square"] + group["eps"]).rsqrt() * group["lr"]
        state["velocity"].mul_(group["momentum"]).add_(step)
        weight.sub_(state["velocity"])


class DiagonalLM(_OneByOne):
    """w = w - lr / (mu + h) g, where `measure` has set the second derivatives h; before, they are zero."""

    def __init__(self, params: Any, lr: float, mu: float, samples: int):
        super().__init__(params, {"lr": lr, "mu": mu})
        self.samples = samples

    def measure(self, second: Mapping[nn.Parameter, Tensor]) -> None:
        """Take these second derivatives from now on."""
        for weight, h in second.items():
            self.state[weight]["second"] = h

    def _move(self, weight: Tensor, group: dict[str, Any]) -> None:
        assert weight.grad is not None
        h = self.state[weight].get("second", 0.0)
        weight.sub_(weight.grad / (group["mu"] + h), alpha=group["lr"])


def groups(model: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """The parameters that are trained, those that weight decay leaves alone in a group of their own."""
    exempt: set[int] = set()
    for module in model.modules():
        for name, weight in module.named_parameters(recurse=False):
            norm = "norm" in recipe.no_decay and isinstance(module, NORMS)
            if norm or ("bias" in recipe.no_decay and name.endswith("bias")):
                exempt.add(id(weight))
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    decayed = [weight for weight in trained if id(weight) not in exempt]
    free = [weight for weight in trained if id(weight) in exempt]
    found: list[dict[str, Any]] = [{"params": decayed}] if decayed else []
    return found + ([{"params": free, "weight_decay": 0.0}] if free else [])


def _sgd(o: optimizers.SGD, params: Any, fused: bool) -> Optimizer:
    return torch.optim.SGD(
        params,
        lr=o.lr,
        momentum=o.momentum,
        weight_decay=o.weight_decay,
        nesterov=o.nesterov,
        dampening=o.dampening,
        fused=fused or None,
    )


def _adam(kind: type[torch.optim.Adam]) -> Callable[[Any, Any, bool], Optimizer]:
    return lambda o, params, fused: kind(
        params,
        lr=o.lr,
        betas=(o.beta1, o.beta2),
        eps=o.eps,
        weight_decay=o.weight_decay,
        amsgrad=o.amsgrad,
        fused=fused or None,
    )


def _rmsprop(o: optimizers.RMSprop, params: Any, fused: bool) -> Optimizer:
    same: dict[str, Any] = {"lr": o.lr, "eps": o.eps, "momentum": o.momentum, "weight_decay": o.weight_decay}
    if o.tf:
        return RMSpropTF(params, decay=o.decay, **same)
    return torch.optim.RMSprop(params, alpha=o.decay, centered=o.centered, **same)


def _lbfgs(o: optimizers.LBFGS, params: Any, fused: bool) -> Optimizer:
    flat: Iterable[Tensor] = [weight for group in params for weight in group["params"]]
    search = None if o.line_search == "none" else o.line_search
    return torch.optim.LBFGS(flat, lr=o.lr, max_iter=o.iterations, history_size=o.history, line_search_fn=search)


_MAKE: dict[type[optimizers.Optimizer], Callable[[Any, Any, bool], Optimizer]] = {
    optimizers.SGD: _sgd,
    optimizers.Adam: _adam(torch.optim.Adam),
    optimizers.AdamW: _adam(torch.optim.AdamW),
    optimizers.RMSprop: _rmsprop,
    optimizers.Adagrad: lambda o, params, _: torch.optim.Adagrad(
        params, lr=o.lr, eps=o.eps, weight_decay=o.weight_decay
    ),
    optimizers.LBFGS: _lbfgs,
    optimizers.LevenbergMarquardt: lambda o, params, _: DiagonalLM(params, lr=o.lr, mu=o.mu, samples=o.samples),
    optimizers.ErrorCorrection: lambda o, params, _: torch.optim.SGD(params, lr=o.lr),
}


def optimizer(model: nn.Module, recipe: Recipe) -> Optimizer:
    """The optimizer of a recipe over a model's parameters: on a GPU one kernel moves them all, where PyTorch has it.

    Not where gradients are clipped: the fused ones undo the scale of mixed precision themselves, too late for that.
    """
    made, params = recipe.optimizer, groups(model, recipe)
    # A share of a weight (`--shard`) is a DTensor, for which PyTorch has no fused descent.
    whole = all(weight.is_cuda and type(weight) is nn.Parameter for group in params for weight in group["params"])
    fused = recipe.clip is None and whole
    return _MAKE[type(made)](made, params, fused)


def schedule(made: Optimizer, recipe: Recipe, steps_per_epoch: int, steps: int) -> LambdaLR | ReduceLROnPlateau:
    """The schedule of a recipe: asked after every step, or after every epoch where it waits for a plateau."""
    rule = recipe.schedule
    if isinstance(rule, Plateau):
        return ReduceLROnPlateau(made, factor=rule.factor, patience=round(rule.patience))
    unit = 1 if recipe.iterations is not None else steps_per_epoch
    lr = float(made.param_groups[0]["lr"])
    return LambdaLR(made, lambda step: rule.factor_at(step / unit, steps / unit, lr))
