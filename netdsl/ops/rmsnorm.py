"""`rmsnorm`: root mean square normalization."""

from __future__ import annotations

from math import prod

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Weight
from netdsl.ops.shared.fields import Epsilon, Flag, Frozen
from netdsl.shapes import Shape

RMSNORM = '''class ChannelRMSNorm(nn.Module):
    """Root mean square normalization over the channels, at each position."""

    def __init__(self, channels: int, eps: float = 1e-6, scale: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.register_parameter("weight", nn.Parameter(torch.ones(channels)) if scale else None)

    def forward(self, x: Tensor) -> Tensor:
        x = x * torch.rsqrt(x.square().mean(1, keepdim=True) + self.eps)
        weight = self.weight
        return x if weight is None else x * weight.view([-1] + [1] * (x.dim() - 2))
'''


class RmsNorm(Operator):
    """Root mean square normalization: y = weight * x / sqrt(mean(x^2) + eps) over the channels (or features).

    The mean is not taken away, and there is no offset. On maps it is over the channels at each position, as `ln`. The
    shape stays.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019, eq. 4. PyTorch: `nn.RMSNorm`, channels last.
    """

    family = Family.NORMALIZATION
    aliases = ("rms norm", "rms-norm")

    eps: Epsilon = 1e-6
    """Added to the mean of the squares."""
    scale: Flag = True
    """Learn a scale for each channel."""
    frozen: Frozen = False

    @property
    def weighted(self) -> bool:
        return self.scale

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        return {"weight": Weight((inputs[0][0],), not self.frozen)} if self.scale else {}

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, the root at each position, and what a trained scale multiplies."""
        scaled = prod(inputs[0]) if self.scale and not self.frozen else 0
        return Saved((0,), own=prod(inputs[0][1:]) + scaled)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {}
        if self.eps != 1e-6:
            kwargs["eps"] = self.eps
        if not self.scale:
            kwargs["scale"] = False
        return Torch(Call("ChannelRMSNorm", (inputs[0][0],), kwargs), definitions=(RMSNORM,), frozen=self.frozen)
