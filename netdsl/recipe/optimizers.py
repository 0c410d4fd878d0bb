"""The optimizers of recipes. `lr` is the rate that a schedule begins with; it has no default, since no paper's has."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from netdsl.ops.shared.fields import Count, Epsilon, Flag, NonNegative, Positive, Rate
from netdsl.recipe.part import Part


class Optimizer(Part):
    """An optimizer. The bias corrections and orders of operations are PyTorch's."""


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum as PyTorch's: v = m v + g; w = w - lr v."""

    name = "sgd"
    lr: Positive
    """The learning rate."""
    momentum: Rate = 0.0
    """m: how much of the last step goes on."""
    weight_decay: NonNegative = 0.0
    """Added to the gradient, times the weight."""
    nesterov: Flag = False
    """Nesterov's momentum: the gradient looks ahead."""
    dampening: NonNegative = 0.0
    """How much of the gradient is left out once there is momentum."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise ValueError("`nesterov` needs a momentum and no dampening; write `momentum=0.9`")
        return self


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, Algorithm 1). Weight decay is added to the gradient."""

    name = "adam"
    lr: Positive
    """The learning rate."""
    beta1: Rate = 0.9
    """The decay of the mean of gradients."""
    beta2: Rate = 0.999
    """The decay of the mean of their squares."""
    eps: Positive = 1e-8
    """Added to the root of the second."""
    weight_decay: NonNegative = 0.0
    """Added to the gradient, times the weight."""
    amsgrad: Flag = False
    """The greatest second moment so far in place of the present one (Reddi et al. 2018)."""


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, Algorithm 2)."""

    name = "adamw"
    weight_decay: NonNegative = 0.01
    """How much of a weight goes at a step, times the rate."""


class RMSprop(Optimizer):
    """RMSprop (Tieleman & Hinton 2012), as PyTorch has it, or TensorFlow, with which the Inceptions were trained."""

    name = "rmsprop"
    lr: Positive
    """The learning rate."""
    decay: Rate = 0.99
    """The decay of the mean of squared gradients (PyTorch's alpha)."""
    eps: Positive = 1e-8
    """Added to the root of that mean; inside it where `tf`."""
    momentum: Rate = 0.0
    """How much of the last step goes on."""
    weight_decay: NonNegative = 0.0
    """Added to the gradient, times the weight."""
    centered: Flag = False
    """The variance in place of the mean of squares."""
    tf: Flag = False
    """As TensorFlow: eps inside the root, the mean begins at one, the rate inside the momentum."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.tf and self.centered:
            raise ValueError("`tf` and `centered` do not go together; leave one of them out")
        return self


class Adagrad(Optimizer):
    """Adagrad (Duchi et al. 2011)."""

    name = "adagrad"
    lr: Positive
    """The learning rate."""
    eps: Epsilon = 1e-10
    """Added to the root of the sum of squared gradients."""
    weight_decay: NonNegative = 0.0
    """Added to the gradient, times the weight."""


class LBFGS(Optimizer):
    """Limited-memory BFGS (Liu & Nocedal 1989) with PyTorch's line search: for small networks and whole batches."""

    name = "lbfgs"
    lr: Positive = 1.0
    """The length of the first step."""
    iterations: Count = 20
    """Iterations of the method for each batch."""
    history: Count = 100
    """How many steps it remembers."""
    line_search: Literal["strong_wolfe", "none"] = "strong_wolfe"
    """How far it goes in a direction."""


class LevenbergMarquardt(Optimizer):
    """The stochastic diagonal Levenberg-Marquardt method (LeCun et al. 1998, appendix C): every weight has a rate of
    its own, lr / (mu + h), h being its second derivative, measured anew before each pass."""

    name = "levenberg_marquardt"
    lr: Positive
    """The global learning rate, epsilon."""
    mu: Positive = 0.02
    """What keeps a rate from growing where h is small."""
    samples: Count = 500
    """Training images by which h is measured."""


class ErrorCorrection(Optimizer):
    """Plain steps by the gradient, without momentum or decay: with `loss=perceptron`, the perceptron rule."""

    name = "error_correction"
    lr: Positive = 1.0
    """How much of an input is added to the weights, eta."""
