"""`lrn`: local response normalization."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Torch
from netdsl.ops.shared.checks import plane
from netdsl.ops.shared.fields import Count, Finite
from netdsl.shapes import Shape


class LocalResponseNorm(Operator):
    """Local response normalization: each value over a power of the squares of its neighbours in other channels.

    y_i = x_i / (k + alpha / size * sum_j x_j^2)^beta, j over the `size` channels around i, cut at the ends. The shape
    of C x H x W stays.

    Source: Krizhevsky, Sutskever, Hinton, 2012, section 3.3. The paper does not divide alpha by the size, cuda-convnet,
    Caffe and PyTorch do: the paper's printed formula is `lrn(alpha=5e-4)`, Caffe's default k is 1.
    PyTorch: `nn.LocalResponseNorm`.
    """

    family = Family.NORMALIZATION
    aliases = ("local response norm", "local response normalization", "localresponsenorm", "localrespnorm")

    size: Count = 5
    """Number of channels in the window."""
    alpha: Finite = 1e-4
    """Weight of the mean of the squares."""
    beta: Finite = 0.75
    """The power."""
    k: Finite = 2.0
    """What is added."""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return plane(self.name, inputs[0])

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {}
        if self.alpha != 1e-4:
            kwargs["alpha"] = self.alpha
        if self.beta != 0.75:
            kwargs["beta"] = self.beta
        if self.k != 1.0:
            kwargs["k"] = self.k
        return Torch(Call("nn.LocalResponseNorm", (self.size,), kwargs))
