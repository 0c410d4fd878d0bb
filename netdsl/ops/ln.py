"""`ln`: layer normalization."""

from __future__ import annotations

from math import prod

from pydantic import Field

from netdsl.ops.shared.base import Call, Constant, Family, Operator, Saved, Torch, Weight
from netdsl.ops.shared.definition import definition
from netdsl.ops.shared.fields import Epsilon, Flag, Frozen, present
from netdsl.ops.shared.norm import learned
from netdsl.shapes import Shape

LAYER_NORM = '''class LayerNorm{d}d(nn.LayerNorm):
    """Layer normalization over the channels, at each position."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute({last})
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute({first})
'''


UNSCALED = '''class ChannelNormUnscaled(nn.Module):
    """Layer normalization over the channels, at each position, with a learned offset, but no learned scale."""

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = F.layer_norm(x.transpose(1, -1), self.bias.shape, None, self.bias, self.eps)
        return x.transpose(1, -1)
'''


class LayerNorm(Operator):
    """Layer normalization: to mean 0 and variance 1 over the channels, then times a learned scale, plus an offset.

    Features are normalized over all of them. On C x H x W it is over the channels at each position, as in ConvNeXt;
    `gn(1)` is over channels and plane together. The shape stays.

    Source: Ba, Kiros, Hinton, Layer Normalization, 2016; Liu et al., A ConvNet for the 2020s, 2022, for the default
    of eps. PyTorch: `nn.LayerNorm`, torchvision's `LayerNorm2d`.
    """

    family = Family.NORMALIZATION
    aliases = ("layernorm", "layer norm", "layer-norm", "layer normalization")

    eps: Epsilon = 1e-6
    """Added to the variance."""
    scale: Flag = Field(True, exclude_if=present)
    """Learn a scale for each channel."""
    offset: Flag = Field(True, exclude_if=present)
    """Learn an offset for each channel."""
    frozen: Frozen = False

    def weights(self, inputs: tuple[Shape, ...]) -> dict[str, Weight]:
        return learned(inputs[0][0], self.scale, self.offset, not self.frozen)

    @property
    def weighted(self) -> bool:
        return self.scale or self.offset

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The input, with the mean and the deviation of each place of a sample."""
        return Saved((0,), own=2 * prod(inputs[0][1:]))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        kwargs: dict[str, Constant] = {} if self.eps == 1e-5 else {"eps": self.eps}
        if not self.scale and not self.offset:
            kwargs["elementwise_affine"] = False
        elif not self.offset:
            kwargs["bias"] = False
        elif not self.scale:
            call = Call("ChannelNormUnscaled", (inputs[0][0],), kwargs)
            return Torch(call, definitions=(UNSCALED,), frozen=self.frozen)
        rank = len(inputs[0]) - 1
        if rank == 0:
            return Torch(Call("nn.LayerNorm", (inputs[0][0],), kwargs), frozen=self.frozen)
        call = Call(f"LayerNorm{rank}d", (inputs[0][0],), kwargs)
        return Torch(call, definitions=(definition(LAYER_NORM, rank),), frozen=self.frozen)
