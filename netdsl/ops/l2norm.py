"""`l2norm`: each position to length 1."""

from __future__ import annotations

from math import prod

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch, Weight
from netdsl.ops.shared.fields import Epsilon, Frozen, Positive
from netdsl.shapes import Shape

L2NORM = '''class L2Norm(nn.Module):
    """Each position's channels to length 1, times a learned scale for each channel if `scale` says from where."""

    def __init__(self, channels: int, scale: float | None = None, eps: float = 1e-12) -> None:
        super().__init__()
        self.eps = eps
        self.register_parameter("weight", None if scale is None else nn.Parameter(torch.full((channels,), scale)))

    def forward(self, x: Tensor) -> Tensor:
        x = F.normalize(x, dim=1, eps=self.eps)
        weight = self.weight
        return x if weight is None else x * weight.view([-1] + [1] * (x.dim() - 2))
'''


class L2Norm(Operator):
    """Each position to length 1: x / max(||x||, eps) over the channels (or features). The shape stays.

    `l2norm(scale=20)` multiplies by a learned scale for each channel, which starts from 20.

    Source: Liu, Rabinovich, Berg, ParseNet, 2015, section 3.3; Liu et al., SSD, 2016, section 3.1. PyTorch:
    `F.normalize`.
    """

    family = Family.NORMALIZATION
    aliases = ("l2 norm", "l2-norm", "l2 normalization")

    scale: Positive | None = None
    """What the learned scales start from; none: learn none."""
    eps: Epsilon = 1e-12
    """The least length that is divided by."""
    frozen: Frozen = False

    @property
    def weighted(self) -> bool:
        return self.scale is not None

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        return {} if self.scale is None else {"weight": Weight((inputs[0][0],), not self.frozen)}

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, its length at each position before and after `eps`, and what a trained scale multiplies."""
        scaled = prod(inputs[0]) if self.scale is not None and not self.frozen else 0
        return Saved((0,), own=2 * prod(inputs[0][1:]) + scaled)

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs = {} if self.scale is None else {"scale": self.scale}
        if self.eps != 1e-12:
            kwargs["eps"] = self.eps
        return Torch(Call("L2Norm", (inputs[0][0],), kwargs), definitions=(L2NORM,), frozen=self.frozen)
