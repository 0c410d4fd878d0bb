"""`bn`: batch normalization."""

from __future__ import annotations

from pydantic import Field

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Weight
from netdsl.ops.shared.fields import Epsilon, Flag, Frozen, Share, present
from netdsl.ops.shared.norm import called, learned
from netdsl.shapes import Shape


class BatchNorm(Operator):
    """Batch normalization: each channel to mean 0 and variance 1 over the batch, then a learned scale and offset.

    y = weight * (x - mean) / sqrt(var + eps) + bias, for C x H x W or features; the shape stays. In evaluation, mean
    and variance are running averages: new = (1 - momentum) * old + momentum * batch, where the batch's variance is
    divided by n - 1, though it normalizes by that divided by n. `scale=false` has no learned scale (TensorFlow-Slim's
    default), `offset=false` no offset; `running=false` keeps no averages.

    Source: Ioffe and Szegedy, Batch Normalization, 2015, algorithm 1. PyTorch: `nn.BatchNorm2d`, and for other
    dimensions `nn.BatchNorm1d` and `nn.BatchNorm3d`.
    """

    family = Family.NORMALIZATION
    any_channels = True
    aliases = ("batchnorm", "batch norm", "batch-norm", "batch normalization")

    eps: Epsilon = 1e-5
    """Added to the variance."""
    momentum: Share = 0.1
    """Share of the new batch in the running averages."""
    scale: Flag = True
    """Learn a scale for each channel."""
    offset: Flag = Field(True, exclude_if=present)
    """Learn an offset for each channel."""
    running: Flag = Field(True, exclude_if=present)
    """Keep running averages for evaluation; without, it takes the batch's own there too."""
    frozen: Frozen = False

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        each = (inputs[0][0],)
        found = learned(inputs[0][0], self.scale, self.offset, not self.frozen)
        if self.running:
            found["running_mean"] = found["running_var"] = Weight(each, False, buffer=True)
            found["num_batches_tracked"] = Weight((), False, buffer=True)
        return found

    @property
    def weighted(self) -> bool:
        return self.scale or self.offset or self.running

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, with the mean and the deviation of each channel in the batch."""
        return Saved((0,), fixed=2 * inputs[0][0])

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {}
        if self.eps != 1e-5:
            kwargs["eps"] = self.eps
        if self.momentum != 0.1:
            kwargs["momentum"] = self.momentum
        if not self.running:
            kwargs["track_running_stats"] = False
        name = f"BatchNorm{max(len(inputs[0]) - 1, 1)}d"
        reset = "self.reset_running_stats()\n        "
        function, more, definitions = called(name, "Batch normalization", self.scale, self.offset, reset)
        return Torch(Call(function, (inputs[0][0],), {**kwargs, **more}), None, definitions, frozen=self.frozen)
