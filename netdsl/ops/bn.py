"""`bn`: batch normalization."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Torch, Weight
from netdsl.ops.shared.fields import Epsilon, Flag, Frozen, Share
from netdsl.shapes import Shape

_UNSCALED = '''class BatchNorm{0}dUnscaled(nn.BatchNorm{0}d):
    """Batch normalization with a learned offset, but no learned scale."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register_parameter("weight", None)

    def reset_parameters(self) -> None:
        self.reset_running_stats()
        nn.init.zeros_(self.bias)
'''


class BatchNorm(Operator):
    """Batch normalization: each channel to mean 0 and variance 1 over the batch, then a learned scale and offset.

    y = weight * (x - mean) / sqrt(var + eps) + bias, for C x H x W or features; the shape stays. In evaluation, mean
    and variance are running averages: new = (1 - momentum) * old + momentum * batch. `scale=false` has no learned
    scale (TensorFlow-Slim's default).

    Source: Ioffe and Szegedy, Batch Normalization, 2015, algorithm 1. PyTorch: `nn.BatchNorm2d`, and for other
    dimensions `nn.BatchNorm1d` and `nn.BatchNorm3d`.
    """

    family = Family.NORMALIZATION
    aliases = ("batchnorm", "batch norm", "batch-norm", "batch normalization")

    eps: Epsilon = 1e-5
    """Added to the variance."""
    momentum: Share = 0.1
    """Share of the new batch in the running averages."""
    scale: Flag = True
    """Learn a scale for each channel."""
    frozen: Frozen = False

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        each = (inputs[0][0],)
        scale = {"weight": Weight(each, not self.frozen)} if self.scale else {}
        return {
            **scale,
            "bias": Weight(each, not self.frozen),
            "running_mean": Weight(each, False, buffer=True),
            "running_var": Weight(each, False, buffer=True),
            "num_batches_tracked": Weight((), False, buffer=True),
        }

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {}
        if self.eps != 1e-5:
            kwargs["eps"] = self.eps
        if self.momentum != 0.1:
            kwargs["momentum"] = self.momentum
        dims = max(len(inputs[0]) - 1, 1)
        if self.scale:
            return Torch(Call(f"nn.BatchNorm{dims}d", (inputs[0][0],), kwargs), frozen=self.frozen)
        call = Call(f"BatchNorm{dims}dUnscaled", (inputs[0][0],), kwargs)
        return Torch(call, definitions=(_UNSCALED.format(dims),), frozen=self.frozen)
