"""`droppath`: stochastic depth."""

from __future__ import annotations

from netdsl.ops.shared.base import Call, Family, Operator, Saved, Torch
from netdsl.ops.shared.fields import Rate
from netdsl.shapes import Shape

DROP_PATH = '''class DropPath(nn.Module):
    """Stochastic depth: in training, a sample's whole value is 0 with probability p, and divided by 1 - p otherwise."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        kept = torch.full([x.shape[0]] + [1] * (x.dim() - 1), 1.0 - self.p, dtype=x.dtype, device=x.device)
        return x * torch.bernoulli(kept) / (1.0 - self.p)
'''


class DropPath(Operator):
    """Stochastic depth: in training, a sample's whole value is 0 with probability p, and divided by 1 - p otherwise.

    In the branch of a residual it drops that branch for the sample. In evaluation it does nothing; the shape stays.

    Source: Huang et al., Deep Networks with Stochastic Depth, 2016 (scaled in training, as torchvision's
    `StochasticDepth` in mode "row").
    """

    family = Family.REGULARIZATION
    any_channels = True
    aliases = ("drop path", "drop-path", "drop_path", "stochastic depth", "stochasticdepth")
    example = "droppath(20%)"

    p: Rate
    """Probability that a sample's value is dropped."""

    @property
    def view(self) -> bool:
        return not self.p

    def saved(self, inputs: tuple[Shape, ...]) -> Saved:
        """The factor by which the sample was multiplied."""
        return Saved(own=int(self.p > 0))

    def torch(self, inputs: tuple[Shape, ...]) -> Torch:
        return Torch(Call("DropPath", kwargs={"p": self.p}), definitions=(DROP_PATH,))
